"""Tables of counted colors: packed tables in Morton order, and row tables sorted by channels.

Images of 8 bits with 1, 3 or 4 channels (in the working form) are counted in a `PackedTable`, which the code
that fits palettes and maps pixels at 8 bits needs; all other images are counted in a `RowTable`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color import packed_counting, packed_table, row_table
from fastkq.color.kinds import RGBA, has_alpha, without_alpha
from fastkq.color.row_table import RowTable
from fastkq.runtime.progress import slices

ColorTable = packed_table.PackedTable | RowTable

_PIXELS_AT_ONCE = 1 << 18  # pixels between two checkpoints


def count(pixels: npt.NDArray[Any], threads: int = 1) -> ColorTable:
    """Count the distinct colors of an image in its working form; opaque images are counted without alpha."""
    counted = count_up_to(pixels, pixels.size, threads)
    assert counted is not None
    return counted


def count_up_to(pixels: npt.NDArray[Any], max_colors: int, threads: int = 1) -> ColorTable | None:
    """Count as `count`; return None for an 8-bit RGBA image, not opaque, of more than `max_colors` colors."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    if pixels.dtype != np.uint8 or channels not in (1, RGBA - 1, RGBA):
        rows = pixels.reshape(-1, channels)
        if has_alpha(pixels.dtype, channels) and _is_opaque(rows):
            rows = without_alpha(rows[:, np.newaxis])[:, 0]
        return row_table.count(rows, threads)
    if channels == RGBA and packed_counting.is_opaque(pixels, threads):
        return packed_counting.count_without_alpha(pixels, threads)
    return packed_counting.count_up_to(pixels, max_colors, threads)


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


def places(subset: ColorTable, superset: ColorTable) -> npt.NDArray[np.intp]:
    """Return the index in `superset` of each color of `subset`; `superset` contains all of them."""
    if channels_of(subset) < channels_of(superset):
        subset = with_alpha(subset)
    if isinstance(subset, packed_table.PackedTable) and isinstance(superset, packed_table.PackedTable):
        return np.searchsorted(superset.keys, subset.keys)
    assert isinstance(superset, RowTable)
    return row_table.places(subset.colors, superset)


def sum_weights(
    pixels: npt.NDArray[Any], counted: ColorTable, weights: npt.NDArray[np.float64], threads: int
) -> npt.NDArray[np.float64]:
    """Return the sum (M,) of the weights (H, W) of the pixels of each color, added in the order of pixels."""
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
