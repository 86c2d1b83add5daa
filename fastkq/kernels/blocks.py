"""Cut points that are sorted along the Morton curve into blocks, small boxes of neighbours."""

import numpy as np

from fastkq.kernels._jit import kernel

POINTS_PER_BLOCK = 64
"""Most points of a block: as many as amortise the choice of its candidates (0.3 us at k = 256)."""

# Bits of each 16-bit number.
BIT_LENGTH = np.array([number.bit_length() for number in range(1 << 16)], np.uint8)


@kernel
def sum_runs(keys, shift, moments, run_moments, run_keys):
    """Merge points whose keys agree above `shift` bits; returns the number of runs.

    keys (M,) uint32, sorted, and moments (M, 2 C + 1) float64, in; run_moments (>= runs, 2 C + 1) and
    run_keys (>= runs,), out.
    """
    run = -1
    last = np.int64(-1)
    for i in range(keys.shape[0]):
        key = np.int64(keys[i]) >> shift
        if key != last:
            run += 1
            last = key
            run_keys[run] = keys[i]
            run_moments[run, :] = 0.0
        for m in range(moments.shape[1]):
            run_moments[run, m] += moments[i, m]
    return run + 1


@kernel
def count_differences(keys, differences):
    """How many neighbours among sorted keys (M,) uint32 differ first in bit b: differences (32,), out."""
    for i in range(1, keys.shape[0]):
        difference = np.int64(keys[i] ^ keys[i - 1])
        high = difference >> 16
        length = 16 + BIT_LENGTH[high] if high else BIT_LENGTH[difference]
        differences[length - 1] += 1


@kernel
def weigh(coordinates, counts, unit, moments):
    """Moments (M, 2 C + 1) float64, out, of points (C, M) with counts (M,) int64.

    The count times each coordinate, the count, the count times each square in the given unit, rounded.
    """
    dims = coordinates.shape[0]
    for i in range(counts.shape[0]):
        weight = np.float64(counts[i])
        moments[i, dims] = weight
        for d in range(dims):
            x = np.float64(coordinates[d, i])
            moments[i, d] = weight * x
            rounded = np.floor(x / unit + 0.5)
            moments[i, dims + 1 + d] = weight * (rounded * rounded)


@kernel
def weighted_square(coordinates, moments):
    """Sum of the points' weights times their squared norms."""
    dims = coordinates.shape[0]
    total = 0.0
    for i in range(moments.shape[0]):
        square = 0.0
        for d in range(dims):
            x = np.float64(coordinates[d, i])
            square += x * x
        total += moments[i, dims] * square
    return total


@kernel
def cut(keys, shift, starts):
    """Start a block where the box changes (keys above `shift` bits) or a block is full.

    starts (M + 1,) int32, out; returns the number of blocks.
    """
    blocks = 0
    last = np.int64(-1)
    first = 0
    for i in range(keys.shape[0]):
        box = np.int64(keys[i]) >> shift
        if box != last or i - first == POINTS_PER_BLOCK:
            starts[blocks] = i
            blocks += 1
            last = box
            first = i
    starts[blocks] = keys.shape[0]
    return blocks


@kernel
def bound(coordinates, moments, starts, low, high, block_moments):
    """Bounding boxes low, high (C, B) and total moments (B, 2 C + 1) of the blocks, out."""
    dims = coordinates.shape[0]
    for b in range(low.shape[1]):
        first, last = starts[b], starts[b + 1]
        for d in range(dims):
            smallest = coordinates[d, first]
            largest = smallest
            for i in range(first + 1, last):
                x = coordinates[d, i]
                smallest = x if x < smallest else smallest
                largest = x if x > largest else largest
            low[d, b] = smallest
            high[d, b] = largest
        for m in range(moments.shape[1]):
            total = 0.0
            for i in range(first, last):
                total += moments[i, m]
            block_moments[b, m] = total
