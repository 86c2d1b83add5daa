"""The source and what became of it as PNGs that a browser shows alike."""

import math

import numpy as np

from fastkq import formats
from fastkq.api.notebook import by_8_bits
from fastkq.color.metadata import Metadata
from fastkq.compare.table import Original, Row

_MOST_PIXELS = 1 << 22


def step_for(shape: tuple[int, ...]) -> int:
    """Of every how many pixels and rows one is shown."""
    step = 1
    while math.prod(size_on_page(shape, step)) > _MOST_PIXELS:
        step += 1
    return step


def size_on_page(shape: tuple[int, ...], step: int) -> tuple[int, int]:
    """Height and width of what is shown."""
    return -(-shape[0] // step), -(-shape[1] // step)


def source_as_png(original: Original, step: int) -> bytes:
    """The pixels, not the file: its EXIF may tell where it was taken, and browsers turn by it."""
    sampled = original.pixels[::step, ::step]
    return formats.encode_image(by_8_bits(original.pixels, sampled), ".png", _profile(original))


def reduced_as_png(original: Original, row: Row, step: int) -> bytes:
    """With a palette, where PNG has such."""
    palette = by_8_bits(original.pixels, row.compressed.palette[np.newaxis])[0]
    indices = row.compressed.indices[::step, ::step]
    return formats.encode_indexed(palette, indices, ".png", _profile(original), whole=True)


def _profile(original: Original) -> Metadata | None:
    """The ICC profile, so that both sides are shown by it; one for gray does not fit a palette."""
    colours = original.pixels.ndim == 3 and original.pixels.shape[2] >= 3
    return Metadata(icc=original.metadata.icc) if colours else None
