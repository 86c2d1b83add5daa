"""Dither by an ordered blue-noise mask.

The mask holds a rank for each of its pixels. For any n, the pixels of the n lowest ranks are spread evenly
without a pattern. Each point of a lattice of colors has a plan: a list of palette rows, from which the mask
chooses.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inlined, inner_kernel, kernel
from fastkq.kernels.quantization.cell_index import cell_of, clip, list_cell, nearest_listed
from fastkq.kernels.quantization.error_diffusion import limit_error

SIDE = 64
"""Pixels along a side of the mask, a power of two. The mask is tiled over the image."""

THRESHOLD_BITS = 12  # bits of a rank: SIDE * SIDE ranks

_INITIAL_POINTS = SIDE * SIDE // 10  # number of points of the initial pattern
_MAX_SWAPS = 4096  # maximum number of moves that spread the initial pattern evenly


@inner_kernel
def _add_density(place, sign, gaussian, density):
    """Add (sign 1) or subtract (sign -1) the density around a point.

    gaussian (SIDE^2,), in: the density around point 0; density (SIDE^2,), in and out.
    """
    top, left = place // SIDE, place % SIDE
    for y in range(SIDE):
        row = ((y - top) & (SIDE - 1)) * SIDE
        for x in range(SIDE):
            density[y * SIDE + x] += sign * gaussian[row + ((x - left) & (SIDE - 1))]


@inner_kernel
def _extreme(density, taken, sign):
    """Return the point in the largest cluster (sign 1), or the place in the largest void (sign -1).

    density (SIDE^2,), in: the density of points; taken (SIDE^2,) bool, in: whether a place has a point. Among
    equals the first is returned.
    """
    best = -1
    for place in range(density.shape[0]):
        if taken[place] == (sign > 0) and (best < 0 or sign * density[place] > sign * density[best]):
            best = place
    return best


@kernel
def void_and_cluster(ranks):
    """Write the ranks (SIDE^2,) int32, out, of a mask by the void-and-cluster method.

    R. Ulichney, "The void-and-cluster method for dither array generation", Proc. SPIE 1913, 1993. A few
    random points are spread evenly: the point in the largest cluster moves to the largest void, until it
    would move to its own place. Then points are removed, always from the largest cluster; they get the first
    ranks in reverse order of removal. The other ranks go to the places that are filled one by one, always in
    the largest void.
    """
    size = SIDE * SIDE
    gaussian, density, taken = np.ones(size), np.zeros(size), np.zeros(size, np.bool_)
    for place in range(size):
        y, x = place // SIDE, place % SIDE
        y, x = min(y, SIDE - y), min(x, SIDE - x)
        for _ in range(y * y + x * x):  # 0.8^(distance^2): a Gaussian of 1.5 pixels, without libm
            gaussian[place] *= 0.8
    random = np.int64(1)
    for _ in range(_INITIAL_POINTS):
        random = (random * 1664525 + 1013904223) & 0xFFFFFFFF
        place = random >> 20
        while taken[place]:
            place = (place + 1) & (size - 1)
        taken[place] = True
        _add_density(place, 1.0, gaussian, density)
    for _ in range(_MAX_SWAPS):
        crowded = _extreme(density, taken, 1)
        taken[crowded] = False
        _add_density(crowded, -1.0, gaussian, density)
        void = _extreme(density, taken, -1)
        taken[void] = True
        _add_density(void, 1.0, gaussian, density)
        if void == crowded:
            break
    initial, initial_density = taken.copy(), density.copy()
    for rank in range(_INITIAL_POINTS - 1, -1, -1):
        crowded = _extreme(density, taken, 1)
        taken[crowded] = False
        _add_density(crowded, -1.0, gaussian, density)
        ranks[crowded] = rank
    for rank in range(_INITIAL_POINTS, size):
        void = _extreme(initial_density, initial, -1)
        initial[void] = True
        _add_density(void, 1.0, gaussian, initial_density)
        ranks[void] = rank


ERROR_LIMIT = 0.5
"""Largest remaining error in a plan, relative to the distance of the chosen row from the nearest other row.
With 0.8, the plans of colors next to a palette row contain a far-off row."""

_THRESHOLD_OFFSET = 13 * SIDE + 27
"""Offset in the mask between the threshold that chooses a pixel's row from the plan and the one that chooses
between neighboring lattice points."""


class Lattice(NamedTuple):
    """A lattice of colors with fewer than 256 levels per channel, and the position of each level in it.

    Each color channel of a pixel is rounded to the lattice level below or above, with a probability that
    falls with the distance, so that no steps show. Alpha is rounded to the nearest level, so that it shows no
    noise, but only alpha 0 and alpha 255 are rounded to the levels of these values.

    Attributes
    ----------
    ranks : (SIDE * SIDE,) int32
        The mask.
    bits, alpha_bits : int
        Bits of a lattice level of a color channel, and of alpha; 0 if there is no alpha.
    places : (256,) int32
        Position of each level, in 1 / 2^THRESHOLD_BITS of the distance between two lattice points.
    alphas : (256,) int32
        The lattice level of each alpha.
    """

    ranks: Any
    bits: Any
    alpha_bits: Any
    places: Any
    alphas: Any


@inlined
def _lattice_point(image, line, column, ranks, bits, alpha_bits, places, alphas):
    """Return the number of the lattice point of a pixel."""
    last = image.shape[2] - 1
    own = (line & (SIDE - 1)) * SIDE + (column & (SIDE - 1))
    threshold = np.int64(ranks[np.uint64((own + _THRESHOLD_OFFSET) & (SIDE * SIDE - 1))])
    red = (np.int64(places[image[line, column, 0]]) + threshold) >> THRESHOLD_BITS
    green = (np.int64(places[image[line, column, min(last, 1)]]) + threshold) >> THRESHOLD_BITS
    blue = (np.int64(places[image[line, column, min(last, 2)]]) + threshold) >> THRESHOLD_BITS
    point = (((red << bits) | green) << bits) | blue
    return (point << alpha_bits) | np.int64(alphas[image[line, column, 3]]) if last == 3 else point


@kernel
def mark(image, first_row, last_row, lattice, used):
    """Mark the lattice points of the pixels in rows first_row .. last_row - 1.

    image (H, W, C) uint8, in; lattice, a `Lattice`, in; used (n,) uint8, out: 1 for each of these points.
    """
    ranks, places, alphas = lattice.ranks, lattice.places, lattice.alphas
    bits, alpha_bits = lattice.bits, lattice.alpha_bits
    for line in range(first_row, last_row):
        for column in range(image.shape[1]):
            used[_lattice_point(image, line, column, ranks, bits, alpha_bits, places, alphas)] = 1


@kernel
def choose(image, first_row, last_row, lattice, numbers, plans, indices):
    """Write the indices of the rows first_row .. last_row - 1.

    The threshold of a pixel chooses a palette row from the plan of its lattice point.

    image (H, W, C) uint8, in; lattice, a `Lattice`, in; numbers (n,) int32, in: the plan of each lattice
    point; plans (p, length), in: palette rows; indices (H, W), out.
    """
    ranks, places, alphas = lattice.ranks, lattice.places, lattice.alphas
    bits, alpha_bits = lattice.bits, lattice.alpha_bits
    length = plans.shape[1]
    for line in range(first_row, last_row):
        for column in range(image.shape[1]):
            threshold = np.int64(ranks[(line & (SIDE - 1)) * SIDE + (column & (SIDE - 1))])
            point = _lattice_point(image, line, column, ranks, bits, alpha_bits, places, alphas)
            indices[line, column] = plans[numbers[point], (threshold * length) >> THRESHOLD_BITS]


@inlined
def _insert(rows, count, number, luminance):
    """Insert a row's number into rows[:count], which is sorted by luminance.

    It comes after the rows that are not brighter.
    """
    while count > 0 and luminance[rows[count - 1]] > luminance[number]:
        rows[count] = rows[count - 1]
        count -= 1
    rows[count] = number


@kernel
def plan(points, start, stop, lattice, cells, strength, luminance, plans):
    """Write the plans of the lattice points start .. stop - 1.

    Each row of a plan is the nearest row to the color of the lattice point plus the error that the rows
    before it leave. The rows of a plan are then ordered by luminance, so that evenly spread thresholds spread
    brightness evenly. If the first row is at most a lattice step from the color in each channel, the plan
    holds only that row, so that colors of the palette show no noise.

    points (n,) int64, in: numbers of lattice points; lattice, a `Lattice`, in; cells, a
    `fastkq.kernels.quantization.cell_index.CellIndex`, in and out; strength: 0 to 256, the share of the
    remaining error that is added; luminance (k,) int64, in; plans (n, length), out.

    T. Knoll's pattern dithering, US patent 6,606,166 (expired 2019).
    """
    bits, alpha_bits, with_alpha = lattice.bits, lattice.alpha_bits, lattice.alpha_bits > 0
    palette, memory = cells.palette, cells.memory
    fine, lists, colors, gaps = memory.fine, memory.lists, palette.coordinates, palette.gaps
    shift, cell_bits = palette.shift, palette.bits
    opaque, alpha_weight = np.int64(palette.opaque), palette.alpha_weight
    top, alpha_top = (1 << bits) - 1, (1 << alpha_bits) - 1
    middle = 255 * opaque
    for i in range(start, stop):
        rows = plans[i]
        point = np.int64(points[i])
        alpha, slack = opaque, np.int64(0)
        if with_alpha:
            level = point & alpha_top
            alpha = (level * 510 + alpha_top) // (2 * alpha_top)
            slack = 255 * 255 // (2 * alpha_top) if 0 < level < alpha_top else np.int64(0)
            point >>= alpha_bits
        step, a = 510 * alpha // top + slack, alpha_weight * alpha
        wx = (510 * (point >> (2 * bits)) - 255 * top) * alpha // top
        wy = (510 * ((point >> bits) & top) - 255 * top) * alpha // top
        wz = (510 * (point & top) - 255 * top) * alpha // top
        lx = ly = lz = np.int64(0)
        for turn in range(rows.shape[0]):
            x = clip(wx + ((lx * strength) >> 8), alpha, opaque)
            y = clip(wy + ((ly * strength) >> 8), alpha, opaque)
            z = clip(wz + ((lz * strength) >> 8), alpha, opaque)
            cell = cell_of(x, y, z, a, shift, cell_bits, with_alpha)
            entry = fine[cell]
            if entry == 0:
                entry = list_cell(palette, memory, cell)
            number = nearest_listed(lists, entry, x, y, z, a, with_alpha)
            x = wx + middle - np.int64(colors[number, 0])
            y = wy + middle - np.int64(colors[number, 1])
            z = wz + middle - np.int64(colors[number, 2])
            if turn == 0 and max(abs(x), abs(y), abs(z)) <= step:
                rows[:] = number
                break
            _insert(rows, turn, number, luminance)
            lx, ly, lz = limit_error(lx + x, ly + y, lz + z, gaps[number], ERROR_LIMIT)
