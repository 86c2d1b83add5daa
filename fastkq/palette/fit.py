"""The way from counted colours to a palette."""

import numpy as np
import numpy.typing as npt

from fastkq import blocks, mapping
from fastkq.blocks import Points
from fastkq.histogram import Histogram
from fastkq.palette import lloyd, seed, swap
from fastkq.palette.integer import in_order, settle
from fastkq.spaces import Coordinates, to_coordinates

_FEWEST_POINTS = 1 << 12
_POINTS_PER_CENTROID = 64
_TOLERANCE = 1e-3
_SWAP_ROUNDS = 30
_FINE_TOLERANCE = 1e-4
_FINE_ITERATIONS = 3
_ROUNDINGS = 3


def fit(
    counted: Histogram, k: int, threads: int = 1
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
    centroids = _coarse(blocks.merged(exact, counted, max(_FEWEST_POINTS, _POINTS_PER_CENTROID * k)), k, threads)
    if _FINE_ITERATIONS: centroids = lloyd.lloyd(exact, centroids, _FINE_TOLERANCE, _FINE_ITERATIONS, threads)
    fitted = settle(exact, counted.colours, centroids, k, _ROUNDINGS, threads)
    return fitted.palette, fitted.labels


def _coarse(points: Points, k: int, threads: int) -> Coordinates:
    centroids = lloyd.lloyd(points, seed.split(points, k), _TOLERANCE, threads=threads)
    centroids = swap.swap(points, centroids, _SWAP_ROUNDS, threads)
    return lloyd.lloyd(points, centroids, _TOLERANCE, threads=threads)
