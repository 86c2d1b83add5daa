"""What a file says beside its pixels."""

from typing import NamedTuple


class Metadata(NamedTuple):
    """What goes from an input file to an output file where both can carry it.

    Attributes
    ----------
    icc : bytes or None
        ICC profile: what the palette's numbers mean.
    exif : bytes or None
        EXIF as a TIFF structure, which begins with II or MM; its rotation has been applied and is not in it.
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
