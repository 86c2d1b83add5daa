"""Counted colours of either kind: in the order of the Morton curve, or of their channels.

Images of 8 bits with 1, 3 or 4 channels have the one, and all the ways that need it; others the other.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import distinct, histogram
from fastkq.channels import RGBA, without_alpha
from fastkq.distinct import Distinct
from fastkq.embedding import has_alpha
from fastkq.histogram import Histogram
from fastkq.progress import slices

Counted = Histogram | Distinct

_PIXELS_AT_ONCE = 1 << 18


def count(pixels: npt.NDArray[Any], threads: int = 1) -> Counted:
    """The distinct colours of an image in its working form, opaque ones without their alpha."""
    counted = count_up_to(pixels, pixels.size, threads)
    assert counted is not None
    return counted


def count_up_to(pixels: npt.NDArray[Any], most: int, threads: int = 1) -> Counted | None:
    """`count`, but None for an RGBA image, not all of it opaque, of more than `most` colours."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if pixels.dtype != np.uint8 or channels not in (1, RGBA - 1, RGBA):
        rows = pixels.reshape(-1, channels)
        if has_alpha(pixels.dtype, channels) and _is_opaque(rows):
            rows = without_alpha(rows[:, np.newaxis])[:, 0]
        return distinct.count(rows, threads)
    if channels == RGBA and histogram.is_opaque(pixels, threads):
        return histogram.count_without_alpha(pixels, threads)
    return histogram.count_up_to(pixels, most, threads)


def _is_opaque(rows: npt.NDArray[Any]) -> bool:
    top = np.iinfo(rows.dtype).max
    return all((rows[part, -1] == top).all() for part in slices(len(rows), _PIXELS_AT_ONCE))


def with_alpha(counted: Counted) -> Counted:
    """Opaque colours that were counted without their alpha, with it; their order stays."""
    if isinstance(counted, Histogram):
        return histogram.with_alpha(counted)
    colours = counted.colours
    opaque = np.full(len(colours), np.iinfo(colours.dtype).max, colours.dtype)
    return Distinct(np.column_stack((colours, opaque)), counted.counts)


def channels_of(counted: Counted) -> int:
    """Channels that were counted."""
    return counted.channels if isinstance(counted, Histogram) else counted.colours.shape[1]


def merge(a: Counted, b: Counted) -> Counted:
    """The colours of both, with the sums of their counts; alpha is added where only one has it."""
    if channels_of(a) < channels_of(b):
        a = with_alpha(a)
    elif channels_of(b) < channels_of(a):
        b = with_alpha(b)
    if isinstance(a, Histogram) and isinstance(b, Histogram):
        return histogram.merge(a, b)
    assert isinstance(a, Distinct)
    assert isinstance(b, Distinct)
    return distinct.merge(a, b)


def places(some: Counted, among: Counted) -> npt.NDArray[np.intp]:
    """Where each of some colours is among others that include them."""
    if channels_of(some) < channels_of(among):
        some = with_alpha(some)
    if isinstance(some, Histogram) and isinstance(among, Histogram):
        return np.searchsorted(among.keys, some.keys)
    assert isinstance(among, Distinct)
    return distinct.places(some.colours, among)


def sum_weights(
    pixels: npt.NDArray[Any], counted: Counted, weights: npt.NDArray[np.float64], threads: int
) -> npt.NDArray[np.float64]:
    """Sum of the weights of each colour's pixels, added in the order of the pixels."""
    owners: npt.NDArray[Any]
    if isinstance(counted, Histogram):
        numbers = np.arange(len(counted.keys), dtype=np.uint32)
        owners = histogram.look_up(pixels, counted, numbers, threads).reshape(-1)
    else:
        rows = pixels.reshape(weights.size, -1)[:, : counted.colours.shape[1]]
        owners = distinct.places(np.ascontiguousarray(rows), counted, threads)
    sums, flat = np.zeros(len(counted.counts)), weights.reshape(-1)
    for part in slices(len(flat), _PIXELS_AT_ONCE):
        np.add.at(sums, owners[part], flat[part])
    return sums
