"""Directed swaps: move single centroids to leave a local optimum, then run Lloyd's algorithm only near them.

A trial works on a region: copies of the clusters near the two that the swap changes, and of their points.
This module holds the steps of a trial that do not depend on how points are stored. The searches themselves
are `fastkq.kernels.kmeans.swap_search_planes`, for at most 4 dimensions in float32, and
`fastkq.kernels.kmeans.swap_search_vectors`, for any number of dimensions in float64. Their clusters and
regions are named tuples with the fields that are used here. The centroids of the first `n_fixed` clusters are
fixed.
"""

import numpy as np

from fastkq.kernels.jit import inner_kernel
from fastkq.kernels.kmeans.candidates import first_smallest

SETTLING_ITERATIONS = 3
"""Iterations of Lloyd's algorithm in a trial, and on all clusters before the first swap."""
MAX_ERROR_INCREASE = 0.5
"""A trial stops after an iteration if the error is still higher than before the swap by more than this share
of the mean error of a cluster. The final errors are the same, in a tenth less time. With 0.25, the time is a
third less, but the errors are 0.1 % higher."""
SPLIT_GAIN = 0.7
"""A split at the mean removes this share of the squared error along an axis: 0.64 for a normal, 0.75 for a
uniform distribution."""
SPLIT_OFFSET = 0.8
"""Standard deviations from the mean of a cluster to the means of its halves: 0.80 for a normal, 0.87 for a
uniform distribution."""
FIXED_MASS = 1e200
"""Weight of a fixed centroid in the cost of a merge: so large that the merge does not move it."""
_TEMPERATURE = 0.15
"""The first trials accept an increase of the error below this share of the mean error per cluster; the share
falls to 0 in later trials. Measured at k = 16 and 64: the error of the best of 8 searches is 0.1 to 0.2 %
lower than with 0; the errors of single local optima differ by 0.7 %."""
_REGION_CLUSTERS = 24
"""Maximum number of clusters of a region. With 12 at k = 256 the final error is 0.2 % higher; with 48 a trial
takes twice as long."""
_MIN_GAIN_RATIO = 0.03
"""Swaps are tried while the ratio of estimated gain to estimated cost is above this value."""
_FAILURE_FACTOR = 1.2
"""A failed swap raises the estimated cost of its removal and lowers the estimated gain of its split by this
factor, until the clusters change. Without it, the same few swaps are tried repeatedly: after 100 trials at
k = 256 on Kodak, the error is 0.8 % higher."""


@inner_kernel
def choose(clusters):
    """Return the cluster that costs least to remove and the one that gains most by a split.

    The pair is (-1, -1) if the ratio of gain to cost is at most _MIN_GAIN_RATIO.
    """
    k = clusters.spreads.shape[0]
    removed = 0
    for j in range(1, k):
        if clusters.removals[j] < clusters.removals[removed]:
            removed = j
    split = -1
    for j in range(k):
        if j != removed and j != clusters.merge_target[removed]:
            if split < 0 or clusters.spreads[j] > clusters.spreads[split]:
                split = j
    if split < 0 or not SPLIT_GAIN * clusters.spreads[split] > _MIN_GAIN_RATIO * clusters.removals[removed]:
        return -1, -1
    return removed, split


