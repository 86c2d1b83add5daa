"""The way from counted colours to a palette."""

import numpy as np
import numpy.typing as npt

from fastkq import blocks
from fastkq.histogram import Histogram
from fastkq.palette import lloyd, seed, swap
from fastkq.palette.integer import in_order, settle

_POINTS = 1 << 15
_POINTS_PER_CENTROID = 64
_TOLERANCE = 1e-4
_SWAP_ROUNDS = 30
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
    centroids = swap.swap(coarse, centroids, _SWAP_ROUNDS, threads)
    centroids = lloyd.lloyd(coarse, centroids, _TOLERANCE, threads=threads)
    if coarse is not exact:
        centroids = lloyd.lloyd(exact, centroids, _TOLERANCE, _FINAL_ITERATIONS, threads)
    return settle(exact, counted.colours, centroids, k, threads)
