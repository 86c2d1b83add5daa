"""A blue-noise mask: ranks of pixels of which any first few are spread evenly, but in no order."""

import numpy as np

from fastkq.kernels._jit import kernel, part

SIDE = 64
"""Pixels along a side, a power of two; the mask is to be tiled."""

THRESHOLD_BITS = 12
"""Bits of a rank."""

_AT_FIRST = SIDE * SIDE // 10
_MOST_SWAPS = 4096


@part
def _put(place, sign, near, felt):
    """Add what is felt of a point everywhere, or take it away."""
    top, left = place // SIDE, place % SIDE
    for y in range(SIDE):
        row = ((y - top) & (SIDE - 1)) * SIDE
        for x in range(SIDE):
            felt[y * SIDE + x] += sign * near[row + ((x - left) & (SIDE - 1))]


@part
def _extreme(felt, taken, sign):
    """Where among points (sign 1) most is felt, or among other places (-1) least: the first of equals."""
    best = -1
    for place in range(felt.shape[0]):
        if taken[place] == (sign > 0) and (best < 0 or sign * felt[place] > sign * felt[best]):
            best = place
    return best


@kernel
def void_and_cluster(ranks):
    """Ranks (SIDE * SIDE,) int32, out, by the method of voids and clusters.

    R. Ulichney, "The void-and-cluster method for dither array generation", Proc. SPIE 1913, 1993. A few
    points at random are spread by moving the most crowded one into the largest void. Those get the first
    ranks, from the most crowded one down; then the voids are filled, largest first.
    """
    size = SIDE * SIDE
    near, felt, taken = np.ones(size), np.zeros(size), np.zeros(size, np.bool_)
    for place in range(size):
        y, x = place // SIDE, place % SIDE
        y, x = min(y, SIDE - y), min(x, SIDE - x)
        for _ in range(y * y + x * x):  # 0.8^(distance^2), a Gaussian of 1.5 pixels without libm
            near[place] *= 0.8
    random = np.int64(1)
    for _ in range(_AT_FIRST):
        random = (random * 1664525 + 1013904223) & 0xFFFFFFFF
        place = random >> 20
        while taken[place]:
            place = (place + 1) & (size - 1)
        taken[place] = True
        _put(place, 1.0, near, felt)
    for _ in range(_MOST_SWAPS):
        crowded = _extreme(felt, taken, 1)
        taken[crowded] = False
        _put(crowded, -1.0, near, felt)
        void = _extreme(felt, taken, -1)
        taken[void] = True
        _put(void, 1.0, near, felt)
        if void == crowded:
            break
    first, felt_at_first = taken.copy(), felt.copy()
    for rank in range(_AT_FIRST - 1, -1, -1):
        crowded = _extreme(felt, taken, 1)
        taken[crowded] = False
        _put(crowded, -1.0, near, felt)
        ranks[crowded] = rank
    for rank in range(_AT_FIRST, size):
        void = _extreme(felt_at_first, first, -1)
        first[void] = True
        _put(void, 1.0, near, felt_at_first)
        ranks[void] = rank
