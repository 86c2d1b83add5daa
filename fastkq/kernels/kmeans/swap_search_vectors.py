"""Directed swaps for vectors of any dimension: move single centroids to leave a local optimum.

The method is that of `fastkq.kernels.kmeans.swap_search`, which handles at most 4 dimensions and 8-bit
values. The comments on its constants give the reasons for their values.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel
from fastkq.kernels.kmeans.cluster_stats_vectors import (
    centroid_distances,
    choose,
    update_removal,
    update_spread,
)
from fastkq.kernels.kmeans.nearest_vectors import VECTORS_PER_RUN, nearest

SETTLING_ITERATIONS = 3
_SPLIT_OFFSET = 0.8
_FAILURE_FACTOR = 1.2
_REGION_CLUSTERS = 24
_MAX_ERROR_INCREASE = 0.5


class VectorRegion(NamedTuple):
    """Copies of some clusters and of their points, on which a swap is tried."""

    clusters: Any  # (k,) int64: indices
    inside: Any  # (k,) bool: flags of selected clusters, scratch
    centroids: Any  # (D, k) float64
    sums: Any  # (k, d + 1) float64
    points: Any  # (n,) int64: indices
    planes: Any  # (runs, D, VECTORS_PER_RUN) float64
    weights: Any  # (n,) float64
    labels: Any  # (n rounded up to whole runs,) int64
    best: Any  # (VECTORS_PER_RUN,) float64
    distances: Any  # (k,) float64
    squares: Any  # (2, VECTORS_PER_RUN) float64


@inner_kernel
def _select_clusters(clusters, removed, split, region):
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
        centroid_distances(clusters.centroids, k, center, region.distances)
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
def _gather(vectors, weights, clusters, count, region):
    """Copy the centroids and points of the region's clusters; return the number of points."""
    points = 0
    for place in range(count):
        j = region.clusters[place]
        for d in range(vectors.shape[1]):
            region.centroids[d, place] = clusters.centroids[d, j]
        i = clusters.heads[j]
        while i >= 0:
            region.points[points] = i
            for d in range(vectors.shape[1]):
                region.planes[points // VECTORS_PER_RUN, d, points % VECTORS_PER_RUN] = vectors[i, d]
            region.weights[points] = weights[i]
            points += 1
            i = clusters.links[i]
    return points


@inner_kernel
def _place_halves(clusters, fixed, removed, split, count, region):
    """Place two centroids at the means of the halves of the split cluster; a fixed one stays."""
    for place in range(count):
        j = region.clusters[place]
        if j == removed or (j == split and j >= fixed):
            side = _SPLIT_OFFSET if j == removed else -_SPLIT_OFFSET
            for d in range(clusters.axes.shape[1]):
                region.centroids[d, place] = clusters.centroids[d, split] + side * clusters.axes[split, d]


@inner_kernel
def _clear(region, count):
    """Set the region's sums to zero."""
    for place in range(count):
        for d in range(region.sums.shape[1]):
            region.sums[place, d] = 0.0


@inner_kernel
def _add(region, begin, end, count, error):
    """Label points of the region, add them to their clusters, and return `error` plus their squared error.

    begin: the first point, at the start of a run. end: the first point that is not added.
    """
    dims = region.sums.shape[1] - 1
    for first in range(begin, end, VECTORS_PER_RUN):
        last = min(first + VECTORS_PER_RUN, end)
        planes, labels = region.planes[first // VECTORS_PER_RUN], region.labels[first:]
        nearest(planes, region.centroids, count, region.squares, region.best, labels)
        for i in range(last - first):
            row, weight = region.sums[labels[i]], region.weights[first + i]
            for d in range(dims):
                row[d] += weight * planes[d, i]
            row[dims] += weight
            error += weight * region.best[i]
    return error


@inner_kernel
def _move(region, fixed, count, error):
    """Move the region's free centroids to the means of their points; return the squared error afterwards.

    error: the squared error about the centroids before the move.
    """
    dims = region.sums.shape[1] - 1
    for place in range(count):
        row = region.sums[place]
        if row[dims] > 0 and region.clusters[place] >= fixed:
            for d in range(dims):
                mean = row[d] / row[dims]
                error -= row[dims] * (mean - region.centroids[d, place]) ** 2
                region.centroids[d, place] = mean
    return error


@inner_kernel
def _settle(clusters, fixed, points, count, region, max_increase):
    """Run Lloyd's iterations within the region; return the change of its squared error.

    They stop early when the error is still more than `max_increase` higher than before the swap.
    """
    before = 0.0
    for place in range(count):
        before += clusters.errors[region.clusters[place]]
    change = np.inf
    for _ in range(SETTLING_ITERATIONS):
        _clear(region, count)
        error = _add(region, 0, points, count, 0.0)
        change = _move(region, fixed, count, error) - before
        if change > max_increase:
            break
    return change


@inner_kernel
def _accept(vectors, weights, clusters, fixed, region, points, count, trial, offset):
    """Copy the region's state back to the clusters, and update their statistics.

    trial: the number of the trial; offset (d,), scratch.
    """
    k, dims = clusters.axes.shape
    for place in range(count):
        j = region.clusters[place]
        for d in range(dims):
            clusters.centroids[d, j] = region.centroids[d, place]
        clusters.weights[j] = region.sums[place, dims]
        clusters.errors[j], clusters.heads[j], clusters.changed[j] = 0.0, -1, trial
    for p in range(points - 1, -1, -1):
        i, j = region.points[p], region.clusters[region.labels[p]]
        clusters.links[i] = clusters.heads[j]
        clusters.heads[j] = i
        distance = 0.0
        for d in range(dims):
            distance += (vectors[i, d] - clusters.centroids[d, j]) ** 2
        clusters.errors[j] += weights[i] * distance
    for place in range(count):
        update_spread(vectors, weights, clusters, region.clusters[place], offset)
    for j in range(k):
        if clusters.changed[j] == trial or clusters.changed[clusters.merge_target[j]] == trial:
            update_removal(clusters, fixed, j, region.distances)


@kernel
def search(vectors, weights, centroids, fixed, trials, temperature, clusters, region, piece, errors):
    """Run one piece of the search: swap single centroids while the estimated gains are large enough.

    Trials, pieces and the temperature are those of `fastkq.kernels.kmeans.swap_search.search`.

    Parameters
    ----------
    vectors : (n, d) float64, in
    weights : (n,) float64, in
    centroids : (D, k) float64, in and out
        The best centroids so far; D is a multiple of LANES of `fastkq.kernels.kmeans.nearest_vectors`. The
        first `fixed` are fixed.
    trials : int
    temperature : float
    clusters : fastkq.kernels.kmeans.cluster_stats_vectors.VectorClusters, in and out
        State that is kept between the pieces, as are `region` and `errors`.
    region : VectorRegion, in and out
        Its arrays are large enough for all clusters and points.
    piece : (first, last, begin, end), in
    errors : (2,) float64, in and out
        The current squared error, and the least so far, that of `centroids`. Infinite at first.

    Returns
    -------
    bool
        Whether the search goes on: False if no swap is left to try.
    """
    number, k = vectors.shape[0], centroids.shape[1]
    offset = np.empty(clusters.axes.shape[1])
    first, last, begin, end = piece
    for trial in range(first, last):
        if trial <= 0:
            if begin == 0:
                _clear(region, k)
            _add(region, begin, end, k, 0.0)
            if end < number:
                return True
            _move(region, fixed, k, 0.0)
            if trial < 0:
                continue
            _accept(vectors, weights, clusters, fixed, region, number, k, trial, offset)
        else:
            removed, split = choose(clusters)
            if removed < 0:
                return False
            total = errors[0]
            count = _select_clusters(clusters, removed, split, region)
            points = _gather(vectors, weights, clusters, count, region)
            _place_halves(clusters, fixed, removed, split, count, region)
            change = _settle(clusters, fixed, points, count, region, _MAX_ERROR_INCREASE * total / k)
            if not change < temperature * (1.0 - trial / trials) ** 2 * (total / k):
                clusters.removals[removed] *= _FAILURE_FACTOR
                clusters.spreads[split] /= _FAILURE_FACTOR
                continue
            _accept(vectors, weights, clusters, fixed, region, points, count, trial, offset)
        errors[0] = 0.0
        for j in range(k):
            errors[0] += clusters.errors[j]
        if errors[0] < errors[1]:
            errors[1] = errors[0]
            for d in range(centroids.shape[0]):
                for j in range(k):
                    centroids[d, j] = clusters.centroids[d, j]
    return True
