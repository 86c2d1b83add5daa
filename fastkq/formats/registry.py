"""The table of image formats by suffix: the contents that each can hold, and the options to write it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

MAX_PALETTE = 256
"""Largest number of colors in a palette of any of these formats."""


class ImageFormat(NamedTuple):
    """Contents that a format can hold, and the options with which Pillow writes it.

    Attributes
    ----------
    name : str
        Pillow's name of the format.
    palette : {"opaque", "one transparent", "any alpha"} or None
        Alpha that the colors of a palette may have; None if the format has no palettes.
    pixels : tuple of {"L", "RGB", "RGBA", "RGBX", "I;16", "RGB;16", "RGBA;16", "I", "F"}
        Kinds of pixels that the format holds without a palette: of 8 bits, of 16 bits, and gray of int32 and
        float32. X is a channel that is no alpha.
    allows_pixels : bool
        Whether an image whose palette does not fit is written as pixels by default. If False, it is written
        as pixels only with `whole=True` of `fastkq.formats.encode`.
    carries : frozenset of {"icc", "chunks", "exif", "texts", "xmp", "dpi"}
        Metadata that the format can hold. "texts" are the tags of a TIFF: the text tags of the EXIF
        (description, artist and others), and those of GeoTIFF. "chunks" are those of PNG that define colors:
        cICP, sRGB, gAMA and cHRM.
    options : mapping
        Options of Pillow's `save`.
    max_side : int
        Largest height and width in pixels.
    """

    name: str
    palette: Literal["opaque", "one transparent", "any alpha"] | None
    pixels: tuple[str, ...]
    allows_pixels: bool
    carries: frozenset[str]
    options: Mapping[str, Any]
    max_side: int = (1 << 31) - 1


_TIFF = ImageFormat(
    name="TIFF",
    palette="opaque",
    pixels=("L", "RGB", "RGBA", "RGBX", "I;16", "I", "F"),
    allows_pixels=True,
    carries=frozenset({"icc", "texts", "xmp", "dpi"}),
    # Deflate is 4 to 45 % smaller than LZW on palette images; a predictor makes images of few colors larger.
    options=MappingProxyType({"compression": "tiff_adobe_deflate"}),
)

FORMATS: Mapping[str, ImageFormat] = MappingProxyType(
    {
        ".png": ImageFormat(
            name="PNG",
            palette="any alpha",
            pixels=("L", "RGB", "RGBA", "I;16", "RGB;16", "RGBA;16"),
            allows_pixels=False,
            carries=frozenset({"icc", "chunks", "exif", "xmp", "dpi"}),
            options=MappingProxyType({"optimize": True}),
        ),
        ".webp": ImageFormat(
            name="WEBP",
            palette=None,  # libwebp builds its own palette, in its own order
            pixels=("RGB", "RGBA"),
            allows_pixels=True,
            carries=frozenset({"icc", "exif", "xmp"}),
            max_side=16383,
            options=MappingProxyType({"lossless": True, "exact": True, "quality": 100, "method": 6}),
        ),
        ".gif": ImageFormat(
            name="GIF",
            palette="one transparent",
            pixels=(),
            allows_pixels=False,
            carries=frozenset(),
            max_side=65535,
            # With "optimize", Pillow sorts the palette by use.
            options=MappingProxyType({"optimize": False, "interlace": 0}),
        ),
        ".tif": _TIFF,
        ".tiff": _TIFF,
        ".bmp": ImageFormat(
            name="BMP",
            palette="opaque",
            pixels=("L", "RGB"),
            allows_pixels=True,
            carries=frozenset({"dpi"}),
            options=MappingProxyType({"dpi": (0, 0)}),  # the default of Pillow is 96
        ),
    }
)
"""All formats by suffix, in the order in which messages list them."""
