"""Metadata of PIL images, and the options with which Pillow writes metadata."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fastkq.color.metadata import Metadata
from fastkq.formats import color_space, exif, geotiff, icc, png, sixteen_bit, xmp
from fastkq.formats import tiff_tags as tag
from fastkq.formats.registry import ImageFormat

if TYPE_CHECKING:
    from PIL import Image, PngImagePlugin
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

_INCHES_BY_UNIT = {2: 1.0, 3: 2.54}
"""Dots per inch for one dot per unit of the resolution: inch and centimeter."""
_GRAY_MODES = ("1", "L", "LA", "La")  # of Pillow, for 8 bits
_SAVE_OPTIONS = {"icc": "icc_profile", "exif": "exif", "dpi": "dpi", "xmp": "xmp"}
"""Options of Pillow's `save` for metadata that is one value, by its name in `ImageFormat.carries`."""
_DPI_RANGE = (0.1, 1e6)  # outside this range, the pixels per meter of PNG and BMP are 0 or overflow


def metadata_of(image: "Image.Image", data: bytes, *, gray: bool, turned: bool) -> Metadata:
    """Return the metadata of a loaded image; damaged or invalid values count as absent.

    Parameters
    ----------
    image : PIL image
    data : bytes
        Bytes of the file; empty if they are not known.
    gray : bool
        Whether its pixels become gray rather than RGB or RGBA. An ICC profile for another color space is
        left out, but one for gray is made one for RGB where gray becomes RGBA.
    turned : bool
        Whether rows and columns were exchanged since the image was read: horizontal and vertical DPI are
        swapped then.
    """
    dpi = _valid_dpi(image.info.get("dpi"))
    if tag.X_RESOLUTION not in getattr(image, "tag_v2", {tag.X_RESOLUTION}):
        dpi = None  # for a TIFF without resolution, Pillow reports 1
    info = image.info
    gray = gray or image.mode in ("I", "F")
    profile = _matching_profile(info.get("icc_profile"), ("GRAY", "RGB") if gray else ("RGB",))
    if image.mode == "LAB":
        profile = None  # `fastkq.formats.color_management` converts it to sRGB
    if profile is None and (image.mode in _GRAY_MODES or sixteen_bit.is_gray(image)):
        profile = icc.for_rgb(info.get("icc_profile"))  # gray with transparency becomes RGBA
    return Metadata(
        icc=profile,
        exif=_exif(image),
        dpi=dpi[::-1] if dpi and turned else dpi,
        xmp=xmp.of_image(image),
        srgb=None if profile else color_space.valid_intent(info.get("srgb")),
        gamma=color_space.valid_gamma(info.get("gamma")),
        chromaticity=color_space.valid_chromaticity(info.get("chromaticity")),
        cicp=color_space.valid_cicp(info.get("cicp") or png.read_cicp(data)),
        geotiff=geotiff.from_tags(getattr(image, "tag_v2", {})),
    )


def metadata_of_tags(tags: Mapping[int, Any], *, gray: bool, turned: bool) -> Metadata:
    """Return the metadata in the tags of a TIFF file whose pixels Pillow does not read; as `metadata_of`."""
    from PIL import Image

    image, described = Image.new("F" if gray else "RGB", (1, 1)), Image.Exif()
    described.update(exif.text_tags(tags))
    inches = _INCHES_BY_UNIT.get(tags.get(tag.RESOLUTION_UNIT, 2))
    image.info |= {
        "icc_profile": tags.get(tag.ICC_PROFILE),
        "xmp": tags.get(xmp.TIFF_TAG),
        "exif": described.tobytes() if described else None,
    }
    if inches is not None and tag.X_RESOLUTION in tags and tag.Y_RESOLUTION in tags:
        image.info["dpi"] = tags[tag.X_RESOLUTION] * inches, tags[tag.Y_RESOLUTION] * inches
    return metadata_of(image, b"", gray=gray, turned=turned)


def save_options(metadata: Metadata, form: ImageFormat, mode: str) -> dict[str, Any]:
    """Return the options of Pillow's `save` for the metadata that a format can carry.

    In a PNG, the chunk sRGB of 13 bytes replaces an ICC profile that is sRGB, of usually 3 kB.
    """
    supported = supported_metadata(metadata, mode)
    options = {
        name: supported[name]
        for key, name in _SAVE_OPTIONS.items()
        if key in form.carries and name in supported
    }
    if form.name == "PNG":
        if icc.is_srgb(metadata.icc):
            options.pop("icc_profile", None)
        chunks = [*color_space.png_chunks(metadata), *xmp.png_chunks(metadata.xmp)]
        options |= {"pnginfo": _png_info(chunks)} if chunks else {}
    if form.name == "TIFF":
        tags = _tiff_tags(metadata)
        options |= {"tiffinfo": _with_geotiff(tags, metadata.geotiff)} if tags or metadata.geotiff else {}
    return options


def keeps_color_space(metadata: Metadata, form: ImageFormat, mode: str) -> bool:
    """Return whether a format can carry a definition of the colors of pixels of a Pillow mode."""
    if "chunks" in form.carries and color_space.png_chunks(metadata):
        return True
    return "icc" in form.carries and "icc_profile" in supported_metadata(metadata, mode)


def supported_metadata(metadata: Metadata, mode: str) -> dict[str, Any]:
    """Return the metadata that pixels of a Pillow mode can have, by the names in Pillow's `Image.info`.

    Gray pixels take an ICC profile for gray; palettes, RGB and RGBA take one for RGB, or one for gray that is
    made one for RGB: an image has that only if it is gray.
    """
    gray = mode in ("1", "L", "LA", "I;16", "I", "F")
    profile = _matching_profile(metadata.icc, ("GRAY",) if gray else ("RGB",))
    options = {
        "icc_profile": profile if profile or gray else icc.for_rgb(metadata.icc),
        "exif": metadata.exif,
        "dpi": _valid_dpi(metadata.dpi),
        "xmp": metadata.xmp,
        "srgb": color_space.valid_intent(metadata.srgb),
        "gamma": color_space.valid_gamma(metadata.gamma),
        "chromaticity": color_space.valid_chromaticity(metadata.chromaticity),
        "cicp": color_space.valid_cicp(metadata.cicp),
    }
    return {name: value for name, value in options.items() if value not in (None, b"")}


def _matching_profile(profile: object, spaces: tuple[str, ...]) -> bytes | None:
    """Return the ICC profile if it is for one of these color spaces, or None."""
    return profile if isinstance(profile, bytes) and icc.color_space(profile) in spaces else None


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


def _png_info(chunks: list[tuple[bytes, bytes]]) -> "PngImagePlugin.PngInfo":
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    for kind, payload in chunks:
        info.add(kind, payload)
    return info


def _tiff_tags(metadata: Metadata) -> dict[int, str | bytes]:
    from PIL import Image

    packet: dict[int, str | bytes] = {xmp.TIFF_TAG: metadata.xmp} if metadata.xmp else {}
    tags = Image.Exif()
    try:
        tags.load(metadata.exif or b"")
        return exif.text_tags(tags) | packet
    except Exception:  # damaged tags, as above
        return packet


def _with_geotiff(
    tags: dict[int, str | bytes], structure: bytes | None
) -> "dict[int, str | bytes] | ImageFileDirectory_v2":
    """Return the tags together with those of GeoTIFF, whose types Pillow has to be told."""
    from PIL.TiffImagePlugin import ImageFileDirectory_v2

    if structure is None:
        return tags
    directory = ImageFileDirectory_v2()
    for name, value in tags.items():
        directory[name] = value
    geotiff.add_to(directory, structure)
    return directory
