"""Table of counted 8-bit colors in the order of the Morton curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.spaces import SpaceMetric
from fastkq.color.table import ColorTable
from fastkq.color.value_range import ValueRange
from fastkq.runtime.buffers import Pool
from fastkq.runtime.options import Space
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices

COLORS = 1 << 24  # possible colors of RGB, and of RGBA with 6 bits per channel

_OPAQUE_KEY = np.uint32(0x88888888)
"""Bits of alpha in the Morton code of an RGBA color; all are set for alpha 255."""
_KEYS_PER_RUN = 1 << 19  # keys that are sorted between two checkpoints
_SAMPLES_PER_RUN = 32  # keys of a run from which the bounds of the merge are chosen
_PIXELS_PER_CHUNK = 1 << 16  # 0.1 to 0.2 ms of work, a few times as long as waking a thread
_COLORS_PER_CHUNK = 1 << 16
_ENTRIES_AT_ONCE = 1 << 17  # entries of a hash table between two checkpoints


class PackedTable(ColorTable):
    """Distinct colors of 8-bit images with 1, 3 or 4 channels in Morton order, and their counts.

    Attributes
    ----------
    keys : (M,) uint32
        Morton codes of the colors, ascending.
    counts : (M,) int64
        Number of pixels of each color.
    """

    __slots__ = ("keys",)
    maps_by_look_up = True

    def __init__(self, keys: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64], channels: int) -> None:
        self.keys, self.counts, self.channels = keys, counts, channels
        self.dtype = np.dtype(np.uint8)

    @property
    def colors(self) -> npt.NDArray[np.uint8]:
        """The colors (M, C) uint8."""
        return colors_of(self.keys, self.channels)

    @property
    def is_opaque(self) -> npt.NDArray[np.bool_]:
        """Mask (M,) of the opaque colors of an RGBA table."""
        opaque: npt.NDArray[np.bool_] = (self.keys & _OPAQUE_KEY) == _OPAQUE_KEY
        return opaque

    def metric(
        self, space: Space, other_colors: npt.NDArray[Any], value_range: ValueRange | None = None
    ) -> SpaceMetric:
        """Return the metric of a color space."""
        return SpaceMetric(space, self.channels)

    def merge(self, other: PackedTable) -> PackedTable:
        """Merge two tables of the same number of channels; the counts of equal colors are added."""
        keys, counts = np.concatenate((self.keys, other.keys)), np.concatenate((self.counts, other.counts))
        return from_keys(keys, counts, self.channels)

    def with_alpha(self) -> PackedTable:
        """Return a table of RGB with an alpha of 255 added; a table of RGBA is returned as it is."""
        if self.channels == 4:
            return self
        opaque = np.column_stack((self.colors, np.full(len(self), 255, np.uint8)))
        return PackedTable(keys_of(opaque), self.counts, 4)  # still sorted: all have the same alpha

    def select(
        self, selection: npt.NDArray[Any] | slice, counts: npt.NDArray[np.int64] | None = None
    ) -> PackedTable:
        """Return the table of some of the colors, see `ColorTable.select`."""
        selected = self.counts[selection] if counts is None else counts
        return PackedTable(self.keys[selection], selected, self.channels)

    def index_of(self, colors: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
        """Return the index (n,) in the table of each of the colors (n, C), or -1 if the table lacks it."""
        keys = keys_of(colors)
        places = np.searchsorted(self.keys, keys)
        return np.where(self.keys[np.minimum(places, len(self) - 1)] == keys, places, -1)

    def look_up(
        self, pixels: npt.NDArray[Any], values: npt.NDArray[Any], threads: int = 1
    ) -> npt.NDArray[Any]:
        """Return the value of the color of each pixel, see `ColorTable.look_up`."""
        flat = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1)
        out = np.empty(len(flat), values.dtype)
        look_up = _look_up_in_hash_table if self.channels == 4 else _look_up_densely
        look_up(flat, self, values, out, threads)
        return out.reshape(pixels.shape[:2])


def colors_of(keys: npt.NDArray[np.uint32], channels: int) -> npt.NDArray[np.uint8]:
    """Return the colors (M, C) whose Morton codes are `keys` (M,)."""
    colors = np.empty((len(keys), channels), np.uint8)
    kernels.color.histogram.colors_of(keys, colors)
    return colors


def keys_of(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint32]:
    """Return the Morton codes (M,) of colors (M, C); all colors of alpha 0 have code 0."""
    channels = colors.shape[1]
    if channels == 1:
        return colors[:, 0].astype(np.uint32)
    spread = kernels.color.histogram.SPREAD_3 if channels == 3 else kernels.color.histogram.SPREAD_4
    red, green, blue = (spread[colors[:, channel]].astype(np.uint32) for channel in range(3))
    keys: npt.NDArray[np.uint32] = (red << 2) | (green << 1) | blue
    if channels == 4:
        keys = np.where(colors[:, 3] == 0, 0, keys | (spread[colors[:, 3]].astype(np.uint32) << 3))
    return keys.astype(np.uint32, copy=False)


def from_keys(
    keys: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64], channels: int, threads: int = 1
) -> PackedTable:
    """Build a table from keys in any order; the counts of equal keys are added.

    Runs of 2^19 keys are sorted. Then, for each pair of neighboring bounds from a sample of all keys, the
    keys between the bounds are taken from all runs and merged. So each step is short enough for a checkpoint,
    and the steps run on several threads.
    """
    if len(keys) <= _KEYS_PER_RUN:
        return PackedTable(*_sum_equal(keys, counts), channels)
    runs = range(0, len(keys), _KEYS_PER_RUN)
    sorted_keys, sorted_counts = np.empty_like(keys), np.empty_like(counts)

    def sort(worker: int, start: int, stop: int) -> None:
        order = np.argsort(keys[start:stop], kind="stable")
        sorted_keys[start:stop], sorted_counts[start:stop] = (
            keys[start:stop][order],
            counts[start:stop][order],
        )

    over_chunks(sort, len(keys), _KEYS_PER_RUN, threads)
    sample = np.sort(keys[:: _KEYS_PER_RUN // _SAMPLES_PER_RUN])
    bounds = sample[_SAMPLES_PER_RUN::_SAMPLES_PER_RUN]
    cuts_of_runs = [run + np.searchsorted(sorted_keys[run : run + _KEYS_PER_RUN], bounds) for run in runs]
    ends = [
        np.concatenate(([run], cuts, [min(run + _KEYS_PER_RUN, len(keys))]))
        for run, cuts in zip(runs, cuts_of_runs, strict=True)
    ]
    merged: list[tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]] = [(keys[:0], counts[:0])] * len(runs)

    def merge_bucket(worker: int, bucket: int, _: int) -> None:
        pieces = [slice(*end[bucket : bucket + 2]) for end in ends]
        merged[bucket] = _sum_equal(
            np.concatenate([sorted_keys[piece] for piece in pieces]),
            np.concatenate([sorted_counts[piece] for piece in pieces]),
        )

    over_chunks(merge_bucket, len(bounds) + 1, 1, threads)
    listed, numbers = zip(*merged, strict=True)
    return PackedTable(concatenate_in_pieces(listed), concatenate_in_pieces(numbers), channels)


def concatenate_in_pieces(arrays: Sequence[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """Concatenate arrays in pieces, with checkpoints: newly allocated pages of 100 MB take 0.1 s to write."""
    out, stop = np.empty(sum(map(len, arrays)), arrays[0].dtype), 0
    for array in arrays:
        start, stop = stop, stop + len(array)
        for part in slices(len(array), _KEYS_PER_RUN):
            out[start:stop][part] = array[part]
    return out


def _sum_equal(
    keys: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64]]:
    """Return the distinct keys in ascending order, and the sums of their counts."""
    if len(keys) == 0:
        return keys, counts
    order = np.argsort(keys, kind="stable")  # fast if the keys consist of sorted runs
    keys, counts = keys[order], counts[order]
    firsts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return keys[firsts], np.add.reduceat(counts, firsts)


_dense_tables = Pool(lambda: np.empty(COLORS, np.uint8), max_idle=2)


def _look_up_densely(
    pixels: npt.NDArray[np.uint8],
    table: PackedTable,
    values: npt.NDArray[np.unsignedinteger],
    out: npt.NDArray[np.unsignedinteger],
    threads: int,
) -> None:
    # Only the entries of counted colors are written and read: the rest of the array takes no time or memory.
    dense_table = _dense_tables.take() if values.dtype == np.uint8 else np.empty(COLORS, values.dtype)

    def fill(worker: int, start: int, stop: int) -> None:
        kernels.color.histogram.fill_dense_table(table.keys[start:stop], values[start:stop], dense_table)

    over_chunks(fill, len(values), _COLORS_PER_CHUNK, threads)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.histogram.look_up(pixels, start, stop, table.channels, dense_table, out)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)
    if values.dtype == np.uint8:
        _dense_tables.give_back(dense_table)


def _look_up_in_hash_table(
    pixels: npt.NDArray[np.uint8],
    table: PackedTable,
    values: npt.NDArray[Any],
    out: npt.NDArray[Any],
    threads: int,
) -> None:
    """Write the value of the color of each pixel to `out` (N,)."""
    table_size = hash_table_size(len(table.keys))
    hash_table, entries = np.zeros(table_size, np.int64), np.zeros(table_size, values.dtype)
    fill_hash_table(table.keys, values, hash_table, entries)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.histogram.look_up_in_table(pixels, start, stop, hash_table, entries, out)

    over_chunks(work, len(pixels), _PIXELS_PER_CHUNK, threads)


def fill_hash_table(
    keys: npt.NDArray[np.uint32],
    values: npt.NDArray[Any],
    table: npt.NDArray[np.int64],
    out: npt.NDArray[Any],
) -> None:
    """Insert keys (M,) into a hash table (size,), and their values into `out` (size,)."""
    for part in slices(len(keys), _ENTRIES_AT_ONCE):
        kernels.color.histogram.fill_table(keys[part], values[part], table, out)


def hash_table_size(entries: int) -> int:
    """Return the size of a hash table: a power of two, at least 64, of which at most half is used."""
    return max(1 << (2 * entries).bit_length(), 1 << 6)
