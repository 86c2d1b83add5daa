"""Lloyd's algorithm on weighted points."""

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.blocks import Points
from fastkq.mapping import blocks_per_chunk
from fastkq.spaces import Coordinates
from fastkq.threads import over_chunks

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
        reach = kernels.lloyd.OVER_RELAXATION if iteration < most - 1 else 1.0
        totals = accumulate(points, moved, threads)
        totals[:held] = 0.0  # centroids of empty clusters stay
        if kernels.lloyd.move(totals, moved, reach) <= least_gain:
            break
    return moved


def accumulate(points: Points, centroids: Coordinates, threads: int = 1) -> npt.NDArray[np.float64]:
    """Moments (k, C + 1) of the clusters: exact, whatever the order they were added in."""
    dims, k = centroids.shape
    workers = threads if points.coordinates.shape[1] * k > _DISTANCES_ALONE else 1
    totals = np.zeros((workers, k, dims + 1))
    nothing = np.empty(0, np.int32), np.empty(0, centroids.dtype)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.lloyd.visit(points, centroids, start, stop, totals[worker], *nothing)

    blocks = len(points.moments)
    over_chunks(work, blocks, blocks if workers == 1 else blocks_per_chunk(k), workers)
    merged: npt.NDArray[np.float64] = totals.sum(axis=0)
    return merged
