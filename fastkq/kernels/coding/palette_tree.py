"""The binary tree over a palette by which `fastkq.formats.fkq.context` tells colours apart.

Loops, not slices: an assignment to a slice takes numba most of a second to compile.
"""

import numpy as np

from fastkq.kernels.jit import inlined, kernel

AXIS_LENGTH = 64


@inlined
def square_root(value):
    """The largest integer whose square is at most the value."""
    root = np.int64(0)
    step = np.int64(1) << 16  # three squares of 255 * 256 are below 2^34
    while step:
        if (root + step) * (root + step) <= value:
            root += step
        step >>= 1
    return root


@inlined
def widest(colours, members, start, stop):
    """The channel of the largest variance, the first of equals."""
    number = stop - start
    best, channel = np.int64(-1), np.int64(0)
    for c in range(3):
        total, squares = np.int64(0), np.int64(0)
        for i in range(start, stop):
            value = colours[members[i], c]
            total += value
            squares += value * value
        spread = number * squares - total * total
        if spread > best:
            best, channel = spread, np.int64(c)
    return channel


@inlined
def sort_by(colours, members, start, stop, channel, places, sorted_):
    """Sort members[start:stop] by one channel, equals as they stood."""
    for value in range(len(places)):
        places[value] = 0
    for i in range(start, stop):
        places[colours[members[i], channel] + 1] += 1
    for value in range(256):
        places[value + 1] += places[value]
    for i in range(start, stop):
        value = colours[members[i], channel]
        sorted_[start + places[value]] = members[i]
        places[value] += 1
    for i in range(start, stop):
        members[i] = sorted_[i]


@inlined
def mean(colours, members, start, stop, channel):
    """Of one channel, in 256ths, rounded down."""
    total = np.int64(0)
    for i in range(start, stop):
        total += colours[members[i], channel]
    return (total << 8) // (stop - start)


@inlined
def separate(colours, members, start, middle, stop, row):
    """Write the axis from the one half's mean to the other's and the threshold between them to row (6,)."""
    square, threshold = np.int64(0), np.int64(0)
    for c in range(3):
        difference = mean(colours, members, middle, stop, c) - mean(colours, members, start, middle, c)
        row[c] = difference
        square += difference * difference
    length = max(np.int64(1), square_root(square))
    for c in range(3):
        size = abs(row[c]) * AXIS_LENGTH // length
        row[c] = size if row[c] >= 0 else -size
        lower, upper = mean(colours, members, start, middle, c), mean(colours, members, middle, stop, c)
        threshold += row[c] * (lower + upper)
    row[3] = threshold >> 9


@kernel
def grow(colours, depth, tree, paths):
    """Halve the palette along its widest channel until single colours are left.

    colours (k, 3) int64, 0 to 255, in; tree (2^(depth + 1), 6) int64, out, zeros before: of node i, with
    children 2i and 2i + 1, the axis, the threshold, the number of colours and for a leaf its colour;
    paths (k,) int64, out: the turns from the root to each colour, filled up with zeros to depth bits.
    """
    k = len(colours)
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
            channel = widest(colours, members, start, stop)
            sort_by(colours, members, start, stop, channel, places, sorted_)
            separate(colours, members, start, middle, stop, tree[node])
            tree[2 * node, 4], tree[2 * node + 1, 4] = middle - start, stop - middle
            starts[2 * node], starts[2 * node + 1] = start, middle
