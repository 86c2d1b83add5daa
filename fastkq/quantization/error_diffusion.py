"""Dithering by error diffusion."""

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.indexed_image import index_dtype
from fastkq.quantization import cell_index
from fastkq.runtime.parallel import over_dependent_blocks

_BAND, _BLOCK = 16, 256
"""Rows of a band, and columns of a block of it. A block is 0.1 ms of work."""
_SMALL_BAND, _SMALL_BLOCK = 8, 32
"""The same for palettes of more than `_LARGE_PALETTE` rows, for which it may take 0.6 ms to list the
candidates of one pixel."""
_LARGE_PALETTE = 1 << 11  # palette rows


def diffuse(
    image: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8], strength: float = 1.0, threads: int = 1
) -> npt.NDArray[np.unsignedinteger]:
    """Dither an image by error diffusion with the weights of Floyd and Steinberg.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous, C = 1, 3 or 4
        The errors of pixels with alpha 0 are not diffused.
    palette : (k, C) uint8
        At most 65,536 rows in any order; duplicates are allowed.
    strength : float
        Share of each error that is diffused, 0 to 1. With 0 each pixel gets the index of its nearest row, the
        lowest index among equals.
    threads : int
        Number of threads. The result does not depend on it.

    Returns
    -------
    (H, W) uint8, or uint16 if the palette has more than 256 rows

    Notes
    -----
    The algorithm of R. W. Floyd and L. Steinberg, "An adaptive algorithm for spatial greyscale", Proc. SID
    17, 1976. Each row is scanned from left to right, in integer arithmetic. For RGBA the first three
    coordinates of `fastkq.color.spaces.rgb` are diffused; the error of alpha is not.
    """
    height, width = image.shape[:2]
    pixels = image.reshape(height, width, -1)
    cells = cell_index.prepare(palette, threads)
    rows, columns = (_BAND, _BLOCK) if len(palette) <= _LARGE_PALETTE else (_SMALL_BAND, _SMALL_BLOCK)
    kernel = kernels.quantization.error_diffusion
    below = np.zeros((width, 3), np.int32)
    errors = [kernel.Errors(below, np.zeros((rows, 9), np.int32)) for _ in range(threads)]
    indices = np.empty((height, width), index_dtype(len(palette)))
    scaled_strength = round(strength * kernel.FULL_STRENGTH)

    def work(worker: int, band: int, block: int) -> None:
        if block == 0:
            errors[worker].sent[:] = 0
        top, left = band * rows, block * columns
        kernel.diffuse(
            pixels, cells[worker], scaled_strength, top, left, left + columns, errors[worker], indices
        )

    # Blocks are slanted: each row begins one column left of the row above, so that all errors that a pixel
    # receives come from pixels that are done.
    blocks = -(-(width + rows - 1) // columns)
    over_dependent_blocks(work, -(-height // rows), blocks, threads)
    return indices
