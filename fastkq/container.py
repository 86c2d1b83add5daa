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
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.checks import MAX_COLOURS, MAX_PIXELS
from fastkq.errors import FormatError
from fastkq.packing import bits_per_index, pack, packed_size, unpack

MAGIC = b"\x89FKQ"
VERSION = 1
_FIELDS = struct.Struct("<4sBBBBIII")
_CHECKSUM = struct.Struct("<I")
HEADER_SIZE = _FIELDS.size + _CHECKSUM.size


class Contents(NamedTuple):
    """What a file holds: palette (k, C) uint8, indices (H, W), and the shape of the image."""

    palette: npt.NDArray[np.uint8]
    indices: npt.NDArray[np.unsignedinteger]
    shape: tuple[int, ...]


def encoded_size(pixels: int, k: int, channels: int) -> int:
    """Bytes of a file, without encoding it."""
    return HEADER_SIZE + k * channels + packed_size(pixels, bits_per_index(k))


def encode(contents: Contents, threads: int = 1) -> bytes:
    """The file's bytes."""
    k, channels = contents.palette.shape
    height, width = contents.indices.shape
    fields = _FIELDS.pack(MAGIC, VERSION, channels, len(contents.shape), 0, height, width, k)
    palette = np.ascontiguousarray(contents.palette).data
    indices = pack(np.ascontiguousarray(contents.indices), bits_per_index(k), threads).data
    checksum = zlib.crc32(indices, zlib.crc32(palette, zlib.crc32(fields)))
    return b"".join((fields, _CHECKSUM.pack(checksum), palette, indices))


def decode(
    data: bytes | bytearray | memoryview, *, max_pixels: int = MAX_PIXELS, threads: int = 1
) -> Contents:
    """The contents of a file's bytes.

    Raises
    ------
    FormatError
        When the bytes are not exactly a file as specified above, or its image has more than `max_pixels`
        pixels (a file of one colour is 27 bytes long whatever size it claims).
    """
    view = memoryview(data).cast("B")
    channels, shape, k = _parse_header(view)
    height, width = shape[:2]
    if height * width > max_pixels:
        raise FormatError(
            f"expected at most {max_pixels} pixels (max_pixels), the header has {height} x {width}"
        )
    bits = bits_per_index(k)
    expected = encoded_size(height * width, k, channels)
    if len(view) != expected:
        raise FormatError(f"expected {expected} bytes by the header, got {len(view)}: truncated or damaged")
    _verify_checksum(view)
    body = np.frombuffer(view, np.uint8)[HEADER_SIZE:]
    palette = body[: k * channels].reshape(k, channels).copy()
    packed = body[k * channels :]
    padding = -(height * width * bits) % 8
    if padding and int(packed[-1]) & ((1 << padding) - 1):
        raise FormatError(f"expected the {padding} padding bits of the last byte to be 0")
    indices, largest = unpack(packed, height * width, bits, threads)
    if largest >= k:
        raise FormatError(f"expected indices below the {k} colours of the palette, got {largest}")
    return Contents(palette, indices.reshape(height, width), shape)


def _parse_header(view: memoryview) -> tuple[int, tuple[int, ...], int]:
    if view[: len(MAGIC)] != MAGIC:
        raise FormatError(
            f"expected a .fkq file, which begins with {MAGIC!r}, got {bytes(view[: len(MAGIC)])!r}"
        )
    if len(view) < HEADER_SIZE:
        raise FormatError(f"expected a header of {HEADER_SIZE} bytes, got {len(view)} bytes: truncated")
    _, version, channels, axes, reserved, height, width, k = _FIELDS.unpack_from(view)
    if version != VERSION:
        raise FormatError(
            f"expected version {VERSION} of .fkq, got version {version}: "
            "damaged, or written by a newer fastkq (pip install --upgrade fastkq)"
        )
    if (
        (channels, axes) not in {(1, 2), (1, 3), (3, 3), (4, 3)}
        or reserved
        or not (height and width and 1 <= k <= MAX_COLOURS)
    ):
        raise FormatError(
            f"expected a valid header, got {channels} channels, {axes} axes, {height} x {width} pixels, "
            f"{k} colours, reserved byte {reserved}"
        )
    return channels, (height, width, channels)[:axes], k


def _verify_checksum(view: memoryview) -> None:
    (stored,) = _CHECKSUM.unpack_from(view, _FIELDS.size)
    computed = zlib.crc32(view[HEADER_SIZE:], zlib.crc32(view[: _FIELDS.size]))
    if stored != computed:
        raise FormatError(f"expected checksum {stored:08x}, got {computed:08x}: the file is damaged")
