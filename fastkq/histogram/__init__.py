"""Count the colours of an image, and map its pixels by their colours.

Everything between those two passes over the pixels works on the counted colours alone.
"""

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.histogram import dense, tables
from fastkq.histogram.value import Histogram, colours_of, merge, with_alpha
from fastkq.threads import over_chunks

__all__ = [
    "Histogram", "colours_of", "count", "count_cells", "count_up_to", "count_without_alpha", "is_opaque",
    "look_up", "merge", "with_alpha",
]  # fmt: skip

MOST_RGBA_COLOURS = 1 << 18
"""Of an image that is not opaque: to list more takes long."""

_PIXELS_PER_CHUNK = 1 << 16


def count(image: npt.NDArray[np.uint8], threads: int = 1) -> Histogram:
    """Count the distinct colours of an image, exactly.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous, C = 1, 3 or 4
        Colours with alpha 0 count as (0, 0, 0, 0): nobody can tell them apart.
    """
    counted = count_up_to(image, image.size, threads)
    assert counted is not None
    return counted


def count_up_to(image: npt.NDArray[np.uint8], most: int, threads: int = 1) -> Histogram | None:
    """`count`, but None for an RGBA image of more than `most` colours: listing those takes long."""
    pixels = _pixels(image)
    if pixels.shape[1] == 4:
        return tables.count(pixels, most, threads)
    return Histogram(*dense.count(pixels, pixels.shape[1], threads), pixels.shape[1])


def count_without_alpha(image: npt.NDArray[np.uint8], threads: int = 1) -> Histogram:
    """The colours R, G, B of an RGBA image (H, W, 4)."""
    return Histogram(*dense.count(_pixels(image), 3, threads), 3)


def count_cells(image: npt.NDArray[np.uint8], threads: int = 1) -> Histogram:
    """The colours of an RGBA image with 6 bits a channel, widened to 8."""
    cells, counts = dense.count(_pixels(image), 4, threads)
    keys = cells << kernels.color.histogram.RGBA_CELL_BITS
    return Histogram(keys | (keys >> 24), counts, 4)  # widened by the two high bits of each channel


def is_opaque(image: npt.NDArray[np.uint8], threads: int = 1) -> bool:
    """Whether every pixel of an RGBA image (H, W, 4) has alpha 255."""
    pixels = _pixels(image)
    opaque: list[bool] = []

    def work(worker: int, start: int, stop: int) -> None:
        if all(opaque):
            opaque.append(kernels.color.histogram.is_opaque(pixels, start, stop))

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    return all(opaque)


def look_up(
    image: npt.NDArray[np.uint8],
    histogram: Histogram,
    values: npt.NDArray[np.unsignedinteger],
    threads: int = 1,
) -> npt.NDArray[np.unsignedinteger]:
    """Replace each pixel by the value of its colour.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous
        Every colour of it must be in the histogram, with or without alpha.
    values : (M,) uint8 or uint16
        One for each colour of the histogram.

    Returns
    -------
    (H, W), of the dtype of `values`
    """
    pixels = _pixels(image)
    out = np.empty(len(pixels), values.dtype)
    way = tables if histogram.channels == 4 else dense
    way.look_up(pixels, histogram, values, out, threads)
    return out.reshape(image.shape[:2])


def _pixels(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return image.reshape(image.shape[0] * image.shape[1], -1)
