"""Keep pure black and white as rows of a palette where much of the image is near them.

The two colors of least squared error for black text on white are grays near black and white: (14, 254) on a
typical page, since edges are smoothed. People want pure colors of scans and screenshots.
"""

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import has_alpha
from fastkq.color.table import ColorTable
from fastkq.quantization.options import FitOptions

NEAR = 32 / 255
"""Largest difference of a near color in any channel, as a share of the range: scanned paper is at 225 to 250,
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
    fixed = np.empty((0, table.channels), table.dtype) if options.fixed is None else options.fixed
    if not options.keep_black_white or table.dtype.kind != "u":
        return options
    colors, peak = table.colors, int(np.iinfo(table.dtype).max)
    shown = colors[:, :-1] if has_alpha(table.dtype, table.channels) else colors
    is_shown = table.is_opaque if has_alpha(table.dtype, table.channels) else np.ones(len(table), bool)
    amounts = table.counts.astype(np.float64) if weights is None else weights
    limit = int(NEAR * peak)
    is_near = (shown <= limit).all(axis=1) & is_shown, (shown >= peak - limit).all(axis=1) & is_shown
    shares = [float(np.cumsum(amounts[near])[-1] if near.any() else 0.0) for near in is_near]
    total = float(np.cumsum(amounts)[-1])
    least = MIN_SHARE if sum(shares) >= _MOST * total else max(MIN_SHARE, 1 / k)
    kept = []
    for place in sorted((0, 1), key=lambda place: -shares[place]):
        color = np.full((1, table.channels), peak, table.dtype)
        color[0, : shown.shape[1]] = place * peak
        if shares[place] >= least * total and not (fixed == color).all(axis=1).any():
            kept.append(color)
    kept = sorted(kept[: max(0, k - len(fixed))], key=lambda color: int(color[0, 0]))
    return options._replace(fixed=np.concatenate((fixed, *kept)) if kept else options.fixed)
