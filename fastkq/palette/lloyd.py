"""Lloyd's algorithm on weighted points."""

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.blocks import Points, means, weights
from fastkq.mapping import assign, blocks_per_chunk
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
        empty = np.flatnonzero(weights(totals) == 0)
        if len(empty):
            centroids = refill(points, centroids, empty, threads)
            continue
        moved = means(totals)
        # What moving to the mean gains is exactly the cluster's weight times the squared distance moved.
        gain = ordered_sum(weights(totals)[:, None] * (moved - centroids.T) ** 2)
        centroids = moved.T.astype(centroids.dtype, order="C")
        if gain <= tolerance * squared_error(points, totals):
            break
    return centroids


def squared_error(points: Points, totals: npt.NDArray[np.float64]) -> float:
    """Squared error about the clusters' means, given their moments; clusters may be empty."""
    sums = totals[:, : totals.shape[1] // 2]
    return points.square - ordered_sum(sums**2 / np.maximum(weights(totals), 1.0)[:, None])


def accumulate(points: Points, centroids: Coordinates, threads: int = 1) -> npt.NDArray[np.float64]:
    """Moments (k, 2 C + 1) of the clusters: exact, whatever the order they were added in."""
    totals = np.zeros((threads, centroids.shape[1], points.moments.shape[1]))

    def work(worker: int, start: int, stop: int) -> None:
        kernels.lloyd.accumulate(points, centroids, start, stop, totals[worker])

    over_chunks(work, len(points.block_moments), blocks_per_chunk(centroids.shape[1]), threads)
    merged: npt.NDArray[np.float64] = totals.sum(axis=0)
    return merged


def refill(
    points: Points, centroids: Coordinates, empty: npt.NDArray[np.intp], threads: int = 1
) -> Coordinates:
    """Put the centroids that own nothing onto the points that cost most where they are.

    That lowers the error, so that a repetition ends.
    """
    cost = assign(points, centroids, threads).distances * weights(points.moments)
    worst = np.argsort(-cost, kind="stable")[: len(empty)]
    refilled = centroids.copy()
    refilled[:, empty] = points.coordinates[:, worst]
    return refilled


def ordered_sum(values: npt.NDArray[np.float64]) -> float:
    """Sum in a fixed order: NumPy's own depends on how wide the CPU's vectors are."""
    return float(kernels.lloyd.ordered_sum(np.ascontiguousarray(values).reshape(-1)))
