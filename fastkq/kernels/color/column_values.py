"""Distinct values of the columns of a matrix, and codes of one byte for its entries."""

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel

MAX_VALUES = 256
"""Largest number of distinct values of a column: their numbers fit uint8 codes."""

SLOTS = 1 << 10  # slots of the hash table of one column, at most a quarter of them used
SHIFT = np.uint64(22)  # bits: keeps the 10 high bits of a 32-bit product, the number of one of SLOTS slots
LOW_HALF = np.uint64(0xFFFFFFFF)  # mask of the low half of a word
HALF_BITS = np.uint64(32)  # bits of half a word
FACTOR = np.uint64(0x9E3779B1)
"""Multiplier of the hash, 2^32 / golden ratio. It is below 2^32, so that its product with half a word is
exact in 64 bits."""


@inner_kernel
def _slot(words, numbers, word):
    """Return the slot of a word in a hash table (open addressing), or the free slot where it belongs.

    words (SLOTS,) uint64, in; numbers (SLOTS,) int32, in: below 0 where a slot is free.
    """
    slot = ((((word >> HALF_BITS) ^ word) & LOW_HALF) * FACTOR & LOW_HALF) >> SHIFT
    while numbers[slot] >= 0 and words[slot] != word:
        slot = (slot + np.uint64(1)) & np.uint64(SLOTS - 1)
    return slot


@kernel
def collect_values(bits, start, stop, words, numbers, distinct):
    """Collect the distinct values of each column, from rows start .. stop - 1.

    bits (n, d) uint32 or uint64, in: the values as unsigned integers. words (d, SLOTS) uint64 and numbers (d,
    SLOTS) int32, in and out: a hash table per column, of values and their numbers; a free slot has number -1.
    distinct (d,), in and out: the number of distinct values per column.

    Returns False as soon as a column has more than MAX_VALUES distinct values, else True.
    """
    for i in range(start, stop):
        for c in range(bits.shape[1]):
            word = np.uint64(bits[i, c])
            slot = _slot(words[c], numbers[c], word)
            if numbers[c, slot] < 0:
                if distinct[c] == MAX_VALUES:
                    return False
                words[c, slot], numbers[c, slot] = word, distinct[c]
                distinct[c] += 1
    return True


@kernel
def encode(bits, start, stop, columns, words, numbers, codes):
    """Write the number of each value in some columns, for rows start .. stop - 1.

    bits (n, d) uint32 or uint64, in; columns (c,) int64, in: which columns to encode; words (c, SLOTS) uint64
    and numbers (c, SLOTS) int32, in: the hash tables of these columns, filled by `collect_values`; codes (n,
    >= c) uint8, out.
    """
    for i in range(start, stop):
        for c in range(columns.shape[0]):
            slot = _slot(words[c], numbers[c], np.uint64(bits[i, columns[c]]))
            codes[i, c] = numbers[c, slot]
