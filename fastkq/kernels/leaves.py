"""A k-d tree of vectors, of which only the leaves are kept: small boxes of neighbours, in the tree's order.

Its rows have LANES columns, those that the vectors do not have being zero: so many are moved at once.
"""

import numpy as np

from fastkq.kernels._jit import kernel, part
from fastkq.kernels.tiles import LANES

_SAMPLE = 33
"""Vectors that stand for those of a node when it is divided. Their median is robust, unlike a mean."""
_MOST_DEPTH = 64
"""Deeper nodes, which samples would have to mislead time and again, are cut without looking."""


@part
def _choose(rows, first, last, sample):
    """Axis along which a sample of rows first .. last - 1 varies most, and its median there."""
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


@part
def _bring_forward(rows, order, first, last, axis, pivot, spare_rows, spare_order):
    """Move the rows first .. last - 1 that are at most at the pivot before the others; where those begin.

    Every row is written to both places it may go to: a branch would be mispredicted every other time.
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


@part
def _divide(rows, order, first, last, spare_rows, spare_order, sample):
    axis, pivot = _choose(rows, first, last, sample)
    middle = _bring_forward(rows, order, first, last, axis, pivot, spare_rows, spare_order)
    if middle == last:  # the median is the largest
        pivot = np.nextafter(pivot, rows.dtype.type(-np.inf))
        middle = _bring_forward(rows, order, first, last, axis, pivot, spare_rows, spare_order)
    return middle if first < middle < last else (first + last) >> 1


@kernel
def divide(rows, order, first, last, spare_rows, spare_order):
    """Bring rows first .. last - 1 into two halves that a plane parts; returns where the second begins.

    rows (n, LANES) and order (n,) int64, which tells where they were, in and out; spare_rows and spare_order
    of the same shapes, scratch, of which no other place is used.
    """
    return _divide(rows, order, first, last, spare_rows, spare_order, np.empty(_SAMPLE, rows.dtype))


@kernel
def grow(rows, order, first, last, most, spare_rows, spare_order, starts):
    """Divide rows first .. last - 1 as `divide` until no leaf holds more than `most`; how many leaves.

    Where they start goes to starts (>= leaves,) int64, out.
    """
    sample = np.empty(_SAMPLE, rows.dtype)
    ends = np.empty(2 * _MOST_DEPTH, np.int64)
    ends[0] = last
    depth, leaves = 1, 0
    while depth > 0:
        last = ends[depth - 1]
        if last - first <= most:
            starts[leaves] = first
            leaves += 1
            first = last
            depth -= 1
        elif depth < _MOST_DEPTH:
            ends[depth] = _divide(rows, order, first, last, spare_rows, spare_order, sample)
            depth += 1
        else:
            ends[depth] = (first + last) >> 1
            depth += 1
    return leaves


@kernel
def describe(rows, weights, starts, first, last, planes, lows, highs, moments):
    """What is known of the leaves first .. last - 1, of the rows starts[leaf] .. starts[leaf + 1] - 1.

    rows (n, LANES) and weights (n,) float64 or empty, in; planes (LANES, >= n), boxes lows and highs
    (leaves, d), and moments (leaves, d + 1) float64, weighted sums and weights, out.
    """
    dims = lows.shape[1]
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
