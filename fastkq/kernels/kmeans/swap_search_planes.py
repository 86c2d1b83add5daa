"""Directed swaps for points of at most 4 dimensions, stored as four float32 planes.

Missing dimensions are planes of zeros. Clusters keep their moments, from which the gain of a split follows.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel
from fastkq.kernels.kmeans.nearest_centroid import nearest
from fastkq.kernels.kmeans.swap_search import (
    FIXED_MASS,
    MAX_ERROR_INCREASE,
    SETTLING_ITERATIONS,
    SPLIT_GAIN,
    SPLIT_OFFSET,
    choose,
    copy_back,
    is_accepted,
    keep_best,
    place_halves,
    reject,
    select_clusters,
    update_removals,
)

_ONE_SIDED_GAIN = 0.32
"""Share of the squared error along an axis that a split removes if the centroid of one half stays at the
mean: half of the 0.64 of a normal distribution."""
_POWER_ITERATIONS = 6
"""Steps of the power method that finds a principal axis."""


class Points(NamedTuple):
    """Weighted points."""

    coordinates: Any  # (4, n) float32
    weights: Any  # (n,) float64
    dims: Any  # int: 3 or 4; the planes from `dims` on are zero


class Clusters(NamedTuple):
    """Statistics of k clusters.

    Attributes
    ----------
    centroids : (4, k) float32
    moments : (k, 15) float64
        The weight, the weighted sums of the coordinates, and those of their ten products.
    explained : (k,) float64
        Squared error about zero minus squared error about the mean or about the fixed centroid.
    spreads : (k,) float64
        Squared error along the principal axis. A fixed cluster has the value of a free cluster whose split
        would gain as much as that of the fixed one.
    axes : (k, 4) float64
        Principal axis; its length is the standard deviation along it.
    masses : (k,) float64
        The weight. For a fixed cluster it is so large that a merge with another cluster does not move it.
    removals : (k,) float64
        Increase of the squared error when the cluster is merged into `merge_target`; infinite if it is fixed.
    merge_target : (k,) int32
        The cluster with which a merge costs least.
    heads : (k,) int32
        The first point in the linked list of the cluster's points, or -1.
    links : (n,) int32
        The next point of the same cluster, or -1.
    changed : (k,) int64
        The trial in which the cluster last changed.
    """

    centroids: Any
    moments: Any
    explained: Any
    spreads: Any
    axes: Any
    masses: Any
    removals: Any
    merge_target: Any
    heads: Any
    links: Any
    changed: Any


class Region(NamedTuple):
    """Copies of some clusters and of their points, on which a swap is tried."""

    clusters: Any  # (k,) int32: indices
    inside: Any  # (k,) bool: flags of selected clusters, scratch
    centroids: Any  # (4, k) float32
    moments: Any  # (k, 15) float64
    points: Any  # (n,) int32: indices
    coordinates: Any  # (4, n) float32
    weights: Any  # (n,) float64
    labels: Any  # (n,) int32
    best: Any  # (n,) float32
    distances: Any  # (k,) float32, scratch
    costs: Any  # (k,) float64, scratch


@inner_kernel
def _update_centroids(dims, points, count, region):
    """Sum the moments of order 0 and 1 of the region's clusters, and move the centroids to the means.

    The first `points` points and the first `count` clusters are used, and `dims` planes, 3 or 4. A centroid
    whose cluster is empty stays.
    """
    coordinates, weights, labels, moments = region.coordinates, region.weights, region.labels, region.moments
    x, y, z, a = coordinates[0], coordinates[1], coordinates[2], coordinates[3]
    for j in range(count):
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
    for j in range(count):
        if moments[j, 0] > 0:
            for d in range(4):
                region.centroids[d, j] = moments[j, 1 + d] / moments[j, 0]


@inner_kernel
def _sum_second_moments(points, count, region):
    """Sum the clusters' moments of order 2 into columns 5 to 14: xx, xy, xz, xa, yy, yz, ya, zz, za, aa."""
    coordinates, weights, labels, moments = region.coordinates, region.weights, region.labels, region.moments
    for j in range(count):
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
def _explained(row):
    """Return the squared error about zero minus that about the mean, of a cluster with moments (15,)."""
    if row[0] <= 0:
        return 0.0
    return (row[1] * row[1] + row[2] * row[2] + row[3] * row[3] + row[4] * row[4]) / row[0]


@inner_kernel
def _offset_of_mean(row, centroids, j):
    """Return the vector from fixed centroid j to the mean of its cluster with moments (15,)."""
    return (
        row[1] / row[0] - np.float64(centroids[0, j]),
        row[2] / row[0] - np.float64(centroids[1, j]),
        row[3] / row[0] - np.float64(centroids[2, j]),
        row[4] / row[0] - np.float64(centroids[3, j]),
    )


