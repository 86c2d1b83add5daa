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
"""Points times centroids: with at most this product, a single thread does all the work. It takes at most
0.2 ms; waking another thread takes 0.05 ms."""


def lloyd(
    points: MortonPoints,
    centroids: Coordinates,
    min_gain: float,
    max_iterations: int,
    threads: int = 1,
    n_fixed: int = 0,
) -> Coordinates:
    """Run Lloyd's iterations with over-relaxation; returns the moved centroids (C, k).

    Each iteration moves the centroids beyond the means of their clusters.

    Parameters
    ----------
    points
        The points to cluster.
    centroids : (C, k)
        Initial centroids; not changed.
    min_gain
        The iterations stop when one lowers the squared error by at most this amount.
    max_iterations
        Maximum number of iterations.
    threads
        Maximum number of threads.
    n_fixed
        The first `n_fixed` centroids stay where they are.
    """
    moved = centroids.copy()
    for iteration in range(max_iterations):
        # The last iteration moves the centroids only to the means, since they are then used as they are.
        reach = kernels.kmeans.lloyd.OVER_RELAXATION if iteration < max_iterations - 1 else 1.0
        if move(cluster_moments(points, moved, threads), moved, points.opacity, reach, n_fixed) <= min_gain:
            break
    return moved


def move(
    totals: npt.NDArray[np.float64],
    centroids: Coordinates,
    opacity: float,
    reach: float = 1.0,
    n_fixed: int = 0,
) -> float:
    """Move each centroid, in place, by `reach` times the vector to the mean of its cluster.

    The first `n_fixed` centroids stay where they are, and opaque centroids stay opaque.

    Parameters
    ----------
    totals : (k, C + 1)
        Moments of the clusters; overwritten.
    centroids : (C, k)
        Moved in place.
    opacity
        Last coordinate of opaque centroids of RGBA.
    reach
        1 moves the centroids to the means, a larger value moves them beyond.
    n_fixed
        Number of centroids that stay; they are the first ones.

    Returns
    -------
    float
        Decrease of the squared error if the centroids moved exactly to the means.
    """
    totals[:n_fixed] = 0.0  # centroids of empty clusters stay
    if len(centroids) == 4:
        opaque = are_opaque(centroids, opacity)
        totals[opaque, 3] = totals[opaque, 4] * opacity
    return float(kernels.kmeans.lloyd.update_centroids(totals, centroids, reach))


def cluster_moments(
    points: MortonPoints, centroids: Coordinates, threads: int = 1
) -> npt.NDArray[np.float64]:
    """Return the moments (k, C + 1) of the clusters; the sums are exact, so their order does not matter."""
    dims, k = centroids.shape
    workers = threads if points.coordinates.shape[1] * k > _DISTANCES_ALONE else 1
    totals = np.zeros((workers, k, dims + 1))
    no_labels_or_distances = np.empty(0, np.int32), np.empty(0, centroids.dtype)

    def work(worker: int, allowed: Coordinates, start: int, stop: int) -> None:
        kernels.kmeans.lloyd.assign(points, allowed, start, stop, totals[worker], *no_labels_or_distances)

    over_blocks(work, points, centroids, workers)
    merged: npt.NDArray[np.float64] = totals.sum(axis=0)
    return merged


def lloyd_on_vectors(
    points: WeightedVectors,
    centroids: Vectors,
    fixed: int,
    max_iterations: int,
    min_gain: float,
    threads: int,
) -> Vectors:
    """Run Lloyd's iterations with over-relaxation on vectors; returns the moved centroids (d, k).

    The first `fixed` centroids stay where they are. There are at most `max_iterations` iterations. They stop
    when one lowers the squared error by less than `min_gain` times the error.
    """
    centroids, before = centroids.copy(), np.inf
    for iteration in range(max_iterations):
        totals, error = accumulate(*points, centroids, threads)
        moving = totals[:, -1] > 0
        moving[:fixed] = False
        means = (totals[moving, :-1] / totals[moving, -1:]).T
        is_last = iteration == max_iterations - 1 or before - error < min_gain * error
        # The last iteration moves the centroids only to the means, since they are then used as they are.
        beyond = 0.0 if is_last else kernels.kmeans.lloyd.OVER_RELAXATION - 1
        centroids[:, moving] = means + beyond * (means - centroids[:, moving])
        if is_last:
            break
        before = error
    return centroids
