"""Build the binary tree over a palette with which `fastkq.formats.fkq.context` codes colors.

Arrays are filled in loops: Numba takes almost one second to compile an assignment to a slice.
"""

import numpy as np

from fastkq.kernels.jit import inlined, kernel

AXIS_LENGTH = 64  # length to which the axis of a node is scaled


@inlined
def square_root(value):
    """Return the largest integer whose square is at most the value."""
    root = np.int64(0)
    step = np.int64(1) << 16  # the sum of three squares of 255 * 256 is below 2^34
    while step:
        if (root + step) * (root + step) <= value:
            root += step
        step >>= 1
    return root


@inlined
def widest_channel(colors, members, start, stop):
    """Return the channel with the largest variance of members[start:stop], the first among equals.

    colors (k, 3) and members (k,) int64, in: color numbers.
    """
    number = stop - start
    best, channel = np.int64(-1), np.int64(0)
    for c in range(3):
        total, squares = np.int64(0), np.int64(0)
        for i in range(start, stop):
            value = colors[members[i], c]
            total += value
            squares += value * value
        spread = number * squares - total * total
        if spread > best:
            best, channel = spread, np.int64(c)
    return channel


@inlined
def sort_by_channel(colors, members, start, stop, channel, places, sorted_):
    """Sort members[start:stop] by one channel, stably, by counting.

    colors (k, 3) int64, in; members (k,) int64, in and out; places (257,) and sorted_ (k,) int64, scratch.
    """
    for value in range(len(places)):
        places[value] = 0
    for i in range(start, stop):
        places[colors[members[i], channel] + 1] += 1
    for value in range(256):
        places[value + 1] += places[value]
    for i in range(start, stop):
        value = colors[members[i], channel]
        sorted_[start + places[value]] = members[i]
        places[value] += 1
    for i in range(start, stop):
        members[i] = sorted_[i]


@inlined
def mean(colors, members, start, stop, channel):
    """Return the mean of one channel of members[start:stop], in 1/256, rounded down."""
    total = np.int64(0)
    for i in range(start, stop):
        total += colors[members[i], channel]
    return (total << 8) // (stop - start)


@inlined
def separate(colors, members, start, middle, stop, row):
    """Write the axis and the threshold of a node to row (6,) int64, out.

    The axis points from the mean of members[start:middle] to that of members[middle:stop]; the threshold lies
    halfway between the two means.
    """
    square, threshold = np.int64(0), np.int64(0)
    for c in range(3):
        difference = mean(colors, members, middle, stop, c) - mean(colors, members, start, middle, c)
        row[c] = difference
        square += difference * difference
    length = max(np.int64(1), square_root(square))
    for c in range(3):
        size = abs(row[c]) * AXIS_LENGTH // length
        row[c] = size if row[c] >= 0 else -size
        lower, upper = mean(colors, members, start, middle, c), mean(colors, members, middle, stop, c)
        threshold += row[c] * (lower + upper)
    row[3] = threshold >> 9


@kernel
def build(colors, depth, tree, paths):
    """Build the tree: halve the palette along its widest channel until single colors are left.

    colors (k, 3) int64, 0 to 255, in; tree (2^(depth + 1), 6) int64, out, zeros at first: for node i, with
    children 2i and 2i + 1, the axis (3 values), the threshold, the number of colors, and for a leaf the index
    of its color; paths (k,) int64, out: the turns from the root to each color as bits, padded with zeros to
    `depth` bits.
    """
    k = len(colors)
    members, sorted_ = np.empty(k, np.int64), np.empty(k, np.int64)
    for i in range(k):
        members[i] = i
    starts, places = np.zeros(len(tree) + 1, np.int64), np.zeros(257, np.int64)
    tree[1, 4] = k
    for level in range(depth + 1):
        for node in range(np.int64(1) << level, np.int64(2) << level):
            number, start = tree[node, 4], starts[node]
            if number == 1:
                tree[node, 5] = members[start]
                paths[members[start]] = (node << (depth - level)) - (np.int64(1) << depth)
            if number < 2:
                continue
            stop, middle = start + number, start + number // 2
            channel = widest_channel(colors, members, start, stop)
            sort_by_channel(colors, members, start, stop, channel, places, sorted_)
            separate(colors, members, start, middle, stop, tree[node])
            tree[2 * node, 4], tree[2 * node + 1, 4] = middle - start, stop - middle
            starts[2 * node], starts[2 * node + 1] = start, middle
