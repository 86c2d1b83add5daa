"""The head of a version 2 file, before its parts: magic, header H, palette P, part table, metadata.

`fastkq.formats.fkq.version_2` specifies the file as a whole, what a *number* and a *CRC* are, and the grid.

*H* holds, in this order:

==============  ================================================================================
coding          one byte: 1, "context", as `fastkq.formats.fkq.context` specifies it
C               one byte, channels of a color: 1 to 64, as `fastkq.formats.fkq.palette_values` specifies them
axes            one byte: 2 for an image (H, W), which needs C = 1; 3 for (H, W, C)
type            one byte: type of the values of the palette, as specified there
H, W            numbers: height and width in pixels, 1 to 2^32 - 1
k               a number: the number of colors, 1 to 65536
rows, columns   numbers: the grid of parts, 1 to H and 1 to W, at most 65536 parts
==============  ================================================================================

*P* holds k colors of C values, color after color and channel after channel. Rows may be equal or unused, and
in any order.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy.typing as npt

from fastkq.color.indexed_image import Damage, IndexedImage
from fastkq.errors import FormatError
from fastkq.formats.fkq import metadata_chunks, palette_values, parts
from fastkq.formats.fkq.framing import MAGIC, NEWER_HINT, Chunk, chunk, read_chunk, varint
from fastkq.formats.fkq.layout import MAX_PARTS, Head
from fastkq.formats.source import Source

VERSION = 2  # of the file format
CODING = 1  # "context", the only coding so far
_MAX_SIDE = (1 << 32) - 1  # pixels: largest height and width


class _Header(NamedTuple):
    """The fields of chunk H."""

    coding: int
    channels: int
    axes: int
    value_type: int
    height: int
    width: int
    k: int
    rows: int
    columns: int


def encode(image: IndexedImage, rows: int, columns: int, coded: Sequence[bytes]) -> bytes:
    """Return the bytes of the head for a grid of parts; `coded` are the bytes of each part."""
    k, channels = image.palette.shape
    numbers = (*image.indices.shape, k, rows, columns)
    value_type = palette_values.type_of(image.palette.dtype)
    header = bytes((CODING, channels, len(image.shape), value_type)) + b"".join(map(varint, numbers))
    extra = metadata_chunks.encode(image)
    palette, table = palette_values.to_bytes(image.palette), parts.encode_table(coded, len(extra))
    return MAGIC + bytes((VERSION,)) + chunk("H", header) + chunk("P", palette) + chunk("T", table) + extra


def read(source: Source, strict: bool) -> Head:
    """Read all chunks: header, palette, metadata, and the positions of the parts."""
    header_chunk = _read_chunk(source, len(MAGIC) + 1, "H")
    header = _read_header(header_chunk)
    palette_chunk = _read_chunk(source, header_chunk.end, "P")
    palette = _read_palette(palette_chunk, header)
    table_chunk = _read_chunk(source, palette_chunk.end, "T")
    size, grid = (header.height, header.width), (header.rows, header.columns)
    part_entries, extra = parts.read_table(table_chunk, size, grid, header.k)
    shape = (header.height, header.width, header.channels)[: header.axes]
    chunks = metadata_chunks.read(source, table_chunk.end, table_chunk.end + extra, palette, strict)
    metadata, is_plain, masked_index, nodata, damage = chunks
    head = Head(
        VERSION, "context", shape, palette, metadata, part_entries, damage, is_plain, masked_index, nodata
    )
    if strict and source.length != head.end:
        raise FormatError(_wrong_length(source, head))
    if source.length > head.end:
        trailing = Damage(None, None, head.end, _wrong_length(source, head))
        head = head._replace(damage=(*damage, trailing))
    return head


def _wrong_length(source: Source, head: Head) -> str:
    return f"expected {head.end} bytes by the part table, got {source.length}: truncated or damaged"


def _read_chunk(source: Source, offset: int, kind: str) -> Chunk:
    result = read_chunk(source, offset)
    if result.kind != kind:
        raise FormatError(f"expected chunk {kind!r} at byte {offset}, got {result.kind!r}")
    return result


def _read_header(header_chunk: Chunk) -> _Header:
    fields = header_chunk.fields
    header = _Header(*(fields.byte() for _ in range(4)), *(fields.varint() for _ in range(5)))
    fields.finish()
    if header.coding != CODING or header.value_type not in palette_values.DTYPES_BY_TYPE:
        types = ", ".join(map(str, palette_values.DTYPES_BY_TYPE))
        raise FormatError(
            f"expected coding {CODING} and a type of {types}, got coding {header.coding} "
            f"and type {header.value_type}: {NEWER_HINT}"
        )
    valid = (
        palette_values.is_layout(header.value_type, header.channels, header.axes, header.k)
        and 1 <= header.height <= _MAX_SIDE
        and 1 <= header.width <= _MAX_SIDE
        and 1 <= header.rows <= header.height
        and 1 <= header.columns <= header.width
        and header.rows * header.columns <= MAX_PARTS
    )
    if not valid:
        raise FormatError(f"expected a valid header, got {header._asdict()}")
    return header


def _read_palette(palette_chunk: Chunk, header: _Header) -> npt.NDArray[Any]:
    fields = palette_chunk.fields
    data = fields.take(palette_values.size_of(header.value_type, header.k * header.channels))
    fields.finish()
    return palette_values.from_bytes(data, header.value_type, header.channels)
