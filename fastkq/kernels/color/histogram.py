"""Count the colors of an image, and look pixels up among counted colors.

The key of a color is its Morton code: the bits of its channels interleaved, highest bits first. In colors
sorted by key, every aligned box of the color cube whose side is a power of two is one contiguous run.

Gray, RGB and the cells of RGBA are counted in a table of 2^24 counters, RGBA colors in a hash table.
"""

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel

CELL_BITS = 6
"""Number of low bits of a key, within a cell: 2 bits per channel of an RGB color. The 64 counters of a cell,
one byte each, fill a cache line."""

RGBA_CELL_BITS = 8
"""Number of low bits of the key of an RGBA color, within a cell: 2 bits per channel."""

CELLS = 1 << (24 - CELL_BITS)  # cells of the table of 2^24 counters
WORDS_PER_CELL = 1 << (CELL_BITS - 3)  # uint64 words of a cell, eight counters in each

FULL = 255
"""Pixels: the largest value of a counter of one byte. With one byte per counter, the counters of a photograph
fit into the cache: counting kodim01 takes 1.2 ns per pixel, against 3.0 ns with four bytes per counter."""

# Tables (256,) that move the bits of an 8-bit value to every third bit and to every fourth.
_BITS = (np.arange(256)[:, None] >> np.arange(8)) & 1
SPREAD_3 = (_BITS << (3 * np.arange(8))).sum(axis=1).astype(np.uint32)
SPREAD_4 = (_BITS << (4 * np.arange(8))).sum(axis=1)
_RED, _GREEN, _BLUE = SPREAD_3 << np.uint32(2), SPREAD_3 << np.uint32(1), SPREAD_3

# Multiplier of Fibonacci hashing: 2^32 - 2^32 / golden ratio. It has 31 bits, so that its product with 31
# bits of a key stays below 2^63.
_GOLDEN = 0x61C88647


@inner_kernel
def key_with_alpha(pixels, i):
    """Return the Morton code of pixel `i` of (N, 4) uint8; all colors of alpha 0 have code 0."""
    if pixels[i, 3] == 0:
        return np.int64(0)
    return (
        (SPREAD_4[pixels[i, 3]] << 3)
        | (SPREAD_4[pixels[i, 0]] << 2)
        | (SPREAD_4[pixels[i, 1]] << 1)
        | SPREAD_4[pixels[i, 2]]
    )


@inner_kernel
def key_of(pixels, i, channels):
    """Return a code below 2^24 of pixel `i` of (N, >= channels) uint8.

    The Morton code of 1 or 3 channels; of 4 channels, the Morton code without the two low bits of each
    channel, which is the number of a cell.
    """
    if channels == 1:
        return np.uint32(pixels[i, 0])
    if channels == 3:
        return _RED[pixels[i, 0]] | _GREEN[pixels[i, 1]] | _BLUE[pixels[i, 2]]
    return np.uint32(key_with_alpha(pixels, i) >> 8)


@inner_kernel
def _every_third(key):
    """Return the bits 0, 3, 6, ... of a key side by side: the inverse of SPREAD_3."""
    key &= 0x249249
    key = (key | (key >> 2)) & 0x0C30C3
    key = (key | (key >> 4)) & 0x00F00F
    return (key | (key >> 8)) & 0xFF


@inner_kernel
def _every_fourth(key):
    """Return the bits 0, 4, 8, ... of a key side by side: the inverse of SPREAD_4."""
    key &= 0x11111111
    key = (key | (key >> 3)) & 0x03030303
    key = (key | (key >> 6)) & 0x000F000F
    return (key | (key >> 12)) & 0xFF


@kernel
def colors_of(keys, colors):
    """Convert Morton codes to colors: keys (M,) uint32, in; colors (M, C) uint8, out."""
    channels = colors.shape[1]
    for i in range(keys.shape[0]):
        key = np.int64(keys[i])
        if channels == 1:
            colors[i, 0] = key
        elif channels == 3:
            colors[i, 0] = _every_third(key >> 2)
            colors[i, 1] = _every_third(key >> 1)
            colors[i, 2] = _every_third(key)
        else:
            colors[i, 3] = _every_fourth(key >> 3)
            colors[i, 0] = _every_fourth(key >> 2)
            colors[i, 1] = _every_fourth(key >> 1)
            colors[i, 2] = _every_fourth(key)


@kernel
def count_densely(pixels, start, stop, channels, hidden, counts, seen, spilled, spills):
    """Count the pixels start .. stop - 1 by their codes below 2^24 (`key_of`).

    pixels (N, >= channels) uint8, in; hidden: None to count all pixels, True to count only those of (N,
    4) that have alpha 0 (numba compiles a version for each, so that the test costs nothing in the first);
    counts (2^24,) uint8, in and out; seen (cells,) uint8, in and out: 1 for each cell that a pixel is in.
    A counter at FULL starts again at 0, and its key is appended to spilled (>= N / FULL,) uint32, out:
    each such key stands for FULL pixels. spills (1,) int64, in and out: the number of keys in `spilled`.
    The pixel that finds a full counter is counted after the reset, so the counter of a counted color is
    never 0.
    """
    last = spills[0]
    for i in range(start, stop):
        if hidden is not None:  # on its own, so that numba leaves it out of the version for None
            if pixels[i, 3] != 0:
                continue
        key = key_of(pixels, i, channels)
        seen[key >> np.uint32(CELL_BITS)] = 1
        count = counts[key]
        if count == FULL:
            spilled[last] = key
            last += 1
            count = np.uint8(0)
        counts[key] = count + np.uint8(1)
    spills[0] = last


