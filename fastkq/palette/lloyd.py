"""Lloyd's algorithm on weighted points."""

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.blocks import Points
from fastkq.mapping import BLOCKS_PER_CHUNK, assign
from fastkq.spaces import Coordinates
from fastkq.threads import over_chunks


def lloyd(
    points: Points, centroids: Coordinates, tolerance: float, most: int = 300, threads: int = 1
) -> Coordinates:
    """Move the centroids (C, k) to the means of their clusters until that no longer pays.

    Parameters
    ----------
    tolerance
        Stop when an iteration's moves lower the squared error by less than this share of it.
    most
        Bound on the iterations.

    Returns
    -------
    (C, k), none of them empty as long as the points have k different places
    """
    for _ in range(most):
        totals = accumulate(points, centroids, threads)
        empty = np.flatnonzero(totals[:, -1] == 0)
        if len(empty):
            centroids = refill(points, centroids, empty, threads)
            continue
        means = totals[:, :-1] / totals[:, -1:]
        moved: Coordinates = means.T.astype(centroids.dtype, order="C")
        # What moving to the mean gains is exactly the cluster's weight times the squared distance moved.
        gain = ordered_sum(totals[:, -1:] * (means - centroids.T) ** 2)
        centroids = moved
        if gain <= tolerance * (points.square - ordered_sum(totals[:, :-1] * means)):
            break
    return centroids


def accumulate(points: Points, centroids: Coordinates, threads: int = 1) -> npt.NDArray[np.float64]:
    """Moments (k, C + 1) of the clusters: exact, whatever the order they were added in."""
    totals = np.zeros((threads, centroids.shape[1], len(centroids) + 1))

    def work(worker: int, start: int, stop: int) -> None:
        kernels.lloyd.accumulate(points, centroids, start, stop, totals[worker])

    over_chunks(work, len(points.block_moments), BLOCKS_PER_CHUNK, threads)
    merged: npt.NDArray[np.float64] = totals.sum(axis=0)
    return merged


def refill(
    points: Points, centroids: Coordinates, empty: npt.NDArray[np.intp], threads: int = 1
) -> Coordinates:
    """Put the centroids that own nothing onto the points that cost most where they are.

    That lowers the error, so that a repetition ends.
    """
    distances = assign(points, centroids, threads).distances
    cost = distances * points.moments[:, -1]
    worst = np.argsort(-cost, kind="stable")[: len(empty)]
    refilled = centroids.copy()
    refilled[:, empty] = points.coordinates[:, worst]
    return refilled


def squared_error(points: Points, centroids: Coordinates, threads: int = 1) -> float:
    """Squared error about the means of the centroids' clusters: what one more iteration reaches."""
    totals = accumulate(points, centroids, threads)
    means = totals[:, :-1] / np.maximum(totals[:, -1:], 1.0)
    return points.square - ordered_sum(totals[:, :-1] * means)


def ordered_sum(values: npt.NDArray[np.float64]) -> float:
    """Sum in a fixed order: NumPy's own depends on how wide the CPU's vectors are."""
    return float(kernels.lloyd.ordered_sum(np.ascontiguousarray(values).reshape(-1)))
