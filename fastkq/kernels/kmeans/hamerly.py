"""Lloyd's iterations on vectors of any dimension that skip the vectors whose label cannot change.

A vector is skipped while bounds prove that its own centroid is nearer than all others: `upper` bounds the
distance from its own centroid from above, `lower` the distances from the others from below (G. Hamerly,
Making k-means even faster, SDM 2010). Both bounds have a margin larger than any rounding error.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel
from fastkq.kernels.kmeans.accelerated_lloyd import approximate_squared_distance, squared_distance
from fastkq.kernels.kmeans.error_margins import (
    bound_by_products,
    bound_nearest,
    relative_error,
    underflow_distance,
)
from fastkq.kernels.kmeans.tiles import (
    VECTORS_PER_TILE,
    WIDTH,
    load,
    nearest_two,
    nearest_two_by_products,
    new_tile,
    offset_planes,
    round_up_to_lanes,
    round_up_to_step,
)

_VECTORS_PER_BLOCK = 1024
"""All steps are applied to one block of this many vectors before the next one, while it is in the cache."""
_BLOCKS_PER_RETRY = 8
"""A method that saved no time on the last block is tried again on one block in this many. The labels do not
depend on the method."""
# Costs of loading a vector into a tile and of measuring one distance, in multiplications per dimension;
# cost of the call that measures a distance, in multiplications.
_LOAD_COST, _DISTANCE_COST, _CALL_COST = 14, 5, 150


class Centroids(NamedTuple):
    """Centroids in the layouts that all visits of vectors use.

    Attributes
    ----------
    rows : (k, d)
        The centroids.
    planes : (D, K)
        The centroids as planes.
    origin : (d,)
        Their mean. Norms of offsets from it are small.
    offsets : (D, K)
        Offsets from the origin.
    halves : (K,)
        Half the squared norms of the offsets.
    reach : float64
        The largest norm of an offset.
    """

    rows: Any
    planes: Any
    origin: Any
    offsets: Any
    halves: Any
    reach: Any


class Labeling(NamedTuple):
    """The labels of vectors, and bounds on their distances from centroids.

    Attributes
    ----------
    labels : (n,) int32
        Nearest centroid of each vector at the last visit.
    uppers, lowers : (n,) of the vectors' dtype
        Upper bounds on the distances from the own centroids, lower bounds on those from all others; empty if
        they are not wanted.
    """

    labels: Any
    uppers: Any
    lowers: Any


@kernel
def prepare(centroids):
    """Return centroids (k, d) as a `Centroids`."""
    (k, dims), dtype = centroids.shape, centroids.dtype
    planes = np.empty((round_up_to_lanes(dims), round_up_to_lanes(k)), dtype)
    offsets, halves = np.empty_like(planes), np.empty(round_up_to_lanes(k), dtype)
    origin = np.zeros(dims, dtype)
    offset_planes(centroids, origin, dtype.type(np.inf), planes)
    for d in range(dims):
        total = 0.0
        for j in range(k):
            total += np.float64(centroids[j, d])
        origin[d] = total / k
    offset_planes(centroids, origin, dtype.type(0), offsets)
    largest = 0.0
    for j in range(round_up_to_lanes(k)):
        square = 0.0
        for d in range(dims):
            square += np.float64(offsets[d, j]) * np.float64(offsets[d, j])
        halves[j] = square / 2 if j < k else np.inf
        largest = max(largest, square)
    return Centroids(centroids, planes, origin, offsets, halves, np.sqrt(largest))


@inner_kernel
def _find_unproven(vectors, start, stop, moves, labeling, places):
    """Find the vectors start .. stop - 1 whose bounds do not prove their labels; return their number.

    The bounds are first widened by the moves of the centroids since the last visit.

    vectors (n, d) and moves (2, k), see `measure_moves`, in; labeling, in and out; places (>= stop - start,),
    out.
    """
    labels, uppers, lowers = labeling.labels, labeling.uppers, labeling.lowers
    own_moves, other_moves, dtype = moves[0], moves[1], uppers.dtype
    margin = dtype.type(1) + 2 * relative_error(vectors.shape[1], dtype)
    grow, shrink = dtype.type(1 + 2 * np.finfo(dtype).eps), dtype.type(1 - 2 * np.finfo(dtype).eps)
    count = 0
    for i in range(start, stop):
        j = labels[i]
        upper, lower = (uppers[i] + own_moves[j]) * grow, (lowers[i] - other_moves[j]) * shrink
        uppers[i], lowers[i] = upper, lower
        places[count] = i
        count += not upper * margin < lower
    return count


@inner_kernel
def _tighten(vectors, centroids, labeling, places, count):
    """Set upper bounds to measured distances; keep the vectors that remain unproven, and return their number.

    vectors (n, d) and centroids (k, d), in; labeling and places (>= count,), in and out.
    """
    labels, uppers, lowers = labeling.labels, labeling.uppers, labeling.lowers
    dtype = uppers.dtype
    error = relative_error(vectors.shape[1], dtype)
    floor = underflow_distance(vectors.shape[1], dtype)
    margin, over = dtype.type(1) + 2 * error, dtype.type(1) + error
    kept = 0
    for place in range(count):
        i = places[place]
        upper = np.sqrt(approximate_squared_distance(vectors[i], centroids[labels[i]])) * over + floor
        uppers[i] = upper
        places[kept] = i
        kept += not upper * margin < lowers[i]
    return kept


@inner_kernel
def _store(tile, places, first, number, kept, labeling):
    """Store labels and bounds of the vectors at places[first : first + number].

    Vectors whose bounds do not prove the label keep their old one and are appended at places[kept:]. Returns
    the new end of that list.

    tile, in; places and labeling, in and out.
    """
    labels, uppers, lowers = labeling.labels, labeling.uppers, labeling.lowers
    wants_bounds = uppers.shape[0] > 0
    for c in range(number):
        i = places[first + c]
        is_proven = tile.best[c] < tile.second[c]
        labels[i] = tile.label[c] if is_proven else labels[i]  # a branch costs 25 ns here
        if wants_bounds:
            uppers[i], lowers[i] = tile.best[c], tile.second[c]
        places[kept] = i
        kept += not is_proven
    return kept


@inner_kernel
def _label_by_products(vectors, places, count, centroids, planes, norms, tile, labeling):
    """Label by scalar products where bounds prove the result; return the number of vectors that are left.

    The vectors that are left are moved to the front of `places`.
    """
    unproven = 0
    for base in range(0, count, VECTORS_PER_TILE):
        number = min(VECTORS_PER_TILE, count - base)
        columns = round_up_to_step(number)
        load(vectors, places[base : base + number], centroids.origin, planes)
        nearest_two_by_products(planes, columns, centroids.offsets, centroids.halves, tile)
        bound_by_products(planes, columns, vectors.shape[1], centroids.reach, norms, tile)
        unproven = _store(tile, places, base, number, unproven, labeling)
    return unproven


@inner_kernel
def _label_by_distances(vectors, places, count, centroids, planes, tile, labeling):
    """Label `count` vectors by squared distances."""
    zero = np.zeros(vectors.shape[1], vectors.dtype)
    labels, uppers, lowers = labeling.labels, labeling.uppers, labeling.lowers
    for base in range(0, count, VECTORS_PER_TILE):
        number = min(VECTORS_PER_TILE, count - base)
        columns = round_up_to_step(number)
        load(vectors, places[base : base + number], zero, planes)
        nearest_two(planes, 0, columns, centroids.planes, centroids.planes.shape[1], tile)
        bound_nearest(columns, vectors.shape[1], tile)
        for c in range(number):
            i = places[base + c]
            labels[i] = tile.label[c]
            if uppers.shape[0] > 0:
                uppers[i], lowers[i] = tile.best[c], tile.second[c]


@inner_kernel
def _accumulate(vectors, weights, start, stop, labels, totals):
    """Add the vectors start .. stop - 1 to the totals (k, d + 1), in and out, of their clusters."""
    dims = vectors.shape[1]
    for i in range(start, stop):
        row, vector = totals[labels[i]], vectors[i]
        weight = weights[i] if weights.shape[0] > 0 else 1.0
        for d in range(dims):
            row[d] += weight * np.float64(vector[d])
        row[dims] += weight


@kernel
def assign(vectors, weights, start, stop, centroids, moves, labeling, totals):
    """Label the vectors start .. stop - 1 with their nearest centroids, the lowest index among equals.

    Parameters
    ----------
    vectors : (n, d), in
    weights : (n,) float64, in
        Empty if all weights are 1.
    centroids : Centroids, in
    moves : (2, k), in
        See `measure_moves`. Empty, (2, 0), if labels and bounds are not known yet.
    labeling : Labeling, in and out
    totals : (k, d + 1) float64, in and out
        Moments of the clusters, to which those of the vectors are added: weighted sums and weights. Empty if
        they are not wanted.

    Returns
    -------
    int
        Number of labels that changed.
    """
    (k, dims), dtype, labels = centroids.rows.shape, vectors.dtype, labeling.labels
    tile, norms = new_tile(dtype), np.empty(WIDTH, dtype)
    planes, places = np.zeros((round_up_to_lanes(dims), WIDTH), dtype), np.empty(_VECTORS_PER_BLOCK, np.int64)
    before = np.empty(_VECTORS_PER_BLOCK, np.int32)
    changed, tightens, uses_products = 0, False, True
    for first in range(start, stop, _VECTORS_PER_BLOCK):
        last = min(first + _VECTORS_PER_BLOCK, stop)
        is_retry = (first - start) // _VECTORS_PER_BLOCK % _BLOCKS_PER_RETRY == 0
        count = last - first
        for i in range(count):
            places[i], before[i] = first + i, labels[first + i]
        if moves.shape[1] > 0:
            count = _find_unproven(vectors, first, last, moves, labeling, places)
            if tightens or (is_retry and k > _DISTANCE_COST):
                kept = _tighten(vectors, centroids.rows, labeling, places, count)
                tightens = (count - kept) * (_LOAD_COST + k) > count * (_DISTANCE_COST + _CALL_COST // dims)
                count = kept
        if uses_products or is_retry:
            unproven = _label_by_products(vectors, places, count, centroids, planes, norms, tile, labeling)
            uses_products = 4 * unproven <= count
            count = unproven
        _label_by_distances(vectors, places, count, centroids, planes, tile, labeling)
        for i in range(last - first):
            changed += labels[first + i] != before[i]
        if totals.shape[0] > 0:
            _accumulate(vectors, weights, first, last, labels, totals)
    return changed


@kernel
def measure_moves(before, after, moves):
    """Compute upper bounds on the distances by which centroids have moved.

    before and after (k, d), in; moves (2, k), out: the move of each centroid, and for each centroid the
    largest move of the others.
    """
    own, others = moves[0], moves[1]
    over = 1 + 4 * np.float64(np.finfo(before.dtype).eps)
    first = 0
    for j in range(before.shape[0]):
        own[j] = np.sqrt(squared_distance(before[j], after[j])) * over
        first = j if own[j] > own[first] else first
    second = own[first] - own[first]
    for j in range(before.shape[0]):
        second = own[j] if j != first and own[j] > second else second
    for j in range(before.shape[0]):
        others[j] = second if j == first else own[first]