@inner_kernel
def _squared_length(offset):
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
def _update_statistics(clusters, j, n_fixed):
    """Compute `explained`, `masses`, `spreads` and `axes` of cluster j from its moments and its centroid."""
    row, axis = clusters.moments[j], clusters.axes[j]
    clusters.explained[j] = _explained(row)
    clusters.masses[j] = FIXED_MASS if j < n_fixed else row[0]
    clusters.spreads[j] = 0.0
    if row[0] <= 0:
        return
    offset = _offset_of_mean(row, clusters.centroids, j) if j < n_fixed else (0.0, 0.0, 0.0, 0.0)
    spread = _principal_axis(row, offset, axis)
    deviation = np.sqrt(spread / row[0])
    if j < n_fixed:
        clusters.explained[j] -= row[0] * _squared_length(offset)
        # The fixed centroid stays, so a split adds a centroid on one side only: toward the mean and beyond.
        mean = offset[0] * axis[0] + offset[1] * axis[1] + offset[2] * axis[2] + offset[3] * axis[3]
        variance = max(spread / row[0] - mean * mean, 0.0)
        spread = row[0] * (mean * mean + _ONE_SIDED_GAIN * variance) / SPLIT_GAIN
        deviation = np.sqrt(mean * mean / SPLIT_OFFSET**2 + variance)
        if mean < 0:
            deviation = -deviation
    clusters.spreads[j] = spread
    for d in range(4):
        axis[d] *= deviation


@inner_kernel
def _total_error(clusters):
    """Return the total squared error of the clusters about their means or fixed centroids."""
    total = 0.0
    for j in range(clusters.explained.shape[0]):
        row = clusters.moments[j]
        total += row[5] + row[9] + row[12] + row[14] - clusters.explained[j]
    return total


@inner_kernel
def _gather(points, clusters, count, region):
    """Copy the centroids and points of the region's clusters; return the number of points."""
    number = 0
    for place in range(count):
        j = region.clusters[place]
        for d in range(4):
            region.centroids[d, place] = clusters.centroids[d, j]
        i = clusters.heads[j]
        while i >= 0:
            region.points[number] = i
            for d in range(4):
                region.coordinates[d, number] = points.coordinates[d, i]
            region.weights[number] = points.weights[i]
            number += 1
            i = clusters.links[i]
    return number


@inner_kernel
def _restore_fixed(clusters, n_fixed, count, region):
    """Reset fixed centroids that `_update_centroids` has moved; return the increase of the error."""
    growth = 0.0
    for place in range(count):
        j = region.clusters[place]
        if j < n_fixed:
            for d in range(4):
                region.centroids[d, place] = clusters.centroids[d, j]
            row = region.moments[place]
            if row[0] > 0:
                growth += row[0] * _squared_length(_offset_of_mean(row, region.centroids, place))
    return growth


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
def _move(clusters, dims, number, count, n_fixed, region, before):
    """Move the region's centroids to the means of their points; return the change of the squared error.

    number: the number of points in the region; before: sum of `explained` over the region's clusters before
    the trial.
    """
    _update_centroids(dims, number, count, region)
    change = before
    for place in range(count):
        change -= _explained(region.moments[place])
    if n_fixed > 0:
        change += _restore_fixed(clusters, n_fixed, count, region)
    return change


@inner_kernel
def _settle(clusters, dims, number, count, n_fixed, region, max_increase):
    """Run Lloyd's iterations within the region; return the change of its squared error.

    They stop early when the error is still more than `max_increase` higher than before the swap.
    """
    before = 0.0
    for place in range(count):
        before += clusters.explained[region.clusters[place]]
    change = 0.0
    for _ in range(SETTLING_ITERATIONS):
        _label(region, dims, np.int64(0), number, count)
        change = _move(clusters, dims, number, count, n_fixed, region, before)
        if change > max_increase:
            break
    return change


@inner_kernel
def _accept(clusters, region, number, count, n_fixed, trial):
    """Copy the region's state back to the clusters, and update their statistics.

    trial: the number of the trial.
    """
    _sum_second_moments(number, count, region)
    copy_back(clusters, region, number, count, trial)
    for place in range(count):
        j = region.clusters[place]
        for m in range(15):
            clusters.moments[j, m] = region.moments[place, m]
        _update_statistics(clusters, j, n_fixed)
    update_removals(clusters, n_fixed, region, trial)


@kernel
def search(points, centroids, n_fixed, trials, clusters, region, piece, errors):
    """Run one piece of the search: swap single centroids while the estimated gains are large enough.

    The piece covers the trials piece[0] .. piece[1] - 1. Trials up to 0 are Lloyd's iterations on all
    clusters. Each can be spread over several pieces, which label the points piece[2] .. piece[3] - 1; it ends
    with the piece that reaches the last point.

    Parameters
    ----------
    points : Points, in
    centroids : (4, k) float32, in and out
        The best centroids so far. The first `n_fixed` are fixed.
    trials : int
        Number of trials of the whole search.
    clusters : Clusters, in and out
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
    total, dims, k = points.weights.shape[0], points.dims, centroids.shape[1]
    first, last, begin, end = piece
    for trial in range(first, last):
        if trial <= 0:
            _label(region, dims, begin, end, k)
            if end < total:
                return True
            _move(clusters, dims, total, k, n_fixed, region, 0.0)
            if trial < 0:
                continue
            _accept(clusters, region, total, k, n_fixed, trial)
            errors[0] = _total_error(clusters)
        else:
            removed, split = choose(clusters)
            if removed < 0:
                return False
            mean_error = errors[0] / k
            count = select_clusters(clusters, removed, split, region)
            number = _gather(points, clusters, count, region)
            place_halves(clusters, n_fixed, removed, split, count, region)
            max_increase = MAX_ERROR_INCREASE * mean_error
            change = _settle(clusters, dims, number, count, n_fixed, region, max_increase)
            if is_accepted(change, trial, trials, mean_error):
                _accept(clusters, region, number, count, n_fixed, trial)
                errors[0] += change
            else:
                reject(clusters, removed, split)
        keep_best(clusters, centroids, errors)
    return True
