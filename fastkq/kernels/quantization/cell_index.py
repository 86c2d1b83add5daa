"""The palette rows that can be nearest to a colour, by cells of the colour space, listed when first met.

Error diffusion meets colours that nobody knows beforehand: it cannot choose candidates for a run of pixels.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inlined, kernel, part
from fastkq.kernels.kmeans.nearest import candidates

LANES = 4
COARSER = 2
"""Bits by which the cells are wider that candidates are first chosen for."""

NUMBER, LENGTH = 16, 20
"""Bits of a row's number, and of a list's length."""


class Palette(NamedTuple):
    """A palette in the space that is searched, and how that is cut into cells.

    Attributes
    ----------
    coordinates : (k, C) int32
        From 0 to 2^(shift + bits) - 1.
    different : (C, n) float64
        The different ones among them.
    numbers : (n,) int32
        Their first places, rising.
    shift : int
        A cell is 2^shift wide.
    bits : int
        Cells along a dimension: 2^bits.
    opaque : int
        A coordinate is (2 * level - 255) * alpha + 255 * opaque; this is the alpha of images without.
    alpha_weight : int
        The fourth is this times alpha.
    gaps : (k,) int64
        Squared distance of each row from the nearest other one, if any.
    """

    coordinates: Any
    different: Any
    numbers: Any
    shift: Any
    bits: Any
    opaque: Any
    alpha_weight: Any
    gaps: Any


class Memory(NamedTuple):
    """The lists made so far, one worker's, and what it makes them in.

    Attributes
    ----------
    fine, coarse : (cells,) int64
        Of each cell's list, where it begins and, in the last bits, how long it is; 0 where none was made.
    lists : (n, C + 1) int32
        Coordinates and number of each row that may be nearest to something in the cell.
    coarse_lists : (m,) int32
        Places of the rows that may be nearest to something in the coarse cell.
    used : (2,) int64
        How much of both is filled.
    low, high, scratch, places, group, group_places, few, few_places
        For `fastkq.kernels.kmeans.nearest.candidates`.
    """

    fine: Any
    coarse: Any
    lists: Any
    coarse_lists: Any
    used: Any
    low: Any
    high: Any
    scratch: Any
    places: Any
    group: Any
    group_places: Any
    few: Any
    few_places: Any


@kernel
def measure_gaps(rows, first, last, gaps):
    """Squared distance, out (n,), of some rows from the nearest other of all (n, C), rising in column 0."""
    n, dims = rows.shape
    for i in range(first, last):
        best = np.int64(1) << 56
        for way in (-1, 1):
            j = i + way
            while 0 <= j < n and (rows[j, 0] - rows[i, 0]) * (rows[j, 0] - rows[i, 0]) < best:
                distance = np.int64(0)
                for d in range(dims):
                    distance += (rows[j, d] - rows[i, d]) * (rows[j, d] - rows[i, d])
                best = min(best, distance)
                j += way
        gaps[i] = best


@inlined
def cell_of(x, y, z, a, shift, bits, with_alpha):
    """The cell of a point, whose coordinates are int64 from 0 to 2^(shift + bits) - 1."""
    cell = ((((x >> shift) << bits) | (y >> shift)) << bits) | (z >> shift)
    return (cell << bits) | (a >> shift) if with_alpha else cell


@inlined
def nearest_listed(lists, listed, x, y, z, a, with_alpha):
    """Number of the row in a cell's list that is nearest to a point of the cell, the lowest of equals."""
    first = np.uint64(listed >> LENGTH)  # unsigned: no test for places from the end
    best = np.int64(1) << 62
    for begin in range(first, first + np.uint64(listed & ((1 << LENGTH) - 1)), np.uint64(LANES)):
        for lane in range(LANES):
            i = begin + np.uint64(lane)
            u, v, w = x - np.int64(lists[i, 0]), y - np.int64(lists[i, 1]), z - np.int64(lists[i, 2])
            distance = u * u + v * v + w * w
            if with_alpha:
                t = a - np.int64(lists[i, 3])
                best = min(best, ((distance + t * t) << NUMBER) | np.int64(lists[i, 4]))
            else:
                best = min(best, (distance << NUMBER) | np.int64(lists[i, 3]))
    return best & ((1 << NUMBER) - 1)


@part
def list_cell(palette, memory, cell):
    """Make the list of a cell; when there is no room for it, all are forgotten."""
    dims, k = palette.different.shape
    if (
        memory.used[0] + k + LANES > memory.lists.shape[0]
        or memory.used[1] + k > memory.coarse_lists.shape[0]
    ):
        memory.fine[:] = 0
        memory.coarse[:] = 0
        memory.used[:] = 0
    count = _recall_coarse(palette, memory, cell)
    _bound(memory, cell, palette.bits, palette.shift)
    count = candidates(
        memory.low,
        memory.high,
        memory.group,
        count,
        memory.scratch,
        memory.group_places,
        memory.few,
        memory.few_places,
    )
    first = memory.used[0]
    padded = (count + LANES - 1) // LANES * LANES
    for i in range(padded):
        j = min(i, count - 1)
        for d in range(dims):
            memory.lists[first + i, d] = np.int64(memory.few[d, j])
        memory.lists[first + i, dims] = palette.numbers[memory.few_places[j]]
    count = padded
    memory.used[0] = first + count
    memory.fine[cell] = (first << LENGTH) | count
    return memory.fine[cell]


@part
def _recall_coarse(palette, memory, cell):
    """Put the candidates of the coarse cell about a cell into the group, and say how many they are."""
    dims = palette.different.shape[0]
    coarse = np.int64(0)
    for d in range(dims):
        place = (cell >> ((dims - 1 - d) * palette.bits)) & ((1 << palette.bits) - 1)
        coarse = (coarse << (palette.bits - COARSER)) | (place >> COARSER)
    found = memory.coarse[coarse]
    if found == 0:
        found = _list_coarse(palette, memory, coarse)
    first, count = found >> LENGTH, found & ((1 << LENGTH) - 1)
    for i in range(count):
        place = np.int64(memory.coarse_lists[first + i])
        memory.group_places[i] = place
        for d in range(dims):
            memory.group[d, i] = palette.different[d, place]
    return count


@part
def _list_coarse(palette, memory, coarse):
    k = palette.different.shape[1]
    _bound(memory, coarse, palette.bits - COARSER, palette.shift + COARSER)
    count = candidates(
        memory.low,
        memory.high,
        palette.different,
        k,
        memory.scratch,
        memory.places,
        memory.group,
        memory.group_places,
    )
    first = memory.used[1]
    for i in range(count):
        memory.coarse_lists[first + i] = memory.group_places[i]
    memory.used[1] = first + count
    memory.coarse[coarse] = (first << LENGTH) | count
    return memory.coarse[coarse]


@part
def _bound(memory, cell, bits, shift):
    """Write the bounds of a cell into low and high."""
    dims = memory.low.shape[0]
    for d in range(dims):
        place = (cell >> ((dims - 1 - d) * bits)) & ((1 << bits) - 1)
        memory.low[d] = place << shift
        memory.high[d] = ((place + 1) << shift) - 1
