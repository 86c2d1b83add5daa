r"""The `.fkq` file format, versions 1, 3 and 4 ("packed").

All integers are unsigned and little-endian. A file is, without gaps:

======  ====  ==================================================================================
offset  size  content
======  ====  ==================================================================================
0       4     magic: 89 46 4B 51 (hexadecimal; "\x89FKQ")
4       1     version: 1, 3 or 4
5       1     C, channels of a color: 1 (gray), 3 (R, G, B) or 4 (R, G, B, alpha; not premultiplied);
              in versions 3 and 4 as specified in `fastkq.formats.fkq.palette_values`
6       1     axes of the image: 2 for (H, W), which needs C = 1; 3 for (H, W, C)
7       1     0; in versions 3 and 4 the type of the values of the palette, as specified in
              `fastkq.formats.fkq.palette_values`
8       4     H, height in pixels, at least 1
12      4     W, width in pixels, at least 1
16      4     k, number of colors, 1 to 65536
20      4     CRC-32 (zlib, PNG: polynomial EDB88320) of bytes 0 to 19 followed by bytes 24 to the end
24      p     palette: k colors of C values, color after color and channel after channel; version 1 has
              one byte per value, p = k*C
24+p    n     indices, n = ceil(H*W*b / 8), b = ceil(log2 k)
======  ====  ==================================================================================

The indices are stored row by row, from left to right, each in b bits, highest bit first, the first index in
the highest bits of the first byte. Each is below k and is the number of a row of the palette, counted from 0.
With k = 1 there are none (b = 0). Unused low bits of the last byte are 0. Nothing follows. Rows of the
palette may be equal or unused, and in any order.

A file has version 3 only if version 1 cannot hold its palette: one of another type than uint8, or of another
number of channels than 1, 3 and 4; and version 4 only if the type is above 64, which readers of version 3 do
not know. A reader rejects a file that breaks any of these rules. All three versions stay readable.
"""

import struct
import zlib

import numpy as np
import numpy.typing as npt

from fastkq.color.indexed_image import Box, Damage, IndexedImage, bits_per_index, index_dtype
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, FormatError
from fastkq.formats.fkq import palette_values
from fastkq.formats.fkq.bits import pack, packed_size, unpack
from fastkq.formats.fkq.framing import CHECKSUM, MAGIC
from fastkq.formats.fkq.layout import Head, Part, check_pixels
from fastkq.formats.source import Source
from fastkq.runtime.options import term
from fastkq.runtime.progress import checkpoint

VERSIONS = (1, 3, 4)
_MAX_TYPE_OF_VERSION_3 = 64
_FIELDS = struct.Struct("<4sBBBBIII")  # bytes 0 to 19
HEADER_SIZE = _FIELDS.size + CHECKSUM.size  # bytes
_BLOCK = 1 << 20  # bytes read at once for the checksum


def encoded_size(pixels: int, k: int, channels: int, itemsize: int = 1) -> int:
    """Return the length of a file in bytes, without encoding it.

    itemsize is the number of bytes per value of the palette.
    """
    return HEADER_SIZE + k * channels * itemsize + packed_size(pixels, bits_per_index(k))


def check_meaning(*, is_plain: bool, is_masked: bool) -> None:
    """Raise ArgumentError if an image has a meaning that these versions cannot hold."""
    if is_plain or is_masked:
        what = "masked pixels" if is_masked else "channels without alpha"
        raise ArgumentError("expected {} for an image with {}, got packed", term("coding", "context"), what)


def _version_and_kind(value_type: int, channels: int) -> tuple[int, int]:
    """Return bytes 4 and 7 of the file."""
    if value_type == 8 and channels in (1, 3, 4):
        return 1, 0
    return (3 if value_type <= _MAX_TYPE_OF_VERSION_3 else 4), value_type


def encode(image: IndexedImage, threads: int) -> bytes:
    """Return the bytes of a file; metadata is left out, because these versions cannot hold it.

    Raises
    ------
    ArgumentError
        If pixels are masked, or the last of 2 or 4 channels is no alpha: the image that is read would differ.
    """
    check_meaning(is_plain=image.is_plain, is_masked=image.masked_index is not None)
    k, channels = image.palette.shape
    height, width = image.indices.shape
    version, kind = _version_and_kind(palette_values.type_of(image.palette.dtype), channels)
    fields = _FIELDS.pack(MAGIC, version, channels, len(image.shape), kind, height, width, k)
    palette = palette_values.to_bytes(image.palette)
    indices = pack(image.indices, image.bits_per_index, threads).data
    checksum = zlib.crc32(indices, zlib.crc32(palette, zlib.crc32(fields)))
    return b"".join((fields, CHECKSUM.pack(checksum), palette, indices))


