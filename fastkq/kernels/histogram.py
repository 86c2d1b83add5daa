"""Count the colours of an image, and look pixels up among counted colours.

A colour's key is its Morton code: the bits of its channels interleaved, highest first. Sorted by key,
every box of the colour cube whose side is a power of two is a contiguous run of colours.
"""

import numpy as np

from fastkq.kernels._jit import kernel

CELL_BITS = 6
"""Low bits of a key counted densely within a cell: 2 bits a channel of an RGB colour. Photographs fill
20-70 thousand such cells, so that the counters of a camera photograph stay below 18 MB."""

TABLE_CELLS = 1 << (24 - CELL_BITS)

# Bits of a value spread to every third and every fourth place.
_BITS = (np.arange(256)[:, None] >> np.arange(8)) & 1
SPREAD_3 = (_BITS << (3 * np.arange(8))).sum(axis=1)
SPREAD_4 = (_BITS << (4 * np.arange(8))).sum(axis=1)

# Fibonacci hashing: the golden ratio's 32 bits. The product stays below 2^63 for any 31-bit factor pair.
_GOLDEN = 0x61C88647


@kernel
def key_of(pixels, i):
    """Morton code of pixel `i` of (N, C) uint8, C = 1, 3 or 4; colours under alpha 0 are one."""
    channels = pixels.shape[1]
    if channels == 3:
        return (SPREAD_3[pixels[i, 0]] << 2) | (SPREAD_3[pixels[i, 1]] << 1) | SPREAD_3[pixels[i, 2]]
    if channels == 1:
        return np.int64(pixels[i, 0])
    if pixels[i, 3] == 0:
        return np.int64(0)
    return (
        (SPREAD_4[pixels[i, 3]] << 3)
        | (SPREAD_4[pixels[i, 0]] << 2)
        | (SPREAD_4[pixels[i, 1]] << 1)
        | SPREAD_4[pixels[i, 2]]
    )


@kernel
def _every_third(key):
    """The bits 0, 3, 6, ... of a key together: the inverse of SPREAD_3."""
    key &= 0x249249
    key = (key | (key >> 2)) & 0x0C30C3
    key = (key | (key >> 4)) & 0x00F00F
    return (key | (key >> 8)) & 0xFF


@kernel
def _every_fourth(key):
    """The bits 0, 4, 8, ... of a key together: the inverse of SPREAD_4."""
    key &= 0x11111111
    key = (key | (key >> 3)) & 0x03030303
    key = (key | (key >> 6)) & 0x000F000F
    return (key | (key >> 12)) & 0xFF


@kernel
def colours_of(keys, colours):
    """Inverse of `key_of`: colours (M, C) uint8, out, of keys (M,) uint32, in."""
    channels = colours.shape[1]
    for i in range(keys.shape[0]):
        key = np.int64(keys[i])
        if channels == 1:
            colours[i, 0] = key
        elif channels == 3:
            colours[i, 0] = _every_third(key >> 2)
            colours[i, 1] = _every_third(key >> 1)
            colours[i, 2] = _every_third(key)
        else:
            colours[i, 3] = _every_fourth(key >> 3)
            colours[i, 0] = _every_fourth(key >> 2)
            colours[i, 1] = _every_fourth(key >> 1)
            colours[i, 2] = _every_fourth(key)


@kernel
def count_in_cells(pixels, start, stop, slots, counts, used):
    """Count pixels by cell: slots (cells,) int32 and counts (slots, 64) uint32, in and out.

    Slot 0 stands for "not seen"; a cell gets its slot when its first pixel comes. `used` (1,) int64 is
    the number of slots given. The pages of `counts` beyond them are never touched.
    """
    mask = (1 << CELL_BITS) - 1
    last = used[0]
    for i in range(start, stop):
        key = key_of(pixels, i)
        cell = key >> CELL_BITS
        slot = np.int64(slots[cell])
        if slot == 0:
            last += 1
            slot = last
            slots[cell] = slot
        counts[slot, key & mask] += np.uint32(1)
    used[0] = last


