"""Ordered dithering with a blue-noise mask."""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.indexed_image import index_dtype
from fastkq.quantization import cell_index
from fastkq.quantization.error_diffusion import diffuse
from fastkq.runtime.parallel import over_chunks

_PIXELS_PER_CHUNK = 1 << 16
_POINTS_PER_CHUNK = 1 << 10  # lattice points, for up to 64 rows; fewer for larger palettes


def ordered(
    image: npt.NDArray[np.uint8], palette: npt.NDArray[np.uint8], strength: float = 1.0, threads: int = 1
) -> npt.NDArray[np.unsignedinteger]:
    """Dither an image with a blue-noise mask.

    The index of a pixel depends only on its color and position, so still parts of a video do not flicker. A
    color within about one lattice step of a palette row gets that row without noise.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous, C = 1, 3 or 4
    palette : (k, C) uint8
        At most 65,536 rows in any order; duplicates are allowed.
    strength : float
        0 to 1. With 0 each pixel gets the index of its nearest row, the lowest index among equals.
    threads : int
        Number of threads. The result does not depend on it.

    Returns
    -------
    (H, W) uint8, or uint16 if the palette has more than 256 rows

    Notes
    -----
    The methods and their sources are in `fastkq.kernels.quantization.blue_noise`.
    """
    if strength == 0:
        return diffuse(image, palette, 0.0, threads)
    height, width = image.shape[:2]
    pixels = image.reshape(height, width, -1)
    lattice = _lattice(with_alpha=palette.shape[1] == 4)
    points = _points(pixels, lattice, threads)
    numbers = np.empty(int(points[-1]) + 1, np.int32)
    numbers[points] = np.arange(len(points))
    plans = _plans(points, lattice, palette, strength, threads)
    indices = np.empty((height, width), plans.dtype)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.quantization.blue_noise.choose(pixels, start, stop, lattice, numbers, plans, indices)

    over_chunks(work, height, max(1, _PIXELS_PER_CHUNK // width), threads)
    return indices


@cache
def _lattice(with_alpha: bool) -> Any:
    """Return the lattice of colors and the mask, a `fastkq.kernels.quantization.blue_noise.Lattice`."""
    ranks = np.empty(kernels.quantization.blue_noise.SIDE**2, np.int32)
    kernels.quantization.blue_noise.void_and_cluster(ranks)  # 30 ms
    bits, alpha_bits = (6, 5) if with_alpha else (7, 0)
    levels = np.arange(256)
    top, alpha_top = 2**bits - 1, 2**alpha_bits - 1
    alphas = np.clip((levels * alpha_top + 127) // 255, 1, max(1, alpha_top - 1))
    alphas[0], alphas[-1] = 0, alpha_top
    places = levels * top * len(ranks) // 255
    return kernels.quantization.blue_noise.Lattice(
        ranks, bits, alpha_bits, places.astype(np.int32), alphas.astype(np.int32)
    )


def _points(pixels: npt.NDArray[np.uint8], lattice: Any, threads: int) -> npt.NDArray[np.int64]:
    """Return the lattice points to which at least one pixel is rounded, (n,)."""
    is_used = np.zeros(1 << 3 * lattice.bits + lattice.alpha_bits, np.uint8)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.quantization.blue_noise.mark(pixels, start, stop, lattice, is_used)

    over_chunks(work, len(pixels), max(1, _PIXELS_PER_CHUNK // pixels.shape[1]), threads)
    return np.flatnonzero(is_used)


def _plans(
    points: npt.NDArray[np.int64],
    lattice: Any,
    palette: npt.NDArray[np.uint8],
    strength: float,
    threads: int,
) -> npt.NDArray[np.unsignedinteger]:
    """Return a plan for each lattice point, (n, length): palette rows from which the mask chooses.

    `length` is 8 to 64. Smaller palettes get longer plans, because more levels must be mixed from few rows.
    """
    cells = cell_index.prepare(palette, threads)
    distinct = len(cells[0].palette.numbers)
    length = 64 if distinct < 8 else 32 if distinct < 16 else 16 if distinct < 128 else 8
    plans = np.empty((len(points), length), index_dtype(len(palette)))
    luminance = cells[0].palette.coordinates[:, :3].astype(np.int64) @ np.array([2126, 7152, 722])
    scaled_strength = round(strength * kernels.quantization.error_diffusion.FULL_STRENGTH)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.quantization.blue_noise.plan(
            points, start, stop, lattice, cells[worker], scaled_strength, luminance, plans
        )

    over_chunks(work, len(points), max(16, _POINTS_PER_CHUNK * 64 // max(64, len(palette))), threads)
    return plans