def read_head(source: Source, strict: bool) -> Head:
    """Read header and palette. The checksum is compared only when the indices are read."""
    header = source.read(0, HEADER_SIZE)
    _, version, channels, axes, kind, height, width, k = _FIELDS.unpack_from(header)
    (checksum,) = CHECKSUM.unpack_from(header, _FIELDS.size)
    value_type = kind or 8
    valid = palette_values.is_layout(value_type, channels, axes, k) and height and width
    if not valid or (version, kind) != _version_and_kind(value_type, channels):
        raise FormatError(
            f"expected a valid header of version {version}, got {channels} channels, {axes} axes, "
            f"{height} x {width} pixels, {k} colors, byte 7 {kind}"
        )
    palette_size = palette_values.size_of(value_type, k * channels)
    start = HEADER_SIZE + palette_size
    end = start + packed_size(height * width, bits_per_index(k))
    if strict and source.length != end:
        raise FormatError(_wrong_length(source, end))
    palette = palette_values.from_bytes(source.read(HEADER_SIZE, palette_size), value_type, channels)
    part = Part(Box(0, 0, height, width), start, end - start, checksum)
    return Head(version, "packed", (height, width, channels)[:axes], palette, Metadata(), (part,), ())


def _wrong_length(source: Source, expected: int) -> str:
    return f"expected {expected} bytes by the header, got {source.length}: truncated or damaged"


def decode(
    source: Source, head: Head, box: Box, *, strict: bool, max_pixels: int, threads: int
) -> tuple[npt.NDArray[np.unsignedinteger], tuple[Damage, ...]]:
    """Decode the indices of a box, and return them with the damage of the whole file.

    Only the rows of the box are unpacked.
    """
    height, width = head.shape[:2]
    check_pixels(box.height * width, max_pixels, height, width)
    complete_rows = _complete_rows(source, head)
    damage = _find_damage(source, head, complete_rows)
    if strict and damage:
        raise FormatError(damage[0].reason)
    k = len(head.palette)
    rows = min(box.top + box.height, complete_rows) - box.top
    if rows <= 0:
        return np.zeros((box.height, box.width), index_dtype(k)), damage
    unpacked, largest = _unpack_rows(source, head, box.top, rows, threads)
    if largest >= k:
        reason = f"expected indices below the {k} colors of the palette, got {largest}"
        if strict:
            raise FormatError(reason)
        unpacked[unpacked >= k] = 0
        damage = damage or (Damage(0, head.box, head.parts[0].offset, reason),)
    indices = unpacked[:, box.left : box.left + box.width]
    if rows < box.height:
        indices = np.pad(indices, ((0, box.height - rows), (0, 0)))
    return indices, damage


def _complete_rows(source: Source, head: Head) -> int:
    """Return the number of rows whose indices are complete in the file."""
    height, width = head.shape[:2]
    bits = bits_per_index(len(head.palette))
    return min(height, (source.length - head.parts[0].offset) * 8 // (width * bits)) if bits else height


def _find_damage(source: Source, head: Head, complete_rows: int) -> tuple[Damage, ...]:
    part, (height, width) = head.parts[0], head.shape[:2]
    if source.length != head.end:
        top = complete_rows % height  # a file that is too long cannot be trusted anywhere
        reason = _wrong_length(source, head.end)
        return (Damage(0, Box(top, 0, height - top, width), min(source.length, head.end), reason),)
    computed = _checksum(source)
    if computed != part.checksum:
        reason = f"expected checksum {part.checksum:08x}, got {computed:08x}: the file is damaged"
        return (Damage(0, part.box, part.offset, reason),)
    padding = -(height * width * bits_per_index(len(head.palette))) % 8
    if padding and source.read(head.end - 1, 1)[0] & ((1 << padding) - 1):
        reason = f"expected the {padding} padding bits of the last byte to be 0"
        return (Damage(0, part.box, head.end - 1, reason),)
    return ()


def _checksum(source: Source) -> int:
    checksum = zlib.crc32(source.read(0, _FIELDS.size))
    for offset in range(HEADER_SIZE, source.length, _BLOCK):
        checkpoint()
        checksum = zlib.crc32(source.read(offset, min(_BLOCK, source.length - offset)), checksum)
    return checksum


def _unpack_rows(
    source: Source, head: Head, top: int, rows: int, threads: int
) -> tuple[npt.NDArray[np.unsignedinteger], int]:
    """Return rows of the image in their full width, and the largest index in them."""
    width, bits = head.shape[1], bits_per_index(len(head.palette))
    first, stop = top * width, (top + rows) * width
    start = first // 8 * 8  # eight indices fill whole bytes
    data = source.read(head.parts[0].offset + start * bits // 8, packed_size(stop - start, bits))
    indices, largest = unpack(np.frombuffer(data, np.uint8), stop - start, bits, threads)
    return indices[first - start :].reshape(rows, width), largest
