"""Checksums made right again after the bytes were changed: without that, no change would get past them."""

import struct
import zlib
from typing import NamedTuple

from fastkq.formats.fkq.framing import MAGIC, varint


class Frame(NamedTuple):
    """Where a chunk stands: its type, its payload, its checksum."""

    start: int
    payload: int
    end: int


def mend(data):
    """The same bytes with all checksums right, as far as the pieces they stand in can be found."""
    data = bytearray(data)
    if data[:5] in (MAGIC + b"\x01", MAGIC + b"\x03") and len(data) >= 24:
        data[20:24] = _checksum(data[:20] + data[24:])
    elif data[:5] == MAGIC + b"\x02":
        for frame in _frames(data):
            if data[frame.start] == ord("T"):
                _mend_table(data, frame)
            data[frame.end : frame.end + 4] = _checksum(data[frame.start : frame.end])
    return bytes(data)


def split(data):
    """Version 2 as its chunks [(type, payload)], its table left out, and its parts."""
    frames = list(_frames(data))
    chunks = [(chr(data[frame.start]), bytes(data[frame.payload : frame.end])) for frame in frames]
    table = next(frame for frame in frames if data[frame.start] == ord("T"))
    parts = [bytes(data[start : start + length]) for start, length, _ in _parts(data, table)]
    return [(kind, payload) for kind, payload in chunks if kind != "T"], parts


def join(chunks, parts, version=2):
    """The bytes of version 2 that `split` gave, whatever was made of its pieces since."""
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


def _number(data, place):
    value = shift = 0
    while place < len(data) and shift < 63:
        value |= (data[place] & 127) << shift
        shift += 7
        place += 1
        if data[place - 1] < 128:
            break
    return value, place


def _frames(data):
    """All chunks that are whole; after the table only as many as it says."""
    place, stop = 5, len(data)
    while place < stop:
        length, payload = _number(data, place + 1)
        end = payload + length
        if end + 4 > len(data):
            return
        if data[place] == ord("T"):
            stop = end + 4 + _number(data, payload)[0]
        yield Frame(place, payload, end)
        place = end + 4


def _parts(data, table):
    """For each part: where it begins in the file, its length, and where its checksum stands."""
    extra, at = _number(data, table.payload)
    start = table.end + 4 + extra
    while at < table.end:
        length, at = _number(data, at)
        yield start, length, at
        at += 4
        start += length


def _mend_table(data, table):
    for start, length, at in _parts(data, table):
        if start + length <= len(data) and at + 4 <= table.end:
            data[at : at + 4] = _checksum(data[start : start + length])
