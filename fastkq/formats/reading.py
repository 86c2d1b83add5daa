"""Read image files and PIL images through Pillow, and files that Pillow does not know through imageio."""

import contextlib
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import FormatError, FrameWarning, PrecisionWarning
from fastkq.formats import sixteen_bit
from fastkq.formats.exif import ORIENTATION
from fastkq.formats.picture import Picture, pixel_mode
from fastkq.formats.pil import Interruptible
from fastkq.formats.pil_metadata import metadata_of
from fastkq.formats.png import verify_chunks
from fastkq.formats.source import Source
from fastkq.runtime.options import Depth
from fastkq.runtime.validation import MAX_PIXELS

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
    are reduced to their high byte, with a `PrecisionWarning`.

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
    data, name = bytes(source.read(0, source.length)), source.name or "the data"
    with _decoding(name):
        if not data:
            raise FormatError(f"{name}: expected an image file, got an empty one")
        verify_chunks(data)
        image = _open(data) or _open_with_imageio(data, name)
        width, height = image.size
        if height * width > max_pixels:
            raise FormatError(
                f"{name}: expected at most {max_pixels} pixels (max_pixels), "
                f"the header has {height} x {width}"
            )
        if image.format in _MULTI_FRAME_FORMATS and _has_frames(data):
            message = f"{name}: holds several images, the first is read"
            warnings.warn(message, FrameWarning, stacklevel=2)
        gif_colors = 2 << (data[10] & 7) if image.format == "GIF" else 0
        picture = _load(image, name, data, depth)
        return picture._replace(format=image.format, gif_colors=gif_colors)


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


def _open(data: bytes) -> "Image.Image | None":
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(Interruptible(data))
    except UnidentifiedImageError:
        return None


def _open_with_imageio(data: bytes, name: str) -> "Image.Image":
    """Decode a file that Pillow does not know by any installed plugin of imageio.

    A file that begins like a format of Pillow, except TIFF, is damaged and is not passed on: the libraries
    of the plugins would print messages on standard error.
    """
    import imageio.v3 as imageio
    from PIL import Image

    known_format = _format_by_magic(data)
    found = f"a damaged {known_format}" if known_format else "data of no known image format"
    refusal = FormatError(f"{name}: expected an image file, got {found}")
    if known_format and known_format not in _PARTLY_READ_FORMATS:
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
    from PIL import Image

    with contextlib.suppress(Exception), Image.open(BytesIO(data)) as image:
        return bool(getattr(image, "is_animated", False))
    return False


def _load(image: "Image.Image", name: str, data: bytes, depth: Depth) -> Picture:
    """Load an image, apply its EXIF rotation and read its 16-bit pixels and metadata."""
    reduced, misread = sixteen_bit.loses_low_bits(image, data), sixteen_bit.is_misread_planar(image)
    tags = getattr(image, "tag_v2", {})
    stored_orientation = tags.get(ORIENTATION, 1)
    pixels = sixteen_bit.read_color(image, data) if reduced and data and (misread or depth is None) else None
    if misread and pixels is None:
        raise FormatError(f"{name}: expected interleaved channels, got planes of 16 bits: {sixteen_bit.HINT}")
    image.load()  # this rotates a TIFF and removes the orientation from its tags
    orientation = _orientation(image)
    applied = max(orientation, stored_orientation)
    metadata = metadata_of(image, gray=pixel_mode(image) == "L", turned=5 <= applied <= 8)
    if reduced and pixels is None and depth is None:
        message = f"{name}: 16 bits per channel are reduced to 8, the high byte is kept{_remedy(image, data)}"
        warnings.warn(message, PrecisionWarning, stacklevel=3)
    if pixels is not None:
        pixels = sixteen_bit.apply_orientation(pixels, applied)
    elif sixteen_bit.is_gray(image):
        pixels = sixteen_bit.apply_orientation(sixteen_bit.read_gray(image), orientation)
    return Picture(_transposed(image, orientation), name, metadata, pixels, depth)


def _remedy(image: "Image.Image", data: bytes) -> str:
    """Return the end of the warning: how to keep 16 bits; empty if that is not possible."""
    if image.mode == "P" or image.format not in sixteen_bit.FORMATS:
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
