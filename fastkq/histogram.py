"""Count the colours of an image, and map its pixels by their colours.

Everything between those two passes over the pixels works on the counted colours alone.
"""

from collections import deque
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.threads import over_chunks

_PIXELS_PER_CHUNK = 1 << 16  # 0.1 to 0.3 ms of work, some hundred times a launch's cost
_CELLS_PER_CHUNK = 1 << 13
_PIXELS_PER_COUNTER = 1 << 19
_MOST_COUNTERS = 4  # each may touch 64 MB, on an image of all colours


class Histogram(NamedTuple):
    """The distinct colours of an image, in Morton order, and how many pixels have each.

    Attributes
    ----------
    colours : (M, C) uint8
    counts : (M,) int64
    keys : (M,) uint32
        The colours' Morton codes, rising.
    """

    colours: npt.NDArray[np.uint8]
    counts: npt.NDArray[np.int64]
    keys: npt.NDArray[np.uint32]


def count(image: npt.NDArray[np.uint8], threads: int = 1) -> Histogram:
    """Count the distinct colours of an image, exactly.

    Parameters
    ----------
    image : (H, W) or (H, W, C) uint8, C-contiguous, C = 1, 3 or 4
        Colours with alpha 0 count as (0, 0, 0, 0): nobody can tell them apart.
    """
    pixels = _pixels(image)
    if pixels.shape[1] == 4:
        keys, counts = _count_in_tables(pixels, threads)
    else:
        keys, counts = _count_in_cells(pixels, threads)
    colours = np.empty((len(keys), pixels.shape[1]), np.uint8)
    kernels.histogram.colours_of(keys, colours)
    return Histogram(colours, counts, keys)


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
        Every colour of it must be in the histogram.
    values : (M,) uint8 or uint16
        One for each colour of the histogram.

    Returns
    -------
    (H, W), of the dtype of `values`
    """
    pixels = _pixels(image)
    out = np.empty(len(pixels), values.dtype)
    if pixels.shape[1] == 4:
        table_size = _table_size(len(histogram.keys))
        table, entries = np.zeros(table_size, np.int64), np.zeros(table_size, values.dtype)
        kernels.histogram.fill_table(histogram.keys, values, table, entries)
        kernel = kernels.histogram.look_up_in_table
    else:
        cells = np.count_nonzero(np.diff(histogram.keys >> kernels.histogram.CELL_BITS)) + 1
        table = np.zeros(kernels.histogram.TABLE_CELLS, np.int32)
        entries = np.zeros((cells + 1, 1 << kernels.histogram.CELL_BITS), values.dtype)
        kernels.histogram.fill_cells(histogram.keys, values, table, entries)
        kernel = kernels.histogram.look_up_in_cells

    def work(worker: int, start: int, stop: int) -> None:
        kernel(pixels, start, stop, table, entries, out)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    return out.reshape(image.shape[:2])


def _pixels(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    return image.reshape(image.shape[0] * image.shape[1], -1)


class _Cells:
    """Counters of one worker: touched memory is kept for the next image, up to a bound.

    Fresh pages would cost more than counting: 2 to 11 ms of a 0.4 megapixel image's 3 to 13, most of it
    when the kernel has to find huge pages.
    """

    _idle: ClassVar[deque["_Cells"]] = deque()
    _MOST_IDLE = 4
    _MOST_IDLE_SLOTS = 1 << 16  # 16 MB touched, what a camera photograph's colours take

    def __init__(self) -> None:
        cells, cell_size = kernels.histogram.TABLE_CELLS, 1 << kernels.histogram.CELL_BITS
        self.slots = np.zeros(cells, np.int32)
        self.counts = np.zeros((cells + 1, cell_size), np.uint32)
        self.used = np.zeros(1, np.int64)

    @classmethod
    def take(cls) -> "_Cells":
        """Counters at zero."""
        try:
            return cls._idle.pop()
        except IndexError:
            return cls()

    def give_back(self) -> None:
        """Keep the counters for the next image."""
        used = int(self.used[0])
        if used <= self._MOST_IDLE_SLOTS and len(self._idle) < self._MOST_IDLE:
            self.slots.fill(0)
            self.counts[: used + 1].fill(0)
            self.used[0] = 0
            self._idle.append(self)

    def count(self, pixels: npt.NDArray[np.uint8], start: int, stop: int) -> None:
        kernels.histogram.count_in_cells(pixels, start, stop, self.slots, self.counts, self.used)

    def merge(self, other: "_Cells") -> None:
        kernels.histogram.merge_cells(self.slots, self.counts, self.used, other.slots, other.counts)


def _count_in_cells(
    pixels: npt.NDArray[np.uint8], threads: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    # Merging a second worker's cells costs what counting half a million pixels does.
    workers = max(1, min(threads, _MOST_COUNTERS, len(pixels) // _PIXELS_PER_COUNTER))
    cells = [_Cells.take() for _ in range(workers)]

    def work(worker: int, start: int, stop: int) -> None:
        cells[worker].count(pixels, start, stop)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, workers)
    for other in cells[1:]:
        cells[0].merge(other)
    listed = _list_cells(cells[0].slots, cells[0].counts, threads)
    for one in cells:
        one.give_back()
    return listed


def _list_cells(
    slots: npt.NDArray[np.int32], counts: npt.NDArray[np.uint32], threads: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    cells = len(slots)
    found = np.zeros(cells // _CELLS_PER_CHUNK + 1, np.int64)

    def survey(worker: int, start: int, stop: int) -> None:
        found[start // _CELLS_PER_CHUNK + 1] = kernels.histogram.count_colours_in_cells(
            slots, counts, start, stop
        )

    over_chunks(survey, cells, _CELLS_PER_CHUNK, threads)
    firsts = np.cumsum(found)
    keys, numbers = np.empty(firsts[-1], np.uint32), np.empty(firsts[-1], np.int64)

    def write(worker: int, start: int, stop: int) -> None:
        first = firsts[start // _CELLS_PER_CHUNK]
        kernels.histogram.list_cells(slots, counts, start, stop, first, keys, numbers)

    over_chunks(write, cells, _CELLS_PER_CHUNK, threads)
    return keys, numbers


def _count_in_tables(
    pixels: npt.NDArray[np.uint8], threads: int
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    # Four channels have 2^32 colours, too many for cells; an image has as many as it has pixels at most.
    states = [_Table() for _ in range(threads)]

    def work(worker: int, start: int, stop: int) -> None:
        states[worker].count(pixels, start, stop)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    listed = [state.entries() for state in states]
    all_keys = np.concatenate([keys for keys, _ in listed])
    all_counts = np.concatenate([counts for _, counts in listed])
    order = np.argsort(all_keys, kind="stable")
    all_keys, all_counts = all_keys[order], all_counts[order]
    firsts = np.flatnonzero(np.concatenate(([True], all_keys[1:] != all_keys[:-1])))
    return all_keys[firsts], np.add.reduceat(all_counts, firsts)


class _Table:
    """A growing hash table of counted colours, one worker's."""

    def __init__(self) -> None:
        self.keys = np.zeros(_table_size(1 << 11), np.int64)
        self.counts = np.zeros(len(self.keys), np.int64)
        self.used = np.zeros(1, np.int64)

    def count(self, pixels: npt.NDArray[np.uint8], start: int, stop: int) -> None:
        while start < stop:
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
