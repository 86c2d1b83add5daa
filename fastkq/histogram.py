"""Count the colours of an image, and map its pixels by their colours.

Everything between those two passes over the pixels works on the counted colours alone.
"""

from collections import deque
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.threads import over_chunks

_PIXELS_PER_CHUNK = 1 << 16  # 0.1 to 0.2 ms of work, a few times what waking a thread costs
_CELLS_PER_CHUNK = 1 << 12
_PIXELS_PER_COUNTER = 1 << 19  # fewer are counted sooner than two workers' counters are merged
_COLOURS_PER_CHUNK = 1 << 16
_MOST_COUNTERS = 4
_COLOURS = 1 << 24

T = TypeVar("T")


class Histogram(NamedTuple):
    """The distinct colours of an image, in Morton order, and how many pixels have each.

    Attributes
    ----------
    keys : (M,) uint32
        The colours' Morton codes, rising.
    counts : (M,) int64
    channels : int
    """

    keys: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.int64]
    channels: int

    @property
    def colours(self) -> npt.NDArray[np.uint8]:
        """The colours (M, C)."""
        return colours_of(self.keys, self.channels)


def colours_of(keys: npt.NDArray[np.uint32], channels: int) -> npt.NDArray[np.uint8]:
    """Colours (M, C) whose Morton codes are `keys` (M,)."""
    colours = np.empty((len(keys), channels), np.uint8)
    kernels.histogram.colours_of(keys, colours)
    return colours


def count(image: npt.NDArray[np.uint8], threads: int = 1) -> Histogram:
    """Count the distinct colours of an image, exactly.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous, C = 1, 3 or 4
        Colours with alpha 0 count as (0, 0, 0, 0): nobody can tell them apart.
    """
    counted = count_up_to(image, image.size, threads)
    assert counted is not None
    return counted


def count_up_to(image: npt.NDArray[np.uint8], most: int, threads: int = 1) -> Histogram | None:
    """`count`, but None for an RGBA image of more than `most` colours: listing those takes long."""
    pixels = _pixels(image)
    if pixels.shape[1] == 4:
        return _count_in_tables(pixels, most, threads)
    return Histogram(*_count_densely(pixels, pixels.shape[1], threads), pixels.shape[1])


def count_without_alpha(image: npt.NDArray[np.uint8], threads: int = 1) -> Histogram:
    """The colours R, G, B of an RGBA image (H, W, 4)."""
    return Histogram(*_count_densely(_pixels(image), 3, threads), 3)


def count_cells(image: npt.NDArray[np.uint8], threads: int = 1) -> Histogram:
    """The colours of an RGBA image with 6 bits a channel, widened to 8."""
    cells, counts = _count_densely(_pixels(image), 4, threads)
    keys = cells << kernels.histogram.RGBA_CELL_BITS
    return Histogram(keys | (keys >> 24), counts, 4)  # widened by the two high bits of each channel


def merge(a: Histogram, b: Histogram) -> Histogram:
    """The colours of two histograms of the same channels, with the sums of their counts."""
    return _added(np.concatenate((a.keys, b.keys)), np.concatenate((a.counts, b.counts)), a.channels)


def with_alpha(counted: Histogram) -> Histogram:
    """The same colours R, G, B with an alpha of 255; as they are where they have one."""
    if counted.channels == 4:
        return counted
    red, green, blue = counted.colours.T
    spread = kernels.histogram.SPREAD_4
    keys = (spread[255] << 3) | (spread[red] << 2) | (spread[green] << 1) | spread[blue]
    return Histogram(keys.astype(np.uint32), counted.counts, 4)  # still in order: all have the same alpha


def is_opaque(image: npt.NDArray[np.uint8], threads: int = 1) -> bool:
    """Whether every pixel of an RGBA image (H, W, 4) has alpha 255."""
    pixels = _pixels(image)
    opaque: list[bool] = []

    def work(worker: int, start: int, stop: int) -> None:
        if all(opaque):
            opaque.append(kernels.histogram.is_opaque(pixels, start, stop))

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    return all(opaque)


def look_up(
    image: npt.NDArray[np.uint8],
    histogram: Histogram,
    values: npt.NDArray[np.unsignedinteger],
    threads: int = 1,
) -> npt.NDArray[np.unsignedinteger]:
    """Replace each pixel by the value of its colour.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous
        Every colour of it must be in the histogram, with or without alpha.
    values : (M,) uint8 or uint16
        One for each colour of the histogram.

    Returns
    -------
    (H, W), of the dtype of `values`
    """
    pixels = _pixels(image)
    out = np.empty(len(pixels), values.dtype)
    if histogram.channels == 4:
        table_size = _table_size(len(histogram.keys))
        table, entries = np.zeros(table_size, np.int64), np.zeros(table_size, values.dtype)
        kernels.histogram.fill_table(histogram.keys, values, table, entries)

        def work(worker: int, start: int, stop: int) -> None:
            kernels.histogram.look_up_in_table(pixels, start, stop, table, entries, out)

        over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    else:
        _look_up_densely(pixels, histogram, values, out, threads)
    return out.reshape(image.shape[:2])


