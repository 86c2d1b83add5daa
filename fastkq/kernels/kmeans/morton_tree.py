"""Points sorted along a Morton curve, cut into small boxes or merged into weighted means of boxes.

The points form two curves, one after the other: the first `group` points, see
`fastkq.kmeans.points`, and all other points. Keys are Morton codes and ascend along each curve.
"""

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel

POINTS_PER_BLOCK = 384
"""Largest number of points of a block. Larger blocks have more candidates per point; smaller blocks have
fewer points per selection of candidates. An iteration over all colors of a Kodak image at k = 256 takes 0.51,
0.41, 0.29 and 0.28 ms with 64, 128, 384 and 768 points."""

MAX_DEPTH = 34
"""Largest size of the stack of ends: one for each curve, and one for each of the 32 bits of a key, at which a
box can be halved."""

BIT_LENGTH = np.array([number.bit_length() for number in range(1 << 16)], np.uint8)
"""Bit length of each 16-bit number."""


@kernel
def run_starts(keys, shift, starts):
    """Find where the keys change above the lowest `shift` bits; return the number of runs.

    keys (M,) uint32, in; starts (M + 1,) int64, out: the first point of each run, then M.
    """
    runs = 0
    last = np.int64(-1)
    for i in range(keys.shape[0]):
        run = np.int64(keys[i]) >> shift
        starts[runs] = i
        runs += run != last
        last = run
    starts[runs] = keys.shape[0]
    return runs


@kernel
def merge_runs(coordinates, counts, starts, spacing, means, weights, first):
    """Compute the mean, rounded to a multiple of `spacing`, and the weight of each run of points.

    coordinates (C, M), counts (M,) int64 and starts (runs + 1,), in; means (C, >= first + runs) and weights
    (>= first + runs,) float64, out, from column `first` on.
    """
    for run in range(starts.shape[0] - 1):
        weight = 0.0
        for i in range(starts[run], starts[run + 1]):
            weight += np.float64(counts[i])
        weights[first + run] = weight
        for d in range(coordinates.shape[0]):
            total = 0.0
            for i in range(starts[run], starts[run + 1]):
                total += np.float64(counts[i]) * np.float64(coordinates[d, i])
            means[d, first + run] = np.floor(total / (weight * spacing) + 0.5) * spacing


@inner_kernel
def split_position(keys, first, last):
    """Return where the highest bit that differs among the sorted keys[first:last] changes from 0 to 1.

    keys[first] and keys[last - 1] must differ.
    """
    difference = np.int64(keys[first] ^ keys[last - 1])
    high = difference >> 16
    bit = (16 + BIT_LENGTH[high] if high else BIT_LENGTH[difference]) - 1
    cut = (np.int64(keys[last - 1]) >> bit) << bit
    while last - first > 1:
        middle = (first + last) >> 1
        if np.int64(keys[middle]) < cut:
            first = middle
        else:
            last = middle
    return last


@inner_kernel
def initial_ends(keys, group, ends):
    """Initialize the stack of the ends of the ranges to be cut, the next end on top; return its size.

    ends (MAX_DEPTH,) int64, out.
    """
    ends[0] = keys.shape[0]
    ends[1] = group
    return 2 if 0 < group < keys.shape[0] else 1


@kernel
def cut_by_count(keys, group, starts):
    """Cut the Morton curves into the largest boxes that hold at most POINTS_PER_BLOCK points.

    keys (M,) uint32, in, ascending among the first `group` points and among the others; starts (M + 1,)
    int64, out: block b holds the points starts[b] .. starts[b + 1] - 1. Returns the number of blocks.
    """
    ends = np.empty(MAX_DEPTH, np.int64)
    depth = initial_ends(keys, group, ends)
    first = np.int64(0)
    blocks = 0
    while depth > 0:
        last = ends[depth - 1]
        if last - first <= POINTS_PER_BLOCK:
            starts[blocks] = first
            blocks += 1
            first = last
            depth -= 1
        else:
            ends[depth] = split_position(keys, first, last)
            depth += 1
    starts[blocks] = keys.shape[0]
    return blocks


