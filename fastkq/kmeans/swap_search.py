"""Directed swaps on points of up to 4 dimensions: leave the local optimum where Lloyd's algorithm ends."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.coarsening import Summary
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import checkpoint
from fastkq.runtime.typing import Coordinates

_DISTANCES_PER_PIECE = 1 << 26
"""Of one dimension: some 10 ms of work."""
_ROUND = 1 << 10
"""Points of a piece are whole runs of `fastkq.kernels.kmeans.nearest_vectors`."""
_TRIAL = 1 << 17
"""A trial takes as long as some twenty distances a centroid and so many more."""


class Piece(NamedTuple):
    """Trials first .. last - 1; of those up to 0, in which all clusters settle, points begin .. end - 1."""

    first: int
    last: int
    begin: int
    end: int


def pieces(points: int, dims: int, k: int, trials: int) -> Iterator[Piece]:
    """All the pieces of a search, in their order, with a checkpoint before each."""
    start = 1 - kernels.kmeans.swap_search.SETTLING_ITERATIONS
    together = max(1, _DISTANCES_PER_PIECE // (k * dims * _ROUND)) * _ROUND
    if points <= together:
        first = start
    else:
        first = 1
        for iteration in range(start, 1):
            for begin in range(0, points, together):
                checkpoint()
                yield Piece(iteration, iteration + 1, begin, min(begin + together, points))
    some = max(1, _DISTANCES_PER_PIECE // (dims * (20 * k + _TRIAL)))
    while first <= trials:
        last = min(max(first, 1) + some, trials + 1)
        checkpoint()
        yield Piece(first, last, 0, points)
        first = last


_TEMPERATURE = 0.15
"""Share of a mean cluster's error that a swap may cost at first. The best of 8 searches ends 0.1 to 0.2 %
lower than with 0 at k = 16 and 64, where single local optima lie 0.7 % apart."""


def search(
    points: Summary, k: int, swaps: int, searches: int, threads: int = 1, held: Coordinates | None = None
) -> tuple[Coordinates, float]:
    """Centroids (C, k) for the points, and their squared error: the best of several searches.

    Each starts from other points along the Morton curve, spaced as densely as centroids should be, and moves
    centroids from where they are missed least to where they are needed most. A trial takes the cluster that
    can be merged into a neighbour at the least cost, puts its centroid into the one whose split along its
    principal axis promises most, lets Lloyd's algorithm settle the clusters about both, and keeps the result
    if the error fell; at first it may also grow a little (threshold accepting, Dueck and Scheuer, 1990). The
    idea is Fritzke's ("Breathing k-means", arXiv:2006.15666), whose trial and error the estimates replace.

    Parameters
    ----------
    points
        At least as many as there are centroids to be found.
    swaps
        Trials of each search.
    held : (C, f)
        The first of the centroids, which stay where they are.
    """
    dims, number = points.coordinates.shape
    planes = np.zeros((4, number), np.float32)
    planes[:dims] = points.coordinates
    centroids = np.zeros((searches, 4, k), np.float32)
    centroids[:, :dims] = starts(points, k, searches, held)
    errors = np.full((searches, 2), np.inf)

    def work(worker: int, start: int, stop: int) -> None:
        clusters = _clusters(number, centroids[start])
        region = _region(planes, points.weights, centroids[start])
        for piece in pieces(number, dims, k, swaps):
            if not kernels.kmeans.swap_search.search(
                planes,
                max(dims, 3),
                points.weights,
                centroids[start],
                0 if held is None else held.shape[1],
                swaps,
                _TEMPERATURE,
                clusters,
                region,
                piece,
                errors[start],
            ):
                break

    over_chunks(work, searches, 1, threads)
    best = int(np.argmin(errors[:, 1]))
    return np.ascontiguousarray(centroids[best, :dims], points.coordinates.dtype), float(errors[best, 1])


def starts(points: Summary, k: int, searches: int, held: Coordinates | None = None) -> Coordinates:
    """Centroids (searches, C, k) to start from, different ones for each search; first those that are held.

    Each of those takes the place of the one that is nearest to it.
    """
    # Centroids stand best with a density of about the square root of that of the weight (its 3/5th power in
    # space). Boxes of equal error have that density already.
    shares = np.ones(len(points.weights)) if points.of_equal_error else np.sqrt(points.weights)
    ends = np.cumsum(shares)
    places = (np.arange(k) + (2 * np.arange(searches)[:, None] + 1) / (2 * searches)) * (ends[-1] / k)
    chosen = np.minimum(np.searchsorted(ends, places, side="right"), len(ends) - 1)
    spread = np.ascontiguousarray(points.coordinates[:, chosen].transpose(1, 0, 2))
    if held is not None and held.shape[1] > 0:
        for search in spread:
            search[:] = np.column_stack((held, search[:, _farther(search, held)]))
    return spread


def _farther(starts: Coordinates, held: Coordinates) -> npt.NDArray[np.intp]:
    """Which of the starts (C, k) remain when each of the held (C, f) takes away the nearest that is left."""
    left = np.arange(starts.shape[1])
    for centroid in held.T:
        differences = starts[:, left].astype(np.float64) - centroid[:, None]
        left = np.delete(left, np.argmin(sum(row * row for row in differences)))
    return left


def _clusters(points: int, centroids: Coordinates) -> Any:
    k = centroids.shape[1]
    return kernels.kmeans.cluster_stats.Clusters(
        centroids=centroids.copy(),
        moments=np.empty((k, 15)),
        explained=np.zeros(k),
        spread=np.empty(k),
        axis=np.empty((k, 4)),
        mass=np.empty(k),
        removal=np.empty(k),
        beside=np.zeros(k, np.int32),
        first=np.empty(k, np.int32),
        after=np.empty(points, np.int32),
        changed=np.zeros(k, np.int64),
    )


def _region(planes: npt.NDArray[np.float32], weights: npt.NDArray[np.float64], centroids: Coordinates) -> Any:
    """A region of all the clusters and points."""
    points, k = planes.shape[1], centroids.shape[1]
    return kernels.kmeans.swap_search.Region(
        clusters=np.arange(k, dtype=np.int32),
        inside=np.zeros(k, np.uint8),
        centroids=centroids.copy(),
        moments=np.empty((k, 15)),
        points=np.arange(points, dtype=np.int32),
        coordinates=planes.copy(),
        weights=weights.copy(),
        labels=np.empty(points, np.int32),
        best=np.empty(points, np.float32),
        distance=np.empty(k, np.float32),
        cost=np.empty(k),
    )
