"""Count the colours of an image, and look pixels up among counted colours.

A colour's key is its Morton code: the bits of its channels interleaved, highest first. Sorted by key,
every box of the colour cube whose side is a power of two is a contiguous run of colours.
"""

import numpy as np

from fastkq.kernels.jit import kernel, part

CELL_BITS = 6
"""Low bits of a key within a cell: 2 bits a channel of an RGB colour. A cell's counters are a cache line."""

RGBA_CELL_BITS = 8
"""The same, of the keys of RGBA colours."""

CELLS = 1 << (24 - CELL_BITS)
WORDS_PER_CELL = 1 << (CELL_BITS - 3)

FULL = 255
"""Pixels that a counter holds. One byte a colour keeps the counters of a photograph in the cache: 1.2 ns a
pixel of kodim01, against 3.0 with four bytes."""

# Bits of a value spread to every third and every fourth place.
_BITS = (np.arange(256)[:, None] >> np.arange(8)) & 1
SPREAD_3 = (_BITS << (3 * np.arange(8))).sum(axis=1).astype(np.uint32)
SPREAD_4 = (_BITS << (4 * np.arange(8))).sum(axis=1)
_RED, _GREEN, _BLUE = SPREAD_3 << np.uint32(2), SPREAD_3 << np.uint32(1), SPREAD_3

# Fibonacci hashing: the golden ratio's 32 bits. The product stays below 2^63 for any 31-bit factor pair.
_GOLDEN = 0x61C88647


@part
def key_with_alpha(pixels, i):
    """Morton code of pixel `i` of (N, 4) uint8; colours under alpha 0 are one."""
    if pixels[i, 3] == 0:
        return np.int64(0)
    return (
        (SPREAD_4[pixels[i, 3]] << 3)
        | (SPREAD_4[pixels[i, 0]] << 2)
        | (SPREAD_4[pixels[i, 1]] << 1)
        | SPREAD_4[pixels[i, 2]]
    )


@part
def key_of(pixels, i, channels):
    """Code below 2^24 of pixel `i` of (N, >= channels) uint8.

    The Morton code of 1 channel or 3; of 4, that without the two low bits of each, a cell's.
    """
    if channels == 1:
        return np.uint32(pixels[i, 0])
    if channels == 3:
        return _RED[pixels[i, 0]] | _GREEN[pixels[i, 1]] | _BLUE[pixels[i, 2]]
    return np.uint32(key_with_alpha(pixels, i) >> 8)


@part
def _every_third(key):
    """The bits 0, 3, 6, ... of a key together: the inverse of SPREAD_3."""
    key &= 0x249249
    key = (key | (key >> 2)) & 0x0C30C3
    key = (key | (key >> 4)) & 0x00F00F
    return (key | (key >> 8)) & 0xFF


@part
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
def count_densely(pixels, start, stop, channels, counts, seen, spilled, spills):
    """Count pixels (N, >= channels) uint8 by their codes below 2^24.

    counts (2^24,) uint8 and seen (cells,) uint8, in and out: a cell is seen when a pixel of it was. A
    counter at FULL is emptied into `spilled` (>= N / FULL,) uint32, the keys of those emptied;
    spills (1,) int64 is their number, in and out. So a counted colour's counter is never zero.
    """
    last = spills[0]
    for i in range(start, stop):
        key = key_of(pixels, i, channels)
        seen[key >> np.uint32(CELL_BITS)] = 1
        count = counts[key]
        if count == FULL:
            spilled[last] = key
            last += 1
            count = np.uint8(0)
        counts[key] = count + np.uint8(1)
    spills[0] = last


@part
def _non_zero_bytes(word):
    """0x01 in each byte of a uint64 that is not zero."""
    low = np.uint64(0x7F7F7F7F7F7F7F7F)
    return ((((word & low) + low) | word) >> np.uint64(7)) & np.uint64(0x0101010101010101)


