"""Statistics of clusters for the swap search: moments, gain of a split, cost of a removal.

All points have four coordinates; the missing ones of gray and RGB colors are zero. The centroids of the first
`fixed` clusters are fixed.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel
from fastkq.kernels.kmeans.nearest_centroid import first_smallest

SPLIT_GAIN = 0.7
"""A split at the mean removes this share of the squared error along an axis: 0.64 for a normal, 0.75 for a
uniform distribution."""
SPLIT_OFFSET = 0.8
"""Standard deviations from the mean of a cluster to the means of its halves: 0.80 for a normal, 0.87 for a
uniform distribution."""
_ONE_SIDED_GAIN = 0.32
"""Share of the squared error along an axis that a split removes if the centroid of one half stays at the
mean: half of the 0.64 of a normal distribution."""
_POWER_ITERATIONS = 6
"""Steps of the power method that finds a principal axis."""
_FIXED_MASS = 1e200
"""Weight of a fixed centroid in the cost of a merge: so large that the merge does not move it."""


class Clusters(NamedTuple):
    """Statistics of k clusters.

    Attributes
    ----------
    centroids : (4, k) float32
    moments : (k, 15) float64
        The weight, the weighted sums of the coordinates, and those of their ten products.
    explained : (k,) float64
        Squared error about zero minus squared error about the mean or about the fixed centroid.
    spread : (k,) float64
        Squared error along the principal axis. A fixed cluster has the value of a free cluster whose split
        would gain as much as that of the fixed one.
    axis : (k, 4) float64
        Principal axis; its length is the standard deviation along it.
    mass : (k,) float64
        The weight. For a fixed cluster it is so large that a merge with another cluster does not move it.
    removal : (k,) float64
        Increase of the squared error when the cluster is merged into `merge_target`; infinite if it is fixed.
    merge_target : (k,) int32
        The cluster with which a merge costs least.
    first : (k,) int32
        The first point in the linked list of the cluster's points, or -1.
    after : (points,) int32
        The next point of the same cluster, or -1.
    changed : (k,) int64
        The trial in which the cluster last changed.
    """

    centroids: Any
    moments: Any
    explained: Any
    spread: Any
    axis: Any
    mass: Any
    removal: Any
    merge_target: Any
    first: Any
    after: Any
    changed: Any


@inner_kernel
def update_centroids(coordinates, dims, weights, points, labels, clusters, moments, centroids):
    """Sum the clusters' moments of order 0 and 1, and move the centroids to the means.

    The first `points` points and the first `clusters` clusters are used. coordinates (4, >= points), of which
    the first `dims` rows are used (3 or 4), weights (>= points,) float64 and labels (>= points,), in; moments
    (>= clusters, 15) float64, of which columns 0 to 4 are written, and centroids (4, >= clusters), out. A
    centroid whose cluster is empty stays.
    """
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


@inner_kernel
def sum_second_moments(coordinates, weights, points, labels, clusters, moments):
    """Sum the clusters' moments of order 2 into columns 5 to 14: xx, xy, xz, xa, yy, yz, ya, zz, za, aa.

    The arguments are those of `update_centroids`.
    """
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


@inner_kernel
def explained(row):
    """Return the squared error about zero minus that about the mean, of a cluster with moments (15,)."""
    if row[0] <= 0:
        return 0.0
    return (row[1] * row[1] + row[2] * row[2] + row[3] * row[3] + row[4] * row[4]) / row[0]


@inner_kernel
def offset_of_mean(row, centroids, j):
    """Return the vector from fixed centroid j to the mean of its cluster with moments (15,)."""
    return (
        row[1] / row[0] - np.float64(centroids[0, j]),
        row[2] / row[0] - np.float64(centroids[1, j]),
        row[3] / row[0] - np.float64(centroids[2, j]),
        row[4] / row[0] - np.float64(centroids[3, j]),
    )


@inner_kernel
def squared_length(offset):
    """Return the squared length of a vector (4,)."""
    return offset[0] ** 2 + offset[1] ** 2 + offset[2] ** 2 + offset[3] ** 2


@inner_kernel
def _principal_axis(row, offset, axis):
    """Return the squared error along the principal axis of a cluster with moments (15,).

    The error is taken about a reference point; offset (4,), in, is the vector from that point to the mean.
    axis (4,), out, is a unit vector.
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


@inner_kernel
def update_statistics(clusters, j, fixed):
    """Compute `explained`, `mass`, `spread` and `axis` of cluster j from its moments and its centroid."""
    row, axis = clusters.moments[j], clusters.axis[j]
    clusters.explained[j] = explained(row)
    clusters.mass[j] = _FIXED_MASS if j < fixed else row[0]
    clusters.spread[j] = 0.0
    if row[0] <= 0:
        return
    offset = offset_of_mean(row, clusters.centroids, j) if j < fixed else (0.0, 0.0, 0.0, 0.0)
    spread = _principal_axis(row, offset, axis)
    deviation = np.sqrt(spread / row[0])
    if j < fixed:
        clusters.explained[j] -= row[0] * squared_length(offset)
        # The fixed centroid stays, so a split adds a centroid on one side only: toward the mean and beyond.
        mean = offset[0] * axis[0] + offset[1] * axis[1] + offset[2] * axis[2] + offset[3] * axis[3]
        variance = max(spread / row[0] - mean * mean, 0.0)
        spread = row[0] * (mean * mean + _ONE_SIDED_GAIN * variance) / SPLIT_GAIN
        deviation = np.sqrt(mean * mean / SPLIT_OFFSET**2 + variance)
        if mean < 0:
            deviation = -deviation
    clusters.spread[j] = spread
    for d in range(4):
        axis[d] *= deviation


@inner_kernel
def distances(centroids, k, center, out):
    """Compute the squared distances of k centroids from one of them.

    centroids (4, >= k), in; out (k,), out.
    """
    x, y, z, a = centroids[0, center], centroids[1, center], centroids[2, center], centroids[3, center]
    cx, cy, cz, ca = centroids[0], centroids[1], centroids[2], centroids[3]
    for j in range(k):
        dx, dy, dz, da = cx[j] - x, cy[j] - y, cz[j] - z, ca[j] - a
        out[j] = dx * dx + dy * dy + dz * dz + da * da


@inner_kernel
def update_removal(clusters, removed, fixed, distance, cost):
    """Compute the cost of merging a cluster into the one for which this cost is least (Ward, 1963).

    clusters, in and out: `removal` and `merge_target` of the cluster `removed` are written; distance (k,) and
    cost (k,), scratch.
    """
    clusters.removal[removed] = np.inf
    clusters.merge_target[removed] = removed
    if removed < fixed:
        return
    mass, k = clusters.mass, clusters.mass.shape[0]
    distances(clusters.centroids, k, removed, distance)
    weight = mass[removed]
    for j in range(k):
        other = mass[j]
        merged = np.float64(distance[j]) * (weight * other / (weight + other))
        cost[j] = merged if other > 0 else np.inf
    cost[removed] = np.inf
    merge_target = first_smallest(cost, k)
    if cost[merge_target] < np.inf:
        clusters.removal[removed] = cost[merge_target]
        clusters.merge_target[removed] = merge_target


@inner_kernel
def total_error(clusters):
    """Return the total squared error of the clusters about their means or fixed centroids."""
    total = 0.0
    for j in range(clusters.explained.shape[0]):
        row = clusters.moments[j]
        total += row[5] + row[9] + row[12] + row[14] - clusters.explained[j]
    return total
