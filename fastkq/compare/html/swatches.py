"""The colours of a compressed image as a page shows them."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.api.facts import Colours
from fastkq.api.image import CompressedImage
from fastkq.api.notebook import by_8_bits
from fastkq.compare.table import Original

_MOST_COLOURS = 1024


class Shown(NamedTuple):
    """The most used colours, at most 1,024, in the order of the palette.

    Attributes
    ----------
    colours : list of str
        In CSS, as #rrggbb or #rrggbbaa.
    names : list of str
        In the values of the image; of 8 bits the same.
    shares : list of float
        The part of the pixels that has each.
    more : int
        How many colours are not shown.
    """

    colours: list[str]
    names: list[str]
    shares: list[float]
    more: int


def colours(original: Original, compressed: CompressedImage) -> Shown:
    """The colours of what was made of an image."""
    counts = np.bincount(compressed.indices.reshape(-1), minlength=compressed.k)
    kept = np.sort(np.argsort(-counts, kind="stable")[:_MOST_COLOURS])
    palette, shares = compressed.palette[kept], counts[kept] / counts.sum()
    in_css = [_in_css(colour) for colour in by_8_bits(original.pixels, palette[np.newaxis])[0]]
    names = in_css if palette.dtype == np.uint8 else _names(Colours(palette, counts[kept]))
    return Shown(in_css, names, [float(f"{share:.6g}") for share in shares], len(counts) - len(kept))


def _names(colours: Colours) -> list[str]:
    return colours.names if colours.palette.dtype.kind == "f" else [f"#{name}" for name in colours.names]


def _in_css(colour: npt.NDArray[Any]) -> str:
    values = bytes(colour) * 3 if len(colour) == 1 else bytes(colour)
    return f"#{values.hex().removesuffix('ff' if len(values) == 4 else '')}"
