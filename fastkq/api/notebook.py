"""8-bit views of images of any kind: as PNG, as HTML for notebooks, over a checkerboard."""

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import formats
from fastkq.color.indexed_image import IndexedImage, count_indices
from fastkq.color.kinds import as_8bit, has_fixed_range

_CHECKERBOARD = ((255, 255, 255), (214, 214, 214))  # R, G, B
_MAX_SIDE = 1600  # pixels: largest side of an image that is shown
_ENLARGED_SIDE = 256  # pixels: smaller images are enlarged by an integer factor, to at most this side
_MAX_SWATCHES = 256  # largest number of colors that are shown
_COMPRESS_LEVEL = 2
"""zlib level. For one megapixel of 64 colors, level 2 takes 30 ms and gives 389 kB; level 6, the default,
takes 110 ms and gives 343 kB."""

_FIGURE = """\
<figure style="margin:0">
<img src="data:image/png;base64,{data}" alt="{facts}" style="display:block;{size};\
background:{checks}">
<div style="display:flex;height:16px;width:512px;max-width:100%;margin:6px 0;overflow:hidden;\
outline:1px solid #8888;background:{checks}">{swatches}</div>
<figcaption style="font-size:smaller;opacity:.75">{facts}</figcaption>
</figure>"""
_SWATCH = '<i style="flex:{count};min-width:1px;background:{name}" title="{name}, {share:.2%}"></i>'
_CHECKERBOARD_CSS = "repeating-conic-gradient(#8884 0 25%,#8880 0 50%) 0/16px 16px"


def to_display_8bit(
    original: npt.NDArray[Any], values: npt.NDArray[Any], *, has_alpha: bool
) -> npt.NDArray[np.uint8]:
    """Convert an image, or a palette or sample of it, to 8 bits for display.

    Of channels that are no colors, the first three are shown as RGB, or of two the first as gray. Values
    other than bool, uint8 and uint16 are scaled linearly so that the minimum of the original is black and its
    maximum white. Gray with alpha becomes RGBA.

    Parameters
    ----------
    original : (H, W) or (H, W, C)
        Image that gives the range of the values.
    values : (H, W) or (H, W, C) array of the same dtype and number of channels
        Values to convert: the original, some of its pixels or a palette (1, k, C).
    has_alpha : bool
        Whether the last channel is alpha.

    Returns
    -------
    (H, W), (H, W, 1), (H, W, 3) or (H, W, 4) uint8
    """
    if not has_alpha and values.ndim == 3:
        shown = slice(3 if values.shape[2] > 2 else 1)
        original, values = original[..., shown] if original.ndim == 3 else original, values[..., shown]
    if not has_fixed_range(values.dtype):
        low, high = float(original.min()), float(original.max())
        values = np.interp(values, (low, high), (0, 255)).round().astype(np.uint8)
    elif values.shape[2:] == (2,):
        values = values[:, :, [0, 0, 0, 1]]
    return as_8bit(values)


def for_display(original: npt.NDArray[Any], image: IndexedImage) -> IndexedImage:
    """Return an indexed image with the palette that `to_display_8bit` gives, without metadata."""
    palette = to_display_8bit(original, image.palette[np.newaxis], has_alpha=image.has_alpha)[0]
    return IndexedImage.unchecked(palette, image.indices)


def composite_on_checkerboard(image: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """Return an image as RGB, composited over a checkerboard where it is transparent."""
    if image.ndim == 2 or image.shape[2] == 1:
        return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    if image.shape[2] == 3:
        return image
    rows, columns = np.indices(image.shape[:2]) // max(1, image.shape[1] // 40)
    background = np.array(_CHECKERBOARD, np.float64)[(rows + columns) % 2]
    alpha = image[:, :, 3:] / 255
    return np.asarray(np.rint(image[:, :, :3] * alpha + background * (1 - alpha)), np.uint8)


def png(image: IndexedImage) -> bytes:
    """Encode an image as a PNG of at most 1600 pixels per side, with a palette if k is at most 256.

    Larger images are subsampled, pixel by pixel, without a filter. Floats are scaled so that the minimum of
    the palette is black and its maximum white. If the channels have no defined meaning, the first three are
    shown as RGB; of two channels, the first is shown as gray. Of the metadata, the color space is kept.
    """
    colors, indices = _display_colors(image), _subsample(image.indices)
    shown = IndexedImage.unchecked(colors, indices, metadata=image.metadata.color_space)
    options = {"optimize": False, "compress_level": _COMPRESS_LEVEL}
    return formats.encode(shown, ".png", whole=True, options=options)


def html(image: IndexedImage) -> str:
    """Return HTML with the image as by `png`, fitted to the screen, its palette and a line of facts.

    The width of each color in the palette is proportional to the number of its pixels.
    """
    height, width = image.indices.shape
    zoom = _ENLARGED_SIDE // max(height, width)
    size = "max-width:100%;max-height:80vh"
    if zoom > 1:
        size = f"max-width:100%;width:{zoom * width}px;image-rendering:pixelated"
    return _FIGURE.format(
        data=base64.b64encode(png(image)).decode(),
        size=size,
        checks=_CHECKERBOARD_CSS,
        swatches="".join(_swatches(image)),
        facts=_facts(image),
    )


def _display_colors(image: IndexedImage) -> npt.NDArray[np.uint8]:
    """Convert the palette to 8 bits: gray as RGB, RGB or RGBA."""
    palette = image.palette[np.newaxis]
    shown = to_display_8bit(palette, palette, has_alpha=image.has_alpha)[0]
    return np.repeat(shown, 3, axis=1) if shown.shape[1] == 1 else shown


def _subsample(indices: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.unsignedinteger]:
    """Subsample the indices so that no side exceeds `_MAX_SIDE` pixels."""
    longest = max(indices.shape)
    if longest <= _MAX_SIDE:
        return indices
    shown = [max(1, side * _MAX_SIDE // longest) for side in indices.shape]
    positions = [
        np.arange(length) * side // length for length, side in zip(shown, indices.shape, strict=True)
    ]
    return indices[np.ix_(*positions)]


def _swatches(image: IndexedImage) -> Iterator[str]:
    """Yield the used colors in the order of the palette; of more than 256 colors, the 256 most frequent."""
    counts, colors = count_indices(image), _display_colors(image)
    chosen = np.sort(np.argsort(-counts, kind="stable")[:_MAX_SWATCHES])
    for color, count in zip(colors[chosen].tolist(), counts[chosen].tolist(), strict=True):
        if count:
            name = "#" + bytes(color).hex()
            yield _SWATCH.format(count=count, name=name, share=count / image.indices.size)


def _facts(image: IndexedImage) -> str:
    (height, width), (k, channels) = image.indices.shape, image.palette.shape
    facts = [
        f"{width} x {height} pixels",
        f"{k} color{'s' * (k > 1)}",
        f"{channels} channel{'s' * (channels > 1)} of {image.dtype}",
    ]
    if max(height, width) > _MAX_SIDE:
        rows, columns = _subsample(image.indices).shape
        facts.append(f"shown at {columns} x {rows}")
    if image.dtype not in (np.uint8, np.bool_):
        facts.append("shown with 8 bits per channel")
    return ", ".join(facts)
