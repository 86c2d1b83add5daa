"""Directed swaps of centroids: they leave the local optimum in which Lloyd's algorithm ends."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.kmeans.morton_tree import Summary
from fastkq.kmeans.vector_points import VectorPoints
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import checkpoint
from fastkq.runtime.typing import Coordinates

_DISTANCES_PER_PIECE = 1 << 26
"""Distances times dimensions that a piece may compute: about 10 ms of work."""
_POINTS_MULTIPLE = 1 << 10
"""The number of points of a piece is a multiple of this, so that a piece holds whole runs of
`fastkq.kernels.kmeans.nearest_vectors`."""
_TRIAL_COST = 1 << 17
"""Fixed cost of a trial in distances: a trial takes as long as about 20 * k + this many distances."""


def search(
    points: Summary | VectorPoints,
    k: int,
    swaps: int,
    searches: int,
    threads: int = 1,
    fixed: Coordinates | None = None,
) -> tuple[Coordinates, float]:
    """Search for centroids (C, k) of the points; returns those of the best search, and their squared error.

    Each search starts from different points in their order, spaced by the density that centroids should have,
    and moves centroids from where their removal costs least to where a split gains most. A trial takes the
    cluster that costs least to merge with a neighbor, moves its centroid into the cluster whose split along
    the principal axis has the largest estimated gain, lets Lloyd's algorithm settle the clusters around both,
    and keeps the result if the error fell. Early trials also accept a small increase (threshold accepting,
    Dueck and Scheuer, 1990). The idea is Fritzke's ("Breathing k-means", arXiv:2006.15666); here estimates of
    cost and gain replace trial and error.

    Parameters
    ----------
    points
        At least as many as there are free centroids.
    k
        Number of centroids, fixed ones included.
    swaps
        Number of trials of each search.
    searches
        Number of searches.
    threads
        Maximum number of threads; each search runs on one.
    fixed : (C, f)
        The first f centroids, which stay where they are.
    """
    n_fixed = 0 if fixed is None else fixed.shape[1]
    return search_from(points, starts(points, k, searches, fixed), n_fixed, swaps, threads)


def search_from(
    points: Summary | VectorPoints, initial: Coordinates, n_fixed: int, swaps: int, threads: int = 1
) -> tuple[Coordinates, float]:
    """Run `search` from initial centroids (searches, C, k), of which the first `n_fixed` stay."""
    searches, dims, k = initial.shape
    number, form = len(points.weights), points.form
    centroids = np.zeros((searches, form.padded_dims, k), form.dtype)
    centroids[:, :dims] = initial
    errors = np.full((searches, 2), np.inf)

    def work(worker: int, start: int, stop: int) -> None:
        state = form.initial_state(centroids[start])
        for piece in _pieces(number, dims, k, swaps):
            if not form.kernel(form.points, centroids[start], n_fixed, swaps, *state, piece, errors[start]):
                break

    over_chunks(work, searches, 1, threads)
    best = int(np.argmin(errors[:, 1]))
    return np.ascontiguousarray(centroids[best, :dims], initial.dtype), float(errors[best, 1])


class _Piece(NamedTuple):
    """The work between two checkpoints of a search: trials first .. last - 1.

    A trial numbered 0 or less is one of Lloyd's iterations on all clusters. It may be split into several
    pieces, each of which labels the points begin .. end - 1.
    """

    first: int
    last: int
    begin: int
    end: int


def _pieces(points: int, dims: int, k: int, trials: int) -> Iterator[_Piece]:
    """Yield the pieces of a search in order, with a checkpoint before each."""
    start = 1 - kernels.kmeans.swap_search.SETTLING_ITERATIONS
    points_per_piece = max(1, _DISTANCES_PER_PIECE // (k * dims * _POINTS_MULTIPLE)) * _POINTS_MULTIPLE
    if points <= points_per_piece:
        first = start
    else:
        first = 1
        for iteration in range(start, 1):
            for begin in range(0, points, points_per_piece):
                checkpoint()
                yield _Piece(iteration, iteration + 1, begin, min(begin + points_per_piece, points))
    trials_per_piece = max(1, _DISTANCES_PER_PIECE // (dims * (20 * k + _TRIAL_COST)))
    while first <= trials:
        last = min(max(first, 1) + trials_per_piece, trials + 1)
        checkpoint()
        yield _Piece(first, last, 0, points)
        first = last


def starts(
    points: Summary | VectorPoints, k: int, searches: int, fixed: Coordinates | None = None
) -> Coordinates:
    """Return initial centroids (searches, C, k), different ones for each search.

    The first f centroids are `fixed` (C, f). Each replaces the initial centroid that is nearest to it.
    """
    # The best density of centroids is about the square root of the density of the weight (in three dimensions
    # the density to the power of 3/5). Boxes of equal error already have that density.
    shares = np.ones(len(points.weights)) if points.of_equal_error else np.sqrt(points.weights)
    ends = np.cumsum(shares)
    places = (np.arange(k) + (2 * np.arange(searches)[:, None] + 1) / (2 * searches)) * (ends[-1] / k)
    chosen = np.minimum(np.searchsorted(ends, places, side="right"), len(ends) - 1)
    initial = np.ascontiguousarray(points.coordinates[:, chosen].transpose(1, 0, 2))
    if fixed is not None and fixed.shape[1] > 0:
        for centroids in initial:
            centroids[:] = np.column_stack((fixed, centroids[:, _remaining(centroids, fixed)]))
    return initial


def _remaining(starts: Coordinates, fixed: Coordinates) -> npt.NDArray[np.intp]:
    """Return the indices (k - f,) of the initial centroids (C, k) that `fixed` (C, f) does not replace.

    Each fixed centroid in turn replaces the nearest of those that are left.
    """
    left = np.arange(starts.shape[1])
    for centroid in fixed.T:
        checkpoint()
        differences = starts[:, left].astype(np.float64) - centroid[:, None]
        left = np.delete(left, np.argmin(sum(row * row for row in differences)))
    return left
