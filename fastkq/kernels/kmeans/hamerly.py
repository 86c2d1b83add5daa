"""Lloyd's iterations on vectors of any dimension, of which only the unsure are looked at.

A vector keeps its label unseen while its centroid is surely nearer than all others: its `upper` bounds the
distance from its own centroid, its `lower` those from the others (G. Hamerly, Making k-means even faster,
SDM 2010), both by more than all that rounding can do to distances.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import kernel, part
from fastkq.kernels.kmeans.accelerated_lloyd import roughly_squared_distance, squared_distance
from fastkq.kernels.kmeans.error_margins import bound_likely, bound_nearest, floor_of, share_of
from fastkq.kernels.kmeans.tiles import (
    VECTORS_PER_TILE,
    WIDTH,
    columns_of,
    filled_up,
    likely_two,
    load,
    nearest_two,
    new_tile,
    spread,
)

_VECTORS_PER_BLOCK = 1024
"""What is done with a block is done while it is in the cache."""
_BLOCKS_PER_TRY = 8
"""What did not pay on the last block is tried again on one of so many. Labels are the same either way."""
# To bring a vector into a tile and to measure one distance, in products of a dimension; and to call for that.
_LOADING, _MEASURING, _CALLING = 14, 5, 150


class Centroids(NamedTuple):
    """Centroids, and what is taken of them for all vectors.

    Attributes
    ----------
    lanes : (D, K)
        The centroids themselves.
    origin : (d,)
        Their mean, about which norms are small.
    offsets : (D, K)
        From the origin.
    halves : (K,)
        Half the squared norms of the offsets.
    reach : float64
        The largest norm.
    """

    lanes: Any
    origin: Any
    offsets: Any
    halves: Any
    reach: Any


@kernel
def prepare(centroids):
    """What all visits of centroids (k, d) need of them."""
    (k, dims), dtype = centroids.shape, centroids.dtype
    lanes = np.empty((filled_up(dims), filled_up(k)), dtype)
    offsets, halves = np.empty_like(lanes), np.empty(filled_up(k), dtype)
    origin = np.zeros(dims, dtype)
    spread(centroids, origin, dtype.type(np.inf), lanes)
    for d in range(dims):
        total = 0.0
        for j in range(k):
            total += np.float64(centroids[j, d])
        origin[d] = total / k
    spread(centroids, origin, dtype.type(0), offsets)
    largest = 0.0
    for j in range(filled_up(k)):
        square = 0.0
        for d in range(dims):
            square += np.float64(offsets[d, j]) * np.float64(offsets[d, j])
        halves[j] = square / 2 if j < k else np.inf
        largest = max(largest, square)
    return Centroids(lanes, origin, offsets, halves, np.sqrt(largest))


@part
def _unsure(vectors, start, stop, moves, falls, labels, uppers, lowers, places):
    """Places, out, of the vectors start .. stop - 1 whose labels the bounds do not settle; how many.

    The bounds follow the centroids: each has moved by at most moves (k,), the others by at most falls (k,).
    """
    dtype = uppers.dtype
    sure = dtype.type(1) + 2 * share_of(vectors.shape[1], dtype)
    more, less = dtype.type(1 + 2 * np.finfo(dtype).eps), dtype.type(1 - 2 * np.finfo(dtype).eps)
    count = 0
    for i in range(start, stop):
        j = labels[i]
        upper, lower = (uppers[i] + moves[j]) * more, (lowers[i] - falls[j]) * less
        uppers[i], lowers[i] = upper, lower
        places[count] = i
        count += not upper * sure < lower
    return count


@part
def _still_unsure(vectors, centroids, labels, uppers, lowers, places, count):
    """Keep those of the places, in and out, that taking the distance anew does not settle; how many."""
    dtype = uppers.dtype
    share = share_of(vectors.shape[1], dtype)
    sure, over, floor = dtype.type(1) + 2 * share, dtype.type(1) + share, floor_of(vectors.shape[1], dtype)
    kept = 0
    for place in range(count):
        i = places[place]
        upper = np.sqrt(roughly_squared_distance(vectors[i], centroids[labels[i]])) * over + floor
        uppers[i] = upper
        places[kept] = i
        kept += not upper * sure < lowers[i]
    return kept


@part
def _write(tile, places, first, number, kept, labels, uppers, lowers):
    """Write down labels and bounds of the vectors at places[first : first + number].

    Those that the bounds leave in doubt keep their labels, and go to places[kept:]; returns where those end.
    """
    wants_bounds = uppers.shape[0] > 0
    for c in range(number):
        i = places[first + c]
        is_sure = tile.best[c] < tile.second[c]
        labels[i] = tile.label[c] if is_sure else labels[i]  # a branch costs 25 ns here
        if wants_bounds:
            uppers[i], lowers[i] = tile.best[c], tile.second[c]
        places[kept] = i
        kept += not is_sure
    return kept


@part
def _visit_likely(vectors, places, count, among, planes, norms, tile, labels, uppers, lowers):
    """Label by products those of `count` vectors for which they are sure; how many others stay in places."""
    doubtful = 0
    for base in range(0, count, VECTORS_PER_TILE):
        number = min(VECTORS_PER_TILE, count - base)
        columns = columns_of(number)
        load(vectors, places[base : base + number], among.origin, planes)
        likely_two(planes, columns, among.offsets, among.halves, tile)
        bound_likely(planes, columns, vectors.shape[1], among.reach, norms, tile)
        doubtful = _write(tile, places, base, number, doubtful, labels, uppers, lowers)
    return doubtful


@part
def _visit_exactly(vectors, places, count, among, planes, tile, labels, uppers, lowers):
    """Label `count` vectors by squared distances."""
    zero = np.zeros(vectors.shape[1], vectors.dtype)
    for base in range(0, count, VECTORS_PER_TILE):
        number = min(VECTORS_PER_TILE, count - base)
        columns = columns_of(number)
        load(vectors, places[base : base + number], zero, planes)
        nearest_two(planes, 0, columns, among.lanes, among.lanes.shape[1], tile)
        bound_nearest(columns, vectors.shape[1], tile)
        for c in range(number):
            i = places[base + c]
            labels[i] = tile.label[c]
            if uppers.shape[0] > 0:
                uppers[i], lowers[i] = tile.best[c], tile.second[c]


@part
def _add_up(vectors, weights, start, stop, labels, totals):
    dims = vectors.shape[1]
    for i in range(start, stop):
        row, vector = totals[labels[i]], vectors[i]
        weight = weights[i] if weights.shape[0] > 0 else 1.0
        for d in range(dims):
            row[d] += weight * np.float64(vector[d])
        row[dims] += weight


@kernel
def visit(vectors, weights, start, stop, centroids, among, moves, falls, labels, uppers, lowers, totals):
    """Label the vectors start .. stop - 1 with their nearest centroids, the lowest index among equals.

    Parameters
    ----------
    vectors, centroids : (n, d), (k, d), in
    among : Centroids, in
        Of `prepare`.
    weights : (n,) float64, in
        Empty for weights of one.
    moves, falls : (k,), in
        By how much each centroid, and any of the others, has moved at most since the last visit; empty when
        labels and bounds are not yet known.
    labels : (n,) int32, in and out
    uppers, lowers : (n,) of the vectors' dtype, in and out
        Bounds of the distances; empty when they are not wanted.
    totals : (k, d + 1) float64, in and out
        Weighted sums of the clusters' vectors, and their weights, are added to it; empty when not wanted.

    Returns
    -------
    How many labels are others than before.
    """
    (k, dims), dtype = centroids.shape, vectors.dtype
    tile, norms = new_tile(dtype), np.empty(WIDTH, dtype)
    planes, places = np.zeros((filled_up(dims), WIDTH), dtype), np.empty(_VECTORS_PER_BLOCK, np.int64)
    before = np.empty(_VECTORS_PER_BLOCK, np.int32)
    changed, measures, trusts = 0, False, True
    for first in range(start, stop, _VECTORS_PER_BLOCK):
        last = min(first + _VECTORS_PER_BLOCK, stop)
        is_try = (first - start) // _VECTORS_PER_BLOCK % _BLOCKS_PER_TRY == 0
        count = last - first
        for i in range(count):
            places[i], before[i] = first + i, labels[first + i]
        if moves.shape[0] > 0:
            count = _unsure(vectors, first, last, moves, falls, labels, uppers, lowers, places)
            if measures or (is_try and k > _MEASURING):
                kept = _still_unsure(vectors, centroids, labels, uppers, lowers, places, count)
                measures = (count - kept) * (_LOADING + k) > count * (_MEASURING + _CALLING // dims)
                count = kept
        if trusts or is_try:
            doubtful = _visit_likely(
                vectors, places, count, among, planes, norms, tile, labels, uppers, lowers
            )
            trusts = 4 * doubtful <= count
            count = doubtful
        _visit_exactly(vectors, places, count, among, planes, tile, labels, uppers, lowers)
        for i in range(last - first):
            changed += labels[first + i] != before[i]
        if totals.shape[0] > 0:
            _add_up(vectors, weights, first, last, labels, totals)
    return changed


@kernel
def measure_moves(before, after, moves, falls):
    """By how much each centroid, and any of the others, moved at most: moves and falls (k,), out."""
    over = 1 + 4 * np.float64(np.finfo(before.dtype).eps)
    first = 0
    for j in range(before.shape[0]):
        moves[j] = np.sqrt(squared_distance(before[j], after[j])) * over
        first = j if moves[j] > moves[first] else first
    second = moves[first] - moves[first]
    for j in range(before.shape[0]):
        second = moves[j] if j != first and moves[j] > second else second
    for j in range(before.shape[0]):
        falls[j] = second if j == first else moves[first]
