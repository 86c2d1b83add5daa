"""Directed swaps for vectors of any dimension, in float64.

Errors are sums of squared distances, never differences of sums of squares: with one distant outlier, such
differences would have no significant digits for the other vectors.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel
from fastkq.kernels.kmeans.nearest_vectors import VECTORS_PER_RUN, nearest
from fastkq.kernels.kmeans.swap_search import (
    FIXED_MASS,
    MAX_ERROR_INCREASE,
    SETTLING_ITERATIONS,
    choose,
    copy_back,
    is_accepted,
    keep_best,
    place_halves,
    reject,
    select_clusters,
    update_removals,
)

_POWER_ITERATIONS = 4
"""Steps of the power method that finds a principal axis."""


class Points(NamedTuple):
    """Weighted vectors."""

    vectors: Any  # (n, d) float64
    weights: Any  # (n,) float64


class Clusters(NamedTuple):
    """Statistics of k clusters of n points.

    Attributes
    ----------
    centroids : (D, k) float64
        D is d rounded up to a multiple of LANES of `fastkq.kernels.kmeans.tiles`.
    weights, errors : (k,) float64
        Weights, and squared errors about the centroids.
    axes : (k, d) float64
        Principal axes; the length of each is the standard deviation along it.
    spreads : (k,) float64
        Squared errors along the principal axes.
    masses, removals, merge_target, heads, links, changed
        As in `fastkq.kernels.kmeans.swap_search_planes.Clusters`; integers are int64.
    """

    centroids: Any
    weights: Any
    errors: Any
    axes: Any
    spreads: Any
    masses: Any
    removals: Any
    merge_target: Any
    heads: Any
    links: Any
    changed: Any


class Region(NamedTuple):
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
    distances: Any  # (k,) float64, scratch
    costs: Any  # (k,) float64, scratch
    squares: Any  # (2, VECTORS_PER_RUN) float64


@inner_kernel
def _update_spread(points, clusters, j, offset):
    """Compute the spread and the principal axis of cluster j by power iteration over its points.

    points, in; clusters, in and out; offset (d,), scratch.
    """
    vectors, weights, dims = points.vectors, points.weights, offset.shape[0]
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
def _gather(points, clusters, count, region):
    """Copy the centroids and points of the region's clusters; return the number of points."""
    number, dims = 0, points.vectors.shape[1]
    for place in range(count):
        j = region.clusters[place]
        for d in range(dims):
            region.centroids[d, place] = clusters.centroids[d, j]
        i = clusters.heads[j]
        while i >= 0:
            region.points[number] = i
            for d in range(dims):
                region.planes[number // VECTORS_PER_RUN, d, number % VECTORS_PER_RUN] = points.vectors[i, d]
            region.weights[number] = points.weights[i]
            number += 1
            i = clusters.links[i]
    return number


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
def _move(region, n_fixed, count, error):
    """Move the region's free centroids to the means of their points; return the squared error afterwards.

    error: the squared error about the centroids before the move.
    """
    dims = region.sums.shape[1] - 1
    for place in range(count):
        row = region.sums[place]
        if row[dims] > 0 and region.clusters[place] >= n_fixed:
            for d in range(dims):
                mean = row[d] / row[dims]
                error -= row[dims] * (mean - region.centroids[d, place]) ** 2
                region.centroids[d, place] = mean
    return error


@inner_kernel
def _settle(clusters, n_fixed, number, count, region, max_increase):
    """Run Lloyd's iterations within the region; return the change of its squared error.

    They stop early when the error is still more than `max_increase` higher than before the swap.
    """
    before = 0.0
    for place in range(count):
        before += clusters.errors[region.clusters[place]]
    change = np.inf
    for _ in range(SETTLING_ITERATIONS):
        _clear(region, count)
        error = _add(region, 0, number, count, 0.0)
        change = _move(region, n_fixed, count, error) - before
        if change > max_increase:
            break
    return change


@inner_kernel
def _accept(points, clusters, n_fixed, region, number, count, trial):
    """Copy the region's state back to the clusters, and update their statistics.

    trial: the number of the trial.
    """
    dims = clusters.axes.shape[1]
    offset = np.empty(dims)
    copy_back(clusters, region, number, count, trial)
    for place in range(count):
        j = region.clusters[place]
        clusters.weights[j], clusters.errors[j] = region.sums[place, dims], 0.0
        clusters.masses[j] = FIXED_MASS if j < n_fixed else clusters.weights[j]
    for p in range(number - 1, -1, -1):
        i, j = region.points[p], region.clusters[region.labels[p]]
        distance = 0.0
        for d in range(dims):
            distance += (points.vectors[i, d] - clusters.centroids[d, j]) ** 2
        clusters.errors[j] += points.weights[i] * distance
    for place in range(count):
        _update_spread(points, clusters, region.clusters[place], offset)
    update_removals(clusters, n_fixed, region, trial)


@inner_kernel
def _total_error(clusters):
    """Return the total squared error of the clusters about their centroids."""
    total = 0.0
    for j in range(clusters.errors.shape[0]):
        total += clusters.errors[j]
    return total


@kernel
def search(points, centroids, n_fixed, trials, clusters, region, piece, errors):
    """Run one piece of the search: swap single centroids while the estimated gains are large enough.

    The parameters and the result are those of `fastkq.kernels.kmeans.swap_search_planes.search`, with the
    named tuples of this module and centroids (D, k) float64.
    """
    total, k = points.weights.shape[0], centroids.shape[1]
    first, last, begin, end = piece
    for trial in range(first, last):
        if trial <= 0:
            if begin == 0:
                _clear(region, k)
            _add(region, begin, end, k, 0.0)
            if end < total:
                return True
            _move(region, n_fixed, k, 0.0)
            if trial < 0:
                continue
            _accept(points, clusters, n_fixed, region, total, k, trial)
            errors[0] = _total_error(clusters)
        else:
            removed, split = choose(clusters)
            if removed < 0:
                return False
            mean_error = errors[0] / k
            count = select_clusters(clusters, removed, split, region)
            number = _gather(points, clusters, count, region)
            place_halves(clusters, n_fixed, removed, split, count, region)
            change = _settle(clusters, n_fixed, number, count, region, MAX_ERROR_INCREASE * mean_error)
            if is_accepted(change, trial, trials, mean_error):
                _accept(points, clusters, n_fixed, region, number, count, trial)
                errors[0] = _total_error(clusters)
            else:
                reject(clusters, removed, split)
        keep_best(clusters, centroids, errors)
    return True
