"""Image files to pictures, through Pillow, and imageio for what Pillow does not know."""

import contextlib
import os
import warnings
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.checks import MAX_PIXELS
from fastkq.errors import FormatError, FrameWarning, PrecisionWarning
from fastkq.io.exif import ORIENTATION
from fastkq.io.metadata import metadata_of
from fastkq.io.picture import Picture, is_deep, pixel_mode
from fastkq.io.png import verify_chunks

if TYPE_CHECKING:
    from PIL import Image

    Path_ = str | os.PathLike[str]

_OF_FRAMES = ("GIF", "PNG", "TIFF", "WEBP")
"""Formats whose further images are frames or pages; in others they are previews, depths or layers."""

_COLOUR_MAP = 320


def is_pil_image(source: object) -> bool:
    """Whether this is a PIL image; Pillow is not imported to find out."""
    return any(f"{kind.__module__}.{kind.__name__}" == "PIL.Image.Image" for kind in type(source).__mro__)


def read_image(source: "Path_ | Image.Image") -> npt.NDArray[np.uint8]:
    """An image file or PIL image as people see it.

    EXIF rotation is applied; 1-bit and gray become (H, W), palettes and CMYK (H, W, 3), and whatever has
    transparency (H, W, 4). 16 bits a channel are reduced to the high byte with a `PrecisionWarning`; of
    several frames or pages the first is taken with a `FrameWarning`.

    Returns
    -------
    (H, W), (H, W, 3) or (H, W, 4) uint8

    Raises
    ------
    FormatError
        When the file is damaged, no image, or has 32 bits a channel.
    OSError
        When it cannot be read.
    """
    return read(source).pixels()


def read(source: "Path_ | Image.Image") -> Picture:
    """As `read_image`, the picture with its metadata and its palette, where it has them."""
    if is_pil_image(source):
        return _upright(source, "the PIL image")  # type: ignore[arg-type]
    path = Path(source)  # type: ignore[arg-type]
    return decode(path.read_bytes(), str(path))


def decode(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> Picture:
    """The picture that the bytes of an image file hold.

    Raises
    ------
    FormatError
        When they are damaged, no image, or its header claims more than `max_pixels` pixels. The message
        begins with `name`.
    """
    with _decoding(name):
        verify_chunks(data)
        image = _open(data) or _open_with_imageio(data, name)
        width, height = image.size
        if height * width > max_pixels:
            raise FormatError(
                f"{name}: expected at most {max_pixels} pixels (max_pixels), "
                f"the header has {height} x {width}"
            )
        if image.format in _OF_FRAMES and _has_frames(data):
            message = f"{name}: holds several images, the first is read"
            warnings.warn(message, FrameWarning, stacklevel=3)
        gif_colours = 2 << (data[10] & 7) if image.format == "GIF" else 0
        return _upright(image, name)._replace(format=image.format, gif_colours=gif_colours)


@contextlib.contextmanager
def _decoding(name: str) -> Iterator[None]:
    try:
        yield
    except (MemoryError, Warning):
        raise
    except Exception as error:  # decoders raise OSError, SyntaxError, ValueError, struct.error and more
        reason = " ".join(str(error).split()) or type(error).__name__
        if isinstance(error, FormatError) and reason.startswith(f"{name}: "):
            raise
        raise FormatError(f"{name}: expected an image file, but it cannot be decoded: {reason}") from error


def _open(data: bytes) -> "Image.Image | None":
    from PIL import Image, UnidentifiedImageError

    try:
        return Image.open(BytesIO(data))
    except UnidentifiedImageError:
        return None


def _open_with_imageio(data: bytes, name: str) -> "Image.Image":
    """What Pillow does not know may be known to a plugin of imageio that is installed."""
    import imageio.v3 as imageio
    from PIL import Image

    try:
        array: npt.NDArray[Any] = np.asarray(imageio.imread(data, extension=Path(name).suffix))
    except Exception as error:
        raise FormatError(f"{name}: expected an image file, got one of no known image format") from error
    if array.dtype != np.uint8 or not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))):
        raise FormatError(
            f"{name}: expected 8 bits a channel, gray, RGB or RGBA, got {array.dtype} {array.shape}"
        )
    return Image.fromarray(array)


def _has_frames(data: bytes) -> bool:
    """Whether there is a second frame, looked for in a copy: damage there must not harm the first."""
    from PIL import Image

    with contextlib.suppress(Exception), Image.open(BytesIO(data)) as image:
        return bool(getattr(image, "is_animated", False))
    return False


def _upright(image: "Image.Image", name: str) -> Picture:
    deep = _is_reduced_by_pillow(image)
    tags = getattr(image, "tag_v2", {})
    stored_orientation = tags.get(ORIENTATION, 1)
    image.load()  # turns a TIFF, and takes the orientation out of its tags
    orientation = _orientation(image)
    turned = 5 <= max(orientation, stored_orientation) <= 8
    gray = pixel_mode(image) == "L"
    metadata = metadata_of(image, gray=gray, turned=turned)
    if deep or is_deep(image):
        message = f"{name}: 16 bits a channel are reduced to 8, the high byte is kept"
        warnings.warn(message, PrecisionWarning, stacklevel=4)
    return Picture(_transposed(image, orientation), name, metadata)


def _is_reduced_by_pillow(image: "Image.Image") -> bool:
    """Whether decoding drops low bytes: Pillow has no mode for 16-bit colour and says nothing."""
    if image.mode == "P" and hasattr(image, "tag_v2"):
        # The 16 bits of a TIFF's palette are mostly 8 that were multiplied, by 257 or by 256.
        return any(value % 257 and value % 256 for value in image.tag_v2.get(_COLOUR_MAP, ()))
    tiles = getattr(image, "tile", [])
    return not image.mode.startswith("I") and any(";16" in str(tile[3]) for tile in tiles)


def _orientation(image: "Image.Image") -> int:
    try:
        orientation = image.getexif().get(ORIENTATION)
    except Exception:  # damaged tags raise whatever they like, and are no reason to refuse the picture
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
