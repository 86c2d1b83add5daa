"""Number the distinct rows of a matrix in the order of their first appearance, by a hash table."""

import numpy as np

from fastkq.kernels._jit import kernel, part

LOW = np.uint64(0xFFFFFFFF)
HALF = np.uint64(32)
FACTOR = np.uint64(0x9E3779B1)
"""Below 2^32, so that its product with a half word is exact."""

FIRST_SLOTS = 1 << 10


@part
def _hash(bits, i):
    """32 bits of row i."""
    mixed = np.uint64(1)
    for d in range(bits.shape[1]):
        word = np.uint64(bits[i, d])
        mixed = (mixed ^ (word & LOW)) * FACTOR
        mixed = (mixed >> HALF) ^ (mixed & LOW)
        if bits.itemsize == 8:
            mixed = (mixed ^ (word >> HALF)) * FACTOR
            mixed = (mixed >> HALF) ^ (mixed & LOW)
    return mixed


@part
def _equal(a, i, b, j):
    for d in range(a.shape[1]):
        if a[i, d] != b[j, d]:
            return False
    return True


@part
def _enter(rows, found, slots):
    """Slots (2^s,), out, of a hash table of the rows found so far; -1 where there is none."""
    last = np.uint64(slots.shape[0] - 1)
    for slot in range(slots.shape[0]):
        slots[slot] = -1
    for row in range(found):
        slot = _hash(rows, row) & last
        while slots[slot] >= 0:
            slot = (slot + np.uint64(1)) & last
        slots[slot] = row


@kernel
def number(bits, rows, numbers):
    """Numbers (n,) int32, out, of the rows of (n, d) unsigned 32 or 64 bits.

    rows (most, d), out: the distinct ones. Returns how many there are, or -1 when they are more than `most`.
    """
    found = 0
    slots = np.empty(FIRST_SLOTS, np.int32)
    _enter(rows, found, slots)
    for i in range(bits.shape[0]):
        last = np.uint64(slots.shape[0] - 1)
        slot = _hash(bits, i) & last
        while slots[slot] >= 0 and not _equal(bits, i, rows, slots[slot]):
            slot = (slot + np.uint64(1)) & last
        if slots[slot] < 0:
            if found == rows.shape[0]:
                return -1
            for d in range(bits.shape[1]):
                rows[found, d] = bits[i, d]
            slots[slot] = found
            numbers[i] = found
            found += 1
            if 2 * found > slots.shape[0]:
                slots = np.empty(4 * slots.shape[0], np.int32)
                _enter(rows, found, slots)
        else:
            numbers[i] = slots[slot]
    return found
