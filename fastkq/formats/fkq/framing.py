"""Elements of version 2: numbers of variable length, and chunks with a checksum."""

import struct
import zlib
from typing import NamedTuple

from fastkq.errors import FormatError
from fastkq.formats.source import Source

MAGIC = b"\x89FKQ"
CHECKSUM = struct.Struct("<I")
NEWER_HINT = "written by a newer fastkq (update fastkq, from a clone: git pull && pip install .)"
_VARINT_BYTES = 9  # bytes of the longest number: 63 bits, seven per byte


def varint(number: int) -> bytes:
    """Encode a number in LEB128.

    Seven bits per byte, lowest first; the high bit is set in all bytes but the last.
    """
    coded = bytearray()
    while number >= 0x80:
        coded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*coded, number))


class Fields:
    """Reader of the fields of a payload, one after the other; `finish` checks that none is left.

    Each method raises FormatError if the payload does not hold the field.
    """

    def __init__(self, data: memoryview, name: str) -> None:
        self._data = data
        self._name = name
        self.position = 0

    def take(self, length: int) -> memoryview:
        """Return the next `length` bytes."""
        if length > len(self._data) - self.position:
            raise FormatError(
                f"expected {length} bytes at byte {self.position} of {self._name}, "
                f"got {len(self._data) - self.position}"
            )
        self.position += length
        return self._data[self.position - length : self.position]

    def byte(self) -> int:
        """Return the next byte as a number."""
        return self.take(1)[0]

    def varint(self) -> int:
        """Return the next number, of at most 63 bits and in as few bytes as possible."""
        start = self.position
        number = 0
        for place in range(_VARINT_BYTES):
            byte = self.byte()
            number |= (byte & 0x7F) << 7 * place
            if byte < 0x80:
                if byte == 0 and place:
                    break
                return number
        raise FormatError(
            f"expected a number of at most 63 bits in the fewest bytes at byte {start} of {self._name}"
        )

    def finish(self) -> None:
        """Raise FormatError if bytes are left."""
        if self.position != len(self._data):
            raise FormatError(f"expected {self.position} bytes in {self._name}, got {len(self._data)}")


class Chunk(NamedTuple):
    """A chunk with a correct checksum: its type as a character, its payload, and its end in the file."""

    kind: str
    payload: memoryview
    end: int

    @property
    def fields(self) -> Fields:
        """A reader of the fields of the payload."""
        return Fields(self.payload, f"chunk {self.kind!r}")


def chunk(kind: str, payload: bytes) -> bytes:
    """Return the bytes of a chunk."""
    body = kind.encode("ascii") + varint(len(payload)) + payload
    return body + CHECKSUM.pack(zlib.crc32(body))


def read_chunk(source: Source, offset: int) -> Chunk:
    """Read the chunk that begins at byte `offset` of the file.

    Raises
    ------
    FormatError
        If it is truncated, its checksum is wrong, or its type is not a letter.
    """
    start = source.read(offset, min(1 + _VARINT_BYTES, max(source.length - offset, 1)))
    fields = Fields(start, f"the chunk at byte {offset}")
    kind = fields.byte()
    length = fields.varint()
    size = fields.position + length
    data = source.read(offset, size + CHECKSUM.size)
    (stored,) = CHECKSUM.unpack(data[size:])
    computed = zlib.crc32(data[:size])
    if stored != computed:
        raise FormatError(
            f"expected checksum {stored:08x} of the chunk at byte {offset}, got {computed:08x}: damaged"
        )
    if not (0x41 <= kind <= 0x5A or 0x61 <= kind <= 0x7A):
        raise FormatError(f"expected a letter as the type of the chunk at byte {offset}, got {kind:#04x}")
    return Chunk(chr(kind), data[fields.position : size], offset + size + CHECKSUM.size)