@kernel
def merge_cells(slots, counts, used, other_slots, other_counts):
    """Add another worker's cells to slots, counts and used, in and out."""
    last = used[0]
    for cell in range(slots.shape[0]):
        other = other_slots[cell]
        if other == 0:
            continue
        slot = np.int64(slots[cell])
        if slot == 0:
            last += 1
            slot = last
            slots[cell] = slot
        for low in range(1 << CELL_BITS):
            counts[slot, low] += other_counts[other, low]
    used[0] = last


@kernel
def count_colours_in_cells(slots, counts, start, stop):
    """Number of distinct colours of the cells in [start, stop)."""
    total = 0
    for cell in range(start, stop):
        slot = slots[cell]
        if slot == 0:
            continue
        for low in range(1 << CELL_BITS):
            total += counts[slot, low] != 0
    return total


@kernel
def list_cells(slots, counts, start, stop, first, keys, numbers):
    """Write the cells' colours in the order of their keys, from place `first` on.

    keys (M,) uint32 and numbers (M,) int64, out.
    """
    n = first
    for cell in range(start, stop):
        slot = slots[cell]
        if slot == 0:
            continue
        for low in range(1 << CELL_BITS):
            number = counts[slot, low]
            if number != 0:
                keys[n] = (cell << CELL_BITS) | low
                numbers[n] = number
                n += 1


@kernel
def _probe(table, key, mask):
    """Place of `key` in an open-addressed table of key + 1 (0 is empty), or of the gap it belongs in."""
    place = (((key & 0x7FFFFFFF) * _GOLDEN) >> 12) & mask
    while table[place] != 0 and table[place] != key + 1:
        place = (place + 1) & mask
    return place


@kernel
def count_in_table(pixels, start, stop, table, counts, used):
    """Count pixels by exact colour: table (size,) int64 of key + 1 and counts (size,) int64, in and out.

    Stops before the table is more than half full and returns the pixel it came to.
    """
    mask = table.shape[0] - 1
    limit = table.shape[0] >> 1
    last_key = np.int64(-1)
    place = np.int64(0)
    for i in range(start, stop):
        key = key_of(pixels, i)
        if key != last_key:
            place = _probe(table, key, mask)
            if table[place] == 0:
                if used[0] == limit:
                    return i
                used[0] += 1
                table[place] = key + 1
            last_key = key
        counts[place] += 1
    return stop


@kernel
def fill_table(keys, values, table, out):
    """Enter keys (M,), all different, with their values: table (size,) and out (size,), out."""
    mask = table.shape[0] - 1
    for i in range(keys.shape[0]):
        place = _probe(table, np.int64(keys[i]), mask)
        table[place] = np.int64(keys[i]) + 1
        out[place] = values[i]


@kernel
def look_up_in_table(pixels, start, stop, table, values, out):
    """The value of every pixel's colour, all of which are in the table: out (N,), out."""
    mask = table.shape[0] - 1
    last_key = np.int64(-1)
    place = np.int64(0)
    for i in range(start, stop):
        key = key_of(pixels, i)
        if key != last_key:
            place = _probe(table, key, mask)
            last_key = key
        out[i] = values[place]


@kernel
def fill_cells(keys, values, slots, out):
    """Enter sorted keys (M,) with their values: slots (cells,) int32 and out (slots, 64), out."""
    mask = (1 << CELL_BITS) - 1
    slot = 0
    last_cell = np.int64(-1)
    for i in range(keys.shape[0]):
        key = np.int64(keys[i])
        cell = key >> CELL_BITS
        if cell != last_cell:
            slot += 1
            slots[cell] = slot
            last_cell = cell
        out[slot, key & mask] = values[i]


@kernel
def look_up_in_cells(pixels, start, stop, slots, values, out):
    """The value of every pixel's colour, all of which are in the cells: out (N,), out."""
    mask = (1 << CELL_BITS) - 1
    for i in range(start, stop):
        key = key_of(pixels, i)
        out[i] = values[slots[key >> CELL_BITS], key & mask]
