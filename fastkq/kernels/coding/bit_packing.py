"""Pack indices of 1 to 16 bits into bytes without gaps, the first index in the highest bits."""

import numpy as np

from fastkq.kernels.jit import kernel

GROUP = 8  # indices: a multiple of this fills whole bytes at any number of bits, so work is split there


@kernel
def pack(indices, bits, start, stop, packed):
    """Pack indices[start:stop], from byte start * bits / 8 of packed on; start is a multiple of GROUP.

    indices (N,) unsigned, below 2^bits, in; packed (n,) uint8, out: unused low bits of the last byte are 0.
    """
    place = start // GROUP * bits
    pending = np.int64(0)
    pending_bits = 0
    for i in range(start, stop):
        pending = (pending << bits) | np.int64(indices[i])
        pending_bits += bits
        while pending_bits >= 8:
            pending_bits -= 8
            packed[place] = pending >> pending_bits
            place += 1
            pending &= (1 << pending_bits) - 1
    if pending_bits:
        packed[place] = pending << (8 - pending_bits)


@kernel
def unpack(packed, bits, start, stop, indices):
    """Unpack indices start .. stop - 1: the inverse of `pack`. Returns the largest of them.

    packed (n,) uint8, in; indices (N,) unsigned, out.
    """
    place = start // GROUP * bits
    pending = np.int64(0)
    pending_bits = 0
    largest = np.int64(0)
    for i in range(start, stop):
        while pending_bits < bits:
            pending = (pending << 8) | np.int64(packed[place])
            place += 1
            pending_bits += 8
        pending_bits -= bits
        index = pending >> pending_bits
        pending &= (1 << pending_bits) - 1
        indices[i] = index
        largest = max(largest, index)
    return largest
