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
    xmp : bytes or None
        XMP packet. It has no rotation, like `exif`.
    srgb : int or None
        Rendering intent of colors that are sRGB, 0 to 3, as in the PNG chunk sRGB.
    gamma : float or None
        Exponent that encodes linear light in the values, as in the PNG chunk gAMA: 0.45455 for 1 / 2.2.
    chromaticity : (float, float, float, float, float, float, float, float) or None
        CIE x and y of white, red, green and blue, as in the PNG chunk cHRM.
    cicp : (int, int, int, int) or None
        Color primaries, transfer function, matrix and range by the code points of ITU-T H.273, as in the PNG
        chunk cICP.
    geotiff : bytes or None
        GeoTIFF tags, GDAL_METADATA and GDAL_NODATA of a TIFF file, as a TIFF structure without pixels.

    Notes
    -----
    Of several definitions of the colors, the first of `cicp`, `icc`, `srgb`, and `gamma` with `chromaticity`
    holds [1]_. Without any of them, colors are sRGB.

    References
    ----------
    .. [1] "Portable Network Graphics (PNG) Specification (Third Edition)", W3C, 2025, section 4.3.

    Examples
    --------
    >>> import fastkq
    >>> fastkq.Metadata(dpi=(72.0, 72.0)).dpi
    (72.0, 72.0)
    """

    icc: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    xmp: bytes | None = None
    srgb: int | None = None
    gamma: float | None = None
    chromaticity: tuple[float, ...] | None = None
    cicp: tuple[int, int, int, int] | None = None
    geotiff: bytes | None = None

    @property
    def color_space(self) -> "Metadata":
        """Only what defines the colors: `icc`, `srgb`, `gamma`, `chromaticity` and `cicp`."""
        return Metadata(
            icc=self.icc, srgb=self.srgb, gamma=self.gamma, chromaticity=self.chromaticity, cicp=self.cicp
        )


Metadata.__module__ = "fastkq"  # pickles name the public module
