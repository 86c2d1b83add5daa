"""Directed swaps: move single centroids out of a local optimum, then run Lloyd's algorithm near them only.

A trial works on a `Region`: copies of the clusters near the two that the swap changes, and of their points.
The first `held` clusters are those of fixed colours, see `fastkq.kernels.kmeans.cluster_stats`.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import kernel, part
from fastkq.kernels.kmeans.cluster_stats import (
    SPLIT_GAIN,
    SPLIT_OFFSET,
    distances,
    error,
    explained,
    move,
    offset_of_mean,
    square,
    squared,
    survey,
    survey_removal,
)
from fastkq.kernels.kmeans.nearest import nearest

_REGION = 24
"""Clusters that settle in a trial. With 12 at k = 256 the error ends 0.2 % higher, with 48 trials take twice
as long."""


class Region(NamedTuple):
    """Copies of some clusters and of their points, to try a swap on."""

    clusters: Any  # (k,) int32, their numbers
    inside: Any  # (k,) uint8, flags
    centroids: Any  # (4, k) float32
    moments: Any  # (k, 15) float64
    points: Any  # (points,) int32, their numbers
    coordinates: Any  # (4, points) float32
    weights: Any  # (points,) float64
    labels: Any  # (points,) int32
    best: Any  # (points,) float32
    distance: Any  # (k,) float32, scratch
    cost: Any  # (k,) float64, scratch


@part
def surround(clusters, removed, split, region):
    """Gather the clusters about two, and their points; returns the numbers of both."""
    k = clusters.spread.shape[0]
    count = 0
    if k <= _REGION:
        for j in range(k):
            region.clusters[j] = j
        count = k
    else:
        for centre in (removed, split):
            distances(clusters.centroids, k, centre, region.distance)
            for _ in range(_REGION // 2):
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


@part
def gather(coordinates, weights, clusters, count, region):
    """Copy the region's centroids and points; returns the number of points."""
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


@part
def halve(clusters, removed, split, count, held, region):
    """Put the two centroids where the halves of the split cluster are; one that is held stays."""
    for place in range(count):
        cluster = region.clusters[place]
        if cluster == removed or (cluster == split and split >= held):
            side = SPLIT_OFFSET if cluster == removed else -SPLIT_OFFSET
            for d in range(4):
                region.centroids[d, place] = clusters.centroids[d, split] + side * clusters.axis[split, d]


@part
def put_back(clusters, held, count, region):
    """Put back the held centroids, which were moved to the means; returns by how much the error grows."""
    growth = 0.0
    for place in range(count):
        cluster = region.clusters[place]
        if cluster < held:
            for d in range(4):
                region.centroids[d, place] = clusters.centroids[d, cluster]
            row = region.moments[place]
            if row[0] > 0:
                growth += row[0] * squared(offset_of_mean(row, region.centroids, place))
    return growth


SETTLING_ITERATIONS = 3
_WORTH = 0.03
"""Swaps are tried down to this ratio of promised gain to cost."""
_LESSON = 1.2
"""A swap that failed raises the estimated cost of its removal and lowers the gain of its split by this
factor, until the clusters change. Without, the same few promises are tried for ever: 100 trials at k = 256
end 0.8 % higher on Kodak."""
_HOPELESS = 0.5
"""A trial ends when after an iteration the error is still higher by this share of a mean cluster's: a tenth
less time for the same errors; a quarter takes a third less, but ends 0.1 % higher."""


@part
def _choose(clusters):
    """The cluster that is missed least and the one that gains most by a split, or (-1, -1)."""
    k = clusters.spread.shape[0]
    removed = 0
    for j in range(1, k):
        if clusters.removal[j] < clusters.removal[removed]:
            removed = j
    split = -1
    for j in range(k):
        if j != removed and j != clusters.beside[removed]:
            if split < 0 or clusters.spread[j] > clusters.spread[split]:
                split = j
    if split < 0 or SPLIT_GAIN * clusters.spread[split] <= _WORTH * clusters.removal[removed]:
        return -1, -1
    return removed, split


