"""Directed swaps: move single centroids to leave a local optimum, then run Lloyd's algorithm only near them.

A trial works on a `Region`: copies of the clusters near the two that the swap changes, and of their points.
The centroids of the first `fixed` clusters are fixed, see `fastkq.kernels.kmeans.cluster_stats`.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel
from fastkq.kernels.kmeans.cluster_stats import (
    SPLIT_GAIN,
    SPLIT_OFFSET,
    distances,
    explained,
    offset_of_mean,
    squared_length,
    sum_second_moments,
    total_error,
    update_centroids,
    update_removal,
    update_statistics,
)
from fastkq.kernels.kmeans.nearest_centroid import nearest

_REGION_CLUSTERS = 24
"""Maximum number of clusters of a region. With 12 at k = 256 the final error is 0.2 % higher; with 48 a trial
takes twice as long."""


class Region(NamedTuple):
    """Copies of some clusters and of their points, on which a swap is tried."""

    clusters: Any  # (k,) int32: indices
    inside: Any  # (k,) uint8: flags of selected clusters, scratch
    centroids: Any  # (4, k) float32
    moments: Any  # (k, 15) float64
    points: Any  # (points,) int32: indices
    coordinates: Any  # (4, points) float32
    weights: Any  # (points,) float64
    labels: Any  # (points,) int32
    best: Any  # (points,) float32
    distance: Any  # (k,) float32, scratch
    cost: Any  # (k,) float64, scratch


@inner_kernel
def select_clusters(clusters, removed, split, region):
    """Select the clusters nearest to two clusters, half of them for each; return their number.

    clusters, in; region, in and out: region.clusters receives the indices. If k is at most
    _REGION_CLUSTERS, all are selected.
    """
    k = clusters.spread.shape[0]
    count = 0
    if k <= _REGION_CLUSTERS:
        for j in range(k):
            region.clusters[j] = j
        count = k
    else:
        for center in (removed, split):
            distances(clusters.centroids, k, center, region.distance)
            for _ in range(_REGION_CLUSTERS // 2):
                closest = 0
                for j in range(1, k):
                    if region.distance[j] < region.distance[closest]:
                        closest = j
                region.distance[closest] = np.inf
                if region.inside[closest] == 0:
                    region.inside[closest] = 1
                    region.clusters[count] = closest
                    count += 1
        for place in range(count):
            region.inside[region.clusters[place]] = 0
    return count


@inner_kernel
def gather(coordinates, weights, clusters, count, region):
    """Copy the centroids and points of the region's clusters; return the number of points."""
    points = 0
    for place in range(count):
        cluster = region.clusters[place]
        for d in range(4):
            region.centroids[d, place] = clusters.centroids[d, cluster]
        i = clusters.first[cluster]
        while i >= 0:
            region.points[points] = i
            for d in range(4):
                region.coordinates[d, points] = coordinates[d, i]
            region.weights[points] = weights[i]
            points += 1
            i = clusters.after[i]
    return points


@inner_kernel
def place_halves(clusters, removed, split, count, fixed, region):
    """Place two centroids at the means of the halves of the split cluster; a fixed one stays.

    The centroid of `removed` goes to one half, that of `split` to the other.
    """
    for place in range(count):
        cluster = region.clusters[place]
        if cluster == removed or (cluster == split and split >= fixed):
            side = SPLIT_OFFSET if cluster == removed else -SPLIT_OFFSET
            for d in range(4):
                region.centroids[d, place] = clusters.centroids[d, split] + side * clusters.axis[split, d]


@inner_kernel
def restore_fixed(clusters, fixed, count, region):
    """Reset fixed centroids that `update_centroids` has moved; return the increase of the error."""
    growth = 0.0
    for place in range(count):
        cluster = region.clusters[place]
        if cluster < fixed:
            for d in range(4):
                region.centroids[d, place] = clusters.centroids[d, cluster]
            row = region.moments[place]
            if row[0] > 0:
                growth += row[0] * squared_length(offset_of_mean(row, region.centroids, place))
    return growth


SETTLING_ITERATIONS = 3
"""Iterations of Lloyd's algorithm in a trial, and on all clusters before the first swap."""
_MIN_GAIN_RATIO = 0.03
"""Swaps are tried while the ratio of estimated gain to estimated cost is above this value."""
_FAILURE_FACTOR = 1.2
"""A failed swap raises the estimated cost of its removal and lowers the estimated gain of its split by this
factor, until the clusters change. Without it, the same few swaps are tried repeatedly: after 100 trials at
k = 256 on Kodak, the error is 0.8 % higher."""
_MAX_ERROR_INCREASE = 0.5
"""A trial stops after an iteration if the error is still higher than before the swap by more than this share
of the mean error of a cluster. The final errors are the same, in a tenth less time. With 0.25, the time is a
third less, but the errors are 0.1 % higher."""


@inner_kernel
def _choose(clusters):
    """Return the cluster that costs least to remove and the one that gains most by a split.

    The pair is (-1, -1) if the ratio of gain to cost is at most _MIN_GAIN_RATIO.
    """
    k = clusters.spread.shape[0]
    removed = 0
    for j in range(1, k):
        if clusters.removal[j] < clusters.removal[removed]:
            removed = j
    split = -1
    for j in range(k):
        if j != removed and j != clusters.merge_target[removed]:
            if split < 0 or clusters.spread[j] > clusters.spread[split]:
                split = j
    if split < 0 or SPLIT_GAIN * clusters.spread[split] <= _MIN_GAIN_RATIO * clusters.removal[removed]:
        return -1, -1
    return removed, split


