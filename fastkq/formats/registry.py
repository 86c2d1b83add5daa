"""What each suffix of an image file stands for: one table for all that is written."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from fastkq.errors import ArgumentError

MAX_PALETTE = 256
"""Most colours of a palette in any of these formats."""


class ImageFormat(NamedTuple):
    """What a format can hold, and how Pillow is to write it.

    Attributes
    ----------
    name : str
        Pillow's.
    palette : {"opaque", "one transparent", "any alpha"} or None
        What the colours of a palette may be; None when the format has no palettes.
    pixels : tuple of {"L", "RGB", "RGBA", "I;16", "RGB;16", "RGBA;16", "F"}
        What it can hold without a palette: by 8 bits, by 16, and gray by float32.
    falls_back : bool
        Whether an image whose palette does not fit is written as pixels unasked.
    carries : frozenset of {"icc", "exif", "texts", "dpi"}
        The metadata that it has a place for; "texts" are those of the EXIF: description, artist and the like.
    max_side : int
        Most pixels in a row or column.
    options : mapping
        For Pillow's `save`.
    """

    name: str
    palette: Literal["opaque", "one transparent", "any alpha"] | None
    pixels: tuple[str, ...]
    falls_back: bool
    carries: frozenset[str]
    max_side: int
    options: Mapping[str, Any]


_TIFF = ImageFormat(
    name="TIFF",
    palette="opaque",
    pixels=("L", "RGB", "RGBA", "I;16", "F"),
    falls_back=True,
    carries=frozenset({"icc", "texts", "dpi"}),
    max_side=(1 << 31) - 1,
    # Against LZW 4 to 45 % smaller on palettes; a predictor makes images of few colours larger.
    options=MappingProxyType({"compression": "tiff_adobe_deflate"}),
)

FORMATS: Mapping[str, ImageFormat] = MappingProxyType(
    {
        ".png": ImageFormat(
            name="PNG",
            palette="any alpha",
            pixels=("L", "RGB", "RGBA", "I;16", "RGB;16", "RGBA;16"),
            falls_back=False,
            carries=frozenset({"icc", "exif", "dpi"}),
            max_side=(1 << 31) - 1,
            options=MappingProxyType({"optimize": True}),
        ),
        ".webp": ImageFormat(
            name="WEBP",
            palette=None,  # libwebp makes one by itself, in an order of its own
            pixels=("RGB", "RGBA"),
            falls_back=True,
            carries=frozenset({"icc", "exif"}),
            max_side=16383,
            options=MappingProxyType({"lossless": True, "exact": True, "quality": 100, "method": 6}),
        ),
        ".gif": ImageFormat(
            name="GIF",
            palette="one transparent",
            pixels=(),
            falls_back=False,
            carries=frozenset(),
            max_side=65535,
            # Pillow's "optimize" sorts the palette by use.
            options=MappingProxyType({"optimize": False, "interlace": 0}),
        ),
        ".tif": _TIFF,
        ".tiff": _TIFF,
        ".bmp": ImageFormat(
            name="BMP",
            palette="opaque",
            pixels=("L", "RGB"),
            falls_back=True,
            carries=frozenset({"dpi"}),
            max_side=(1 << 31) - 1,
            options=MappingProxyType({"dpi": (0, 0)}),  # else Pillow says 96
        ),
    }
)
"""All formats by suffix, in the order in which they are proposed."""


def format_for(suffix: str) -> ImageFormat:
    """The format of a suffix, which begins with a dot, in either case.

    Raises
    ------
    ArgumentError
        When there is none.
    """
    try:
        return FORMATS[suffix.lower()]
    except KeyError:
        raise ArgumentError(f"expected a path that ends in {', '.join(FORMATS)}, got {suffix!r}") from None
