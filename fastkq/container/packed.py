"""The `.fkq` file, version 1 ("packed").

All integers are unsigned and little-endian. A file is, without gaps:

======  ====  ==================================================================================
offset  size  what
======  ====  ==================================================================================
0       4     magic: 89 46 4B 51 (hexadecimal; "\\x89FKQ")
4       1     version: 1
5       1     C, channels of a colour: 1 (gray), 3 (R, G, B) or 4 (R, G, B, alpha; not premultiplied)
6       1     axes of the image: 2 for (H, W), which needs C = 1; 3 for (H, W, C)
7       1     0
8       4     H, height in pixels, at least 1
12      4     W, width in pixels, at least 1
16      4     k, number of colours, 1 to 65536
20      4     CRC-32 (zlib, PNG: polynomial EDB88320) of bytes 0 to 19 followed by bytes 24 to the end
24      k*C   palette: k colours of C bytes, channel after channel
24+k*C  n     indices, n = ceil(H*W*b / 8), b = ceil(log2 k)
======  ====  ==================================================================================

The indices stand row by row, from left to right, each in b bits, highest bit first, the first index in
the highest bits of the first byte. Each is below k and names a row of the palette, counted from 0. With
k = 1 there are none (b = 0). Unused low bits of the last byte are 0. Nothing follows. A palette may hold
equal or unused rows, in any order.

A reader rejects a file that breaks any of this. Version 1 stays readable for ever.
"""

import struct
import zlib

import numpy as np
import numpy.typing as npt

from fastkq.checks import MAX_COLOURS
from fastkq.container.contents import LAYOUTS, Box, Contents, Damage, Head, Part, check_pixels
from fastkq.container.framing import CHECKSUM, MAGIC
from fastkq.errors import FormatError
from fastkq.metadata import Metadata
from fastkq.packing import bits_per_index, index_dtype, pack, packed_size, unpack
from fastkq.source import Source

VERSION = 1
_FIELDS = struct.Struct("<4sBBBBIII")
HEADER_SIZE = _FIELDS.size + CHECKSUM.size
_BLOCK = 1 << 20  # bytes read at once for the checksum


def encoded_size(pixels: int, k: int, channels: int) -> int:
    """Bytes of a file, without encoding it."""
    return HEADER_SIZE + k * channels + packed_size(pixels, bits_per_index(k))


def encode(contents: Contents, threads: int) -> bytes:
    """The file's bytes; the metadata has no place in them."""
    k, channels = contents.palette.shape
    height, width = contents.indices.shape
    fields = _FIELDS.pack(MAGIC, VERSION, channels, len(contents.shape), 0, height, width, k)
    palette = np.ascontiguousarray(contents.palette).data
    indices = pack(np.ascontiguousarray(contents.indices), bits_per_index(k), threads).data
    checksum = zlib.crc32(indices, zlib.crc32(palette, zlib.crc32(fields)))
    return b"".join((fields, CHECKSUM.pack(checksum), palette, indices))


def read_head(source: Source, strict: bool) -> Head:
    """Header and palette; whether the checksum fits them is seen when the indices are read."""
    header = source.read(0, HEADER_SIZE)
    _, _, channels, axes, reserved, height, width, k = _FIELDS.unpack_from(header)
    (checksum,) = CHECKSUM.unpack_from(header, _FIELDS.size)
    if (channels, axes) not in LAYOUTS or reserved or not (height and width and 1 <= k <= MAX_COLOURS):
        raise FormatError(
            f"expected a valid header, got {channels} channels, {axes} axes, {height} x {width} pixels, "
            f"{k} colours, reserved byte {reserved}"
        )
    expected = encoded_size(height * width, k, channels)
    if strict and source.length != expected:
        raise FormatError(_wrong_length(source, expected))
    start = HEADER_SIZE + k * channels
    palette = np.frombuffer(source.read(HEADER_SIZE, k * channels), np.uint8).reshape(k, channels).copy()
    part = Part(Box(0, 0, height, width), start, expected - start, checksum)
    return Head(VERSION, "packed", (height, width, channels)[:axes], palette, Metadata(), (part,), ())


def _wrong_length(source: Source, expected: int) -> str:
    return f"expected {expected} bytes by the header, got {source.length}: truncated or damaged"


def decode(
    source: Source, head: Head, box: Box, *, strict: bool, max_pixels: int, threads: int
) -> tuple[npt.NDArray[np.unsignedinteger], tuple[Damage, ...]]:
    """The indices of a box, of whose rows alone it unpacks, and what is damaged in the whole file."""
    height, width = head.shape[:2]
    check_pixels(box.height * width, max_pixels, height, width)
    rows_there = _rows_there(source, head)
    damage = _find_damage(source, head, rows_there)
    if strict and damage:
        raise FormatError(damage[0].reason)
    k = len(head.palette)
    rows = min(box.top + box.height, rows_there) - box.top
    if rows <= 0:
        return np.zeros((box.height, box.width), index_dtype(k)), damage
    found, largest = _unpack_rows(source, head, box.top, rows, threads)
    if largest >= k:
        reason = f"expected indices below the {k} colours of the palette, got {largest}"
        if strict:
            raise FormatError(reason)
        found[found >= k] = 0
        damage = damage or (Damage(0, head.box, head.parts[0].offset, reason),)
    indices = found[:, box.left : box.left + box.width]
    if rows < box.height:
        indices = np.pad(indices, ((0, box.height - rows), (0, 0)))
    return indices, damage


def _rows_there(source: Source, head: Head) -> int:
    height, width = head.shape[:2]
    bits = bits_per_index(len(head.palette))
    return min(height, (source.length - head.parts[0].offset) * 8 // (width * bits)) if bits else height


def _find_damage(source: Source, head: Head, rows_there: int) -> tuple[Damage, ...]:
    part, (height, width) = head.parts[0], head.shape[:2]
    if source.length != head.end:
        top = rows_there % height  # what is too long cannot be trusted anywhere
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
        checksum = zlib.crc32(source.read(offset, min(_BLOCK, source.length - offset)), checksum)
    return checksum


def _unpack_rows(
    source: Source, head: Head, top: int, rows: int, threads: int
) -> tuple[npt.NDArray[np.unsignedinteger], int]:
    """Rows of the image, all of their width, and the largest index in them."""
    width, bits = head.shape[1], bits_per_index(len(head.palette))
    first, stop = top * width, (top + rows) * width
    start = first // 8 * 8  # eight indices end at a whole byte
    data = source.read(head.parts[0].offset + start * bits // 8, packed_size(stop - start, bits))
    indices, largest = unpack(np.frombuffer(data, np.uint8), stop - start, bits, threads)
    return indices[first - start :].reshape(rows, width), largest
