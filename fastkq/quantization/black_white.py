"""Keep pure black and white as rows of a palette where much of the image is near them.

The two colors of least squared error for black text on white are grays near black and white: (14, 254) on a
typical page, since edges are smoothed. People want pure colors of scans and screenshots.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import has_alpha
from fastkq.color.table import ColorTable
from fastkq.quantization.options import FitOptions

NEAR = 32
"""Largest difference of a near color in any channel, where the range is 255: scanned paper is at 225 to 250,
and ink at 20 to 60."""
MIN_SHARE = 0.005
"""Smallest share of near pixels with which a color is kept. Text fills a few percent of a page. Nine of ten
screenshots have this share near black, and eight near white."""
_MOST = 0.5  # share of the pixels near black or white from which the image is text or line art


def with_black_white(
    table: ColorTable, weights: npt.NDArray[np.float64] | None, k: int, options: FitOptions
) -> FitOptions:
    """Return the options with black and white as the last fixed colors, as far as the image is near them.

    A color is kept if at least `MIN_SHARE` of the weight of the pixels is near it, and at least 1/k of the
    weight, or if at least half of it is near black or white. If one row is left for both, the color with more
    weight near it gets it. Pixels that are not opaque are near neither.

    Parameters
    ----------
    table
        The colors, of the channels of the fixed colors.
    weights : (M,) or None
        Weight of each color; its count if None.
    k : int
        Largest number of palette rows.
    """
    if not options.keep_black_white or options.value_range is None or table.dtype == np.bool_:
        return options
    fixed = np.empty((0, table.channels), table.dtype) if options.fixed is None else options.fixed
    colors, ends = table.colors, options.value_range
    shown, is_shown = colors, np.ones(len(table), bool)
    if has_alpha(table.dtype, table.channels):
        shown, is_shown = colors[:, :-1], table.is_opaque
    margin = NEAR * abs(ends.high - ends.low) / 255
    is_near = [(np.abs(shown.astype(np.float64) - end) <= margin).all(axis=1) & is_shown for end in ends]
    amounts = table.counts.astype(np.float64) if weights is None else weights
    shares = [float(np.cumsum(amounts[near])[-1] if near.any() else 0.0) for near in is_near]
    total = float(np.cumsum(amounts)[-1])
    least = MIN_SHARE if sum(shares) >= _MOST * total else max(MIN_SHARE, 1 / k)
    kept = []
    for place in sorted((0, 1), key=lambda place: -shares[place])[: max(0, k - len(fixed))]:
        color = np.empty((1, table.channels), table.dtype)
        color[0, : shown.shape[1]] = _nearest_value(ends[place], table.dtype)
        if shown.shape[1] < table.channels:
            color[0, -1] = np.iinfo(table.dtype).max
        if shares[place] >= least * total and not (fixed == color).all(axis=1).any():
            kept.append((place, color))
    rows = [color for _, color in sorted(kept, key=lambda item: item[0])]
    return options._replace(fixed=np.concatenate((fixed, *rows)) if rows else options.fixed)


def _nearest_value(value: float, dtype: np.dtype[Any]) -> float:
    """Return the value of a dtype that is nearest to black or white."""
    if dtype.kind == "f":
        limits = np.finfo(dtype)
        return min(max(value, float(limits.min)), float(limits.max))
    whole = np.iinfo(dtype)
    return min(max(round(value), whole.min), whole.max)
