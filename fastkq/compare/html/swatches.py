"""Palette of a compressed image as the page shows it."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.api.facts import PaletteCounts
from fastkq.api.image import CompressedImage
from fastkq.api.notebook import for_display
from fastkq.color.indexed_image import count_indices
from fastkq.color.kinds import has_fixed_range
from fastkq.compare.comparison import Original

_MAX_COLORS = 1024  # colors shown per k, at most


class Shown(NamedTuple):
    """The most used colors, at most 1,024, in the order of the palette.

    Attributes
    ----------
    colors : list of str
        Colors in CSS notation, #rrggbb or #rrggbbaa.
    names : list of str
        Colors in the values of the image; the same as `colors` for 8 bits per channel.
    shares : list of float
        Share of the pixels that have the color, 0 to 1.
    more : int
        Number of colors that are not shown.
    """

    colors: list[str]
    names: list[str]
    shares: list[float]
    more: int


def colors(original: Original, compressed: CompressedImage) -> Shown:
    """Return the most used colors of a compressed image and their shares of the pixels."""
    counts = count_indices(compressed)
    kept = np.sort(np.argsort(-counts, kind="stable")[:_MAX_COLORS])
    palette, shares = compressed.palette[kept], counts[kept] / counts.sum()
    in_css = [_in_css(color) for color in for_display(original.pixels, compressed).palette[kept]]
    names = in_css
    is_css = original.kind.channels - original.kind.has_alpha in (1, 3)
    if palette.dtype != np.uint8 or not is_css:
        prefix = "#" * (is_css and has_fixed_range(palette.dtype))
        names = [prefix + name for name in PaletteCounts(palette, counts[kept]).names]
    return Shown(in_css, names, [float(f"{share:.6g}") for share in shares], len(counts) - len(kept))


def _in_css(color: npt.NDArray[Any]) -> str:
    values = bytes(color) * 3 if len(color) == 1 else bytes(color)
    return f"#{values.hex().removesuffix('ff' if len(values) == 4 else '')}"
