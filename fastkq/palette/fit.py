"""The way from counted colours to a palette."""

import numpy as np
import numpy.typing as npt

from fastkq import blocks, mapping
from fastkq.blocks import Points
from fastkq.checks import Effort
from fastkq.histogram import Histogram
from fastkq.palette import lloyd, seed, swap
from fastkq.palette.integer import in_order, settle
from fastkq.spaces import Coordinates, to_coordinates

_COARSE_POINTS = 1 << 12
_MEDIUM_POINTS = 1 << 14
_COARSE_POINTS_PER_CENTROID = 64
_MEDIUM_POINTS_PER_CENTROID = 128
_TOLERANCE = 1e-3
_MEDIUM_TOLERANCE = 3e-4
_SWAP_ROUNDS = 9  # 30 rounds lower the error by another 0.2 % at k = 256, in 40 % more time
_EXACT_ITERATIONS = 2
_ROUNDINGS = 1


def fit(
    counted: Histogram, k: int, effort: Effort = "balanced", threads: int = 1
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int32]]:
    """Palette of exactly min(k, distinct colours) different colours, each nearest to some colour.

    Parameters
    ----------
    counted : Histogram
    k : int
        At most so many rows.

    Returns
    -------
    palette : (min(k, M), C) uint8
        In the order of `fastkq.palette.integer.in_order`.
    labels : (M,) int32
        Each colour's nearest row, the first of equals.
    """
    exact = blocks.of_colours(counted)
    if k >= len(counted.colours):
        palette = in_order(counted.colours)
        return palette, mapping.assign(exact, to_coordinates(palette), threads).labels
    centroids = _centroids(exact, k, threads)
    fitted = settle(exact, counted.colours, centroids, k, _ROUNDINGS, threads)
    return fitted.palette, fitted.labels


def _centroids(exact: Points, k: int, threads: int) -> Coordinates:
    """Coarse to fine: centroids find their regions on few points and their places on more.

    On Kodak at k = 64, swaps on 4,096 merged points and 2 ms of finer iterations end where swaps on 32,768
    points do in twice the time.
    """
    medium = blocks.merged(exact, max(_MEDIUM_POINTS, _MEDIUM_POINTS_PER_CENTROID * k))
    coarse = blocks.merged(medium, max(_COARSE_POINTS, _COARSE_POINTS_PER_CENTROID * k))
    centroids = lloyd.lloyd(coarse, seed.split(coarse, k), _TOLERANCE, threads=threads)
    centroids = swap.swap(coarse, centroids, _SWAP_ROUNDS, threads)
    centroids = lloyd.lloyd(medium, centroids, _MEDIUM_TOLERANCE, threads=threads)
    return lloyd.lloyd(exact, centroids, _TOLERANCE, _EXACT_ITERATIONS, threads)
