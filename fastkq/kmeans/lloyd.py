"""Lloyd's algorithm with over-relaxation, on weighted points and on weighted vectors."""

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.assign import over_blocks
from fastkq.kmeans.assign_vectors import accumulate
from fastkq.kmeans.coarsening import WeightedVectors
from fastkq.kmeans.points import MortonPoints, are_opaque
from fastkq.runtime.typing import Coordinates, Vectors

_DISTANCES_ALONE = 1 << 23
"""Points times centroids up to which one thread takes 0.2 ms at most; to wake another takes 0.05 ms."""


def lloyd(
    points: MortonPoints,
    centroids: Coordinates,
    least_gain: float,
    most: int,
    threads: int = 1,
    held: int = 0,
) -> Coordinates:
    """Move the centroids (C, k) to the means of their clusters, and beyond, until that no longer pays.

    Parameters
    ----------
    least_gain
        Stop when an iteration lowers the squared error by no more than this.
    most
        Bound on the iterations.
    held
        So many centroids, the first, stay where they are.
    """
    moved = centroids.copy()
    for iteration in range(most):
        # The last step is not beyond the means: what follows takes the centroids as they are.
        reach = kernels.kmeans.lloyd.OVER_RELAXATION if iteration < most - 1 else 1.0
        if move(cluster_moments(points, moved, threads), moved, points.opacity, reach, held) <= least_gain:
            break
    return moved


def move(
    totals: npt.NDArray[np.float64],
    centroids: Coordinates,
    opacity: float,
    reach: float = 1.0,
    held: int = 0,
) -> float:
    """Move the centroids (C, k), in place, `reach` times as far as to the means of their clusters.

    Those that are held stay, opaque ones stay opaque.

    Parameters
    ----------
    totals : (k, C + 1)
        Moments of the clusters; changed.
    opacity
        The last coordinate of opaque centroids of RGBA.

    Returns
    -------
    float
        By how much going to the means lowers the squared error.
    """
    totals[:held] = 0.0  # centroids of empty clusters stay
    if len(centroids) == 4:
        opaque = are_opaque(centroids, opacity)
        totals[opaque, 3] = totals[opaque, 4] * opacity
    return float(kernels.kmeans.lloyd.move(totals, centroids, reach))


def cluster_moments(
    points: MortonPoints, centroids: Coordinates, threads: int = 1
) -> npt.NDArray[np.float64]:
    """Moments (k, C + 1) of the clusters: exact, whatever the order they were added in."""
    dims, k = centroids.shape
    workers = threads if points.coordinates.shape[1] * k > _DISTANCES_ALONE else 1
    totals = np.zeros((workers, k, dims + 1))
    nothing = np.empty(0, np.int32), np.empty(0, centroids.dtype)

    def work(worker: int, seen: Coordinates, start: int, stop: int) -> None:
        kernels.kmeans.lloyd.visit(points, seen, start, stop, totals[worker], *nothing)

    over_blocks(work, points, centroids, workers)
    merged: npt.NDArray[np.float64] = totals.sum(axis=0)
    return merged


def lloyd_on_vectors(
    points: WeightedVectors, centroids: Vectors, fixed: int, most: int, least_gain: float, threads: int
) -> Vectors:
    """Move centroids (d, k), but for the first `fixed`, to the means of their clusters, and beyond.

    At most so often, and until that lowers the error by no more than a share of `least_gain`.
    """
    centroids, before = centroids.copy(), np.inf
    for iteration in range(most):
        totals, error = accumulate(*points, centroids, threads)
        moving = totals[:, -1] > 0
        moving[:fixed] = False
        means = (totals[moving, :-1] / totals[moving, -1:]).T
        is_last = iteration == most - 1 or before - error < least_gain * error
        # The last step is not beyond the means: what follows takes the centroids as they are.
        beyond = 0.0 if is_last else kernels.kmeans.lloyd.OVER_RELAXATION - 1
        centroids[:, moving] = means + beyond * (means - centroids[:, moving])
        if is_last:
            break
        before = error
    return centroids