@inner_kernel
def _non_zero_bytes(word):
    """Return 0x01 in each byte of a uint64 that is not zero, 0x00 in the others."""
    low = np.uint64(0x7F7F7F7F7F7F7F7F)
    return ((((word & low) + low) | word) >> np.uint64(7)) & np.uint64(0x0101010101010101)


@kernel
def list_seen(words, seen, cells):
    """List the cells that `count_densely` marked, and clear the marks. Returns the number of cells.

    words (cells / 8,) uint64 and seen (cells,) uint8, in and out: two views of the same memory, zeros after;
    cells (>= number + 7,) int32, out.
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
    """Add the counters of another worker in cells[start:stop] to those in words, and clear the other's.

    words and other_words (2^24 / 8,) uint64, in and out: counters, eight per word; counts (2^24,) uint8, in
    and out: a view of the memory of words. cells int32, in. spilled and spills, in and out: see
    `count_densely`.
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
            total = ((a & ~high) + (b & ~high)) ^ ((a ^ b) & high)  # eight sums, no carry between bytes
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
def count_colors(words, cells, start, stop):
    """Return the number of distinct colors in cells[start:stop].

    words (2^24 / 8,) uint64, in: eight counters per word; cells int32, in.
    """
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
def list_colors(words, counts, cells, start, stop, keys, numbers):
    """List the colors of cells[start:stop], and clear their counters.

    words (2^24 / 8,) uint64 and counts (2^24,) uint8, in and out: two views of the same memory; cells int32,
    in, ascending; keys (m,) uint32 and numbers (m,) int64, out: the key and the count of each of the m colors
    in these cells, by ascending key.
    """
    n, colors = 0, keys.shape[0]
    for place in range(start, stop):
        base = np.int64(cells[place]) * WORDS_PER_CELL
        for word in range(base, base + WORDS_PER_CELL):
            if words[word] == 0:
                continue
            for key in range(8 * word, 8 * word + 8):
                # A key with counter 0 is written too, and the next key overwrites it: a branch on the
                # counter would be mispredicted (60 ns per cell, against 40).
                if n < colors:
                    count = counts[key]
                    keys[n] = key
                    numbers[n] = count
                    n += count != 0
            words[word] = 0


@kernel
def fill_dense_table(keys, values, table):
    """Set table[keys[i]] = values[i] for all i.

    keys and values (M,), in; table (2^24,), in and out.
    """
    for i in range(keys.shape[0]):
        table[keys[i]] = values[i]


@kernel
def look_up(pixels, start, stop, channels, table, out):
    """Write the table's entry of the color of each pixel start .. stop - 1.

    pixels (N, >= channels) uint8, in; table (2^24,), in; out (N,), out.
    """
    for i in range(start, stop):
        out[i] = table[key_of(pixels, i, channels)]


@kernel
def is_opaque(pixels, start, stop):
    """Return whether the pixels start .. stop - 1 of (N, 4) uint8 all have alpha 255."""
    least = np.uint8(255)
    for i in range(start, stop):
        least = min(least, pixels[i, 3])
    return least == 255


@inner_kernel
def _probe(table, key, mask):
    """Return the slot of `key` in a hash table with open addressing, or the free slot where it belongs.

    table (size,) int64, in: key + 1, or 0 in a free slot; mask: size - 1, where the size is a power of two.
    """
    place = (((key & 0x7FFFFFFF) * _GOLDEN) >> 12) & mask
    while table[place] != 0 and table[place] != key + 1:
        place = (place + 1) & mask
    return place


@kernel
def count_in_table(pixels, start, stop, table, counts, used):
    """Count pixels by color in a hash table.

    pixels (N, 4) uint8, in; table (size,) int64, in and out: key + 1, or 0 in a free slot; counts (size,)
    int64, in and out; used (1,) int64, in and out: the number of colors in the table.

    Counts the pixels from `start` on and stops before the table is more than half full. Returns the number of
    the first pixel that is not counted: `stop` when all are.
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
    """Enter distinct keys and their values, both (M,), in, into a hash table.

    table (size,) int64, in and out: key + 1, or 0 in a free slot; out (size,), out: the values.
    """
    mask = table.shape[0] - 1
    for i in range(keys.shape[0]):
        place = _probe(table, np.int64(keys[i]), mask)
        table[place] = np.int64(keys[i]) + 1
        out[place] = values[i]


@kernel
def look_up_in_table(pixels, start, stop, table, values, out):
    """Write the value of the color of each pixel start .. stop - 1 to out (N,), out.

    pixels (N, 4) uint8, in; table (size,) int64 and values (size,), in: a hash table that has all their
    colors.
    """
    mask = table.shape[0] - 1
    last_key = np.int64(-1)
    place = np.int64(0)
    for i in range(start, stop):
        key = key_with_alpha(pixels, i)
        if key != last_key:
            place = _probe(table, key, mask)
            last_key = key
        out[i] = values[place]
