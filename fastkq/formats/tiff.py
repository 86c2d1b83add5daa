"""TIFF files whose pixels Pillow cannot read or misreads: floats, signed integers, bands, color maps."""

import contextlib
import struct
from collections.abc import Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import GRAY_WITH_ALPHA
from fastkq.errors import FormatError
from fastkq.formats import sixteen_bit
from fastkq.formats import tiff_tags as tag

if TYPE_CHECKING:
    from PIL import Image

_SAMPLES_WITH_EXTRA: dict[Any, int] = {
    tag.WHITE_IS_ZERO: 2,
    tag.BLACK_IS_ZERO: 2,
    tag.RGB: 4,
}  # one extra sample
_SHORT = 3  # type of a tag
_BIG_ENDIAN = ("F;32BF", "I;16BS", "I;32BS")  # raw modes of Pillow
_KINDS = {1: "uint", 2: "int", 3: "float"}  # names of NumPy by sample format
_MAX_RATIO = 1 << 15  # bytes of pixels per byte of the file, at most, for any compression

Tags = Mapping[int, Any]


def read_tags(data: bytes) -> Tags:
    """Return the tags of the first image; empty if the data are no TIFF or are damaged."""
    from PIL import TiffImagePlugin

    if data[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return {}
    stream = BytesIO(data)
    header, prefix = data[: 16 if data[2] == ord("+") else 8], data[:2]
    if is_misread_bigtiff(data):
        header = b"II+\0" + data[4:16]
    try:
        tags = TiffImagePlugin.ImageFileDirectory_v2(header, prefix)
        stream.seek(tags.next)
        tags.load(stream)
        return dict(tags)
    except Exception:  # damaged tags raise exceptions of any type
        return {}


def with_extra_sample_as_alpha(data: bytes) -> bytes | None:
    """Return a gray or RGB file whose extra sample is unspecified with that sample as alpha, or None.

    Pillow drops an unspecified sample, and keeps alpha. Only the tag ExtraSamples is changed.
    """
    with contextlib.suppress(struct.error, KeyError):
        tags = _first_directory(data)
        is_one = tags[tag.SAMPLES_PER_PIXEL][0] == _SAMPLES_WITH_EXTRA.get(tags[tag.PHOTOMETRIC][0])
        value, at, count, order = tags[tag.EXTRA_SAMPLES]
        if is_one and count == 1 and value == tag.UNSPECIFIED:
            return data[:at] + struct.pack(order + "H", tag.ALPHA) + data[at + 2 :]
    return None


def _first_directory(data: bytes) -> dict[int, tuple[int, int, int, str]]:
    """Return, by tag, the first 16-bit value of each entry, its offset, the number of values, the byte order.

    Only entries of type SHORT are returned whose values are in the entry.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
    if not order:
        return {}
    (version,) = struct.unpack_from(order + "H", data, 2)
    if version not in (42, 43):
        return {}
    place, number, entry = ("I", "H", "HHI") if version == 42 else ("Q", "Q", "HHQ")
    (start,) = struct.unpack_from(order + place, data, 4 if version == 42 else 8)
    (entries,) = struct.unpack_from(order + number, data, start)
    first, width = start + struct.calcsize(order + number), struct.calcsize(order + entry + place)
    tags = {}
    for at in range(first, min(first + entries * width, len(data)), width):
        name, kind, count = struct.unpack_from(order + entry, data, at)
        value_at = at + struct.calcsize(order + entry)
        if kind == _SHORT and 2 * count <= struct.calcsize(order + place):
            (value,) = struct.unpack_from(order + "H", data, value_at)
            tags[name] = value, value_at, count, order
    return tags


def is_plain(tags: Tags) -> bool:
    """Return whether the tags of a gray or RGB image say that its last sample is no alpha."""
    extra = tags.get(tag.EXTRA_SAMPLES, ())
    is_alpha = (
        extra[-1:] in ((tag.PREMULTIPLIED,), (tag.ALPHA,)) if extra else tags.get(tag.PHOTOMETRIC) == tag.RGB
    )
    return not is_alpha


def is_misread_bigtiff(data: bytes) -> bool:
    """Return whether Pillow overlooks that a file is a BigTIFF, as it does if the file is big-endian."""
    return data[:4] == b"MM\0+"


def drops_bands(image: "Image.Image") -> bool:
    """Return whether Pillow reads only the first bands: of several gray planes, or of RGB and two more."""
    tags = getattr(image, "tag_v2", {})
    samples = tags.get(tag.SAMPLES_PER_PIXEL, 1)
    return bool(samples > _SAMPLES_WITH_EXTRA.get(tags.get(tag.PHOTOMETRIC), samples))


def is_deep(tags: Tags) -> bool:
    """Return whether the tags are those of gray or RGB, or of more than 8 bits per sample."""
    bits = tags.get(tag.BITS_PER_SAMPLE, (1,))
    return bool(tags) and (
        tags.get(tag.PHOTOMETRIC) in (tag.WHITE_IS_ZERO, tag.BLACK_IS_ZERO, tag.RGB) or max(bits) > 8
    )


def sizes(tags: Tags) -> tuple[int, int]:
    """Return height and width; 0 if a tag is missing."""
    height, width = (
        value if isinstance(value := tags.get(name), int) else 0 for name in (tag.HEIGHT, tag.WIDTH)
    )
    return height, width


def check_tile(data: bytes, tags: Tags) -> None:
    """Raise FormatError if tiles are larger than the file can fill: decoders allocate a whole tile."""
    height, width = tags.get(tag.TILE_HEIGHT, 0), tags.get(tag.TILE_WIDTH, 0)
    bits = tags.get(tag.SAMPLES_PER_PIXEL, 1) * max(tags.get(tag.BITS_PER_SAMPLE, (1,)))
    if height * width * bits // 8 > len(data) * _MAX_RATIO:
        raise FormatError(f"expected tiles that {len(data)} bytes can fill, got {height} x {width} pixels")


def decode(data: bytes, tags: Tags) -> npt.NDArray[Any]:
    """Decode a file that Pillow refuses, by imagecodecs or tifffile.

    Returns
    -------
    (H, W) or (H, W, C), of the dtype of the file
        Except float32 for float16. Gray with alpha of unsigned integers becomes RGBA. Alpha is not
        premultiplied.

    Raises
    ------
    FormatError
        If neither is installed, or the values are neither gray nor RGB, with extra samples or without.
    """
    (height, width), samples = sizes(tags), tags.get(tag.SAMPLES_PER_PIXEL, 1)
    what = f"a TIFF of {samples} x {_dtype_name(tags)}"
    check_tile(data, tags)
    if tags.get(tag.PHOTOMETRIC) not in (tag.WHITE_IS_ZERO, tag.BLACK_IS_ZERO, tag.RGB):
        raise FormatError(
            f"expected gray or RGB, got {what} of photometric interpretation {tags.get(tag.PHOTOMETRIC)}"
        )
    decoder = sixteen_bit.decoder("TIFF") or _tifffile()
    if decoder is None:
        raise FormatError(f"expected pixels of 8 bits, got {what}: {sixteen_bit.READING_HINT}")
    bits = max(tags.get(tag.BITS_PER_SAMPLE, (1,)))
    size = height * width * samples * bits // 8
    if size > len(data) * (_MAX_RATIO if tags.get(tag.COMPRESSION, 1) != 1 else 1):
        raise FormatError(f"expected {size} bytes of pixels, the file has {len(data)}: truncated")
    pixels = decoder(data)
    if tags.get(tag.PLANAR_CONFIGURATION) == tag.SEPARATE and samples > 1:
        pixels = np.moveaxis(pixels, 0, -1)
    if pixels.size != height * width * samples:
        raise FormatError(f"expected {height} x {width} pixels of {samples} samples, got {pixels.shape}")
    pixels = pixels.reshape((height, width, samples)[: 2 if samples == 1 else 3])
    if pixels.dtype.kind == "u":
        pixels = _as_shown(pixels, tags)
    return pixels.astype(np.float32) if pixels.dtype == np.float16 else pixels


def _as_shown(pixels: npt.NDArray[Any], tags: Tags) -> npt.NDArray[Any]:
    """Return unsigned pixels with black as 0, and gray with alpha as RGBA, not premultiplied."""
    if tags.get(tag.PHOTOMETRIC) == tag.WHITE_IS_ZERO and pixels.ndim == 2:
        return np.iinfo(pixels.dtype).max - pixels
    extra = tags.get(tag.EXTRA_SAMPLES, ())
    if pixels.shape[2:] != (GRAY_WITH_ALPHA,) or extra[:1] not in ((tag.PREMULTIPLIED,), (tag.ALPHA,)):
        return pixels
    gray, alphas = pixels[:, :, :1], pixels[:, :, 1]
    if tags.get(tag.PHOTOMETRIC) == tag.WHITE_IS_ZERO:
        gray = np.iinfo(pixels.dtype).max - gray
    if extra[0] == tag.PREMULTIPLIED and pixels.dtype == np.uint16:
        gray = sixteen_bit.unpremultiply(gray, alphas[:, :, np.newaxis])
    return sixteen_bit.rgba(gray, alphas)


def _dtype_name(tags: Tags) -> str:
    kind = _KINDS.get(max(tags.get(tag.SAMPLE_FORMAT, (1,))), "values of ")
    return f"{kind}{max(tags.get(tag.BITS_PER_SAMPLE, (1,)))}"


def _tifffile() -> Any:
    """Return a decoder that uses tifffile; None if it is not installed."""
    try:
        import tifffile
    except ImportError:
        return None

    def decode_first_page(data: bytes) -> npt.NDArray[Any]:
        with tifffile.TiffFile(BytesIO(data)) as file:
            pixels: npt.NDArray[Any] = file.pages[0].asarray()
            return pixels

    return decode_first_page


def is_swapped(image: "Image.Image") -> bool:
    """Return whether Pillow will swap the bytes of an opened, compressed image although libtiff has done so.

    This happens to big-endian signed integers and floats.
    """
    tiles = getattr(image, "tile", ())
    return any(tile[0] == "libtiff" and tile[3][0] in _BIG_ENDIAN for tile in tiles)


def values_of(image: "Image.Image", *, is_swapped: bool) -> npt.NDArray[Any] | None:
    """Return the values of a loaded gray image (H, W) with their dtype; None if Pillow reads them right.

    Pillow reads signed integers of 8 bits as unsigned, those of 16 bits as int32, and unsigned ones of 32
    bits as signed. Mode I of other images is int32, of Netpbm files uint16.
    """
    tags = getattr(image, "tag_v2", {})
    name = _dtype_name(tags) if tags else "uint16" if image.format == "PPM" else "int32"
    if image.mode == "L" and name == "int8":
        return np.array(image).view(np.int8)
    if image.mode == "F" and is_swapped:
        return np.array(image).byteswap()
    if image.mode != "I":
        return None
    values = np.array(image, np.int32)
    if name == "uint32":
        values = values.view(np.uint32)
    elif name in ("int16", "uint16"):
        values = values.astype(name)
    return values.byteswap() if is_swapped else values


def with_color_map(image: "Image.Image") -> "Image.Image":
    """Return a loaded palette image with the right colors if the color map of its file holds 8-bit values.

    The values should have 16 bits, of which Pillow takes the high byte. If all are below 256, they have 8
    bits, as libtiff assumes, too.
    """
    values = getattr(image, "tag_v2", {}).get(tag.COLOR_MAP, ())
    if image.mode != "P" or not values or not 0 < max(values) < 256 or any(image.getpalette() or ()):
        return image
    corrected = image.copy()
    corrected.putpalette(np.array(values, np.uint8).reshape(3, -1).T.tobytes())
    return corrected
