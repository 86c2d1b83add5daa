"""Source and compressed image as PNGs that a browser shows with the same color management."""

import math
from itertools import count

from fastkq import formats
from fastkq.api.notebook import for_display, to_display_8bit
from fastkq.color.indexed_image import IndexedImage
from fastkq.color.metadata import Metadata
from fastkq.compare.comparison import Original, Row

_MAX_PIXELS = 1 << 22  # pixels of an image on the page, at most


def step_for(shape: tuple[int, ...]) -> int:
    """Return the smallest n with which every n-th pixel of every n-th row is at most `_MAX_PIXELS` pixels."""
    return next(step for step in count(1) if math.prod(size_on_page(shape, step)) <= _MAX_PIXELS)


def size_on_page(shape: tuple[int, ...], step: int) -> tuple[int, int]:
    """Return the height and width of an image that is shown by every step-th pixel of every step-th row."""
    return -(-shape[0] // step), -(-shape[1] // step)


def source_as_png(original: Original, step: int) -> bytes:
    """Encode the source pixels as PNG.

    The file itself is not embedded: its EXIF may contain the location, and browsers rotate images by EXIF.
    """
    sampled = original.pixels[::step, ::step]
    shown = to_display_8bit(original.pixels, sampled, has_alpha=original.kind.has_alpha)
    return formats.encode_image(shown, ".png", _profile(original))


def reduced_as_png(original: Original, row: Row, step: int) -> bytes:
    """Encode the compressed image as PNG, with a palette if PNG can hold it."""
    palette = for_display(original.pixels, row.compressed).palette
    indices = row.compressed.indices[::step, ::step]
    sampled = IndexedImage.unchecked(palette, indices, metadata=_profile(original))
    return formats.encode(sampled, ".png", whole=True)


def _profile(original: Original) -> Metadata | None:
    """Return the color space, used for both images, without an ICC profile for gray."""
    colors = original.pixels.ndim == 3 and original.pixels.shape[2] >= 3
    metadata = original.metadata.color_space
    return metadata if colors else metadata._replace(icc=None)
