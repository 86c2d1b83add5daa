"""Lloyd's iterations on vectors of any dimension that skip the vectors whose label cannot change.

A vector is skipped while bounds prove that its own centroid is nearer than all others: `upper` bounds the
distance from its own centroid from above, `lower` the distances from the others from below (G. Hamerly,
Making k-means even faster, SDM 2010). Both bounds have a margin larger than any rounding error.
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
"""All steps are applied to one block of this many vectors before the next one, while it is in the cache."""
_BLOCKS_PER_TRY = 8
"""A method that did not pay on the last block is tried again on one block in this many. The labels do not
depend on the method."""
# Costs of loading a vector into a tile and of measuring one distance, in multiplications per dimension;
# cost of the call that measures a distance, in multiplications.
_LOADING, _MEASURING, _CALLING = 14, 5, 150


class Centroids(NamedTuple):
    """Centroids in the layouts that all visits of vectors use.

    Attributes
    ----------
    lanes : (D, K)
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

    lanes: Any
    origin: Any
    offsets: Any
    halves: Any
    reach: Any


@kernel
def prepare(centroids):
    """Return centroids (k, d) as a `Centroids`."""
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
    """Find the vectors start .. stop - 1 whose bounds do not prove their labels; return their number.

    The bounds are first widened: the own centroid of a vector has moved by at most moves[label] since the
    last visit, all others by at most falls[label].

    vectors (n, d), moves and falls (k,) and labels (n,), in; uppers and lowers (n,), in and out; places (>=
    stop - start,), out.
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
    """Keep the vectors that the measured distance from the own centroid leaves unproven; return how many.

    vectors (n, d), centroids (k, d), labels (n,) and lowers (n,), in; uppers (n,) and places (>= count,), in
    and out.
    """
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
    """Store labels and bounds of the vectors at places[first : first + number].

    Vectors whose bounds do not prove the label keep their old one and are appended at places[kept:]. Returns
    the new end of that list.

    tile, in; places, labels (n,), and uppers and lowers (n,) or empty, in and out.
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
    """Label by scalar products where bounds prove the result; return how many of `count` are left.

    The vectors that are left are moved to the front of `places`.
    """
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
    """Add the vectors start .. stop - 1 to the totals (k, d + 1), in and out, of their clusters."""
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
    vectors, centroids : (n, d) and (k, d), in
    among : Centroids, in
        The result of `prepare`.
    weights : (n,) float64, in
        Empty if all weights are 1.
    moves, falls : (k,), in
        Upper bounds of how far each centroid, and any other centroid, has moved since the last visit. Empty
        if labels and bounds are not known yet.
    labels : (n,) int32, in and out
    uppers, lowers : (n,) of the vectors' dtype, in and out
        Bounds of the distances; empty if they are not wanted.
    totals : (k, d + 1) float64, in and out
        Moments of the clusters, to which those of the vectors are added: weighted sums and weights. Empty if
        they are not wanted.

    Returns
    -------
    int
        Number of labels that changed.
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
    """Compute upper bounds of how far each centroid, and any other centroid, has moved.

    before and after (k, d), in; moves and falls (k,), out: moves[j] is of centroid j, falls[j] the largest of
    the others.
    """
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
