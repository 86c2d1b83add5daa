"""Directed swaps of centroids, for vectors of any dimension: see `fastkq.kmeans.swap_search`."""

from typing import Any

import numpy as np

from fastkq import kernels
from fastkq.kmeans.coarsening import WeightedVectors
from fastkq.kmeans.swap_search import pieces
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.typing import Vectors

_TEMPERATURE = 0.15  # as in `fastkq.kmeans.swap_search`


def search(
    points: WeightedVectors, fixed: Vectors, free: int, swaps: int, searches: int, threads: int = 1
) -> Vectors:
    """Search for centroids (d, f + free) of the vectors; the first f are the fixed ones (f, d).

    Returns the centroids of the best of several searches, each of which starts from different vectors, evenly
    spaced in their order. The method is that of `fastkq.kmeans.swap_search.search`.

    Parameters
    ----------
    points
        Means of boxes of about equal squared error; at least as many as there are free centroids.
    fixed : (f, d)
        Centroids that stay where they are.
    free
        Number of the other centroids.
    swaps
        Number of trials of each search.
    searches
        Number of searches.
    threads
        Maximum number of threads; each search runs on one.
    """
    starts = points.vectors[_starts(len(points.vectors), free, searches)]
    return search_from(points, fixed, starts, swaps, threads)


def search_from(
    points: WeightedVectors, fixed: Vectors, starts: Vectors, swaps: int, threads: int = 1
) -> Vectors:
    """Run `search` from given initial centroids (searches, free, d)."""
    number, dims = points.vectors.shape
    searches, k = len(starts), len(fixed) + starts.shape[1]
    lanes = int(kernels.kmeans.nearest_vectors.LANES)
    centroids = np.zeros((searches, -(-dims // lanes) * lanes, k))
    centroids[:, :dims, : len(fixed)] = fixed.T
    centroids[:, :dims, len(fixed) :] = starts.transpose(0, 2, 1)
    errors = np.full((searches, 2), np.inf)

    def work(worker: int, start: int, stop: int) -> None:
        clusters = _clusters(number, dims, centroids[start])
        region = _region(points, centroids[start])
        for piece in pieces(number, dims, k, swaps):
            if not kernels.kmeans.swap_search_vectors.search(
                *points,
                centroids[start],
                len(fixed),
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
    return np.ascontiguousarray(centroids[best, :dims])


def _starts(number: int, free: int, searches: int) -> Any:
    """Return the indices (searches, free) of evenly spaced points, different ones for each search."""
    places = 2 * searches * np.arange(free) + 2 * np.arange(searches)[:, None] + 1
    return places * number // (2 * searches * free)


def _clusters(points: int, dims: int, centroids: Vectors) -> Any:
    k = centroids.shape[1]
    return kernels.kmeans.cluster_stats_vectors.VectorClusters(
        centroids=centroids.copy(),
        weights=np.empty(k),
        errors=np.zeros(k),
        axes=np.empty((k, dims)),
        spreads=np.empty(k),
        removals=np.empty(k),
        merge_target=np.zeros(k, np.int64),
        heads=np.full(k, -1),
        links=np.empty(points, np.int64),
        changed=np.zeros(k, np.int64),
    )


def _region(points: WeightedVectors, centroids: Vectors) -> Any:
    """Make a region that holds all clusters and points."""
    number, dims = points.vectors.shape
    padded, k = centroids.shape
    run = int(kernels.kmeans.nearest_vectors.VECTORS_PER_RUN)
    runs = -(-number // run)
    planes = np.zeros((runs * run, padded))
    planes[:number, :dims] = points.vectors
    return kernels.kmeans.swap_search_vectors.VectorRegion(
        clusters=np.arange(k),
        inside=np.zeros(k, bool),
        centroids=centroids.copy(),
        sums=np.empty((k, dims + 1)),
        points=np.arange(number),
        planes=np.ascontiguousarray(planes.reshape(runs, run, padded).transpose(0, 2, 1)),
        weights=points.weights.copy(),
        labels=np.empty(runs * run, np.int64),
        best=np.empty(run),
        distances=np.empty(k),
        squares=np.empty((2, run)),
    )
