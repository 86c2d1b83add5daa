"""Count and look up the colours of four channels, of which an image has few, in hash tables."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.histogram.value import Histogram, added, joined
from fastkq.progress import slices
from fastkq.threads import over_chunks

_PIXELS_PER_CHUNK = 1 << 16
_ENTRIES_AT_ONCE = 1 << 17


def count(pixels: npt.NDArray[np.uint8], most: int, threads: int) -> Histogram | None:
    """Count pixels (N, 4); None when they have more than `most` colours."""
    # Four channels have 2^32 colours, too many for cells; an image has as many as it has pixels at most.
    states = [_Table() for _ in range(threads)]

    def work(worker: int, start: int, stop: int) -> None:
        if all(state.used[0] <= most for state in states):
            states[worker].count(pixels, start, stop, most)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    if any(state.used[0] > most for state in states):
        return None
    listed = [state.entries() for state in states]
    found = added(
        joined([keys for keys, _ in listed]),
        joined([counts for _, counts in listed]),
        4,
        threads,
    )
    return None if len(found.keys) > most else found


def look_up(
    pixels: npt.NDArray[np.uint8],
    histogram: Histogram,
    values: npt.NDArray[Any],
    out: npt.NDArray[Any],
    threads: int,
) -> None:
    """Put the value of each pixel's colour into out (N,)."""
    table_size = _table_size(len(histogram.keys))
    table, entries = np.zeros(table_size, np.int64), np.zeros(table_size, values.dtype)
    _fill(histogram.keys, values, table, entries)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.histogram.look_up_in_table(pixels, start, stop, table, entries, out)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)


class _Table:
    """A growing hash table of counted colours, one worker's."""

    def __init__(self) -> None:
        self.keys = np.zeros(_table_size(1 << 11), np.int64)
        self.counts = np.zeros(len(self.keys), np.int64)
        self.used = np.zeros(1, np.int64)

    def count(self, pixels: npt.NDArray[np.uint8], start: int, stop: int, most: int) -> None:
        while start < stop and self.used[0] <= most:
            start = kernels.color.histogram.count_in_table(
                pixels, start, stop, self.keys, self.counts, self.used
            )
            if start < stop:
                self._grow()

    def entries(self) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
        parts = slices(len(self.keys), _ENTRIES_AT_ONCE)
        places = joined([part.start + np.flatnonzero(self.keys[part]) for part in parts])
        keys, counts = np.empty(len(places), np.uint32), np.empty(len(places), np.int64)
        for part in slices(len(places), _ENTRIES_AT_ONCE):
            keys[part] = self.keys[places[part]] - 1
            counts[part] = self.counts[places[part]]
        return keys, counts

    def _grow(self) -> None:
        keys, counts = self.entries()
        self.keys = np.zeros(len(self.keys) * 4, np.int64)
        self.counts = np.zeros(len(self.keys), np.int64)
        _fill(keys, counts, self.keys, self.counts)


def _fill(
    keys: npt.NDArray[np.uint32],
    values: npt.NDArray[Any],
    table: npt.NDArray[np.int64],
    out: npt.NDArray[Any],
) -> None:
    for part in slices(len(keys), _ENTRIES_AT_ONCE):
        kernels.color.histogram.fill_table(keys[part], values[part], table, out)


def _table_size(entries: int) -> int:
    """Smallest power of two that is at most half full."""
    return max(1 << (2 * entries).bit_length(), 1 << 6)