@inner_kernel
def _label(region, dims, first, last, count):
    """Label the points first .. last - 1 of the region with the nearest of its `count` centroids."""
    nearest(
        region.coordinates[:dims],
        first,
        last,
        region.centroids[:dims],
        count,
        region.best,
        region.labels[first:],
    )


@inner_kernel
def _move(clusters, dims, points, count, fixed, region, before):
    """Move the region's centroids to the means of their points; return the change of the squared error.

    before: sum of `explained` over the region's clusters before the trial.
    """
    update_centroids(
        region.coordinates,
        dims,
        region.weights,
        points,
        region.labels,
        count,
        region.moments,
        region.centroids,
    )
    change = before
    for place in range(count):
        change -= explained(region.moments[place])
    if fixed > 0:
        change += restore_fixed(clusters, fixed, count, region)
    return change


@inner_kernel
def _settle(clusters, dims, points, count, fixed, region, max_increase):
    """Run Lloyd's iterations within the region; return the change of its squared error.

    They stop early when the error is still more than `max_increase` higher than before the swap.
    """
    before = 0.0
    for place in range(count):
        before += clusters.explained[region.clusters[place]]
    change = 0.0
    for _ in range(SETTLING_ITERATIONS):
        _label(region, dims, np.int64(0), points, count)
        change = _move(clusters, dims, points, count, fixed, region, before)
        if change > max_increase:
            break
    return change


@inner_kernel
def _accept(clusters, region, points, count, fixed, trial):
    """Copy the region's state back to the clusters, and update their statistics.

    trial: the number of the trial.
    """
    k = clusters.spread.shape[0]
    sum_second_moments(region.coordinates, region.weights, points, region.labels, count, region.moments)
    for place in range(count):
        cluster = region.clusters[place]
        for d in range(4):
            clusters.centroids[d, cluster] = region.centroids[d, place]
        for m in range(15):
            clusters.moments[cluster, m] = region.moments[place, m]
        update_statistics(clusters, cluster, fixed)
        clusters.first[cluster] = -1
        clusters.changed[cluster] = trial
    for p in range(points - 1, -1, -1):
        cluster = region.clusters[region.labels[p]]
        clusters.after[region.points[p]] = clusters.first[cluster]
        clusters.first[cluster] = region.points[p]
    for j in range(k):
        if clusters.changed[j] == trial or clusters.changed[clusters.merge_target[j]] == trial:
            update_removal(clusters, j, fixed, region.distance, region.cost)


@kernel
def search(
    coordinates, dims, weights, centroids, fixed, trials, temperature, clusters, region, piece, errors
):
    """Run one piece of the search: swap single centroids while the estimated gains are large enough.

    In trial t of `trials`, an increase of the error by less than temperature * (1 - t / trials)^2 times the
    mean error of a cluster is also accepted.

    The piece covers the trials piece[0] .. piece[1] - 1. Trials up to 0 are Lloyd's iterations on all
    clusters. Each can be spread over several pieces, which label the points piece[2] .. piece[3] - 1; it ends
    with the piece that reaches the last point.

    Parameters
    ----------
    coordinates : (4, points) float32, in
        The first `dims` rows are used.
    weights : (points,) float64, in
    centroids : (4, k) float32, in and out
        The best centroids so far. The first `fixed` are fixed.
    trials : int
    temperature : float
    clusters : fastkq.kernels.kmeans.cluster_stats.Clusters, in and out
        State that is kept between the pieces, as are `region` and `errors`.
    region : Region, in and out
        Its arrays are large enough for all clusters and points.
    piece : (first, last, begin, end), in
    errors : (2,) float64, in and out
        The current squared error, and the least so far, that of `centroids`. Infinite at first.

    Returns
    -------
    bool
        Whether the search goes on: False if no swap is left to try.
    """
    number, k = coordinates.shape[1], centroids.shape[1]
    first, last, begin, end = piece
    for trial in range(first, last):
        if trial <= 0:
            _label(region, dims, begin, end, k)
            if end < number:
                return True
            _move(clusters, dims, number, k, fixed, region, 0.0)
            if trial < 0:
                continue
            _accept(clusters, region, number, k, fixed, trial)
            errors[0] = total_error(clusters)
        else:
            removed, split = _choose(clusters)
            if removed < 0:
                return False
            total = errors[0]
            count = select_clusters(clusters, removed, split, region)
            points = gather(coordinates, weights, clusters, count, region)
            place_halves(clusters, removed, split, count, fixed, region)
            change = _settle(clusters, dims, points, count, fixed, region, _MAX_ERROR_INCREASE * total / k)
            if change < temperature * (1.0 - trial / trials) ** 2 * (total / k):
                _accept(clusters, region, points, count, fixed, trial)
                errors[0] += change
            else:
                clusters.removal[removed] *= _FAILURE_FACTOR
                clusters.spread[split] /= _FAILURE_FACTOR
        if errors[0] < errors[1]:
            errors[1] = errors[0]
            for d in range(4):
                for j in range(k):
                    centroids[d, j] = clusters.centroids[d, j]
    return True
