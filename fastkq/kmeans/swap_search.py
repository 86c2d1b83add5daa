"""Directed swaps of centroids: they leave the local optimum in which Lloyd's algorithm ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import checkpoint
from fastkq.runtime.typing import Coordinates, Vectors, Weights

if TYPE_CHECKING:
    from fastkq.kmeans.morton_tree import Summary
    from fastkq.kmeans.vector_points import VectorPoints

_DISTANCES_PER_PIECE = 1 << 26
"""Distances times dimensions that a piece may compute: about 10 ms of work."""
_POINTS_MULTIPLE = 1 << 10
"""The number of points of a piece is a multiple of this, so that a piece holds whole runs of
`fastkq.kernels.kmeans.nearest_vectors`."""
_TRIAL_COST = 1 << 17
"""Fixed cost of a trial in distances: a trial takes as long as about 20 * k + this many distances."""


class SearchForm(NamedTuple):
    """Points in the form of one of the two kernels of the search.

    Attributes
    ----------
    kernel
        `fastkq.kernels.kmeans.swap_search_planes.search` or that of swap_search_vectors.
    points
        The named tuple of points that the kernel takes.
    initial_state
        Called with centroids (D, k); returns the clusters and the region of a search.
    padded_dims : int
        D: number of rows of the centroids that the kernel takes; rows beyond the dimensions are zero.
    dtype
        Dtype of the centroids that the kernel takes.
    """

    kernel: Callable[..., bool]
    points: Any
    initial_state: Callable[[Coordinates], tuple[Any, Any]]
    padded_dims: int
    dtype: type[np.floating[Any]]


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


def _state(
    kernel: Any,
    centroids: Coordinates,
    weights: Weights,
    index: type[np.integer[Any]],
    clusters: dict[str, Any],
    region: dict[str, Any],
) -> tuple[Any, Any]:
    """Return the clusters and the region of a search, which holds all clusters and points.

    `clusters` and `region` are the fields that only one of the two forms has.
    """
    number, k = len(weights), centroids.shape[1]
    all_clusters = kernel.Clusters(
        centroids=centroids.copy(),
        spreads=np.empty(k),
        masses=np.empty(k),
        removals=np.empty(k),
        merge_target=np.zeros(k, index),
        heads=np.empty(k, index),
        links=np.empty(number, index),
        changed=np.zeros(k, np.int64),
        **clusters,
    )
    whole_region = kernel.Region(
        clusters=np.arange(k, dtype=index),
        inside=np.zeros(k, np.bool_),
        centroids=centroids.copy(),
        points=np.arange(number, dtype=index),
        weights=weights.copy(),
        distances=np.empty(k, centroids.dtype),
        costs=np.empty(k),
        **region,
    )
    return all_clusters, whole_region


def planes_form(coordinates: Coordinates, weights: Weights) -> SearchForm:
    """Return points (C, n) of at most 4 dimensions as four planes of float32."""
    dims, number = coordinates.shape
    planes = np.zeros((4, number), np.float32)
    planes[:dims] = coordinates
    kernel = kernels.kmeans.swap_search_planes

    def initial_state(centroids: Coordinates) -> tuple[Any, Any]:
        k = centroids.shape[1]
        moments, explained, axes = np.empty((k, 15)), np.zeros(k), np.empty((k, 4))
        clusters = {"moments": moments, "explained": explained, "axes": axes}
        region = {
            "moments": np.empty((k, 15)),
            "coordinates": planes.copy(),
            "labels": np.empty(number, np.int32),
            "best": np.empty(number, np.float32),
        }
        return _state(kernel, centroids, weights, np.int32, clusters, region)

    points = kernel.Points(planes, weights, max(dims, 3))
    return SearchForm(kernel.search, points, initial_state, 4, np.float32)


def vectors_form(vectors: Vectors, weights: Weights) -> SearchForm:
    """Return vectors (n, d) of any dimension in float64."""
    number, dims = vectors.shape
    lanes, run = kernels.kmeans.nearest_vectors.LANES, kernels.kmeans.nearest_vectors.VECTORS_PER_RUN
    padded_dims, runs = -(-dims // lanes) * lanes, -(-number // run)
    kernel = kernels.kmeans.swap_search_vectors

    def initial_state(centroids: Coordinates) -> tuple[Any, Any]:
        k = centroids.shape[1]
        planes = np.zeros((runs * run, padded_dims))
        planes[:number, :dims] = vectors
        clusters = {"weights": np.empty(k), "errors": np.zeros(k), "axes": np.empty((k, dims))}
        region = {
            "sums": np.empty((k, dims + 1)),
            "planes": np.ascontiguousarray(planes.reshape(runs, run, padded_dims).transpose(0, 2, 1)),
            "labels": np.empty(runs * run, np.int64),
            "best": np.empty(run),
            "squares": np.empty((2, run)),
        }
        return _state(kernel, centroids, weights, np.int64, clusters, region)

    points = kernel.Points(vectors, weights)
    return SearchForm(kernel.search, points, initial_state, padded_dims, np.float64)
