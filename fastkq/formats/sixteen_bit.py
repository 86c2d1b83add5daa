"""Pixels of 16 bits per channel: Pillow reads gray, the extra `deep` color, of which Pillow keeps 8 bits."""

import contextlib
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from fastkq.formats import tiff_tags as tag

if TYPE_CHECKING:
    from PIL import Image

Deep = npt.NDArray[np.uint16]

HINT = "the extra deep keeps all 16 (from a clone, pip install '.[deep]')"
READING_HINT = "the extra deep reads it (from a clone, pip install '.[deep]')"

FORMATS = ("PNG", "TIFF")
"""Pillow's names of the formats that the extra `deep` can read."""

_SILENCE = logging.NullHandler()

_MAX, _MAX_12 = 65535, 4095  # largest values of 16 and of 12 bits
_JPEG_2000_CODESTREAM = b"\xff\x4f\xff\x51"
_AVIF_CONFIGURATION = b"av1C"


def is_gray(image: "Image.Image") -> bool:
    """Return whether a loaded image is gray with 16 bits per pixel."""
    return image.mode.startswith("I;16")


def loses_low_bits(image: "Image.Image", data: bytes) -> bool:
    """Return whether Pillow will drop low bits: it has no mode for 16-bit color and does not warn.

    Parameters
    ----------
    image : PIL image
        Opened, not yet loaded.
    data : bytes
        Bytes of the file; empty if they are not known.
    """
    tags = getattr(image, "tag_v2", {})
    if image.mode == "P":
        # The 16-bit values of a TIFF palette are mostly 8-bit values multiplied by 257 or 256.
        values = tags.get(tag.COLOR_MAP, (0,))
        return max(values) > 255 and any(value % 257 and value % 256 for value in values)
    if image.mode[0] in "IF":
        return False
    tiles = [tile[3] for tile in getattr(image, "tile", ())]  # arguments of Pillow's decoders
    return (
        any(";16" in str(tile) and "BGR;16" not in str(tile) for tile in tiles)  # BGR;16 has 5, 6 and 5 bits
        or max(tags.get(tag.BITS_PER_SAMPLE, (8,))) > 8
        or (image.format == "PPM" and any(isinstance(tile, tuple) and tile[-1] > 255 for tile in tiles))
        or (image.format == "JPEG2000" and _jpeg_2000_bit_depth(data) > 8)
        or (image.format == "AVIF" and _is_high_bit_depth_avif(data))
    )


def _jpeg_2000_bit_depth(data: bytes) -> int:
    position = data.find(_JPEG_2000_CODESTREAM) + 42
    return (data[position] & 0x7F) + 1 if 42 <= position < len(data) else 8


def _is_high_bit_depth_avif(data: bytes) -> bool:
    position = data.find(_AVIF_CONFIGURATION) + 6
    return 6 <= position < len(data) and bool(data[position] & 0x40)


def is_misread_planar(image: "Image.Image") -> bool:
    """Return whether Pillow misreads uncompressed 16-bit planes of a TIFF: it takes each byte for a value."""
    tags = getattr(image, "tag_v2", {})
    planes = (
        tags.get(tag.PLANAR_CONFIGURATION) == tag.SEPARATE
        and tags.get(tag.COMPRESSION, 1) == tag.NOT_COMPRESSED
    )
    return planes and image.mode in ("RGB", "RGBA") and max(tags.get(tag.BITS_PER_SAMPLE, (8,))) > 8


def read_gray(image: "Image.Image") -> Deep:
    """Return the values of a gray image (H, W), or (H, W, 4) if one value is transparent."""
    values: Deep = np.array(image).astype(np.uint16)
    tags = getattr(image, "tag_v2", {})
    if tags.get(tag.PHOTOMETRIC) == tag.WHITE_IS_ZERO:
        values = _MAX - values
    if tags.get(tag.BITS_PER_SAMPLE) == (12,):
        values = ((values.astype(np.uint32) * _MAX + _MAX_12 // 2) // _MAX_12).astype(np.uint16)
    key = image.info.get("transparency")
    if key is None:
        return values
    return rgba(values, np.where(values == key, np.uint16(0), np.uint16(_MAX)))


def read_color(image: "Image.Image", data: bytes) -> Deep | None:
    """Return the pixels (H, W, 3) or (H, W, 4) of a PNG or TIFF; None if they cannot be read at 16 bits.

    Parameters
    ----------
    image : PIL image
        Opened, not yet loaded. Channels that Pillow reads as alpha are alpha.
    data : bytes
        Bytes of the file.
    """
    tags = getattr(image, "tag_v2", {})
    is_color = image.format in FORMATS and image.mode in ("RGB", "RGBA", "LA")
    decode = decoder(image.format or "") if is_color else None
    if decode is None or (image.format == "TIFF" and tags.get(tag.PHOTOMETRIC) != tag.RGB):
        return None
    pixels: npt.NDArray[Any] | None = None
    with contextlib.suppress(Exception):  # after any exception, Pillow's 8 bits are used
        pixels = decode(data)
    if pixels is None or pixels.dtype != np.uint16 or pixels.ndim != 3:
        return None
    if tags.get(tag.PLANAR_CONFIGURATION) == tag.SEPARATE:
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.shape[2] == 2:
        return rgba(pixels[:, :, 0], pixels[:, :, 1])
    if image.mode == "RGBA" and tags.get(tag.EXTRA_SAMPLES) == (tag.PREMULTIPLIED,):
        return rgba(unpremultiply(pixels[:, :, :3], pixels[:, :, 3:]), pixels[:, :, 3])
    transparent = image.mode == "RGBA" or "transparency" in image.info
    return pixels[:, :, : 3 + transparent]


def decoder(name: str) -> Callable[[bytes], npt.NDArray[Any]] | None:
    """Return the decoder of imagecodecs for a format; None if the extra `deep` is not installed."""
    try:
        import imagecodecs
    except ImportError:
        return None
    # Without a handler, its log messages would be printed; libpng logs one for each interlaced file.
    logging.getLogger("imagecodecs").addHandler(_SILENCE)
    return cast(Callable[[bytes], npt.NDArray[Any]], getattr(imagecodecs, f"{name}_decode".lower()))


def rgba(colors: Deep, alphas: Deep) -> Deep:
    """Stack gray or RGB, (H, W, 1 or 3) or (H, W), and an alpha channel (H, W) into RGBA."""
    colors = np.broadcast_to(colors.reshape(*alphas.shape, -1), (*alphas.shape, 3))
    return np.concatenate((colors, alphas[..., np.newaxis]), axis=-1)


def unpremultiply(colors: Deep, alphas: Deep) -> Deep:
    """Divide premultiplied colors (H, W, 3) by their alphas (H, W, 1) in units of 1/65535, rounded."""
    visible = np.maximum(alphas, 1).astype(np.uint32)
    unpremultiplied = np.minimum((colors.astype(np.uint32) * _MAX + visible // 2) // visible, _MAX)
    return np.asarray(unpremultiplied, np.uint16)


def apply_orientation(pixels: npt.NDArray[Any], orientation: int) -> npt.NDArray[Any]:
    """Apply an EXIF orientation to pixels, as `fastkq.formats.reading` applies it to images."""
    if orientation >= 5:
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels[:, ::-1] if orientation in (2, 3, 6, 7) else pixels
