"""Lloyd's iterations on the leaves of a k-d tree: a leaf's box leaves few centroids to compare, or one.

(T. Kanungo et al., An efficient k-means clustering algorithm: analysis and implementation, 2002.)
"""

import numpy as np

from fastkq.kernels._jit import kernel, part
from fastkq.kernels.assignment import bounds, candidates
from fastkq.kernels.tiles import columns_of, filled_up, nearest_two, new_tile, spread

_LEAVES_PER_GROUP = 8
"""Leaves that choose their candidates from those of their common box."""
_SETS = 4
"""Of sums, to which the vectors are added in turn: each addition to one of them waits for the last."""


@part
def _add_up(planes, weights, first, number, dims, count, label, ids, sums, totals):
    """Add the vectors in the columns first .. first + number - 1 to the totals of their labels."""
    for s in range(_SETS):
        for j in range(count):
            for d in range(dims + 1):
                sums[s, j, d] = 0.0
    for c in range(number):
        row = sums[c % _SETS, label[c]]
        weight = weights[first + c] if weights.shape[0] > 0 else 1.0
        for d in range(dims):
            row[d] += weight * np.float64(planes[d, first + c])
        row[dims] += weight
    for j in range(count):
        row = totals[ids[j]]
        for d in range(dims + 1):
            row[d] += (sums[0, j, d] + sums[1, j, d]) + (sums[2, j, d] + sums[3, j, d])


@part
def _relabel(owners, labels, leaf, first, number, label, ids):
    """Write down a leaf's labels, and its owner when they are all alike; how many are others than before."""
    owner, changed, alike = owners[leaf], 0, 0
    for c in range(number):
        new = ids[label[c]]
        changed += new != (owner if owner >= 0 else labels[first + c])
        alike += label[c] == label[0]
        labels[first + c] = new
    owners[leaf] = ids[label[0]] if alike == number else -1
    return changed


@kernel
def visit(
    planes, weights, starts, first_leaf, last_leaf, lows, highs, moments, centroids, owners, labels, totals
):
    """Label the vectors of the leaves first_leaf .. last_leaf - 1 with their nearest centroids.

    Parameters
    ----------
    planes, weights, starts, lows, highs, moments
        As `fastkq.kernels.leaves.describe` has them, in.
    centroids : (k, d), in
    owners : (leaves,) int32, in and out
        The label of all of a leaf's vectors; -1 when they have several.
    labels : (n,) int32, in and out
        Of the vectors whose leaf has no owner.
    totals : (k, d + 1) float64, in and out
        Weighted sums of the clusters' vectors, and their weights, are added to it; empty when not wanted.

    Returns
    -------
    How many labels are others than before.
    """
    (k, dims), dtype = centroids.shape, planes.dtype
    lanes = np.empty((planes.shape[0], filled_up(k)), dtype)
    spread(centroids, np.zeros(dims, dtype), dtype.type(np.inf), lanes)
    ids, group_ids, few_ids = np.arange(k).astype(np.int32), np.empty(k, np.int32), np.empty(k, np.int32)
    group, few = np.zeros(lanes.shape, dtype), np.zeros(lanes.shape, dtype)
    scratch, tile = np.empty((2, k), dtype), new_tile(dtype)
    sums = np.empty((_SETS, k, dims + 1))
    low, high = np.empty(dims, dtype), np.empty(dims, dtype)
    changed = 0
    for base in range(first_leaf, last_leaf, _LEAVES_PER_GROUP):
        end = min(base + _LEAVES_PER_GROUP, last_leaf)
        bounds(lows, highs, base, end, low, high)
        of_group = candidates(low, high, lanes, k, scratch, ids, group, group_ids)
        for leaf in range(base, end):
            first, number = starts[leaf], starts[leaf + 1] - starts[leaf]
            count = candidates(lows[leaf], highs[leaf], group, of_group, scratch, group_ids, few, few_ids)
            if count == 1:
                owner = few_ids[0]
                changed += owners[leaf] != owner
                owners[leaf] = owner
                if totals.shape[0] > 0:
                    for d in range(dims + 1):
                        totals[owner, d] += moments[leaf, d]
                continue
            for j in range(count, filled_up(count)):
                few[0, j] = np.inf
            nearest_two(planes, first, columns_of(number), few, filled_up(count), tile)
            changed += _relabel(owners, labels, leaf, first, number, tile.label, few_ids)
            if totals.shape[0] > 0:
                _add_up(planes, weights, first, number, dims, count, tile.label, few_ids, sums, totals)
    return changed
