"""Images of any kind as a screen can show them: by 8 bits, as a PNG, as HTML for a notebook."""

import base64
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import as_8bit, has_alpha
from fastkq.color.metadata import Metadata
from fastkq.formats import pil

_CHECKS = ((255, 255, 255), (214, 214, 214))
_MOST_SIDE = 1600
_SMALL_SIDE = 256
_MOST_SWATCHES = 256
_COMPRESS_LEVEL = 2
"""Of zlib, for one megapixel of 64 colours: 30 ms and 389 kB, where the usual 6 takes 110 ms for 343 kB."""

_FIGURE = """\
<figure style="margin:0">
<img src="data:image/png;base64,{data}" alt="{facts}" style="display:block;{size};\
background:{checks}">
<div style="display:flex;height:16px;width:512px;max-width:100%;margin:6px 0;overflow:hidden;\
outline:1px solid #8888;background:{checks}">{swatches}</div>
<figcaption style="font-size:smaller;opacity:.75">{facts}</figcaption>
</figure>"""
_SWATCH = '<i style="flex:{count};min-width:1px;background:{name}" title="{name}, {share:.2%}"></i>'
_CHECKS_BEHIND = "repeating-conic-gradient(#8884 0 25%,#8880 0 50%) 0/16px 16px"


def by_8_bits(original: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The original or what was made of it, (H, W) or (H, W, C), C up to 4; gray with alpha as RGBA.

    Floats go from black for the original's least to white for its largest.
    """
    if values.dtype.kind == "f":
        low, high = float(original.min()), float(original.max())
        values = np.interp(values, (low, high), (0, 255)).round().astype(np.uint8)
    elif values.shape[2:] == (2,):
        values = values[:, :, [0, 0, 0, 1]]
    return as_8bit(values)


def on_checks(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """As RGB; what is transparent shows a checkerboard."""
    if image.ndim == 2 or image.shape[2] == 1:
        return np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=2)
    if image.shape[2] == 3:
        return image
    rows, columns = np.indices(image.shape[:2]) // max(1, image.shape[1] // 40)
    background = np.array(_CHECKS, np.float64)[(rows + columns) % 2]
    alpha = image[:, :, 3:] / 255
    blended: npt.NDArray[np.uint8] = np.rint(image[:, :, :3] * alpha + background * (1 - alpha)).astype(
        np.uint8
    )
    return blended


def png(
    palette: npt.NDArray[Any], indices: npt.NDArray[np.unsignedinteger], icc: bytes | None = None
) -> bytes:
    """A PNG of at most 1600 pixels a side, thinned out to that, with a palette if k is up to 256.

    Parameters
    ----------
    palette : (k, C) of any dtype
        Floats are shown from black for the least to white for the largest; of channels that are no colour
        the first three, or the first as gray.
    indices : (H, W)
    icc : bytes, optional
        ICC profile.
    """
    image = pil.to_pil(_visible(palette), _thinned(indices), Metadata())
    buffer = BytesIO()
    options = pil.info_of(Metadata(icc=icc), image.mode)
    image.save(buffer, "PNG", compress_level=_COMPRESS_LEVEL, **options)
    return buffer.getvalue()


def html(
    palette: npt.NDArray[Any], indices: npt.NDArray[np.unsignedinteger], icc: bytes | None = None
) -> str:
    """The PNG, no larger than the screen, above its colours in proportion to their use and a line of facts.

    Parameters
    ----------
    palette, indices, icc
        As for `png`.
    """
    zoom = _SMALL_SIDE // max(indices.shape)
    size = "max-width:100%;max-height:80vh"
    if zoom > 1:
        size = f"max-width:100%;width:{zoom * indices.shape[1]}px;image-rendering:pixelated"
    return _FIGURE.format(
        data=base64.b64encode(png(palette, indices, icc)).decode(),
        size=size,
        checks=_CHECKS_BEHIND,
        swatches="".join(_swatches(palette, indices)),
        facts=_facts(palette, indices),
    )


def _visible(palette: npt.NDArray[Any]) -> npt.NDArray[np.uint8]:
    """The colours by 8 bits: gray, RGB or RGBA."""
    channels = palette.shape[1]
    if channels > 2 and not has_alpha(palette.dtype, channels):
        palette = palette[:, :3]
    elif channels == 2 and not has_alpha(palette.dtype, channels):
        palette = palette[:, :1]
    shown = by_8_bits(palette[np.newaxis], palette[np.newaxis])[0]
    return np.repeat(shown, 3, axis=1) if shown.shape[1] == 1 else shown


def _thinned(indices: npt.NDArray[np.unsignedinteger]) -> npt.NDArray[np.unsignedinteger]:
    longest = max(indices.shape)
    if longest <= _MOST_SIDE:
        return indices
    shown = [max(1, side * _MOST_SIDE // longest) for side in indices.shape]
    places = [np.arange(few) * side // few for few, side in zip(shown, indices.shape, strict=True)]
    return indices[np.ix_(*places)]


def _swatches(palette: npt.NDArray[Any], indices: npt.NDArray[np.unsignedinteger]) -> Iterator[str]:
    """The colours that are used, in the palette's order; of very many those that are used most."""
    counts = np.bincount(indices.reshape(-1), minlength=len(palette))
    chosen = np.sort(np.argsort(-counts, kind="stable")[:_MOST_SWATCHES])
    for colour, count in zip(_visible(palette)[chosen].tolist(), counts[chosen].tolist(), strict=True):
        if count:
            name = "#" + bytes(colour).hex()
            yield _SWATCH.format(count=count, name=name, share=count / indices.size)


def _facts(palette: npt.NDArray[Any], indices: npt.NDArray[np.unsignedinteger]) -> str:
    (height, width), (k, channels) = indices.shape, palette.shape
    facts = [
        f"{width} x {height} pixels",
        f"{k} colour{'s' * (k > 1)}",
        f"{channels} channel{'s' * (channels > 1)} of {palette.dtype}",
    ]
    if max(height, width) > _MOST_SIDE:
        rows, columns = _thinned(indices).shape
        facts.append(f"shown at {columns} x {rows}")
    if palette.dtype not in (np.uint8, np.bool_):
        facts.append("shown by 8 bits")
    return ", ".join(facts)
