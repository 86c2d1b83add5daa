"""Statistics of clusters for the swap search on vectors: gain of a split, cost of a removal.

Errors are sums of squared distances, never differences of sums of squares: with one distant outlier, such
differences would have no significant digits for the other vectors. The centroids of the first `fixed`
clusters are fixed. The comments in `fastkq.kernels.kmeans.cluster_stats` and
`fastkq.kernels.kmeans.swap_search` give the reasons for the values of the constants.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel

_SPLIT_GAIN = 0.7
_MIN_GAIN_RATIO = 0.03
_POWER_ITERATIONS = 4


class VectorClusters(NamedTuple):
    """Statistics of k clusters of n points.

    Attributes
    ----------
    centroids : (D, k) float64
        D is d rounded up to a multiple of LANES of `fastkq.kernels.kmeans.nearest_vectors`.
    weights, errors : (k,) float64
        Weights, and squared errors about the centroids.
    axes : (k, d) float64
        Principal axes; the length of each is the standard deviation along it.
    spreads : (k,) float64
        Squared errors along the principal axes.
    removals : (k,) float64
        Increase of the squared error when the cluster is merged into `merge_target`; infinite if it is fixed.
    merge_target : (k,) int64
        The cluster with which a merge costs least.
    heads : (k,) int64
        The first point in the linked list of the cluster's points, or -1.
    links : (n,) int64
        The next point of the same cluster, or -1.
    changed : (k,) int64
        The trial in which the cluster last changed.
    """

    centroids: Any
    weights: Any
    errors: Any
    axes: Any
    spreads: Any
    removals: Any
    merge_target: Any
    heads: Any
    links: Any
    changed: Any


@inner_kernel
def centroid_distances(centroids, k, center, distances):
    """Compute the squared distances of all centroids from one of them.

    centroids (D, k), in; distances (k,), out.
    """
    for j in range(k):
        distances[j] = 0.0
    for d in range(centroids.shape[0]):
        row, c = centroids[d], centroids[d, center]
        for j in range(k):
            distances[j] += (row[j] - c) * (row[j] - c)


@inner_kernel
def update_spread(vectors, weights, clusters, j, offset):
    """Compute the spread and the principal axis of cluster j by power iteration over its points.

    vectors (n, d) and weights (n,), in; clusters, in and out; offset (d,), scratch.
    """
    dims = offset.shape[0]
    centroids, axis = clusters.centroids, clusters.axes[j]
    widest = 0
    for d in range(dims):
        axis[d] = 0.0
    i = clusters.heads[j]
    while i >= 0:
        for d in range(dims):
            axis[d] += weights[i] * (vectors[i, d] - centroids[d, j]) ** 2
        i = clusters.links[i]
    for d in range(1, dims):
        if axis[d] > axis[widest]:
            widest = d
    spread = axis[widest]
    for d in range(dims):
        axis[d] = 1.0 if d == widest else 0.0
    clusters.spreads[j] = 0.0
    if not (spread > 0 and clusters.weights[j] > 0):
        return
    for _ in range(_POWER_ITERATIONS):
        for d in range(dims):
            offset[d] = 0.0
        i = clusters.heads[j]
        while i >= 0:
            along = 0.0
            for d in range(dims):
                along += (vectors[i, d] - centroids[d, j]) * axis[d]
            along *= weights[i]
            for d in range(dims):
                offset[d] += along * (vectors[i, d] - centroids[d, j])
            i = clusters.links[i]
        norm = 0.0
        for d in range(dims):
            offset[d] /= spread
            norm += offset[d] * offset[d]
        norm = np.sqrt(norm)
        for d in range(dims):
            axis[d] = offset[d] / norm
        spread *= norm
    clusters.spreads[j] = spread
    deviation = np.sqrt(spread / clusters.weights[j])
    for d in range(dims):
        axis[d] *= deviation


@inner_kernel
def update_removal(clusters, fixed, removed, distances):
    """Compute the cost of merging a cluster into the one for which this cost is least (Ward, 1963).

    clusters, in and out: `removals` and `merge_target` of the cluster `removed` are written; distances (k,),
    scratch.
    """
    k = clusters.spreads.shape[0]
    clusters.removals[removed], clusters.merge_target[removed] = np.inf, removed
    if removed < fixed:
        return
    centroid_distances(clusters.centroids, k, removed, distances)
    weight = clusters.weights[removed]
    for j in range(k):
        other = clusters.weights[j]
        if j != removed and (other > 0 or j < fixed):
            share = weight if j < fixed else weight * other / (weight + other)
            if distances[j] * share < clusters.removals[removed]:
                clusters.removals[removed], clusters.merge_target[removed] = distances[j] * share, j


@inner_kernel
def choose(clusters):
    """Return the cluster that costs least to remove and the one that gains most by a split.

    The pair is (-1, -1) if the ratio of gain to cost is at most _MIN_GAIN_RATIO.
    """
    removed = 0
    for j in range(1, clusters.spreads.shape[0]):
        if clusters.removals[j] < clusters.removals[removed]:
            removed = j
    split = -1
    for j in range(clusters.spreads.shape[0]):
        if j != removed and j != clusters.merge_target[removed]:
            if split < 0 or clusters.spreads[j] > clusters.spreads[split]:
                split = j
    if split < 0 or not _SPLIT_GAIN * clusters.spreads[split] > _MIN_GAIN_RATIO * clusters.removals[removed]:
        return -1, -1
    return removed, split
