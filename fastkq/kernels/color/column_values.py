"""The few values of a matrix's columns, and each entry as the number of its value."""

import numpy as np

from fastkq.kernels.jit import kernel, part

MOST = 256
"""Values of a column that have numbers."""

SLOTS = 1 << 10
SHIFT = np.uint64(22)
LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
FACTOR = np.uint64(0x9E3779B1)
"""Below 2^32, so that its product with half a word is exact."""


@part
def _slot(words, numbers, word):
    """Where a word is among words (SLOTS,), or where there is room for it: at a number below 0."""
    slot = ((((word >> HALF) ^ word) & LOW) * FACTOR & LOW) >> SHIFT
    while numbers[slot] >= 0 and words[slot] != word:
        slot = (slot + np.uint64(1)) & np.uint64(SLOTS - 1)
    return slot


@kernel
def survey(bits, start, stop, words, numbers, found):
    """Collect the values of each column of rows start .. stop - 1 of (n, d) unsigned 32 or 64 bits.

    words (d, SLOTS) uint64 and numbers (d, SLOTS) int32, at first -1, a hash table for each column, and
    found (d,), how many values it holds, in and out. Returns whether none has more than MOST.
    """
    for i in range(start, stop):
        for c in range(bits.shape[1]):
            word = np.uint64(bits[i, c])
            slot = _slot(words[c], numbers[c], word)
            if numbers[c, slot] < 0:
                if found[c] == MOST:
                    return False
                words[c, slot], numbers[c, slot] = word, found[c]
                found[c] += 1
    return True


@kernel
def encode(bits, start, stop, columns, words, numbers, codes):
    """Codes (n, >= c) uint8, out: the numbers of the values of rows start .. stop - 1 in columns (c,) int64.

    words (c, SLOTS) and numbers (c, SLOTS), in.
    """
    for i in range(start, stop):
        for c in range(columns.shape[0]):
            slot = _slot(words[c], numbers[c], np.uint64(bits[i, columns[c]]))
            codes[i, c] = numbers[c, slot]
