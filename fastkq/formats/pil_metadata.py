"""Metadata out of Pillow's images, and into Pillow's options."""

import math
from typing import TYPE_CHECKING, Any

from fastkq.color.metadata import Metadata
from fastkq.formats import exif
from fastkq.formats.registry import ImageFormat

if TYPE_CHECKING:
    from PIL import Image

_ICC_HEADER_SIZE = 128
_X_RESOLUTION = 0x011A
_DPI_RANGE = (0.1, 1e6)  # beyond, the pixels a metre of PNG and BMP are 0 or no longer fit


def metadata_of(image: "Image.Image", *, gray: bool, turned: bool) -> Metadata:
    """What a loaded image says beside its pixels; what is damaged or invalid counts as absent.

    Parameters
    ----------
    image : PIL image
    gray : bool
        Whether its pixels become gray, not RGB or RGBA: an ICC profile of other colours is dropped.
    turned : bool
        Whether rows have become columns since it was read: horizontal and vertical DPI change places.
    """
    dpi = _valid_dpi(image.info.get("dpi"))
    if _X_RESOLUTION not in getattr(image, "tag_v2", {_X_RESOLUTION}):
        dpi = None  # Pillow says 1 of a TIFF that says nothing
    return Metadata(
        icc=_matching_profile(image.info.get("icc_profile"), ("GRAY", "RGB") if gray else ("RGB",)),
        exif=_exif(image),
        dpi=dpi[::-1] if dpi and turned else dpi,
    )


def save_options(metadata: Metadata, form: ImageFormat, mode: str) -> dict[str, Any]:
    """What Pillow's `save` is to be told so that a format carries what it can."""
    options = carried(metadata, mode)
    if "texts" in form.carries and (texts := _texts(metadata.exif)):
        options["tiffinfo"] = texts
    names = {"icc": "icc_profile", "exif": "exif", "texts": "tiffinfo", "dpi": "dpi"}
    kept = {names[key] for key in form.carries}
    return {name: value for name, value in options.items() if name in kept}


def carried(metadata: Metadata, mode: str) -> dict[str, Any]:
    """The metadata that pixels of one of Pillow's modes can have, by the names that Pillow gives it.

    A profile for gray is carried by gray pixels, one for RGB by palettes, RGB and RGBA.
    """
    gray = mode in ("1", "L", "LA", "I;16", "F")
    options = {
        "icc_profile": _matching_profile(metadata.icc, ("GRAY",) if gray else ("RGB",)),
        "exif": metadata.exif,
        "dpi": _valid_dpi(metadata.dpi),
    }
    return {name: value for name, value in options.items() if value}


def _matching_profile(profile: object, spaces: tuple[str, ...]) -> bytes | None:
    """The profile if it is one (its header says acsp) and describes colours of one of these spaces."""
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
        return exif.without_orientation(exif.of_tiff(image.getexif()))
    except Exception:  # damaged tags raise whatever they like, and are no reason to refuse the picture
        return None


def _texts(data: bytes | None) -> dict[int, str] | None:
    from PIL import Image

    tags = Image.Exif()
    try:
        tags.load(data or b"")
        return exif.texts(tags)
    except Exception:  # as above
        return None
