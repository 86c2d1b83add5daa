"""Table of counted 8-bit colors in the order of the Morton curve."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import slices

_KEYS_PER_RUN = 1 << 19  # keys that are sorted between two checkpoints
_SAMPLES_PER_RUN = 32  # keys of a run from which the bounds of the merge are chosen


class PackedTable(NamedTuple):
    """Distinct colors of an image in Morton order, and the number of pixels of each.

    Attributes
    ----------
    keys : (M,) uint32
        Morton codes of the colors, ascending.
    counts : (M,) int64
        Number of pixels of each color.
    channels : int
        1, 3 or 4.
    """

    keys: npt.NDArray[np.uint32]
    counts: npt.NDArray[np.int64]
    channels: int

    @property
    def colors(self) -> npt.NDArray[np.uint8]:
        """The colors (M, C) uint8."""
        return colors_of(self.keys, self.channels)


def colors_of(keys: npt.NDArray[np.uint32], channels: int) -> npt.NDArray[np.uint8]:
    """Return the colors (M, C) whose Morton codes are `keys` (M,)."""
    colors = np.empty((len(keys), channels), np.uint8)
    kernels.color.histogram.colors_of(keys, colors)
    return colors


def merge(a: PackedTable, b: PackedTable, threads: int = 1) -> PackedTable:
    """Merge two tables of the same number of channels; the counts of equal colors are added."""
    return from_keys(
        np.concatenate((a.keys, b.keys)), np.concatenate((a.counts, b.counts)), a.channels, threads
    )


def with_alpha(counted: PackedTable) -> PackedTable:
    """Return a table of RGB with an alpha of 255 added; a table of RGBA is returned as it is."""
    if counted.channels == 4:
        return counted
    red, green, blue = counted.colors.T
    spread = kernels.color.histogram.SPREAD_4
    keys = (spread[255] << 3) | (spread[red] << 2) | (spread[green] << 1) | spread[blue]
    return PackedTable(keys.astype(np.uint32), counted.counts, 4)  # still sorted: all have the same alpha


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
    places = [run + np.searchsorted(sorted_keys[run : run + _KEYS_PER_RUN], bounds) for run in runs]
    ends = [
        np.concatenate(([run], cuts, [min(run + _KEYS_PER_RUN, len(keys))]))
        for run, cuts in zip(runs, places, strict=True)
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
