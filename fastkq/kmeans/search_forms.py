"""The two forms in which the kernels of the swap search take points: planes and vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from fastkq import kernels
from fastkq.runtime.typing import Coordinates, Vectors, Weights


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
    lanes, run = kernels.kmeans.tiles.LANES, kernels.kmeans.nearest_vectors.VECTORS_PER_RUN
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