@part
def _label(region, dims, first, last, count):
    """Give points of the region the nearest of its centroids."""
    nearest(
        region.coordinates[:dims],
        first,
        last,
        region.centroids[:dims],
        count,
        region.best,
        region.labels[first:],
    )


@part
def _move(clusters, dims, points, count, held, region, before):
    """Move the region's centroids to their points' means; returns by how much its squared error changed.

    before: what its clusters explained.
    """
    move(
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
    if held > 0:
        change += put_back(clusters, held, count, region)
    return change


@part
def _settle(clusters, dims, points, count, held, region, hopeless):
    """Lloyd's iterations within the region; returns by how much its squared error changed.

    It gives up when the error is still `hopeless` higher.
    """
    before = 0.0
    for place in range(count):
        before += clusters.explained[region.clusters[place]]
    change = 0.0
    for _ in range(SETTLING_ITERATIONS):
        _label(region, dims, np.int64(0), points, count)
        change = _move(clusters, dims, points, count, held, region, before)
        if change > hopeless:
            break
    return change


@part
def _accept(clusters, region, points, count, held, now):
    """Make the region's state that of the clusters."""
    k = clusters.spread.shape[0]
    square(region.coordinates, region.weights, points, region.labels, count, region.moments)
    for place in range(count):
        cluster = region.clusters[place]
        for d in range(4):
            clusters.centroids[d, cluster] = region.centroids[d, place]
        for m in range(15):
            clusters.moments[cluster, m] = region.moments[place, m]
        survey(clusters, cluster, held)
        clusters.first[cluster] = -1
        clusters.changed[cluster] = now
    for p in range(points - 1, -1, -1):
        cluster = region.clusters[region.labels[p]]
        clusters.after[region.points[p]] = clusters.first[cluster]
        clusters.first[cluster] = region.points[p]
    for j in range(k):
        if clusters.changed[j] == now or clusters.changed[clusters.beside[j]] == now:
            survey_removal(clusters, j, held, region.distance, region.cost)


@kernel
def search(coordinates, dims, weights, centroids, held, trials, temperature, clusters, region, piece, errors):
    """Swap centroids one by one for as long as that promises to lower the squared error; a piece of it.

    coordinates (4, points) float32, of which the first `dims` are used, and weights (points,) float64, in;
    centroids (4, k) float32, in and out, of which the first `held` stay; clusters, a region that holds them
    all, and errors (2,) float64, at first infinite, are kept from piece to piece. In the trial of `trials`
    with number t, an error that grows by less than temperature * (1 - t / trials)^2 of a mean cluster's is
    accepted, too. The second of the errors is the least, that of the centroids.

    A piece is the trials piece[0] .. piece[1] - 1. Those up to 0 have all the clusters settle, and may be
    cut once more: each is over with a piece that reaches the last of the points piece[2] .. piece[3] - 1.
    Returns whether anything is left to try.
    """
    number, k = coordinates.shape[1], centroids.shape[1]
    first, last, begin, end = piece
    for trial in range(first, last):
        if trial <= 0:
            _label(region, dims, begin, end, k)
            if end < number:
                return True
            _move(clusters, dims, number, k, held, region, 0.0)
            if trial < 0:
                continue
            _accept(clusters, region, number, k, held, trial)
            errors[0] = error(clusters)
        else:
            removed, split = _choose(clusters)
            if removed < 0:
                return False
            total = errors[0]
            count = surround(clusters, removed, split, region)
            points = gather(coordinates, weights, clusters, count, region)
            halve(clusters, removed, split, count, held, region)
            change = _settle(clusters, dims, points, count, held, region, _HOPELESS * total / k)
            if change < temperature * (1.0 - trial / trials) ** 2 * (total / k):
                _accept(clusters, region, points, count, held, trial)
                errors[0] += change
            else:
                clusters.removal[removed] *= _LESSON
                clusters.spread[split] /= _LESSON
        if errors[0] < errors[1]:
            errors[1] = errors[0]
            for d in range(4):
                for j in range(k):
                    centroids[d, j] = clusters.centroids[d, j]
    return True
