"""Lloyd's algorithm on weighted points."""

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.blocks import Points
from fastkq.color.spaces import Coordinates, are_opaque
from fastkq.mapping import over_blocks

_DISTANCES_ALONE = 1 << 23
"""Points times centroids up to which one thread takes 0.2 ms at most; to wake another takes 0.05 ms."""


def lloyd(
    points: Points, centroids: Coordinates, least_gain: float, most: int, threads: int = 1, held: int = 0
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
        if move(accumulate(points, moved, threads), moved, points.opacity, reach, held) <= least_gain:
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


def accumulate(points: Points, centroids: Coordinates, threads: int = 1) -> npt.NDArray[np.float64]:
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
