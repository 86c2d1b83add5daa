"""Indices packed into ceil(log2 k) bits each, without gaps."""

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.indexed_image import index_dtype
from fastkq.runtime.parallel import over_chunks

_INDICES_PER_CHUNK = 1 << 18  # a multiple of 8, so that chunks end at whole bytes; 0.3 ms of work


def packed_size(count: int, bits: int) -> int:
    """Return the number of bytes that `count` indices take."""
    return (count * bits + 7) // 8


def pack(indices: npt.NDArray[np.unsignedinteger], bits: int, threads: int = 1) -> npt.NDArray[np.uint8]:
    """Pack indices, flattened in C order, each below 2**bits. Unused low bits of the last byte are 0."""
    flat = indices.reshape(-1)
    if bits == 8 and flat.dtype == np.uint8:
        return flat.copy()
    packed = np.empty(packed_size(len(flat), bits), np.uint8)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.coding.bit_packing.pack(flat, bits, start, stop, packed)

    if bits:
        over_chunks(work, len(flat), _INDICES_PER_CHUNK, threads)
    return packed


def unpack(
    packed: npt.NDArray[np.uint8], count: int, bits: int, threads: int = 1
) -> tuple[npt.NDArray[np.unsignedinteger], int]:
    """Return `count` unpacked indices (count,), the inverse of `pack`, and the largest of them."""
    indices = np.zeros(count, index_dtype(1 << bits))
    if bits == 0:
        return indices, 0
    if bits == 8:
        indices[:] = packed
        return indices, int(indices.max())
    largest = np.zeros(threads, np.int64)

    def work(worker: int, start: int, stop: int) -> None:
        largest[worker] = max(
            largest[worker], kernels.coding.bit_packing.unpack(packed, bits, start, stop, indices)
        )

    over_chunks(work, count, _INDICES_PER_CHUNK, threads)
    return indices, int(largest.max())