def _pixels(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return image.reshape(image.shape[0] * image.shape[1], -1)


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
        cells = kernels.histogram.CELLS
        return cls(
            np.zeros((_MOST_COUNTERS, _COLOURS), np.uint8), np.zeros((_MOST_COUNTERS, cells), np.uint8)
        )


def _make_table() -> npt.NDArray[np.uint8]:
    return np.empty(_COLOURS, np.uint8)


_counters = _Retained(_Counters.make, 2)
_tables = _Retained(_make_table, 2)


def _count_densely(
    pixels: npt.NDArray[np.uint8], channels: int, threads: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    workers = max(1, min(threads, _MOST_COUNTERS, len(pixels) // _PIXELS_PER_COUNTER))
    retained = _counters.take()
    counts, seen = retained.counts[:workers], retained.seen[:workers]
    spilled = np.empty((workers, len(pixels) // kernels.histogram.FULL + 1), np.uint32)
    spills = np.zeros((workers, 8), np.int64)  # a cache line each

    def work(worker: int, start: int, stop: int) -> None:
        kernels.histogram.count_densely(
            pixels, start, stop, channels, counts[worker], seen[worker], spilled[worker], spills[worker]
        )

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, workers)
    cells = _seen_cells(seen)
    words = counts.view(np.uint64)

    def merge(worker: int, start: int, stop: int) -> None:
        for other in words[1:]:
            kernels.histogram.merge_counters(
                words[0], counts[0], other, cells, start, stop, spilled[worker], spills[worker]
            )

    if workers > 1:
        over_chunks(merge, len(cells), _CELLS_PER_CHUNK, workers)
    keys, numbers = _list_colours(words[0], counts[0], cells, threads)
    _counters.give_back(retained)
    emptied = np.concatenate([row[: spill[0]] for row, spill in zip(spilled, spills, strict=True)])
    if len(emptied):
        emptied, times = np.unique(emptied, return_counts=True)
        numbers[np.searchsorted(keys, emptied)] += kernels.histogram.FULL * times
    return keys, numbers


def _seen_cells(seen: npt.NDArray[np.uint8]) -> npt.NDArray[np.int32]:
    words = seen.view(np.uint64)
    for other in words[1:]:
        words[0] |= other
        other[:] = 0
    cells = np.empty(seen.shape[1] + 7, np.int32)
    return cells[: kernels.histogram.list_seen(words[0], seen[0], cells)]


def _list_colours(
    words: npt.NDArray[np.uint64], counts: npt.NDArray[np.uint8], cells: npt.NDArray[np.int32], threads: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    found = np.zeros(len(cells) // _CELLS_PER_CHUNK + 2, np.int64)

    def survey(worker: int, start: int, stop: int) -> None:
        found[start // _CELLS_PER_CHUNK + 1] = kernels.histogram.count_colours(words, cells, start, stop)

    over_chunks(survey, len(cells), _CELLS_PER_CHUNK, threads)
    bounds = np.cumsum(found)
    keys, numbers = np.empty(bounds[-1], np.uint32), np.empty(bounds[-1], np.int64)

    def write(worker: int, start: int, stop: int) -> None:
        first, last = bounds[start // _CELLS_PER_CHUNK :][:2]
        kernels.histogram.list_colours(words, counts, cells, start, stop, first, last, keys, numbers)

    over_chunks(write, len(cells), _CELLS_PER_CHUNK, threads)
    return keys, numbers


def _look_up_densely(
    pixels: npt.NDArray[np.uint8],
    histogram: Histogram,
    values: npt.NDArray[np.unsignedinteger],
    out: npt.NDArray[np.unsignedinteger],
    threads: int,
) -> None:
    # Only the entries that are read are written, hence a table of all colours costs what it holds.
    table = _tables.take() if values.dtype == np.uint8 else np.empty(_COLOURS, values.dtype)

    def enter(worker: int, start: int, stop: int) -> None:
        kernels.histogram.enter(histogram.keys[start:stop], values[start:stop], table)

    over_chunks(enter, len(values), _COLOURS_PER_CHUNK, threads)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.histogram.look_up(pixels, start, stop, histogram.channels, table, out)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    if values.dtype == np.uint8:
        _tables.give_back(table)


def _count_in_tables(pixels: npt.NDArray[np.uint8], most: int, threads: int) -> Histogram | None:
    # Four channels have 2^32 colours, too many for cells; an image has as many as it has pixels at most.
    states = [_Table() for _ in range(threads)]

    def work(worker: int, start: int, stop: int) -> None:
        if all(state.used[0] <= most for state in states):
            states[worker].count(pixels, start, stop, most)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    if any(state.used[0] > most for state in states):
        return None
    listed = [state.entries() for state in states]
    added = _added(
        np.concatenate([keys for keys, _ in listed]), np.concatenate([counts for _, counts in listed]), 4
    )
    return None if len(added.keys) > most else added


def _added(keys: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64], channels: int) -> Histogram:
    """A histogram of keys in any order, where equal ones are counted together."""
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    firsts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return Histogram(keys[firsts], np.add.reduceat(counts, firsts), channels)


class _Table:
    """A growing hash table of counted colours, one worker's."""

    def __init__(self) -> None:
        self.keys = np.zeros(_table_size(1 << 11), np.int64)
        self.counts = np.zeros(len(self.keys), np.int64)
        self.used = np.zeros(1, np.int64)

    def count(self, pixels: npt.NDArray[np.uint8], start: int, stop: int, most: int) -> None:
        while start < stop and self.used[0] <= most:
            start = kernels.histogram.count_in_table(pixels, start, stop, self.keys, self.counts, self.used)
            if start < stop:
                self._grow()

    def entries(self) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
        filled = np.flatnonzero(self.keys)
        return (self.keys[filled] - 1).astype(np.uint32), self.counts[filled]

    def _grow(self) -> None:
        keys, counts = self.entries()
        self.keys = np.zeros(len(self.keys) * 4, np.int64)
        self.counts = np.zeros(len(self.keys), np.int64)
        kernels.histogram.fill_table(keys, counts, self.keys, self.counts)


def _table_size(entries: int) -> int:
    """Smallest power of two that is at most half full."""
    return max(1 << (2 * entries).bit_length(), 1 << 6)
