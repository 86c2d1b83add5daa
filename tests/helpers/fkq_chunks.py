"""Split `.fkq` files, join them, and make their checksums valid.

Without a valid checksum, a reader refuses changed bytes before it parses them.
"""

import struct
import zlib
from typing import NamedTuple

from fastkq.formats.fkq.framing import MAGIC, varint


class Frame(NamedTuple):
    """Offsets of a chunk: of its type, of its payload, of its checksum."""

    start: int
    payload: int
    end: int


def fix_checksums(data):
    """Return the same bytes with valid checksums in all chunks and parts that can be found."""
    data = bytearray(data)
    if data[:5] in (MAGIC + b"\x01", MAGIC + b"\x03") and len(data) >= 24:
        data[20:24] = _checksum(data[:20] + data[24:])
    elif data[:5] == MAGIC + b"\x02":
        for frame in _frames(data):
            if data[frame.start] == ord("T"):
                _fix_table(data, frame)
            data[frame.end : frame.end + 4] = _checksum(data[frame.start : frame.end])
    return bytes(data)


def split(data):
    """Return the chunks [(type, payload)] of a version 2 file, without its part table, and its parts."""
    frames = list(_frames(data))
    chunks = [(chr(data[frame.start]), bytes(data[frame.payload : frame.end])) for frame in frames]
    table = next(frame for frame in frames if data[frame.start] == ord("T"))
    parts = [bytes(data[start : start + length]) for start, length, _ in _parts(data, table)]
    return [(kind, payload) for kind, payload in chunks if kind != "T"], parts


def join(chunks, parts, version=2):
    """Return the file of chunks and parts in the form that `split` returns."""
    before = b"".join(_chunk(kind, payload) for kind, payload in chunks[:2])
    extra = b"".join(_chunk(kind, payload) for kind, payload in chunks[2:])
    table = b"".join(varint(len(part)) + _checksum(part) for part in parts)
    start = MAGIC + bytes((version,))
    return b"".join((start, before, _chunk("T", varint(len(extra)) + table), extra, *parts))


def _chunk(kind, payload):
    body = kind.encode("latin-1") + varint(len(payload)) + payload
    return body + _checksum(body)


def _checksum(data):
    return struct.pack("<I", zlib.crc32(data))


def _number(data, offset):
    """Return the LEB128 number at an offset, which may be truncated, and the offset after it."""
    value = shift = 0
    while offset < len(data) and shift < 63:
        value |= (data[offset] & 127) << shift
        shift += 7
        offset += 1
        if data[offset - 1] < 128:
            break
    return value, offset


def _frames(data):
    """Yield the frames of all complete chunks; after the part table, up to the length that it states."""
    offset, stop = 5, len(data)
    while offset < stop:
        length, payload = _number(data, offset + 1)
        end = payload + length
        if end + 4 > len(data):
            return
        if data[offset] == ord("T"):
            stop = end + 4 + _number(data, payload)[0]
        yield Frame(offset, payload, end)
        offset = end + 4


def _parts(data, table):
    """Yield for each part: its offset, its length, and the offset of its checksum in the part table."""
    extra, at = _number(data, table.payload)
    start = table.end + 4 + extra
    while at < table.end:
        length, at = _number(data, at)
        yield start, length, at
        at += 4
        start += length


def _fix_table(data, table):
    for start, length, at in _parts(data, table):
        if start + length <= len(data) and at + 4 <= table.end:
            data[at : at + 4] = _checksum(data[start : start + length])