@kernel
def list_seen(words, seen, cells):
    """Write the numbers of the seen cells to cells (>= their number + 7,) int32; returns how many.

    words (cells / 8,) uint64 and seen (cells,) uint8, the same memory, in and out: emptied.
    """
    n = 0
    for word in range(words.shape[0]):
        if words[word] == 0:
            continue
        for cell in range(8 * word, 8 * word + 8):
            cells[n] = cell
            n += seen[cell] != 0
        words[word] = 0
    return n


@kernel
def merge_counters(words, counts, other_words, cells, start, stop, spilled, spills):
    """Add another worker's counters of cells[start:stop] to words, and empty them.

    words and other_words (2^24 / 8,) uint64: counters, eight at a time; counts (2^24,) uint8, the same
    memory as words; all in and out.
    """
    high = np.uint64(0x8080808080808080)
    last = spills[0]
    for place in range(start, stop):
        first = np.int64(cells[place]) * WORDS_PER_CELL
        for word in range(first, first + WORDS_PER_CELL):
            a, b = words[word], other_words[word]
            if b == 0:
                continue
            other_words[word] = 0
            total = ((a & ~high) + (b & ~high)) ^ ((a ^ b) & high)  # eight sums without carries
            if ((a & b) | ((a | b) & ~total)) & high == 0:
                words[word] = total
                continue
            for key in range(8 * word, 8 * word + 8):
                count = np.int64(counts[key]) + np.int64(b & np.uint64(0xFF))
                b >>= np.uint64(8)
                if count > FULL:
                    spilled[last] = key
                    last += 1
                    count -= FULL
                counts[key] = count
    spills[0] = last


@kernel
def count_colours(words, cells, start, stop):
    """Number of distinct colours of cells[start:stop]; words (2^24 / 8,) uint64, eight counters each."""
    low_bytes = np.uint64(0x00FF00FF00FF00FF)
    total = np.uint64(0)
    for place in range(start, stop):
        first = np.int64(cells[place]) * WORDS_PER_CELL
        sums = np.uint64(0)
        for word in range(first, first + WORDS_PER_CELL):
            sums += _non_zero_bytes(words[word])  # each byte at most 8
        sums = (sums & low_bytes) + ((sums >> np.uint64(8)) & low_bytes)
        sums += sums >> np.uint64(16)
        total += (sums + (sums >> np.uint64(32))) & np.uint64(0xFF)
    return np.int64(total)


@kernel
def list_colours(words, counts, cells, start, stop, first, last, keys, numbers):
    """Write the colours of cells[start:stop] in the order of their keys to places first .. last - 1.

    words (2^24 / 8,) uint64 and counts (2^24,) uint8, the same memory, in and out: emptied; keys (M,)
    uint32 and numbers (M,) int64, out.
    """
    n = first
    for place in range(start, stop):
        base = np.int64(cells[place]) * WORDS_PER_CELL
        for word in range(base, base + WORDS_PER_CELL):
            if words[word] == 0:
                continue
            for key in range(8 * word, 8 * word + 8):
                # A colour that is none is written, too, and overwritten by the next: a branch here would
                # be mispredicted (40 ns a cell against 60).
                if n < last:
                    count = counts[key]
                    keys[n] = key
                    numbers[n] = count
                    n += count != 0
            words[word] = 0


@kernel
def enter(keys, values, table):
    """table (2^24,), out: the value of each key, both (M,); what stands elsewhere is left."""
    for i in range(keys.shape[0]):
        table[keys[i]] = values[i]


@kernel
def look_up(pixels, start, stop, channels, table, out):
    """The table's entry for every pixel of (N, >= channels) uint8: out (N,), out."""
    for i in range(start, stop):
        out[i] = table[key_of(pixels, i, channels)]


@kernel
def is_opaque(pixels, start, stop):
    """Whether all pixels of (N, 4) uint8 have alpha 255."""
    least = np.uint8(255)
    for i in range(start, stop):
        least = min(least, pixels[i, 3])
    return least == 255


@part
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
        key = key_with_alpha(pixels, i)
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
        key = key_with_alpha(pixels, i)
        if key != last_key:
            place = _probe(table, key, mask)
            last_key = key
        out[i] = values[place]
