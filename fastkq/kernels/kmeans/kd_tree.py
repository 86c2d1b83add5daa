"""Lloyd's iterations on the leaves of a k-d tree of vectors; the inner nodes are not stored.

The tree is built from rows of LANES columns; columns beyond the vectors' dimension are zero, so that whole
rows are moved. The bounding box of a leaf leaves few centroids to compare with, often a single one (T.
Kanungo et al., An efficient k-means clustering algorithm: analysis and implementation, 2002).
"""

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel
from fastkq.kernels.kmeans.candidates import Subset, candidates, every, rounding_slack
from fastkq.kernels.kmeans.nearest_vectors import bounds
from fastkq.kernels.kmeans.tiles import (
    LANES,
    nearest_two,
    new_tile,
    offset_planes,
    round_up_to_lanes,
    round_up_to_step,
)

_SAMPLE = 33
"""Vectors of a node from which its splitting plane is chosen. Their median is robust against outliers, a mean
is not."""
_MAX_DEPTH = 64
"""Nodes at this depth are halved without a sample. A tree is so deep only if many samples are very different
from their nodes."""


@inner_kernel
def _choose(rows, first, last, sample):
    """Return the axis along which a sample of rows first .. last - 1 varies most, and its median there.

    sample (_SAMPLE,) of the rows' dtype, scratch.
    """
    widest, axis = -1.0, 0
    for d in range(rows.shape[1]):
        total = squares = 0.0
        base = np.float64(rows[first, d])
        for s in range(_SAMPLE):
            offset = np.float64(rows[first + s * (last - 1 - first) // (_SAMPLE - 1), d]) - base
            total += offset
            squares += offset * offset
        variance = squares - total * total / _SAMPLE
        if variance > widest:
            widest, axis = variance, d
    for s in range(_SAMPLE):
        value = rows[first + s * (last - 1 - first) // (_SAMPLE - 1), axis]
        place = s
        while place > 0 and sample[place - 1] > value:
            sample[place] = sample[place - 1]
            place -= 1
        sample[place] = value
    return axis, sample[_SAMPLE // 2]


@inner_kernel
def _partition_rows(rows, order, first, last, axis, pivot, spare_rows, spare_order):
    """Move the rows first .. last - 1 that are at or below the pivot to the front of this range.

    Returns the index of the first of the others. Every row is written to both of its possible places: a
    branch would be mispredicted every second time.

    rows (n, LANES) and order (n,), in and out; spare_rows and spare_order of the same shapes, scratch.
    """
    left = right = first
    for i in range(first, last):
        stays = rows[i, axis] <= pivot
        for d in range(LANES):
            value = rows[i, d]
            rows[left, d] = value
            spare_rows[right, d] = value
        place = order[i]
        order[left] = place
        spare_order[right] = place
        left += stays
        right += not stays
    for i in range(first, right):
        for d in range(LANES):
            rows[left + i - first, d] = spare_rows[i, d]
        order[left + i - first] = spare_order[i]
    return left


@inner_kernel
def _split_at_median(rows, order, first, last, spare_rows, spare_order, sample):
    """Divide the rows first .. last - 1 at the median of a sample; return where the second half begins.

    If all rows are on one side, the range is halved in its current order.
    """
    axis, pivot = _choose(rows, first, last, sample)
    middle = _partition_rows(rows, order, first, last, axis, pivot, spare_rows, spare_order)
    if middle == last:  # the median is the largest value
        pivot = np.nextafter(pivot, rows.dtype.type(-np.inf))
        middle = _partition_rows(rows, order, first, last, axis, pivot, spare_rows, spare_order)
    return middle if first < middle < last else (first + last) >> 1


@kernel
def divide(rows, order, first, last, spare_rows, spare_order):
    """Divide rows first .. last - 1 into halves separated by a plane; return where the second half begins.

    rows (n, LANES) and order (n,) int64, the original indices of the rows, in and out; spare_rows and
    spare_order of the same shapes, scratch. Only the entries first .. last - 1 of the arrays are read and
    written, so that threads can share them.
    """
    return _split_at_median(rows, order, first, last, spare_rows, spare_order, np.empty(_SAMPLE, rows.dtype))


@kernel
def grow(rows, order, first, last, max_rows, spare_rows, spare_order, starts):
    """Divide rows first .. last - 1 until no leaf holds more than `max_rows`; return the number of leaves.

    starts (>= leaves,) int64, out: the first row of each leaf. The other arguments are those of `divide`.
    """
    sample = np.empty(_SAMPLE, rows.dtype)
    ends = np.empty(2 * _MAX_DEPTH, np.int64)
    ends[0] = last
    depth, leaves = 1, 0
    while depth > 0:
        last = ends[depth - 1]
        if last - first <= max_rows:
            starts[leaves] = first
            leaves += 1
            first = last
            depth -= 1
        elif depth < _MAX_DEPTH:
            ends[depth] = _split_at_median(rows, order, first, last, spare_rows, spare_order, sample)
            depth += 1
        else:
            ends[depth] = (first + last) >> 1
            depth += 1
    return leaves


@kernel
def compute_leaf_stats(rows, weights, starts, first, last, planes, boxes, moments):
    """Compute planes, bounding boxes and moments of the leaves first .. last - 1.

    Parameters
    ----------
    rows : (n, LANES), in
    weights : (n,) float64, in
        Empty if all weights are 1.
    starts : (>= last + 1,) int64, in
        A leaf holds the rows starts[leaf] .. starts[leaf + 1] - 1.
    planes : (LANES, >= n), out
    boxes : (2, leaves, d), out
        Lower and upper corners of the bounding boxes.
    moments : (leaves, d + 1) float64, out
        Weighted sums of the vectors, and weights.
    """
    lows, highs, dims = boxes[0], boxes[1], boxes.shape[2]
    for leaf in range(first, last):
        for d in range(dims):
            low = high = rows[starts[leaf], d]
            total = weight = 0.0
            for i in range(starts[leaf], starts[leaf + 1]):
                value = rows[i, d]
                planes[d, i] = value
                low = value if value < low else low
                high = value if value > high else high
                w = weights[i] if weights.shape[0] > 0 else 1.0
                total += w * np.float64(value)
                weight += w
            lows[leaf, d], highs[leaf, d] = low, high
            moments[leaf, d], moments[leaf, dims] = total, weight


_LEAVES_PER_GROUP = 8
"""The leaves of a group select their candidates from those of the group's bounding box."""
_SUM_SETS = 4
"""Sets of sums to which vectors are added in turn: an addition waits for the previous one to the same sum."""


@inner_kernel
def _accumulate(planes, weights, first, label, ids, sums, totals):
    """Add the vectors in the columns from `first` on to the totals of their centroids.

    label (n,), the places of the n vectors among the candidates, and ids (c,), the indices of the candidates,
    in; sums (_SUM_SETS, >= c, d + 1) float64, scratch; totals (k, d + 1) float64, in and out.
    """
    number, count, dims = label.shape[0], ids.shape[0], totals.shape[1] - 1
    for s in range(_SUM_SETS):
        for j in range(count):
            for d in range(dims + 1):
                sums[s, j, d] = 0.0
    for c in range(number):
        row = sums[c % _SUM_SETS, label[c]]
        weight = weights[first + c] if weights.shape[0] > 0 else 1.0
        for d in range(dims):
            row[d] += weight * np.float64(planes[d, first + c])
        row[dims] += weight
    for j in range(count):
        row = totals[ids[j]]
        for d in range(dims + 1):
            row[d] += (sums[0, j, d] + sums[1, j, d]) + (sums[2, j, d] + sums[3, j, d])


@inner_kernel
def _relabel(owners, labels, leaf, first, number, label, ids):
    """Store a leaf's labels, and its owner if they are all equal; return how many labels changed.

    The leaf's vectors are first .. first + number - 1. label (>= number,), their places among the candidates,
    and ids, the candidates' indices, in; owners (leaves,) and labels (n,), in and out.
    """
    owner, changed, equal = owners[leaf], 0, 0
    for c in range(number):
        new = ids[label[c]]
        changed += new != (owner if owner >= 0 else labels[first + c])
        equal += label[c] == label[0]
        labels[first + c] = new
    owners[leaf] = ids[label[0]] if equal == number else -1
    return changed


@kernel
def assign(planes, weights, starts, first_leaf, last_leaf, boxes, moments, centroids, owners, labels, totals):
    """Label the vectors of the leaves first_leaf .. last_leaf - 1 with their nearest centroids.

    The arguments are bare arrays: a named tuple of those that describe the leaves takes 0.9 us more per call,
    and a call of few leaves takes 8 us.

    Parameters
    ----------
    planes, weights, starts, boxes, moments
        As `fastkq.kernels.kmeans.kd_tree.compute_leaf_stats` takes or writes them, in.
    centroids : (k, d), in
    owners : (leaves,) int32, in and out
        The label of all vectors of a leaf; -1 if they have several.
    labels : (n,) int32, in and out
        Labels of the vectors whose leaf has no owner.
    totals : (k, d + 1) float64, in and out
        Moments of the clusters, to which those of the vectors are added: weighted sums and weights. Empty if
        they are not wanted.

    Returns
    -------
    int
        Number of labels that changed; a change of a leaf with a single candidate counts once.
    """
    (k, dims), dtype = centroids.shape, planes.dtype
    lows, highs = boxes[0], boxes[1]
    centroid_planes = np.empty((planes.shape[0], round_up_to_lanes(k)), dtype)
    offset_planes(centroids, np.zeros(dims, dtype), dtype.type(np.inf), centroid_planes)
    everything = every(centroid_planes, np.empty(k, np.int32))
    group = Subset(np.zeros(centroid_planes.shape, dtype), np.empty(k, np.int32))
    few = Subset(np.zeros(centroid_planes.shape, dtype), np.empty(k, np.int32))
    scratch, tile = np.empty(k, dtype), new_tile(dtype)
    relative, absolute = rounding_slack(dims, dtype)
    sums = np.empty((_SUM_SETS, k, dims + 1))
    low, high = np.empty(dims, dtype), np.empty(dims, dtype)
    changed = 0
    for base in range(first_leaf, last_leaf, _LEAVES_PER_GROUP):
        end = min(base + _LEAVES_PER_GROUP, last_leaf)
        bounds(lows, highs, base, end, low, high)
        group_count = candidates(low, high, everything, k, relative, absolute, scratch, group)
        for leaf in range(base, end):
            first, number = starts[leaf], starts[leaf + 1] - starts[leaf]
            count = candidates(lows[leaf], highs[leaf], group, group_count, relative, absolute, scratch, few)
            if count == 1:
                owner = few.ids[0]
                changed += owners[leaf] != owner
                owners[leaf] = owner
                if totals.shape[0] > 0:
                    for d in range(dims + 1):
                        totals[owner, d] += moments[leaf, d]
                continue
            for j in range(count, round_up_to_lanes(count)):
                few.coordinates[0, j] = np.inf
            nearest_two(
                planes, first, round_up_to_step(number), few.coordinates, round_up_to_lanes(count), tile
            )
            changed += _relabel(owners, labels, leaf, first, number, tile.label, few.ids)
            if totals.shape[0] > 0:
                _accumulate(planes, weights, first, tile.label[:number], few.ids[:count], sums, totals)
    return changed
