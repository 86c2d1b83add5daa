"""The way from counted colours to a palette."""

import numpy as np
import numpy.typing as npt

from fastkq import blocks
from fastkq.histogram import Histogram
from fastkq.palette import lloyd, seed
from fastkq.palette.integer import settle

_POINTS = 1 << 15
_POINTS_PER_CENTROID = 64
_TOLERANCE = 1e-4
_FINAL_ITERATIONS = 2


def fit(counted: Histogram, k: int, threads: int = 1) -> npt.NDArray[np.uint8]:
    """Palette of exactly min(k, distinct colours) different colours, each nearest to some colour.

    Parameters
    ----------
    counted : Histogram
    k : int
        At most so many rows.

    Returns
    -------
    (min(k, M), C) uint8
        In the order of `in_order`.
    """
    if k >= len(counted.colours):
        return in_order(counted.colours)
    exact = blocks.of_colours(counted)
    coarse = blocks.merged(exact, counted, max(_POINTS, _POINTS_PER_CENTROID * k))
    centroids = lloyd.lloyd(coarse, seed.split(coarse, k), _TOLERANCE, threads=threads)
    if coarse is not exact:
        centroids = lloyd.lloyd(exact, centroids, _TOLERANCE, _FINAL_ITERATIONS, threads)
    return in_order(settle(exact, counted.colours, centroids, k, threads))


def in_order(palette: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Rows by alpha, then by luminance (ITU-R BT.709 weights in integers), then by R, G, B.

    Neighbours in an image then have neighbouring indices, which codes well, and a PNG's transparency
    chunk can end after the last row that needs it.
    """
    if palette.shape[1] == 1:
        return np.sort(palette, axis=0)
    red, green, blue = palette[:, :3].astype(np.int64).T
    luminance = 2126 * red + 7152 * green + 722 * blue
    keys = [blue, green, red, luminance]
    if palette.shape[1] == 4:
        keys.append(palette[:, 3].astype(np.int64))
    return palette[np.lexsort(keys)]
