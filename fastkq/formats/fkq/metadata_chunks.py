"""Metadata chunks of version 2, which have lowercase types."""

import math
import struct
from collections.abc import Iterator

from fastkq.color.indexed_image import Damage
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, FormatError
from fastkq.formats.fkq.framing import NEWER_HINT, Chunk, chunk, read_chunk
from fastkq.formats.source import Source

_DPI = struct.Struct("<dd")  # dots per inch, horizontally and vertically


def encode(metadata: Metadata) -> bytes:
    """Return the chunks by ascending type; metadata that is None has no chunk.

    Raises
    ------
    ArgumentError
        If the resolution is not finite and above 0.
    """
    payloads = {"e": metadata.exif, "i": metadata.icc}
    if metadata.dpi is not None:
        if not _is_resolution(metadata.dpi):
            raise ArgumentError(f"expected a resolution that is finite and above 0, got {metadata.dpi}")
        payloads["d"] = _DPI.pack(*metadata.dpi)
    return b"".join(chunk(kind, payload) for kind, payload in sorted(payloads.items()) if payload is not None)


def _is_resolution(dpi: tuple[float, ...]) -> bool:
    return all(math.isfinite(value) and value > 0 for value in dpi)


class _CriticalChunkError(FormatError):
    """A chunk of an uppercase type, which changes what the image is: no reader may skip it, strict or not."""


def read(source: Source, start: int, stop: int, strict: bool) -> tuple[Metadata, tuple[Damage, ...]]:
    """Read the metadata between two bytes of the file.

    If any of it is damaged, the function raises FormatError if `strict`, and otherwise returns empty metadata
    and the damage.
    """
    try:
        return _parse({found.kind: found for found in _chunks(source, start, stop)}), ()
    except _CriticalChunkError:
        raise
    except FormatError as error:
        if strict:
            raise
        return Metadata(), (Damage(None, None, start, f"metadata: {error}"),)


def _chunks(source: Source, start: int, stop: int) -> Iterator[Chunk]:
    last, offset = "", start
    while offset < stop:
        found = read_chunk(source, offset)
        if found.kind.isupper():
            raise _CriticalChunkError(f"expected no chunk {found.kind!r} at byte {offset}: {NEWER_HINT}")
        if found.kind <= last:
            raise FormatError(f"expected chunks by ascending type, got {found.kind!r} after {last!r}")
        yield found
        last, offset = found.kind, found.end
    if offset != stop:
        raise FormatError(f"expected the chunks to end at byte {stop} by the part table, got {offset}")


def _parse(chunks: dict[str, Chunk]) -> Metadata:
    exif, icc, dpi = (bytes(chunks[kind].payload) if kind in chunks else None for kind in "eid")
    if dpi is None:
        return Metadata(icc, exif)
    if len(dpi) != _DPI.size or not _is_resolution(_DPI.unpack(dpi)):
        raise FormatError(f"expected two finite numbers above 0 in chunk 'd', got {dpi[:16].hex()}")
    horizontal, vertical = _DPI.unpack(dpi)
    return Metadata(icc, exif, (horizontal, vertical))
