"""Index of the palette rows that can be nearest to a color, with a list per cell of the color space.

A list is made when its cell is first searched. Error diffusion searches for colors that are not known in
advance, so it cannot select candidates for a run of pixels, as `fastkq.kernels.quantization.pixel_mapping`
does.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inlined, inner_kernel, kernel
from fastkq.kernels.kmeans.candidates import Subset, candidates

_ROWS_PER_STEP = 4  # palette rows that are compared per iteration; lists are padded to a multiple of this
COARSER = 2
"""Bits: coarse cells are 2^COARSER times as wide as cells along each dimension. The candidates of a cell are
selected from those of its coarse cell."""

NUMBER_BITS, LENGTH_BITS = 16, 20
"""Bits of the index of a row, and bits of the length of a list, in integers that also hold other values."""


class Palette(NamedTuple):
    """A palette in the space that is searched, and the cells into which that space is divided.

    Attributes
    ----------
    coordinates : (k, C) int32
        0 to 2^(shift + bits) - 1.
    different : (C, n) float64
        The coordinates of the distinct rows, one per column.
    numbers : (n,) int32
        For each column of `different` the lowest index of the palette rows with these coordinates; ascending.
    shift : int
        A cell is 2^shift coordinates wide.
    bits : int
        There are 2^bits cells along each dimension.
    opaque : int
        The alpha of opaque pixels, used for all pixels of images without alpha. A coordinate is
        (2 * level - 255) * alpha + 255 * opaque.
    alpha_weight : int
        The fourth coordinate is alpha_weight * alpha.
    gaps : (k,) int64
        Squared distance of each row from the nearest other row, if there is one.
    """

    coordinates: Any
    different: Any
    numbers: Any
    shift: Any
    bits: Any
    opaque: Any
    alpha_weight: Any
    gaps: Any


class CandidateLists(NamedTuple):
    """The lists that one worker has made so far, and its buffers.

    Attributes
    ----------
    fine, coarse : (cells,) int64
        The list of each cell and of each coarse cell: its start and, in the low LENGTH_BITS bits, its length;
        0 where there is no list yet.
    lists : (n, C + 1) int32
        Lists of cells: coordinates and index of each row that may be nearest to a point of the cell.
    coarse_lists : (m,) int32
        Lists of coarse cells: columns in `Palette.different` of the rows that may be nearest to a point of
        the coarse cell.
    used : (2,) int64
        The number of used entries of `lists` and of `coarse_lists`.
    low, high, scratch, places, group, group_places, few, few_places
        Buffers for `fastkq.kernels.kmeans.candidates`.
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


class CellIndex(NamedTuple):
    """A palette, and the candidate lists that one worker has made for it.

    Attributes
    ----------
    palette : Palette
        Shared by all workers.
    memory : CandidateLists
    """

    palette: Any
    memory: Any


@kernel
def measure_gaps(rows, first, last, gaps):
    """Compute the squared distance of each row first .. last - 1 from the nearest other row.

    rows (n, C) int64, in: ascending in column 0; gaps (n,) int64, out.
    """
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
def clip(value, alpha, opaque):
    """Return the coordinate of a color value, clipped to the range of the values with this alpha.

    value: (2 * level - 255) * alpha, and what was added to it; opaque: see `Palette`.
    """
    return min(max(value, -255 * alpha), 255 * alpha) + 255 * opaque


@inlined
def cell_of(x, y, z, a, shift, bits, with_alpha):
    """Return the number of the cell of a point: coordinates int64, 0 to 2^(shift + bits) - 1."""
    cell = ((((x >> shift) << bits) | (y >> shift)) << bits) | (z >> shift)
    return (cell << bits) | (a >> shift) if with_alpha else cell


