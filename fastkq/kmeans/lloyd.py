"""Lloyd's algorithm with over-relaxation on weighted points."""

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.morton_points import MortonPoints
from fastkq.kmeans.points import are_in_group
from fastkq.kmeans.vector_points import VectorPoints
from fastkq.runtime.typing import Coordinates


def lloyd(
    points: MortonPoints | VectorPoints,
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
        if move(points.moments(moved, threads), moved, points.level, reach, n_fixed) <= min_gain:
            break
    return moved


def move(
    totals: npt.NDArray[np.float64],
    centroids: Coordinates,
    level: float,
    reach: float = 1.0,
    n_fixed: int = 0,
) -> float:
    """Move each centroid, in place, by `reach` times the vector to the mean of its cluster.

    The first `n_fixed` centroids stay where they are, and centroids of the group keep their last coordinate.

    Parameters
    ----------
    totals : (k, C + 1)
        Moments of the clusters; overwritten.
    centroids : (C, k)
        Moved in place.
    level
        Last coordinate of the centroids of the group, see `fastkq.kmeans.points`.
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
    in_group = are_in_group(centroids, level)
    if in_group.any():
        totals[in_group, -2] = totals[in_group, -1] * level
    return float(kernels.kmeans.lloyd.update_centroids(totals, centroids, reach))
