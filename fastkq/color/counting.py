"""Count the colors of images of any kind.

Images of 8 bits with 1, 3 or 4 channels (in the working form) are counted in a `PackedTable`, all other
images in a `RowTable`.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color import packed_counting, row_table
from fastkq.color.kinds import RGB, RGBA, ImageKind, has_alpha, with_channels, without_alpha
from fastkq.color.packed_table import PackedTable, keys_of
from fastkq.color.table import ColorTable
from fastkq.runtime.progress import slices

_PIXELS_AT_ONCE = 1 << 18  # pixels between two checkpoints


def is_packed(dtype: np.dtype[Any], channels: int) -> bool:
    """Return whether colors in the working form are counted in a `PackedTable`."""
    return dtype == np.uint8 and channels in (1, RGB, RGBA)


def count(pixels: npt.NDArray[Any], threads: int = 1) -> ColorTable:
    """Count the distinct colors of an image in its working form; opaque images are counted without alpha."""
    counted = count_up_to(pixels, pixels.size, threads)
    assert counted is not None
    return counted


def count_up_to(pixels: npt.NDArray[Any], max_colors: int, threads: int = 1) -> ColorTable | None:
    """Count as `count`; return None for an 8-bit RGBA image, not opaque, of more than `max_colors` colors."""
    dtype, channels, _ = ImageKind.of(pixels)
    if not is_packed(dtype, channels):
        rows = pixels.reshape(-1, channels)
        if has_alpha(dtype, channels) and _is_opaque(rows):
            rows = without_alpha(rows[:, np.newaxis])[:, 0]
        return row_table.count(rows, threads)
    if channels == RGBA and packed_counting.is_opaque(pixels, threads):
        return packed_counting.count_without_alpha(pixels, threads)
    return packed_counting.count_up_to(pixels, max_colors, threads)


def _is_opaque(rows: npt.NDArray[Any]) -> bool:
    top = np.iinfo(rows.dtype).max
    return all((rows[part, -1] == top).all() for part in slices(len(rows), _PIXELS_AT_ONCE))


def widen(table: ColorTable, kind: ImageKind) -> ColorTable:
    """Return the table of the same colors in images of another kind, see `ImageKind.joined`.

    Gray becomes R, G and B if the working form of the kind has them; the order of the colors stays the same.
    Alpha is not added: a table of opaque colors has none.
    """
    alpha = has_alpha(table.dtype, table.channels)
    is_gray_kind = kind.channels < RGB and not (kind.dtype == np.uint8 and kind.channels > 1)
    if table.channels - alpha != 1 or is_gray_kind:
        return table
    colors = with_channels(table.colors[np.newaxis], RGB + alpha)[0]
    if is_packed(colors.dtype, colors.shape[1]):
        return PackedTable(keys_of(colors), table.counts, colors.shape[1])
    return row_table.RowTable(colors, table.counts)


def merge(a: ColorTable, b: ColorTable) -> ColorTable:
    """Merge two tables; counts of equal colors are added. Alpha is added to one if only the other has it."""
    if a.channels != b.channels:
        a, b = a.with_alpha(), b.with_alpha()
    return a.merge(b)
