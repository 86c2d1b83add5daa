"""Ordered dithering with a blue-noise mask.

The mask holds ranks of pixels: the pixels of the lowest ranks, however many, are spread evenly without a
pattern. Each point of a lattice of colours has a plan: a list of palette rows, from which the mask chooses.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inlined, kernel, part
from fastkq.kernels.quantization.cell_index import cell_of, list_cell, nearest_listed
from fastkq.kernels.quantization.error_diffusion import within

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


REACH = 0.5
"""With 0.8, plans of colours next to a row of the palette hold one that is far off."""

_ELSEWHERE = 13 * SIDE + 27
"""How far from a pixel's own threshold the one is taken that chooses between neighbouring points."""


class Lattice(NamedTuple):
    """Fewer levels than there are, and between which of them each one lies.

    A pixel goes to the point below its colour or above, the nearer the oftener, so that no steps show. Alpha
    goes to the nearest, so that it shows no noise, and only 0 and 255 to themselves.

    Attributes
    ----------
    ranks : (SIDE * SIDE,) int32
        The mask.
    bits, alpha_bits : int
        Of a level, and of alpha, 0 where there is none.
    places : (256,) int32
        Where each level lies, in steps of 1 / 2^THRESHOLD_BITS between two points.
    alphas : (256,) int32
        To which point each alpha goes.
    """

    ranks: Any
    bits: Any
    alpha_bits: Any
    places: Any
    alphas: Any


@inlined
def _point(image, line, column, ranks, bits, alpha_bits, places, alphas):
    """The lattice point of a pixel."""
    last = image.shape[2] - 1
    own = (line & (SIDE - 1)) * SIDE + (column & (SIDE - 1))
    threshold = np.int64(ranks[np.uint64((own + _ELSEWHERE) & (SIDE * SIDE - 1))])
    red = (np.int64(places[image[line, column, 0]]) + threshold) >> THRESHOLD_BITS
    green = (np.int64(places[image[line, column, min(last, 1)]]) + threshold) >> THRESHOLD_BITS
    blue = (np.int64(places[image[line, column, min(last, 2)]]) + threshold) >> THRESHOLD_BITS
    point = (((red << bits) | green) << bits) | blue
    return (point << alpha_bits) | np.int64(alphas[image[line, column, 3]]) if last == 3 else point


@kernel
def mark(image, first_row, last_row, lattice, met):
    """Set the bytes, out, of those lattice points (n,) uint8 that pixels of some rows go to."""
    ranks, places, alphas = lattice.ranks, lattice.places, lattice.alphas
    bits, alpha_bits = lattice.bits, lattice.alpha_bits
    for line in range(first_row, last_row):
        for column in range(image.shape[1]):
            met[_point(image, line, column, ranks, bits, alpha_bits, places, alphas)] = 1


@kernel
def choose(image, first_row, last_row, lattice, numbers, plans, indices):
    """Indices (H, W), out, of some rows: what its threshold says of each pixel's plan.

    numbers (n,) int32: of each lattice point's plan.
    """
    ranks, places, alphas = lattice.ranks, lattice.places, lattice.alphas
    bits, alpha_bits = lattice.bits, lattice.alpha_bits
    length = plans.shape[1]
    for line in range(first_row, last_row):
        for column in range(image.shape[1]):
            threshold = np.int64(ranks[(line & (SIDE - 1)) * SIDE + (column & (SIDE - 1))])
            point = _point(image, line, column, ranks, bits, alpha_bits, places, alphas)
            indices[line, column] = plans[numbers[point], (threshold * length) >> THRESHOLD_BITS]


@inlined
def _insert(rows, count, number, luminance):
    """Put a row's number behind the `count` first ones that are no brighter."""
    while count > 0 and luminance[rows[count - 1]] > luminance[number]:
        rows[count] = rows[count - 1]
        count -= 1
    rows[count] = number


@kernel
def plan(points, start, stop, bits, alpha_bits, palette, memory, strength, luminance, plans):
    """Rows for some lattice points (n,): each one the nearest to what those before it leave to be shown.

    plans (n, length), out: by luminance (k,), so that thresholds which are spread evenly spread brightness
    evenly. A colour less than a step from a row is that: what is in the palette shows no noise. strength: 0
    to 256, the share of what is left that is looked at. T. Knoll's pattern dithering, US patent 6,606,166
    (expired 2019).
    """
    with_alpha = alpha_bits > 0
    fine, lists, colours, gaps = memory.fine, memory.lists, palette.coordinates, palette.gaps
    top, alpha_top = (1 << bits) - 1, (1 << alpha_bits) - 1
    middle = 255 * palette.opaque
    for i in range(start, stop):
        rows = plans[i]
        point = np.int64(points[i])
        alpha, slack = np.int64(palette.opaque), np.int64(0)
        if with_alpha:
            level = point & alpha_top
            alpha = (level * 510 + alpha_top) // (2 * alpha_top)
            slack = 255 * 255 // (2 * alpha_top) if 0 < level < alpha_top else np.int64(0)
            point >>= alpha_bits
        step, reach, a = 510 * alpha // top + slack, 255 * alpha, palette.alpha_weight * alpha
        wx = (510 * (point >> (2 * bits)) - 255 * top) * alpha // top
        wy = (510 * ((point >> bits) & top) - 255 * top) * alpha // top
        wz = (510 * (point & top) - 255 * top) * alpha // top
        lx = ly = lz = np.int64(0)
        for turn in range(rows.shape[0]):
            x = min(max(wx + ((lx * strength) >> 8), -reach), reach) + middle
            y = min(max(wy + ((ly * strength) >> 8), -reach), reach) + middle
            z = min(max(wz + ((lz * strength) >> 8), -reach), reach) + middle
            cell = cell_of(x, y, z, a, palette.shift, palette.bits, with_alpha)
            listed = fine[cell]
            if listed == 0:
                listed = list_cell(palette, memory, cell)
            number = nearest_listed(lists, listed, x, y, z, a, with_alpha)
            x = wx + middle - np.int64(colours[number, 0])
            y = wy + middle - np.int64(colours[number, 1])
            z = wz + middle - np.int64(colours[number, 2])
            if turn == 0 and max(abs(x), abs(y), abs(z)) <= step:
                rows[:] = number
                break
            _insert(rows, turn, number, luminance)
            lx, ly, lz = within(lx + x, ly + y, lz + z, gaps[number], REACH)
