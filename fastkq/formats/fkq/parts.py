"""The parts of a version 2 file: the part table T, and the bytes of the parts, in parallel on threads.

*T* holds a number, the length in bytes of all chunks that follow T; then for each part a number, the length
of its bytes, and the CRC of its bytes. With k = 1 every part has 0 bytes. Otherwise a part of n bytes has at
most as many pixels as n bytes can code.
"""

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.indexed_image import Box, Damage, IndexedImage, index_dtype
from fastkq.errors import FormatError
from fastkq.formats.fkq import context
from fastkq.formats.fkq.framing import CHECKSUM, Chunk, varint
from fastkq.formats.fkq.layout import Head, Part, check_pixels, grid_boxes, parts_for
from fastkq.formats.source import Source
from fastkq.runtime.parallel import over_chunks


def encode_table(coded: Sequence[bytes], extra: int) -> bytes:
    """Return the payload of chunk T; `extra` is the length in bytes of the chunks that follow it."""
    entries = (varint(len(part)) + CHECKSUM.pack(zlib.crc32(part)) for part in coded)
    return varint(extra) + b"".join(entries)


def read_table(
    table_chunk: Chunk, size: tuple[int, int], grid: tuple[int, int], k: int
) -> tuple[tuple[Part, ...], int]:
    """Return the parts, and the length of the chunks between the table and the first part.

    The image of size (H, W) and k colors is cut by a grid of (rows, columns) parts.
    """
    count = grid[0] * grid[1]
    fields = table_chunk.fields
    extra = fields.varint()
    if (1 + CHECKSUM.size) * count > len(table_chunk.payload):
        raise FormatError(f"expected {count} parts in the part table, got {len(table_chunk.payload)} bytes")
    offset = table_chunk.end + extra
    parts = []
    for number, box in enumerate(grid_boxes(*size, *grid)):
        length = fields.varint()
        (checksum,) = CHECKSUM.unpack(fields.take(CHECKSUM.size))
        limit = context.max_pixels_in(length) if k > 1 else box.height * box.width
        if box.height * box.width > limit or (k == 1 and length):
            raise FormatError(
                f"expected part {number} of {count} at byte {offset} to hold {box.height} x {box.width} "
                f"pixels of {k} colors, got {length} bytes, which cannot code them"
            )
        parts.append(Part(box, offset, length, checksum))
        offset += length
    fields.finish()
    return tuple(parts), extra


def encode(image: IndexedImage, boxes: Sequence[Box], threads: int) -> list[bytes]:
    """Return the bytes of each part."""
    coded = [b""] * len(boxes)

    def work(worker: int, number: int, _: int) -> None:
        top, left, height, width = boxes[number]
        indices = image.indices[top : top + height, left : left + width]
        coded[number] = context.encode(np.ascontiguousarray(indices), image.palette)

    over_chunks(work, len(boxes), 1, threads)
    return coded


def decode(
    source: Source, head: Head, box: Box, *, strict: bool, max_pixels: int, threads: int
) -> tuple[npt.NDArray[np.unsignedinteger], tuple[Damage, ...]]:
    """Decode the indices of a box, and return them with the damage of the parts that it touches.

    Pixels of damaged parts have index 0.
    """
    wanted = parts_for(head.parts, box)
    pixels = sum(rows * head.parts[number].box.width for number, rows in wanted)
    check_pixels(pixels, max_pixels, *head.shape[:2])
    indices = np.zeros((box.height, box.width), index_dtype(len(head.palette)))
    damage: list[Damage] = []

    def work(worker: int, place: int, _: int) -> None:
        number, rows = wanted[place]
        part = head.parts[number]
        if strict and any(found.part < number for found in damage if found.part is not None):
            return  # the first damaged part is reported, on any number of threads
        try:
            _paste(_decode_part(source, part, head.palette, rows), part.box, indices, box)
        except FormatError as error:
            damage.append(Damage(number, part.box, part.offset, str(error)))

    over_chunks(work, len(wanted), 1, threads)
    damage.sort()
    if strict and damage:
        number, _, offset, reason = damage[0]
        raise FormatError(f"part {number} of {len(head.parts)} at byte {offset}: {reason}")
    return indices, tuple(damage)


def _decode_part(
    source: Source, part: Part, palette: npt.NDArray[Any], rows: int
) -> npt.NDArray[np.unsignedinteger]:
    data = source.read(part.offset, part.length)
    computed = zlib.crc32(data)
    if computed != part.checksum:
        raise FormatError(f"expected checksum {part.checksum:08x}, got {computed:08x}: damaged")
    height, width = part.box.height, part.box.width
    return context.decode(np.frombuffer(data, np.uint8), palette, height, width, rows)


def _paste(
    decoded: npt.NDArray[np.unsignedinteger], part: Box, indices: npt.NDArray[np.unsignedinteger], box: Box
) -> None:
    """Copy the pixels of a decoded part, or of its first rows, that are in the box to the box's indices."""
    top, left = max(part.top, box.top), max(part.left, box.left)
    bottom = min(part.top + len(decoded), box.top + box.height)
    right = min(part.left + part.width, box.left + box.width)
    indices[top - box.top : bottom - box.top, left - box.left : right - box.left] = decoded[
        top - part.top : bottom - part.top, left - part.left : right - part.left
    ]