@inlined
def nearest_listed(lists, entry, x, y, z, a, with_alpha):
    """Return the index of the row in a cell's list that is nearest to a point, the lowest among equals.

    lists: see `CandidateLists`; entry: the entry of the cell in `CandidateLists.fine`; (x, y, z, a): a point
    of the cell.
    """
    first = np.uint64(entry >> LENGTH_BITS)  # unsigned, so that numba needs no test for negative indices
    best = np.int64(1) << 62
    for begin in range(first, first + np.uint64(entry & ((1 << LENGTH_BITS) - 1)), np.uint64(_ROWS_PER_STEP)):
        for lane in range(_ROWS_PER_STEP):
            i = begin + np.uint64(lane)
            u, v, w = x - np.int64(lists[i, 0]), y - np.int64(lists[i, 1]), z - np.int64(lists[i, 2])
            distance = u * u + v * v + w * w
            if with_alpha:
                t = a - np.int64(lists[i, 3])
                best = min(best, ((distance + t * t) << NUMBER_BITS) | np.int64(lists[i, 4]))
            else:
                best = min(best, (distance << NUMBER_BITS) | np.int64(lists[i, 3]))
    return best & ((1 << NUMBER_BITS) - 1)


@inner_kernel
def list_cell(palette, memory, cell):
    """Make the list of a cell and return its entry in `CandidateLists.fine`.

    If the buffers are too full for the list, all lists are dropped first.
    """
    dims, k = palette.different.shape
    if (
        memory.used[0] + k + _ROWS_PER_STEP > memory.lists.shape[0]
        or memory.used[1] + k > memory.coarse_lists.shape[0]
    ):
        memory.fine[:] = 0
        memory.coarse[:] = 0
        memory.used[:] = 0
    count = _load_coarse(palette, memory, cell)
    _bound(memory, cell, palette.bits, palette.shift)
    group, few = Subset(memory.group, memory.group_places), Subset(memory.few, memory.few_places)
    count = candidates(memory.low, memory.high, group, count, 0.0, 0.0, memory.scratch, few)
    first = memory.used[0]
    padded = (count + _ROWS_PER_STEP - 1) // _ROWS_PER_STEP * _ROWS_PER_STEP
    for i in range(padded):
        j = min(i, count - 1)
        for d in range(dims):
            memory.lists[first + i, d] = np.int64(memory.few[d, j])
        memory.lists[first + i, dims] = palette.numbers[memory.few_places[j]]
    count = padded
    memory.used[0] = first + count
    memory.fine[cell] = (first << LENGTH_BITS) | count
    return memory.fine[cell]


@inner_kernel
def _load_coarse(palette, memory, cell):
    """Copy the candidates of the coarse cell that contains a cell to `memory.group`. Returns their number."""
    dims = palette.different.shape[0]
    coarse = np.int64(0)
    for d in range(dims):
        place = (cell >> ((dims - 1 - d) * palette.bits)) & ((1 << palette.bits) - 1)
        coarse = (coarse << (palette.bits - COARSER)) | (place >> COARSER)
    entry = memory.coarse[coarse]
    if entry == 0:
        entry = _list_coarse(palette, memory, coarse)
    first, count = entry >> LENGTH_BITS, entry & ((1 << LENGTH_BITS) - 1)
    for i in range(count):
        place = np.int64(memory.coarse_lists[first + i])
        memory.group_places[i] = place
        for d in range(dims):
            memory.group[d, i] = palette.different[d, place]
    return count


@inner_kernel
def _list_coarse(palette, memory, coarse):
    """Make the list of a coarse cell and return its entry in `CandidateLists.coarse`."""
    k = palette.different.shape[1]
    _bound(memory, coarse, palette.bits - COARSER, palette.shift + COARSER)
    everything = Subset(palette.different, memory.places)
    group = Subset(memory.group, memory.group_places)
    count = candidates(memory.low, memory.high, everything, k, 0.0, 0.0, memory.scratch, group)
    first = memory.used[1]
    for i in range(count):
        memory.coarse_lists[first + i] = memory.group_places[i]
    memory.used[1] = first + count
    memory.coarse[coarse] = (first << LENGTH_BITS) | count
    return memory.coarse[coarse]


@inner_kernel
def _bound(memory, cell, bits, shift):
    """Write the bounds of a cell to memory.low and memory.high."""
    dims = memory.low.shape[0]
    for d in range(dims):
        place = (cell >> ((dims - 1 - d) * bits)) & ((1 << bits) - 1)
        memory.low[d] = place << shift
        memory.high[d] = ((place + 1) << shift) - 1
