"""Hidden colors: the values of pixels of alpha 0 in the other channels, which do not show.

All colors of alpha 0 look the same, so a `ColorTable` counts them as one, and a palette has one row for them.
The row gets the commonest hidden color: a program that drops the alpha then shows the color key of an image,
or the white of its transparent background, and not black.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color import packed_counting, row_table
from fastkq.color.kinds import has_alpha
from fastkq.color.table import ColorTable
from fastkq.runtime.parallel import over_chunks

_PIXELS_PER_CHUNK = 1 << 18


def count(pixels: npt.NDArray[Any], threads: int = 1) -> ColorTable | None:
    """Count the hidden colors of an image, exactly.

    Parameters
    ----------
    pixels : (H, W) or (H, W, C), C-contiguous
        The image in its working form.
    threads : int
        Maximum number of threads.

    Returns
    -------
    ColorTable or None
        Table of the hidden colors, without their alpha; None if no pixel has alpha 0.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.color import hidden_colors
    >>> hidden = hidden_colors.count(np.array([[[9, 9, 9, 0], [9, 9, 9, 0], [7, 7, 7, 255]]], np.uint8))
    >>> hidden.colors.tolist(), hidden.counts.tolist()
    ([[9, 9, 9]], [2])
    """
    if pixels.ndim != 3 or not has_alpha(pixels.dtype, pixels.shape[2]):
        return None
    if pixels.dtype == np.uint8:
        hidden: ColorTable = packed_counting.count_hidden(pixels, threads)
        return hidden if len(hidden) else None
    rows = _hidden_rows(pixels.reshape(-1, pixels.shape[2]), threads)
    return row_table.count(rows, threads) if len(rows) else None


def _hidden_rows(rows: npt.NDArray[Any], threads: int) -> npt.NDArray[Any]:
    """Return the rows (N, C) of alpha 0, without their alpha."""
    pieces: list[npt.NDArray[Any]] = [rows[:0, :-1]] * -(-len(rows) // _PIXELS_PER_CHUNK)

    def work(worker: int, start: int, stop: int) -> None:
        part = rows[start:stop]
        pieces[start // _PIXELS_PER_CHUNK] = part[part[:, -1] == 0, :-1]

    over_chunks(work, len(rows), _PIXELS_PER_CHUNK, threads)
    return np.concatenate(pieces)


def commonest(hidden: ColorTable | None) -> npt.NDArray[Any] | None:
    """Return the commonest hidden color with its alpha of 0, (C,), or None if there is none.

    Of equally common colors it is the smallest by the first channel, then by the second, and so on.
    """
    if hidden is None:
        return None
    candidates = hidden.select(hidden.counts == hidden.counts.max()).colors
    smallest: npt.NDArray[Any] = candidates[np.lexsort(candidates.T[::-1])[0]]
    return np.append(smallest, smallest.dtype.type(0))


def with_hidden_color(
    palette: npt.NDArray[Any], hidden_color: npt.NDArray[Any] | None, n_fixed: int = 0
) -> npt.NDArray[Any]:
    """Return a palette (k, C) with the hidden color (C,), if there is one, as its transparent row.

    The first `n_fixed` rows stay as they are.
    """
    if hidden_color is None:
        return palette
    is_transparent = palette[:, -1] == 0
    is_transparent[:n_fixed] = False
    return np.where(is_transparent[:, np.newaxis], hidden_color, palette)
