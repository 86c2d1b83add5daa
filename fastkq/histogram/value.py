"""Counted colours in the order of the Morton curve."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels


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


def merge(a: Histogram, b: Histogram) -> Histogram:
    """The colours of two histograms of the same channels, with the sums of their counts."""
    return added(np.concatenate((a.keys, b.keys)), np.concatenate((a.counts, b.counts)), a.channels)


def with_alpha(counted: Histogram) -> Histogram:
    """The same colours R, G, B with an alpha of 255; as they are where they have one."""
    if counted.channels == 4:
        return counted
    red, green, blue = counted.colours.T
    spread = kernels.histogram.SPREAD_4
    keys = (spread[255] << 3) | (spread[red] << 2) | (spread[green] << 1) | spread[blue]
    return Histogram(keys.astype(np.uint32), counted.counts, 4)  # still in order: all have the same alpha


def added(keys: npt.NDArray[np.uint32], counts: npt.NDArray[np.int64], channels: int) -> Histogram:
    """A histogram of keys in any order, where equal ones are counted together."""
    order = np.argsort(keys, kind="stable")
    keys, counts = keys[order], counts[order]
    firsts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    return Histogram(keys[firsts], np.add.reduceat(counts, firsts), channels)
