"""Count and look up colours in an entry for each of 2^24."""

from collections import deque
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.histogram.value import Histogram
from fastkq.threads import over_chunks

_PIXELS_PER_CHUNK = 1 << 16  # 0.1 to 0.2 ms of work, a few times what waking a thread costs
_CELLS_PER_CHUNK = 1 << 12
_PIXELS_PER_COUNTER = 1 << 19  # fewer are counted sooner than two workers' counters are merged
_COLOURS_PER_CHUNK = 1 << 16
_MOST_COUNTERS = 4
_COLOURS = 1 << 24

T = TypeVar("T")


class _Retained(Generic[T]):
    """Large arrays that are kept for the next image, each used by one thread at a time.

    Fresh pages cost more than counting a small image: 2 to 11 ms, when the system has to find huge pages.
    """

    def __init__(self, make: Callable[[], T], most: int) -> None:
        self._make, self._most = make, most
        self._idle: deque[T] = deque()

    def take(self) -> T:
        try:
            return self._idle.pop()
        except IndexError:
            return self._make()

    def give_back(self, used: T) -> None:
        if len(self._idle) < self._most:
            self._idle.append(used)


class _Counters(NamedTuple):
    """Counters for all colours, zero between two images, a row a worker: 16 MB each where touched."""

    counts: npt.NDArray[np.uint8]
    seen: npt.NDArray[np.uint8]

    @classmethod
    def make(cls) -> "_Counters":
        cells = kernels.color.histogram.CELLS
        return cls(
            np.zeros((_MOST_COUNTERS, _COLOURS), np.uint8), np.zeros((_MOST_COUNTERS, cells), np.uint8)
        )


def _make_table() -> npt.NDArray[np.uint8]:
    return np.empty(_COLOURS, np.uint8)


_counters = _Retained(_Counters.make, 2)
_tables = _Retained(_make_table, 2)


def count(
    pixels: npt.NDArray[np.uint8], channels: int, threads: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    workers = max(1, min(threads, _MOST_COUNTERS, len(pixels) // _PIXELS_PER_COUNTER))
    retained = _counters.take()
    counts, seen = retained.counts[:workers], retained.seen[:workers]
    spilled = np.empty((workers, len(pixels) // kernels.color.histogram.FULL + 1), np.uint32)
    spills = np.zeros((workers, 8), np.int64)  # a cache line each

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.histogram.count_densely(
            pixels, start, stop, channels, counts[worker], seen[worker], spilled[worker], spills[worker]
        )

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
    keys, numbers = _list_colours(words[0], counts[0], cells, threads)
    _counters.give_back(retained)
    emptied = np.concatenate([row[: spill[0]] for row, spill in zip(spilled, spills, strict=True)])
    if len(emptied):
        emptied, times = np.unique(emptied, return_counts=True)
        numbers[np.searchsorted(keys, emptied)] += kernels.color.histogram.FULL * times
    return keys, numbers


def _seen_cells(seen: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    words = seen.view(np.uint64)
    for other in words[1:]:
        words[0] |= other
        other[:] = 0
    cells = np.empty(seen.shape[1] + 7, np.int32)
    return cells[: kernels.color.histogram.list_seen(words[0], seen[0], cells)]


def _list_colours(
    words: npt.NDArray[np.uint64], counts: npt.NDArray[np.uint8], cells: npt.NDArray[np.int32], threads: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    found = np.zeros(len(cells) // _CELLS_PER_CHUNK + 2, np.int64)

    def survey(worker: int, start: int, stop: int) -> None:
        found[start // _CELLS_PER_CHUNK + 1] = kernels.color.histogram.count_colours(
            words, cells, start, stop
        )

    over_chunks(survey, len(cells), _CELLS_PER_CHUNK, threads)
    bounds = np.cumsum(found)
    keys, numbers = np.empty(bounds[-1], np.uint32), np.empty(bounds[-1], np.int64)

    def write(worker: int, start: int, stop: int) -> None:
        first, last = bounds[start // _CELLS_PER_CHUNK :][:2]
        kernels.color.histogram.list_colours(words, counts, cells, start, stop, first, last, keys, numbers)

    over_chunks(write, len(cells), _CELLS_PER_CHUNK, threads)
    return keys, numbers


def look_up(
    pixels: npt.NDArray[np.uint8],
    histogram: Histogram,
    values: npt.NDArray[np.unsignedinteger],
    out: npt.NDArray[np.unsignedinteger],
    threads: int,
) -> None:
    # Only the entries that are read are written, hence a table of all colours costs what it holds.
    table = _tables.take() if values.dtype == np.uint8 else np.empty(_COLOURS, values.dtype)

    def enter(worker: int, start: int, stop: int) -> None:
        kernels.color.histogram.enter(histogram.keys[start:stop], values[start:stop], table)

    over_chunks(enter, len(values), _COLOURS_PER_CHUNK, threads)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.histogram.look_up(pixels, start, stop, histogram.channels, table, out)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    if values.dtype == np.uint8:
        _tables.give_back(table)
