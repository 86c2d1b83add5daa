"""Counting of the colors of 8-bit images as packed keys.

Gray and RGB use an array with one counter for each of 2^24 colors. RGBA uses hash tables, one per thread: an
image has few of the 2^32 possible colors.
"""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.packed_table import (
    COLORS,
    PackedTable,
    concatenate_in_pieces,
    fill_hash_table,
    from_keys,
    hash_table_size,
)
from fastkq.runtime.buffers import Pool
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices

MAX_RGBA_COLORS = 1 << 18
"""An RGBA image with transparency gets a table if it has at most this many colors: more take long to list."""

_PIXELS_PER_CHUNK = 1 << 16  # 0.1 to 0.2 ms of work, a few times as long as waking a thread


def count(image: npt.NDArray[np.uint8], threads: int = 1) -> PackedTable:
    """Count the distinct colors of an image, exactly.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous, C = 1, 3 or 4
        Colors of alpha 0 are all counted as (0, 0, 0, 0), since they look the same.
    threads : int
        Maximum number of threads.
    """
    counted = count_up_to(image, image.size, threads)
    assert counted is not None
    return counted


def count_up_to(image: npt.NDArray[np.uint8], max_colors: int, threads: int = 1) -> PackedTable | None:
    """Count as `count`; return None for an RGBA image of more than `max_colors` colors."""
    pixels = _pixels(image)
    if pixels.shape[1] == 4:
        return _count_in_hash_tables(pixels, max_colors, threads)
    return PackedTable(*_count_densely(pixels, pixels.shape[1], threads), pixels.shape[1])


def count_without_alpha(image: npt.NDArray[np.uint8], threads: int = 1) -> PackedTable:
    """Count the colors R, G, B of an RGBA image (H, W, 4); alpha is ignored."""
    return PackedTable(*_count_densely(_pixels(image), 3, threads), 3)


def count_hidden(image: npt.NDArray[np.uint8], threads: int = 1) -> PackedTable:
    """Count the colors R, G, B of the pixels of alpha 0 of an RGBA image (H, W, 4); there may be none."""
    return PackedTable(*_count_densely(_pixels(image), 3, threads, hidden=True), 3)


def count_cells(image: npt.NDArray[np.uint8], threads: int = 1) -> PackedTable:
    """Count the colors of an RGBA image at 6 bits per channel; the table holds them widened to 8 bits."""
    cells, counts = _count_densely(_pixels(image), 4, threads)
    keys = cells << kernels.color.histogram.RGBA_CELL_BITS
    # The two high bits of each channel are copied to its two low bits.
    return PackedTable(keys | (keys >> 24), counts, 4)


def is_opaque(image: npt.NDArray[np.uint8], threads: int = 1) -> bool:
    """Tell whether every pixel of an RGBA image (H, W, 4) has alpha 255."""
    pixels = _pixels(image)
    opaque: list[bool] = []

    def work(worker: int, start: int, stop: int) -> None:
        if all(opaque):
            opaque.append(kernels.color.histogram.is_opaque(pixels, start, stop))

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    return all(opaque)


