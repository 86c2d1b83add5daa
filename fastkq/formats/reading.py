"""Read image files and PIL images: through Pillow, and what Pillow does not read through other decoders."""

import contextlib
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, FormatError, FrameWarning, PrecisionWarning
from fastkq.formats import array_files, geotiff, sixteen_bit, tiff
from fastkq.formats.array_files import check_size
from fastkq.formats.color_management import to_srgb
from fastkq.formats.exif import ORIENTATION
from fastkq.formats.picture import Picture, pixel_mode
from fastkq.formats.pil import DEFAULT_PIXEL_LIMIT, Interruptible, pixel_limit, tolerates_truncation
from fastkq.formats.pil_metadata import metadata_of, metadata_of_tags
from fastkq.formats.pillow_plugins import plugin_for
from fastkq.formats.png import color_key, verify_chunks
from fastkq.formats.source import Source
from fastkq.runtime.options import MAX_PIXELS, Depth
from fastkq.runtime.validation import check_image

if TYPE_CHECKING:
    from PIL import Image

_MULTI_FRAME_FORMATS = ("GIF", "PNG", "TIFF", "WEBP")
"""Formats in which further images are frames or pages; in others they are previews, depth maps or layers."""
_PARTLY_READ_FORMATS = ("TIFF",)
"""Formats of which Pillow refuses some undamaged files that other libraries can read."""


def is_pil_image(source: object) -> bool:
    """Return whether this is a PIL image, without importing Pillow."""
    return any(f"{kind.__module__}.{kind.__name__}" == "PIL.Image.Image" for kind in type(source).__mro__)


def from_pil(image: "Image.Image", depth: Depth = None) -> Picture:
    """Read a PIL image as `decode` reads a file."""
    return _load(image, "the PIL image", b"", depth)


def decode(source: Source, *, max_pixels: int = MAX_PIXELS, depth: Depth = None) -> Picture:
    """Decode an image file, as a viewer shows it, with its metadata and its palette.

    EXIF rotation is applied. Of several frames or pages the first is read, with a `FrameWarning`.

    16 bits per channel are kept for gray, and with the extra `deep` for color PNG and TIFF. Otherwise values
    are reduced to their high byte, with a `PrecisionWarning`. Floats and integers of other dtypes keep their
    dtype.

    Where the user has set `PIL.Image.MAX_IMAGE_PIXELS`, files of more than twice as many pixels are refused,
    as by Pillow; its default has no effect. Truncated files are read as Pillow reads them if its
    LOAD_TRUNCATED_IMAGES is set.

    Parameters
    ----------
    source : Source
    max_pixels : int
        Refuse to decode more pixels than this.
    depth : {None, 8}
        8 reduces 16-bit values to their high byte without a warning.

    Raises
    ------
    FormatError
        If the file is damaged, is not an image, or its header claims more than `max_pixels` pixels. The
        message begins with the name of the source.
    OSError
        If the file cannot be read.
    """
    name = source.name or "the data"
    with _decoding(name):
        if not source.length:
            raise FormatError(f"{name}: expected an image file, got an empty one")
        with _named(name):
            pixels = array_files.decode(source, max_pixels)
            if pixels is not None:
                return _of_array(pixels, name, depth)
        data = bytes(source.read(0, source.length))
        if not tolerates_truncation():
            verify_chunks(data)
        with_alpha = tiff.with_extra_sample_as_alpha(data)
        image = None if tiff.is_misread_bigtiff(data) else _open(with_alpha or data)
        if image is None or tiff.drops_bands(image):
            return _decode_without_pillow(data, name, max_pixels, depth)
        data = with_alpha or data
        width, height = image.size
        with _named(name):
            check_size(height, width, max_pixels)
            tiff.check_tile(data, getattr(image, "tag_v2", {}))
        _allocate(image)
        if image.format in _MULTI_FRAME_FORMATS and _has_frames(data):
            message = f"{name}: holds several images, the first is read"
            warnings.warn(message, FrameWarning, stacklevel=2)
        if image.format == "PNG" and "transparency" in image.info:
            image.info["transparency"] = color_key(data, image.info["transparency"])
        gif_colors = 2 << (data[10] & 7) if image.format == "GIF" else 0
        picture = _load(image, name, data, depth)
        return picture._replace(format=image.format, gif_colors=gif_colors, is_plain=with_alpha is not None)


