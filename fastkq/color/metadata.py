"""Metadata of an image file."""

from typing import NamedTuple


class Metadata(NamedTuple):
    """Metadata that is copied from an input file to an output file whose format has a place for it.

    Attributes
    ----------
    icc : bytes or None
        ICC profile, which defines the colors of the palette's values.
    exif : bytes or None
        EXIF as a TIFF structure, which begins with II or MM. It has no rotation: that was applied to the
        pixels.
    dpi : (float, float) or None
        Dots per inch, horizontally and vertically.

    Examples
    --------
    >>> import fastkq
    >>> fastkq.Metadata(dpi=(72.0, 72.0))
    Metadata(icc=None, exif=None, dpi=(72.0, 72.0))
    """

    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None


Metadata.__module__ = "fastkq"  # pickles name the public module