def _pixels(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return image.reshape(image.shape[0] * image.shape[1], -1)


_CELLS_PER_CHUNK = 1 << 12
_PIXELS_PER_COUNTER = 1 << 19
"""Minimum number of pixels per counting worker: counting fewer pixels takes less time than merging the
counters of two workers."""
_MAX_COUNTERS = 4  # maximum number of workers that count


class _Counters(NamedTuple):
    """Counters of all colors, one row per worker; all zero between two images.

    A row has 16 MB of address space, of which only the pages that are written take memory.

    Attributes
    ----------
    counts : (workers, 2^24) uint8
        Number of pixels of each color, see `fastkq.kernels.color.histogram.count_densely`.
    seen : (workers, cells) uint8
        Whether a cell has a counted pixel.
    """

    counts: npt.NDArray[np.uint8]
    seen: npt.NDArray[np.uint8]

    @classmethod
    def make(cls) -> "_Counters":
        cells = kernels.color.histogram.CELLS
        return cls(np.zeros((_MAX_COUNTERS, COLORS), np.uint8), np.zeros((_MAX_COUNTERS, cells), np.uint8))


# Newly allocated pages take 2 to 11 ms where the system must find huge pages, which is longer than counting a
# small image.
_counters = Pool(_Counters.make, max_idle=2)


def _count_densely(
    pixels: npt.NDArray[np.uint8], channels: int, threads: int, hidden: Literal[True] | None = None
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    workers = max(1, min(threads, _MAX_COUNTERS, len(pixels) // _PIXELS_PER_COUNTER))
    counters = _counters.take()
    counts, seen = counters.counts[:workers], counters.seen[:workers]
    spilled = np.empty((workers, len(pixels) // kernels.color.histogram.FULL + 1), np.uint32)
    spills = np.zeros((workers, 8), np.int64)  # one cache line per worker

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.histogram.count_densely(
            pixels, start, stop, channels, hidden,
            counts[worker], seen[worker], spilled[worker], spills[worker],
        )  # fmt: skip

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, workers)
    cells = _seen_cells(seen)
    words = counts.view(np.uint64)

    def merge(worker: int, start: int, stop: int) -> None:
        for other in words[1:]:
            kernels.color.histogram.merge_counters(
                words[0], counts[0], other, cells, start, stop, spilled[worker], spills[worker]
            )

    if workers > 1:
        over_chunks(merge, len(cells), _CELLS_PER_CHUNK, workers)
    keys, numbers = _list_colors(words[0], counts[0], cells, threads)
    _counters.give_back(counters)
    spilled_keys = np.concatenate([row[: spill[0]] for row, spill in zip(spilled, spills, strict=True)])
    if len(spilled_keys):
        spilled_keys, times = np.unique(spilled_keys, return_counts=True)
        numbers[np.searchsorted(keys, spilled_keys)] += kernels.color.histogram.FULL * times
    return keys, numbers


def _seen_cells(seen: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    words = seen.view(np.uint64)
    for other in words[1:]:
        words[0] |= other
        other[:] = 0
    cells = np.empty(seen.shape[1] + 7, np.int32)
    return cells[: kernels.color.histogram.list_seen(words[0], seen[0], cells)]


def _list_colors(
    words: npt.NDArray[np.uint64], counts: npt.NDArray[np.uint8], cells: npt.NDArray[np.int32], threads: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    sizes = np.zeros(len(cells) // _CELLS_PER_CHUNK + 2, np.int64)

    def count_chunk(worker: int, start: int, stop: int) -> None:
        sizes[start // _CELLS_PER_CHUNK + 1] = kernels.color.histogram.count_colors(words, cells, start, stop)

    over_chunks(count_chunk, len(cells), _CELLS_PER_CHUNK, threads)
    bounds = np.cumsum(sizes)
    keys, numbers = np.empty(bounds[-1], np.uint32), np.empty(bounds[-1], np.int64)

    def list_chunk(worker: int, start: int, stop: int) -> None:
        first, last = bounds[start // _CELLS_PER_CHUNK :][:2]
        kernels.color.histogram.list_colors(
            words, counts, cells, start, stop, keys[first:last], numbers[first:last]
        )

    over_chunks(list_chunk, len(cells), _CELLS_PER_CHUNK, threads)
    return keys, numbers


_ENTRIES_AT_ONCE = 1 << 17  # entries of a hash table between two checkpoints


def _count_in_hash_tables(pixels: npt.NDArray[np.uint8], max_colors: int, threads: int) -> PackedTable | None:
    """Count pixels (N, 4) in one hash table per thread; return None for more than `max_colors` colors."""
    # 2^32 possible colors are too many for an array of counters; an image has at most one per pixel.
    states = [_HashTable() for _ in range(threads)]

    def work(worker: int, start: int, stop: int) -> None:
        if all(state.used[0] <= max_colors for state in states):
            states[worker].count(pixels, start, stop, max_colors)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    if any(state.used[0] > max_colors for state in states):
        return None
    listed = [state.entries() for state in states]
    merged = from_keys(
        concatenate_in_pieces([keys for keys, _ in listed]),
        concatenate_in_pieces([counts for _, counts in listed]),
        4,
        threads,
    )
    return None if len(merged.keys) > max_colors else merged


class _HashTable:
    """Growing hash table of the colors that one worker has counted.

    Attributes
    ----------
    keys : (size,) int64
        Key + 1 of each color; 0 marks an empty entry.
    counts : (size,) int64
        Number of pixels of each color.
    used : (1,) int64
        Number of colors.
    """

    def __init__(self) -> None:
        self.keys = np.zeros(hash_table_size(1 << 11), np.int64)
        self.counts = np.zeros(len(self.keys), np.int64)
        self.used = np.zeros(1, np.int64)

    def count(self, pixels: npt.NDArray[np.uint8], start: int, stop: int, max_colors: int) -> None:
        while start < stop and self.used[0] <= max_colors:
            start = kernels.color.histogram.count_in_table(
                pixels, start, stop, self.keys, self.counts, self.used
            )
            if start < stop:
                self._grow()

    def entries(self) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
        parts = slices(len(self.keys), _ENTRIES_AT_ONCE)
        places = concatenate_in_pieces([part.start + np.flatnonzero(self.keys[part]) for part in parts])
        keys, counts = np.empty(len(places), np.uint32), np.empty(len(places), np.int64)
        for part in slices(len(places), _ENTRIES_AT_ONCE):
            keys[part] = self.keys[places[part]] - 1
            counts[part] = self.counts[places[part]]
        return keys, counts

    def _grow(self) -> None:
        keys, counts = self.entries()
        self.keys = np.zeros(len(self.keys) * 4, np.int64)
        self.counts = np.zeros(len(self.keys), np.int64)
        fill_hash_table(keys, counts, self.keys, self.counts)