@contextlib.contextmanager
def _decoding(name: str) -> Iterator[None]:
    """Turn exceptions of decoders, except MemoryError and Warning, into a FormatError that names the file."""
    try:
        yield
    except (MemoryError, Warning):
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error and others
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, FormatError) and reason.startswith(f"{name}: "):
            raise
        raise FormatError(f"{name}: expected an image file, but it cannot be decoded: {reason}") from error


@contextlib.contextmanager
def _named(name: str) -> Iterator[None]:
    """Prefix each FormatError with the name of the file."""
    try:
        yield
    except FormatError as error:
        raise FormatError(f"{name}: {error}") from error


def _open(data: bytes) -> "Image.Image | None":
    from PIL import Image, UnidentifiedImageError

    try:
        # Where its limit is the default, Pillow would warn of an attack, or refuse the file, below
        # `max_pixels`.
        return Image.open(Interruptible(data)) if pixel_limit() else _open_unlimited(Interruptible(data))
    except UnidentifiedImageError:
        return None


def _open_unlimited(file: Interruptible) -> "Image.Image | None":
    """Open a file as `PIL.Image.open`, but of any number of pixels; None if it is not identified."""
    from PIL import Image

    prefix, tried = file.getvalue()[:16], set[str]()
    for register in (Image.preinit, Image.init):  # a few common formats, then all
        register()
        for name in [name for name in Image.ID if name not in tried]:
            tried.add(name)
            factory, accepts = Image.OPEN[name]
            with contextlib.suppress(SyntaxError, IndexError, TypeError, struct.error):  # other formats
                answer = accepts is None or accepts(prefix)
                if answer and not isinstance(answer, str):  # a str says why Pillow cannot read the format
                    file.seek(0)
                    return factory(file, "")
    return None


def _allocate(image: "Image.Image") -> None:
    """Allocate the pixels of an opened TIFF: Pillow would compare their number with its limit once more."""
    from PIL import Image

    size = getattr(image, "_tile_size", None)
    if not pixel_limit() and size and size[0] * size[1] > DEFAULT_PIXEL_LIMIT:
        image.im = Image.new(image.mode, size).im


def _decode_without_pillow(data: bytes, name: str, max_pixels: int, depth: Depth) -> Picture:
    """Decode a file that Pillow refuses or misreads: a TIFF, or one that a plugin of imageio reads."""
    tags = tiff.read_tags(data)
    if not tiff.is_deep(tags):
        return Picture(_open_with_imageio(data, name), name, Metadata(), depth=depth)
    with _named(name):
        check_size(*tiff.sizes(tags), max_pixels)
        orientation = tags.get(ORIENTATION, 1)
        pixels = sixteen_bit.apply_orientation(tiff.decode(data, tags), orientation)
        picture = _of_array(array_files.narrowed(pixels), name, depth)
        metadata = metadata_of_tags(tags, gray=pixels.ndim == 2, turned=5 <= orientation <= 8)
        place = geotiff.from_tags(tags) if orientation == 1 else None
        return picture._replace(
            format="TIFF", metadata=metadata._replace(geotiff=place), is_plain=tiff.is_plain(tags)
        )


def _of_array(pixels: npt.NDArray[Any], name: str, depth: Depth) -> Picture:
    try:
        return Picture(None, name, Metadata(), check_image(pixels, is_finite=False), depth)
    except ArgumentError as error:
        raise FormatError(str(error)) from error


def _open_with_imageio(data: bytes, name: str) -> "Image.Image":
    """Decode a file that Pillow does not know by any installed plugin of imageio.

    A file that begins like a format of Pillow, except TIFF, is damaged and is not passed on: the libraries
    of the plugins would print messages on standard error. Formats of more than 8 bits are not passed on
    either: some plugins reduce them without a warning.
    """
    import imageio.v3 as imageio
    from PIL import Image

    known_format = _format_by_magic(data)
    found = f"a damaged {known_format}" if known_format else _description(data)
    refusal = FormatError(f"{name}: expected an image file, got {found}")
    if found != _UNKNOWN and known_format not in _PARTLY_READ_FORMATS:
        raise refusal
    try:
        array: npt.NDArray[Any] = np.asarray(imageio.imread(data, extension=Path(name).suffix))
    except Exception as error:
        raise refusal from error
    if not array.size:
        raise refusal
    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise FormatError(
            f"{name}: expected 8 bits per channel, gray, RGB or RGBA, got {array.dtype} {array.shape}"
        )
    return Image.fromarray(array)


