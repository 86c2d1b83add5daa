"""Metadata of PIL images, and the options with which Pillow writes metadata."""

import math
from typing import TYPE_CHECKING, Any

from fastkq.color.metadata import Metadata
from fastkq.formats import exif
from fastkq.formats.registry import ImageFormat

if TYPE_CHECKING:
    from PIL import Image

_ICC_HEADER_SIZE = 128  # bytes
_X_RESOLUTION = 0x011A  # TIFF tag
_DPI_RANGE = (0.1, 1e6)  # outside this range, the pixels per meter of PNG and BMP are 0 or overflow


def metadata_of(image: "Image.Image", *, gray: bool, turned: bool) -> Metadata:
    """Return the metadata of a loaded image; damaged or invalid values count as absent.

    Parameters
    ----------
    image : PIL image
    gray : bool
        Whether its pixels become gray rather than RGB or RGBA. An ICC profile for another color space is
        dropped.
    turned : bool
        Whether rows and columns were exchanged since the image was read: horizontal and vertical DPI are
        swapped then.
    """
    dpi = _valid_dpi(image.info.get("dpi"))
    if _X_RESOLUTION not in getattr(image, "tag_v2", {_X_RESOLUTION}):
        dpi = None  # for a TIFF without resolution, Pillow reports 1
    return Metadata(
        icc=_matching_profile(image.info.get("icc_profile"), ("GRAY", "RGB") if gray else ("RGB",)),
        exif=_exif(image),
        dpi=dpi[::-1] if dpi and turned else dpi,
    )


def save_options(metadata: Metadata, form: ImageFormat, mode: str) -> dict[str, Any]:
    """Return the options of Pillow's `save` for the metadata that a format can carry."""
    options = supported_metadata(metadata, mode)
    if "texts" in form.carries and (texts := _texts(metadata.exif)):
        options["tiffinfo"] = texts
    names = {"icc": "icc_profile", "exif": "exif", "texts": "tiffinfo", "dpi": "dpi"}
    kept = {names[key] for key in form.carries}
    return {name: value for name, value in options.items() if name in kept}


def supported_metadata(metadata: Metadata, mode: str) -> dict[str, Any]:
    """Return the metadata that pixels of a Pillow mode can have, by Pillow's names.

    Gray pixels take an ICC profile for gray; palettes, RGB and RGBA take one for RGB.
    """
    gray = mode in ("1", "L", "LA", "I;16", "I", "F")
    options = {
        "icc_profile": _matching_profile(metadata.icc, ("GRAY",) if gray else ("RGB",)),
        "exif": metadata.exif,
        "dpi": _valid_dpi(metadata.dpi),
    }
    return {name: value for name, value in options.items() if value}


def _matching_profile(profile: object, spaces: tuple[str, ...]) -> bytes | None:
    """Return the ICC profile if it has the signature "acsp" and is for one of these color spaces, or None."""
    if not isinstance(profile, bytes) or len(profile) < _ICC_HEADER_SIZE or profile[36:40] != b"acsp":
        return None
    return profile if profile[16:20].decode("latin-1").rstrip() in spaces else None


def _valid_dpi(dpi: object) -> tuple[float, float] | None:
    try:
        horizontal, vertical = (float(value) for value in dpi)  # type: ignore[attr-defined]
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    low, high = _DPI_RANGE
    if not all(math.isfinite(value) and low <= value <= high for value in (horizontal, vertical)):
        return None
    return horizontal, vertical


def _exif(image: "Image.Image") -> bytes | None:
    raw = image.info.get("exif")
    if isinstance(raw, bytes):
        return exif.without_orientation(raw)
    try:
        return exif.without_orientation(exif.from_tiff_tags(image.getexif()))
    except Exception:  # damaged tags raise exceptions of any type; the image is read without them
        return None


def _texts(data: bytes | None) -> dict[int, str] | None:
    from PIL import Image

    tags = Image.Exif()
    try:
        tags.load(data or b"")
        return exif.text_tags(tags)
    except Exception:  # damaged tags, as above
        return None
