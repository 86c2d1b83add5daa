"""Tables of counted colors: packed tables in Morton order, and row tables sorted by channels.

Images of 8 bits with 1, 3 or 4 channels (in the working form) are counted in a `PackedTable`, which the fits
and mappings for 8 bits need; all other images in a `RowTable`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color import packed_counting, packed_table, row_table
from fastkq.color.kinds import RGBA, has_alpha, without_alpha
from fastkq.color.row_table import RowTable
from fastkq.runtime.progress import slices

ColorTable = packed_table.PackedTable | RowTable

_PIXELS_AT_ONCE = 1 << 18


def count(pixels: npt.NDArray[Any], threads: int = 1) -> ColorTable:
    """Count the distinct colors of an image in its working form; opaque images are counted without alpha."""
    counted = count_up_to(pixels, pixels.size, threads)
    assert counted is not None
    return counted


def count_up_to(pixels: npt.NDArray[Any], most: int, threads: int = 1) -> ColorTable | None:
    """Count as `count`; return None for an 8-bit RGBA image with transparency of more than `most` colors."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if pixels.dtype != np.uint8 or channels not in (1, RGBA - 1, RGBA):
        rows = pixels.reshape(-1, channels)
        if has_alpha(pixels.dtype, channels) and _is_opaque(rows):
            rows = without_alpha(rows[:, np.newaxis])[:, 0]
        return row_table.count(rows, threads)
    if channels == RGBA and packed_counting.is_opaque(pixels, threads):
        return packed_counting.count_without_alpha(pixels, threads)
    return packed_counting.count_up_to(pixels, most, threads)


def _is_opaque(rows: npt.NDArray[Any]) -> bool:
    top = np.iinfo(rows.dtype).max
    return all((rows[part, -1] == top).all() for part in slices(len(rows), _PIXELS_AT_ONCE))


def with_alpha(counted: ColorTable) -> ColorTable:
    """Add full alpha to colors that were counted without it; their order stays the same."""
    if isinstance(counted, packed_table.PackedTable):
        return packed_table.with_alpha(counted)
    colors = counted.colors
    opaque = np.full(len(colors), np.iinfo(colors.dtype).max, colors.dtype)
    return RowTable(np.column_stack((colors, opaque)), counted.counts)


def channels_of(counted: ColorTable) -> int:
    """Return the number of channels of the counted colors."""
    return counted.channels if isinstance(counted, packed_table.PackedTable) else counted.colors.shape[1]


def merge(a: ColorTable, b: ColorTable) -> ColorTable:
    """Merge two tables; counts of equal colors are added. Alpha is added to one if only the other has it."""
    if channels_of(a) < channels_of(b):
        a = with_alpha(a)
    elif channels_of(b) < channels_of(a):
        b = with_alpha(b)
    if isinstance(a, packed_table.PackedTable) and isinstance(b, packed_table.PackedTable):
        return packed_table.merge(a, b)
    assert isinstance(a, RowTable)
    assert isinstance(b, RowTable)
    return row_table.merge(a, b)


def places(some: ColorTable, among: ColorTable) -> npt.NDArray[np.intp]:
    """Return the index in `among` of each color of `some`; `among` contains all of them."""
    if channels_of(some) < channels_of(among):
        some = with_alpha(some)
    if isinstance(some, packed_table.PackedTable) and isinstance(among, packed_table.PackedTable):
        return np.searchsorted(among.keys, some.keys)
    assert isinstance(among, RowTable)
    return row_table.places(some.colors, among)


def sum_weights(
    pixels: npt.NDArray[Any], counted: ColorTable, weights: npt.NDArray[np.float64], threads: int
) -> npt.NDArray[np.float64]:
    """Sum the weights (H, W) of the pixels of each color, (M,), in the order of the pixels."""
    owners: npt.NDArray[Any]
    if isinstance(counted, packed_table.PackedTable):
        numbers = np.arange(len(counted.keys), dtype=np.uint32)
        owners = packed_counting.look_up(pixels, counted, numbers, threads).reshape(-1)
    else:
        rows = pixels.reshape(weights.size, -1)[:, : counted.colors.shape[1]]
        owners = row_table.places(np.ascontiguousarray(rows), counted, threads)
    sums, flat = np.zeros(len(counted.counts)), weights.reshape(-1)
    for part in slices(len(flat), _PIXELS_AT_ONCE):
        np.add.at(sums, owners[part], flat[part])
    return sums
