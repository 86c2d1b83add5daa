"""What is known of clusters: their moments, what a split promises, what it costs to do without one.

Everything here has four coordinates; those that a colour does not have are zero. The first `held` clusters
are those of fixed colours: their centroids stay where they are.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import part
from fastkq.kernels.kmeans.nearest import first_smallest

SPLIT_GAIN = 0.7
"""Share of the error along an axis that a split at the mean removes: 0.64 for a normal, 0.75 for a uniform
distribution."""
SPLIT_OFFSET = 0.8
"""Deviations from the mean to the means of the halves: 0.80 for a normal, 0.87 for a uniform distribution."""
_ONE_SIDED_GAIN = 0.32
"""The same when the centroid of one half stays at the mean: half of a normal's 0.64."""
_POWER_ITERATIONS = 6
_HELD_MASS = 1e200


class Clusters(NamedTuple):
    """What is known of k clusters.

    Attributes
    ----------
    centroids : (4, k) float32
    moments : (k, 15) float64
        The weight, the weighted sums of the coordinates, and of their ten products.
    explained : (k,) float64
        By how much the squared error about the mean, or the held centroid, is less than that about zero.
    spread : (k,) float64
        Squared error along the principal axis; of a held cluster, as much as a free one has whose split gains
        the same.
    axis : (k, 4) float64
        Principal axis, as long as the deviation along it.
    mass : (k,) float64
        The weight; of a held cluster so much that none moves it when merged into it.
    removal : (k,) float64
        Growth of the error when the cluster is merged into the one it costs least to merge it with; infinite
        when it is held.
    beside : (k,) int32
        That cluster.
    first : (k,) int32
        A point of each cluster, or -1.
    after : (points,) int32
        The next point of the same cluster, or -1.
    changed : (k,) int64
        In which trial it changed last.
    """

    centroids: Any
    moments: Any
    explained: Any
    spread: Any
    axis: Any
    mass: Any
    removal: Any
    beside: Any
    first: Any
    after: Any
    changed: Any


@part
def move(coordinates, dims, weights, points, labels, clusters, moments, centroids):
    """Sum up the clusters' moments of order 0 and 1, and move the centroids to the means."""
    x, y, z, a = coordinates[0], coordinates[1], coordinates[2], coordinates[3]
    for j in range(clusters):
        for m in range(5):
            moments[j, m] = 0.0
    for i in range(points):
        row = moments[labels[i]]
        weight = weights[i]
        row[0] += weight
        row[1] += weight * np.float64(x[i])
        row[2] += weight * np.float64(y[i])
        row[3] += weight * np.float64(z[i])
        if dims == 4:
            row[4] += weight * np.float64(a[i])
    for j in range(clusters):
        if moments[j, 0] > 0:
            for d in range(4):
                centroids[d, j] = moments[j, 1 + d] / moments[j, 0]


@part
def square(coordinates, weights, points, labels, clusters, moments):
    """Sum up the clusters' moments of order 2: xx, xy, xz, xa, yy, yz, ya, zz, za, aa."""
    for j in range(clusters):
        for m in range(5, 15):
            moments[j, m] = 0.0
    for i in range(points):
        row = moments[labels[i]]
        place = 5
        for d in range(4):
            weighted = weights[i] * np.float64(coordinates[d, i])
            for e in range(d, 4):
                row[place] += weighted * np.float64(coordinates[e, i])
                place += 1


@part
def explained(row):
    """What its mean takes off the sum of squares of a cluster with these moments (15,)."""
    if row[0] <= 0:
        return 0.0
    return (row[1] * row[1] + row[2] * row[2] + row[3] * row[3] + row[4] * row[4]) / row[0]


@part
def offset_of_mean(row, centroids, j):
    """From a held centroid to the mean of its cluster with these moments (15,)."""
    return (
        row[1] / row[0] - np.float64(centroids[0, j]),
        row[2] / row[0] - np.float64(centroids[1, j]),
        row[3] / row[0] - np.float64(centroids[2, j]),
        row[4] / row[0] - np.float64(centroids[3, j]),
    )


@part
def squared(offset):
    """Squared length of a vector (4,)."""
    return offset[0] ** 2 + offset[1] ** 2 + offset[2] ** 2 + offset[3] ** 2