@kernel
def compute_bounds(coordinates, weights, starts, first_block, last_block, low, high, moments):
    """Compute bounding boxes and moments of the blocks first_block .. last_block - 1.

    coordinates (C, M), weights (M,) float64 and starts (B + 1,) int64, in; low and high (C, B) and moments
    (B, C + 1) float64, out.
    """
    dims = coordinates.shape[0]
    for b in range(first_block, last_block):
        first, last = starts[b], starts[b + 1]
        for d in range(dims):
            row = coordinates[d]
            smallest = row[first]
            largest = smallest
            total = 0.0
            for i in range(first, last):
                x = row[i]
                smallest = x if x < smallest else smallest
                largest = x if x > largest else largest
                total += weights[i] * np.float64(x)
            low[d, b] = smallest
            high[d, b] = largest
            moments[b, d] = total
        weight = 0.0
        for i in range(first, last):
            weight += weights[i]
        moments[b, dims] = weight


@kernel
def accumulate(coordinates, weights, first, last, moments):
    """Compute the prefix moments of the points first .. last - 1, from those of the points before.

    coordinates (C, M), with C at most 4, and weights (M,) float64, in; moments (M + 1, 6) float64, in and
    out: row i is the sum over the first i points of the weight, the weighted coordinates, zero beyond C, and
    the weighted squared norm. Rows first + 1 to last are written; row 0 is zero.
    """
    dims = coordinates.shape[0]
    for i in range(first, last):
        weight = weights[i]
        moments[i + 1, 0] = moments[i, 0] + weight
        square = 0.0
        for d in range(4):
            x = np.float64(coordinates[d, i]) if d < dims else 0.0
            moments[i + 1, 1 + d] = moments[i, 1 + d] + weight * x
            square += x * x
        moments[i + 1, 5] = moments[i, 5] + weight * square


@inner_kernel
def error_between(moments, first, last):
    """Return the squared error of the points first .. last - 1 about their mean, from prefix moments."""
    weight = moments[last, 0] - moments[first, 0]
    norm = 0.0
    for d in range(1, 5):
        total = moments[last, d] - moments[first, d]
        norm += total * total
    return moments[last, 5] - moments[first, 5] - norm / weight


@kernel
def cut_by_error(keys, group, moments, tolerance, starts, state, max_boxes):
    """Cut the Morton curves into boxes whose squared error is at most `tolerance`.

    A call pauses when there are `max_boxes` boxes. The partition is complete when state[1] is 0.

    Parameters
    ----------
    keys : (M,) uint32, in
        Ascending among the first `group` points and among the others.
    moments : (M + 1, 6) float64, in
        Prefix moments of `accumulate`.
    starts : (>= boxes + 1,) int64, out
        Box b holds the points starts[b] .. starts[b + 1] - 1.
    state : (2 + MAX_DEPTH,) int64, in and out
        Zeros at first: the number of boxes; the size of the stack; and the stack of the ends of the ranges
        that are still to be cut.
    max_boxes : int
    """
    ends, boxes, depth = state[2:], state[0], state[1]
    if boxes == 0:
        depth = initial_ends(keys, group, ends)
        starts[0] = 0
    first = starts[boxes]
    while depth > 0 and boxes < max_boxes:
        last = ends[depth - 1]
        if last - first == 1 or error_between(moments, first, last) <= tolerance:
            starts[boxes] = first
            boxes += 1
            first = last
            depth -= 1
        else:
            ends[depth] = split_position(keys, first, last)
            depth += 1
    starts[boxes] = first
    state[0], state[1] = boxes, depth


@kernel
def summarize(moments, starts, first_box, last_box, spacing, means, weights):
    """Compute the means, rounded to a multiple of `spacing`, and weights of boxes first_box .. last_box - 1.

    moments (M + 1, 6) float64 and starts (boxes + 1,) int64, in; means (C, boxes) and weights (boxes,)
    float64, out.
    """
    for b in range(first_box, last_box):
        first, last = starts[b], starts[b + 1]
        weight = moments[last, 0] - moments[first, 0]
        weights[b] = weight
        for d in range(means.shape[0]):
            mean = (moments[last, 1 + d] - moments[first, 1 + d]) / weight
            means[d, b] = np.floor(mean / spacing + 0.5) * spacing