@inner_kernel
def select_clusters(clusters, removed, split, region):
    """Select the clusters nearest to two clusters, half of them for each; return their number.

    clusters, in; region, in and out: region.clusters receives the indices. If k is at most
    _REGION_CLUSTERS, all are selected.
    """
    k = clusters.spreads.shape[0]
    if k <= _REGION_CLUSTERS:
        for j in range(k):
            region.clusters[j] = j
        return k
    count = 0
    for center in (removed, split):
        _centroid_distances(clusters.centroids, k, center, region.distances)
        for _ in range(_REGION_CLUSTERS // 2):
            closest = 0
            for j in range(1, k):
                if region.distances[j] < region.distances[closest]:
                    closest = j
            region.distances[closest] = np.inf
            if not region.inside[closest]:
                region.inside[closest] = True
                region.clusters[count] = closest
                count += 1
    for place in range(count):
        region.inside[region.clusters[place]] = False
    return count


@inner_kernel
def place_halves(clusters, n_fixed, removed, split, count, region):
    """Place two centroids at the means of the halves of the split cluster; a fixed one stays.

    The centroid of `removed` goes to one half, that of `split` to the other.
    """
    for place in range(count):
        j = region.clusters[place]
        if j == removed or (j == split and j >= n_fixed):
            side = SPLIT_OFFSET if j == removed else -SPLIT_OFFSET
            for d in range(clusters.axes.shape[1]):
                region.centroids[d, place] = clusters.centroids[d, split] + side * clusters.axes[split, d]


@inner_kernel
def is_accepted(change, trial, trials, mean_error):
    """Return whether a trial is kept that changes the squared error by `change`.

    It is kept if the error falls; early trials also accept a small increase, which falls with the square of
    the remaining share of the trials. mean_error: the mean squared error of a cluster.
    """
    return change < _TEMPERATURE * (1.0 - trial / trials) ** 2 * mean_error


@inner_kernel
def reject(clusters, removed, split):
    """Make the swap of two clusters less likely to be chosen again."""
    clusters.removals[removed] *= _FAILURE_FACTOR
    clusters.spreads[split] /= _FAILURE_FACTOR


@inner_kernel
def copy_back(clusters, region, points, count, trial):
    """Copy the region's centroids and its assignment of points back to the clusters.

    points, count: the number of points and of clusters in the region; trial: the number of the trial.
    """
    for place in range(count):
        j = region.clusters[place]
        for d in range(region.centroids.shape[0]):
            clusters.centroids[d, j] = region.centroids[d, place]
        clusters.heads[j], clusters.changed[j] = -1, trial
    for p in range(points - 1, -1, -1):
        i, j = region.points[p], region.clusters[region.labels[p]]
        clusters.links[i] = clusters.heads[j]
        clusters.heads[j] = i


@inner_kernel
def update_removals(clusters, n_fixed, region, trial):
    """Compute the removals of the clusters that changed in the trial, and of those that merge into them."""
    for j in range(clusters.spreads.shape[0]):
        if clusters.changed[j] == trial or clusters.changed[clusters.merge_target[j]] == trial:
            _update_removal(clusters, n_fixed, j, region.distances, region.costs)


@inner_kernel
def _update_removal(clusters, n_fixed, removed, distances, costs):
    """Compute the cost of merging a cluster into the one for which this cost is least (Ward, 1963).

    clusters, in and out: `removals` and `merge_target` of the cluster `removed` are written; distances (k,)
    and costs (k,), scratch.
    """
    clusters.removals[removed], clusters.merge_target[removed] = np.inf, removed
    if removed < n_fixed:
        return
    masses, k = clusters.masses, clusters.masses.shape[0]
    _centroid_distances(clusters.centroids, k, removed, distances)
    mass = masses[removed]
    for j in range(k):
        other = masses[j]
        cost = np.float64(distances[j]) * (mass * other / (mass + other))
        costs[j] = cost if other > 0 and cost < np.inf else np.inf  # a cost may be NaN if it overflows
    costs[removed] = np.inf
    merge_target = first_smallest(costs, k)
    if costs[merge_target] < np.inf:
        clusters.removals[removed] = costs[merge_target]
        clusters.merge_target[removed] = merge_target


@inner_kernel
def _centroid_distances(centroids, k, center, distances):
    """Compute the squared distances of k centroids from one of them.

    centroids (D, >= k), in, where D is a multiple of 4; distances (k,), out.
    """
    for d in range(0, centroids.shape[0], 4):
        cw, cx, cy, cz = centroids[d, :k], centroids[d + 1, :k], centroids[d + 2, :k], centroids[d + 3, :k]
        w, x, y, z = cw[center], cx[center], cy[center], cz[center]
        for j in range(k):
            p, q, r, s = cw[j] - w, cx[j] - x, cy[j] - y, cz[j] - z
            before = distances[j] if d > 0 else distances.dtype.type(0)
            distances[j] = before + p * p + q * q + r * r + s * s


@inner_kernel
def keep_best(clusters, centroids, errors):
    """Copy the centroids of the clusters to `centroids` if their squared error is the least so far.

    errors (2,), in and out: the current squared error, and the least so far.
    """
    if errors[0] < errors[1]:
        errors[1] = errors[0]
        for d in range(centroids.shape[0]):
            for j in range(centroids.shape[1]):
                centroids[d, j] = clusters.centroids[d, j]
