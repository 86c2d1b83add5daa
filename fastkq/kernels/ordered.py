"""Ordered dithering: for each point of a lattice of colours a plan, rows that show it in turns."""

import numpy as np

from fastkq.kernels._jit import inlined, kernel, part
from fastkq.kernels.bluenoise import SIDE, THRESHOLD_BITS
from fastkq.kernels.cells import cell_of, list_cell, nearest_listed
from fastkq.kernels.dither import within

LATTICE_BITS = (6, 5)
"""Bits of a level that are left on the lattice, without alpha and with."""

REACH = 0.5
"""With 0.8, plans of colours next to a row of the palette hold one that is far off."""

_ELSEWHERE = 13 * SIDE + 27
"""How far from a pixel's own threshold the one is taken that chooses between neighbouring points."""


@part
def _places(bits, places):
    """Where each level (256,) lies between the points of a lattice, out, in steps as many as thresholds."""
    for level in range(256):
        places[level] = (level * ((1 << bits) - 1) * SIDE * SIDE) // 255


@inlined
def _point(image, line, column, ranks, bits, places):
    """The lattice point of a pixel: beside it, the nearer the oftener, so that steps between points vanish.

    Alpha is only rounded, so that it shows no noise, and 0 and 255 are for themselves.
    """
    last = image.shape[2] - 1
    place = (line & (SIDE - 1)) * SIDE + (column & (SIDE - 1))
    threshold = np.int64(ranks[np.uint64((place + _ELSEWHERE) & (SIDE * SIDE - 1))])
    point = (np.int64(places[image[line, column, 0]]) + threshold) >> THRESHOLD_BITS
    point = (point << bits) | (
        (np.int64(places[image[line, column, min(last, 1)]]) + threshold) >> THRESHOLD_BITS
    )
    point = (point << bits) | (
        (np.int64(places[image[line, column, min(last, 2)]]) + threshold) >> THRESHOLD_BITS
    )
    if last == 3:
        top = np.int64((1 << bits) - 1)
        alpha = np.int64(image[line, column, 3])
        rounded = min(max((alpha * top + 127) // 255, 1), top - 1)
        point = (point << bits) | (0 if alpha == 0 else top if alpha == 255 else rounded)
    return point


@kernel
def mark(image, first_row, last_row, ranks, bits, met):
    """Set the bytes, out, of those lattice points (n,) uint8 that pixels of some rows go to."""
    places = np.empty(256, np.int32)
    _places(bits, places)
    for line in range(first_row, last_row):
        for column in range(image.shape[1]):
            met[_point(image, line, column, ranks, bits, places)] = 1


@kernel
def plan(points, start, stop, bits, palette, memory, strength, luminance, plans):
    """Rows for some lattice points (n,): each one the nearest to what those before it leave to be shown.

    plans (lattice, length), out: by luminance (k,), so that thresholds which are spread evenly spread
    brightness evenly. strength: 0 to 256, the share of what is left that is looked at. T. Knoll's pattern
    dithering, US patent 6,606,166 (expired 2019).
    """
    with_alpha = palette.coordinates.shape[1] == 4
    fine, lists, colours = memory.fine, memory.lists, palette.coordinates
    top = (1 << bits) - 1
    wanted, left = np.empty(3, np.int64), np.empty(3, np.int64)
    length = plans.shape[1]
    rows = np.empty(length, np.int64)
    for i in range(start, stop):
        point = np.int64(points[i])
        rest = point
        alpha = np.int64(palette.opaque)
        if with_alpha:
            alpha = ((rest & top) * 510 + top) // (2 * top)
            rest >>= bits
        reach, middle = 255 * alpha, 255 * palette.opaque
        for d in range(3):
            level = (rest >> ((2 - d) * bits)) & top
            wanted[d] = (2 * 255 * level - 255 * top) * alpha // top
            left[d] = 0
        a = palette.alpha_weight * alpha
        for turn in range(length):
            x = min(max(wanted[0] + ((left[0] * strength) >> 8), -reach), reach) + middle
            y = min(max(wanted[1] + ((left[1] * strength) >> 8), -reach), reach) + middle
            z = min(max(wanted[2] + ((left[2] * strength) >> 8), -reach), reach) + middle
            cell = cell_of(x, y, z, a, palette.shift, palette.bits, with_alpha)
            listed = fine[cell]
            if listed == 0:
                listed = list_cell(palette, memory, cell)
            number = nearest_listed(lists, listed, x, y, z, a, with_alpha)
            x = left[0] + wanted[0] + middle - np.int64(colours[number, 0])
            y = left[1] + wanted[1] + middle - np.int64(colours[number, 1])
            z = left[2] + wanted[2] + middle - np.int64(colours[number, 2])
            left[0], left[1], left[2] = within(x, y, z, palette.gaps[number], REACH)
            place = turn
            while place > 0 and luminance[rows[place - 1]] > luminance[number]:
                rows[place] = rows[place - 1]
                place -= 1
            rows[place] = number
        for turn in range(length):
            plans[point, turn] = rows[turn]


@kernel
def choose(image, first_row, last_row, ranks, bits, plans, indices):
    """Indices (H, W), out, of some rows: of each pixel's plan what its threshold says."""
    length = plans.shape[1]
    places = np.empty(256, np.int32)
    _places(bits, places)
    for line in range(first_row, last_row):
        for column in range(image.shape[1]):
            threshold = np.int64(ranks[(line & (SIDE - 1)) * SIDE + (column & (SIDE - 1))])
            turn = (threshold * length) >> THRESHOLD_BITS
            indices[line, column] = plans[_point(image, line, column, ranks, bits, places), turn]
