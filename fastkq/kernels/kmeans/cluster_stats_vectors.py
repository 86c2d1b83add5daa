"""What a search for better centroids knows of the clusters: what each is worth, and what it lacks.

Errors are summed up from distances, never as differences of sums of squares: those of a far outlier would
drown all the others.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import part

_SPLIT_GAIN = 0.7
_WORTH = 0.03
_POWER_ITERATIONS = 4


class VectorClusters(NamedTuple):
    """What is known of k clusters of n points.

    Attributes
    ----------
    centroids : (D, k) float64
    weights, errors : (k,) float64
        Their weights, and their squared errors.
    axes : (k, d) float64
        Principal axes, as long as the deviations along them.
    spreads : (k,) float64
        Squared errors along the principal axes.
    removals : (k,) float64
        Growth of the error when the cluster is merged into the one it costs least to merge it with.
    beside : (k,) int64
        That cluster.
    heads : (k,) int64
        A point of each cluster, or -1.
    links : (n,) int64
        The next point of the same cluster, or -1.
    changed : (k,) int64
        In which trial it changed last.
    """

    centroids: Any
    weights: Any
    errors: Any
    axes: Any
    spreads: Any
    removals: Any
    beside: Any
    heads: Any
    links: Any
    changed: Any


@part
def centroid_distances(centroids, k, centre, distances):
    """Squared distances (k,), out, of centroids (D, k) from one of them."""
    for j in range(k):
        distances[j] = 0.0
    for d in range(centroids.shape[0]):
        row, c = centroids[d], centroids[d, centre]
        for j in range(k):
            distances[j] += (row[j] - c) * (row[j] - c)


@part
def survey_spread(vectors, weights, clusters, j, offset):
    """Principal axis of a cluster by power iteration over its points; offset (d,), scratch."""
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


@part
def survey_removal(clusters, fixed, removed, distances):
    """What it would cost to merge a cluster into another (Ward, 1963)."""
    k = clusters.spreads.shape[0]
    clusters.removals[removed], clusters.beside[removed] = np.inf, removed
    if removed < fixed:
        return
    centroid_distances(clusters.centroids, k, removed, distances)
    weight = clusters.weights[removed]
    for j in range(k):
        other = clusters.weights[j]
        if j != removed and (other > 0 or j < fixed):
            share = weight if j < fixed else weight * other / (weight + other)
            if distances[j] * share < clusters.removals[removed]:
                clusters.removals[removed], clusters.beside[removed] = distances[j] * share, j


@part
def choose(clusters):
    """The cluster that is missed least and the one that gains most by a split, or (-1, -1)."""
    removed = 0
    for j in range(1, clusters.spreads.shape[0]):
        if clusters.removals[j] < clusters.removals[removed]:
            removed = j
    split = -1
    for j in range(clusters.spreads.shape[0]):
        if j != removed and j != clusters.beside[removed]:
            if split < 0 or clusters.spreads[j] > clusters.spreads[split]:
                split = j
    if split < 0 or not _SPLIT_GAIN * clusters.spreads[split] > _WORTH * clusters.removals[removed]:
        return -1, -1
    return removed, split
