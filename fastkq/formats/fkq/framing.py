"""The pieces that version 2 is made of: numbers of variable length, and chunks with a checksum."""

import struct
import zlib
from typing import NamedTuple

from fastkq.errors import FormatError
from fastkq.formats.source import Source

MAGIC = b"\x89FKQ"
CHECKSUM = struct.Struct("<I")
_VARINT_BYTES = 9


def varint(number: int) -> bytes:
    """LEB128: seven bits a byte, the lowest first, the high bit set in all bytes but the last."""
    coded = bytearray()
    while number >= 0x80:
        coded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*coded, number))


class Fields:
    """Reads the fields of a payload one after the other; `finish` says that there are no more.

    Every method raises FormatError when the payload does not hold what is asked for.
    """

    def __init__(self, data: memoryview, name: str) -> None:
        self._data = data
        self._name = name
        self.position = 0

    def take(self, length: int) -> memoryview:
        """So many bytes as they are."""
        if length > len(self._data) - self.position:
            raise FormatError(
                f"expected {length} bytes at byte {self.position} of {self._name}, "
                f"got {len(self._data) - self.position}"
            )
        self.position += length
        return self._data[self.position - length : self.position]

    def byte(self) -> int:
        """One byte as a number."""
        return self.take(1)[0]

    def varint(self) -> int:
        """A number of at most 63 bits, in the fewest bytes."""
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
        """Nothing may be left."""
        if self.position != len(self._data):
            raise FormatError(f"expected {self.position} bytes in {self._name}, got {len(self._data)}")


class Chunk(NamedTuple):
    """A chunk whose checksum fits: its type as a character, its payload, and where it ends in the file."""

    kind: str
    payload: memoryview
    end: int

    @property
    def fields(self) -> Fields:
        """The payload, to be read field by field."""
        return Fields(self.payload, f"chunk {self.kind!r}")


def chunk(kind: str, payload: bytes) -> bytes:
    """The bytes of a chunk."""
    body = kind.encode("ascii") + varint(len(payload)) + payload
    return body + CHECKSUM.pack(zlib.crc32(body))


def read_chunk(source: Source, offset: int) -> Chunk:
    """The chunk that begins at a byte of the file.

    Raises
    ------
    FormatError
        When it is cut off, its checksum does not fit, or its type is no letter.
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