@part
def _principal_axis(row, offset, axis):
    """Squared error along the principal axis of a cluster with these moments (15,).

    About a point from which the mean lies at offset (4,); axis (4,), out, is a unit vector.
    """
    for d in range(4):
        axis[d] = 0.0
    scratch = np.empty((6, 4))
    scatter, vector, image = scratch[:4], scratch[4], scratch[5]
    place = 5
    for d in range(4):
        for e in range(d, 4):
            about_mean = row[place] - row[1 + d] * row[1 + e] / row[0]
            scatter[d, e] = scatter[e, d] = about_mean + row[0] * (offset[d] * offset[e])
            place += 1
    widest = 0
    for d in range(1, 4):
        if scatter[d, d] > scatter[widest, widest]:
            widest = d
    for d in range(4):
        vector[d] = scatter[widest, d]
    along = 0.0
    for _ in range(_POWER_ITERATIONS):
        norm = np.sqrt(vector[0] ** 2 + vector[1] ** 2 + vector[2] ** 2 + vector[3] ** 2)
        if not norm > 0:
            return 0.0
        along = 0.0
        for d in range(4):
            vector[d] /= norm
        for d in range(4):
            total = 0.0
            for e in range(4):
                total += scatter[d, e] * vector[e]
            image[d] = total
            along += total * vector[d]
        for d in range(4):
            axis[d] = vector[d]
            vector[d] = image[d]
    return max(along, 0.0)


@part
def survey(clusters, j, held):
    """What is known of a cluster from its moments and its centroid."""
    row, axis = clusters.moments[j], clusters.axis[j]
    clusters.explained[j] = explained(row)
    clusters.mass[j] = _HELD_MASS if j < held else row[0]
    clusters.spread[j] = 0.0
    if row[0] <= 0:
        return
    offset = offset_of_mean(row, clusters.centroids, j) if j < held else (0.0, 0.0, 0.0, 0.0)
    spread = _principal_axis(row, offset, axis)
    deviation = np.sqrt(spread / row[0])
    if j < held:
        clusters.explained[j] -= row[0] * squared(offset)
        # The other half is one-sided, from the held centroid to the mean and beyond.
        mean = offset[0] * axis[0] + offset[1] * axis[1] + offset[2] * axis[2] + offset[3] * axis[3]
        variance = max(spread / row[0] - mean * mean, 0.0)
        spread = row[0] * (mean * mean + _ONE_SIDED_GAIN * variance) / SPLIT_GAIN
        deviation = np.sqrt(mean * mean / SPLIT_OFFSET**2 + variance)
        if mean < 0:
            deviation = -deviation
    clusters.spread[j] = spread
    for d in range(4):
        axis[d] *= deviation


@part
def distances(centroids, k, centre, out):
    """Squared distances of k centroids from one of them: out (k,), out."""
    x, y, z, a = centroids[0, centre], centroids[1, centre], centroids[2, centre], centroids[3, centre]
    cx, cy, cz, ca = centroids[0], centroids[1], centroids[2], centroids[3]
    for j in range(k):
        dx, dy, dz, da = cx[j] - x, cy[j] - y, cz[j] - z, ca[j] - a
        out[j] = dx * dx + dy * dy + dz * dz + da * da


@part
def survey_removal(clusters, removed, held, distance, cost):
    """What it would cost to merge a cluster into another (Ward, 1963); distance and cost (k,), scratch."""
    clusters.removal[removed] = np.inf
    clusters.beside[removed] = removed
    if removed < held:
        return
    mass, k = clusters.mass, clusters.mass.shape[0]
    distances(clusters.centroids, k, removed, distance)
    weight = mass[removed]
    for j in range(k):
        other = mass[j]
        merged = np.float64(distance[j]) * (weight * other / (weight + other))
        cost[j] = merged if other > 0 else np.inf
    cost[removed] = np.inf
    beside = first_smallest(cost, k)
    if cost[beside] < np.inf:
        clusters.removal[removed] = cost[beside]
        clusters.beside[removed] = beside


@part
def error(clusters):
    """Squared error of all the clusters about their means."""
    total = 0.0
    for j in range(clusters.explained.shape[0]):
        row = clusters.moments[j]
        total += row[5] + row[9] + row[12] + row[14] - clusters.explained[j]
    return total