_UNKNOWN = "data of no known image format"
_SIGNATURES = (
    (b"v/1\x01", "OpenEXR: convert it to TIFF"),
    (b"P7\n", "a damaged Netpbm file"),
    (b"PF", "a damaged Netpbm file"),
    (b"Pf", "a damaged Netpbm file"),
)


def _description(data: bytes) -> str:
    """Return what a file is that Pillow does not know, and what to do."""
    if plugin := plugin_for(data[:16]):
        return f"{plugin.format}: {plugin.hint}"
    return next((text for signature, text in _SIGNATURES if data.startswith(signature)), _UNKNOWN)


def _format_by_magic(data: bytes) -> str | None:
    """Return the format that the first bytes indicate, if this Pillow can read it, or None."""
    from PIL import Image

    for name, (_, accepts) in Image.OPEN.items():  # `Image.open` has filled the table
        with contextlib.suppress(Exception):  # data shorter than the magic raise IndexError or struct.error
            if accepts and (answer := accepts(data[:16])) and not isinstance(answer, str):
                return name  # a str answer says why Pillow knows the format but cannot read it
    return None


def _has_frames(data: bytes) -> bool:
    """Return whether there is a second frame; read from a copy, so that its damage cannot harm the first."""
    with contextlib.suppress(Exception):
        image = _open_unlimited(Interruptible(data))  # `_open` has applied the limit, and may have warned
        return image is not None and bool(getattr(image, "is_animated", False))
    return False


def _load(image: "Image.Image", name: str, data: bytes, depth: Depth) -> Picture:
    """Load an image, apply its EXIF rotation and read its 16-bit pixels and metadata."""
    reduced, misread = sixteen_bit.loses_low_bits(image, data), sixteen_bit.is_misread_planar(image)
    tags, swapped = getattr(image, "tag_v2", {}), tiff.is_swapped(image)
    # Pillow rotates a TIFF while it loads it, also by its XMP.
    stored_orientation = _orientation(image) if tags else 1
    pixels = sixteen_bit.read_color(image, data) if reduced and data and (misread or depth is None) else None
    if misread and pixels is None:
        raise FormatError(f"{name}: expected interleaved channels, got planes of 16 bits: {sixteen_bit.HINT}")
    image.load()  # this rotates a TIFF and removes the orientation from its tags
    orientation = _orientation(image)
    applied = max(orientation, stored_orientation)
    metadata = metadata_of(image, data, gray=pixel_mode(image) == "L", turned=5 <= applied <= 8)
    if applied != 1:  # the place of a pixel on the Earth is that in the file
        metadata = metadata._replace(geotiff=None)
    if reduced and pixels is None and depth is None:
        message = f"{name}: 16 bits per channel are reduced to 8, the high byte is kept{_remedy(image, data)}"
        warnings.warn(message, PrecisionWarning, stacklevel=3)
    if pixels is not None:
        pixels = sixteen_bit.apply_orientation(pixels, applied)
    elif sixteen_bit.is_gray(image):
        pixels = sixteen_bit.apply_orientation(sixteen_bit.read_gray(image), orientation)
    elif (values := tiff.values_of(image, is_swapped=swapped)) is not None:
        pixels = sixteen_bit.apply_orientation(values, orientation)
    image = tiff.with_color_map(image)
    if metadata.icc is None and metadata.cicp is None:  # cICP takes precedence over a profile
        converted = to_srgb(image, name)
        if converted is not None:
            image, metadata = converted, metadata._replace(srgb=None, gamma=None, chromaticity=None)
    return Picture(_transposed(image, orientation), name, metadata, pixels, depth)


def _remedy(image: "Image.Image", data: bytes) -> str:
    """Return the end of the warning: how to keep 16 bits; empty if that is not possible."""
    if image.mode in ("P", "CMYK") or image.format not in sixteen_bit.FORMATS:
        return ""
    return f": {sixteen_bit.HINT}" if data else f": give the path of its file; {sixteen_bit.HINT}"


def _orientation(image: "Image.Image") -> int:
    try:
        orientation = image.getexif().get(ORIENTATION)
    except Exception:  # damaged tags raise exceptions of any type; the image is read without them
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _transposed(image: "Image.Image", orientation: int) -> "Image.Image":
    from PIL.Image import Transpose

    methods = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(methods[orientation]) if orientation in methods else image
