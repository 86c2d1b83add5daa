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

    planes: Any
    origin: Any
    offsets: Any
    halves: Any
    reach: Any


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
    return Centroids(planes, origin, offsets, halves, np.sqrt(largest))


@inner_kernel
def _find_unproven(vectors, start, stop, moves, other_moves, labels, uppers, lowers, places):
    """Find the vectors start .. stop - 1 whose bounds do not prove their labels; return their number.

    The bounds are first widened: since the last visit, the own centroid of a vector has moved by at most
    moves[label], each other centroid by at most other_moves[label].

    vectors (n, d), moves and other_moves (k,) and labels (n,), in; uppers and lowers (n,), in and out; places
    (>= stop - start,), out.
    """
    dtype = uppers.dtype
    margin = dtype.type(1) + 2 * relative_error(vectors.shape[1], dtype)
    grow, shrink = dtype.type(1 + 2 * np.finfo(dtype).eps), dtype.type(1 - 2 * np.finfo(dtype).eps)
    count = 0
    for i in range(start, stop):
        j = labels[i]
        upper, lower = (uppers[i] + moves[j]) * grow, (lowers[i] - other_moves[j]) * shrink
        uppers[i], lowers[i] = upper, lower
        places[count] = i
        count += not upper * margin < lower
    return count


@inner_kernel
def _tighten(vectors, centroids, labels, uppers, lowers, places, count):
    """Set upper bounds to measured distances; keep the vectors that remain unproven, and return their number.

    vectors (n, d), centroids (k, d), labels (n,) and lowers (n,), in; uppers (n,) and places (>= count,), in
    and out.
    """
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
def _store(tile, places, first, number, kept, labels, uppers, lowers):
    """Store labels and bounds of the vectors at places[first : first + number].

    Vectors whose bounds do not prove the label keep their old one and are appended at places[kept:]. Returns
    the new end of that list.

    tile, in; places, labels (n,), and uppers and lowers (n,) or empty, in and out.
    """
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
def _label_by_products(vectors, places, count, prepared, planes, norms, tile, labels, uppers, lowers):
    """Label by scalar products where bounds prove the result; return the number of vectors that are left.

    The vectors that are left are moved to the front of `places`.
    """
    unproven = 0
    for base in range(0, count, VECTORS_PER_TILE):
        number = min(VECTORS_PER_TILE, count - base)
        columns = round_up_to_step(number)
        load(vectors, places[base : base + number], prepared.origin, planes)
        nearest_two_by_products(planes, columns, prepared.offsets, prepared.halves, tile)
        bound_by_products(planes, columns, vectors.shape[1], prepared.reach, norms, tile)
        unproven = _store(tile, places, base, number, unproven, labels, uppers, lowers)
    return unproven


@inner_kernel
def _label_by_distances(vectors, places, count, prepared, planes, tile, labels, uppers, lowers):
    """Label `count` vectors by squared distances."""
    zero = np.zeros(vectors.shape[1], vectors.dtype)
    for base in range(0, count, VECTORS_PER_TILE):
        number = min(VECTORS_PER_TILE, count - base)
        columns = round_up_to_step(number)
        load(vectors, places[base : base + number], zero, planes)
        nearest_two(planes, 0, columns, prepared.planes, prepared.planes.shape[1], tile)
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
def assign(
    vectors, weights, start, stop, centroids, prepared, moves, other_moves, labels, uppers, lowers, totals
):
    """Label the vectors start .. stop - 1 with their nearest centroids, the lowest index among equals.

    Parameters
    ----------
    vectors, centroids : (n, d) and (k, d), in
    prepared : Centroids, in
        The result of `prepare`.
    weights : (n,) float64, in
        Empty if all weights are 1.
    moves, other_moves : (k,), in
        Upper bounds on the distances by which each centroid, and any other centroid, has moved since the last
        visit. Empty if labels and bounds are not known yet.
    labels : (n,) int32, in and out
    uppers, lowers : (n,) of the vectors' dtype, in and out
        Bounds on the distances; empty if they are not wanted.
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
    planes, places = np.zeros((round_up_to_lanes(dims), WIDTH), dtype), np.empty(_VECTORS_PER_BLOCK, np.int64)
    before = np.empty(_VECTORS_PER_BLOCK, np.int32)
    changed, tightens, uses_products = 0, False, True
    for first in range(start, stop, _VECTORS_PER_BLOCK):
        last = min(first + _VECTORS_PER_BLOCK, stop)
        is_retry = (first - start) // _VECTORS_PER_BLOCK % _BLOCKS_PER_RETRY == 0
        count = last - first
        for i in range(count):
            places[i], before[i] = first + i, labels[first + i]
        if moves.shape[0] > 0:
            count = _find_unproven(vectors, first, last, moves, other_moves, labels, uppers, lowers, places)
            if tightens or (is_retry and k > _DISTANCE_COST):
                kept = _tighten(vectors, centroids, labels, uppers, lowers, places, count)
                tightens = (count - kept) * (_LOAD_COST + k) > count * (_DISTANCE_COST + _CALL_COST // dims)
                count = kept
        if uses_products or is_retry:
            unproven = _label_by_products(
                vectors, places, count, prepared, planes, norms, tile, labels, uppers, lowers
            )
            uses_products = 4 * unproven <= count
            count = unproven
        _label_by_distances(vectors, places, count, prepared, planes, tile, labels, uppers, lowers)
        for i in range(last - first):
            changed += labels[first + i] != before[i]
        if totals.shape[0] > 0:
            _accumulate(vectors, weights, first, last, labels, totals)
    return changed


@kernel
def measure_moves(before, after, moves, other_moves):
    """Compute upper bounds on the distances by which each centroid, and any other centroid, has moved.

    before and after (k, d), in; moves and other_moves (k,), out: moves[j] is the move of centroid j,
    other_moves[j] the largest move of the others.
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
        other_moves[j] = second if j == first else moves[first]
