"""Split PNG files into chunks and join them, to add chunks that Pillow does not write or read."""

import struct
import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def split(data):
    """Return the chunks of a PNG file as [(type, contents)]."""
    chunks, place = [], len(_SIGNATURE)
    assert data[:place] == _SIGNATURE
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        contents = data[place + 8 : place + 8 + length]
        assert data[place + 8 + length : place + 12 + length] == struct.pack(
            ">I", zlib.crc32(kind + contents)
        )
        chunks.append((kind, contents))
        place += 12 + length
    return chunks


def join(chunks):
    """Return the PNG file of these chunks."""
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(contents)) + kind + contents + struct.pack(">I", zlib.crc32(kind + contents))
        for kind, contents in chunks
    )


def added(data, *chunks):
    """Return a PNG file with more chunks after the header."""
    header, *others = split(data)
    return join([header, *chunks, *others])


def of_type(data, *kinds):
    """Return the chunks of these types, as {type: contents}; none may occur twice."""
    found = [(kind, contents) for kind, contents in split(data) if kind in kinds]
    assert len(dict(found)) == len(found)
    return dict(found)
