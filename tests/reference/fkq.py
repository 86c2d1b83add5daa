"""A reader of `.fkq` files, written for clarity from the specification in `fastkq.formats.fkq`."""

import struct
import zlib

import numpy as np

from tests.reference.context import context_part


def pack(indices, bits):
    """Pack indices into bytes: the highest bit of each first, with zeros at the end up to a whole byte."""
    text = "".join(format(int(index), f"0{bits}b") for index in indices) if bits else ""
    text += "0" * (-len(text) % 8)
    return bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))


def decode(data):
    """Return the image in the bytes of a `.fkq` file."""
    palette, indices, shape = {1: packed_file, 2: chunked_file, 3: packed_file, 4: packed_file}[data[4]](data)
    return palette[indices].reshape(shape)


def packed_file(data):
    """Return the palette, indices (H * W) and shape of a version 1, 3 or 4 file."""
    magic, version, channels, axes, kind, height, width, k = struct.unpack("<4sBBBBIII", data[:20])
    assert magic == b"\x89FKQ"
    assert (
        (version, kind) == (1, 0) if channels in (1, 3, 4) and kind in (0, 8) else version == 3 + (kind > 64)
    )
    assert struct.unpack("<I", data[20:24])[0] == zlib.crc32(data[:20] + data[24:])
    bits = 0
    while 2**bits < k:
        bits += 1
    start = 24 + k * channels * np.dtype(VALUES[kind or 8]).itemsize
    text = "".join(format(byte, "08b") for byte in data[start:])
    indices = [int(text[i * bits : (i + 1) * bits] or "0", 2) for i in range(height * width)]
    return colors(data[24:start], channels, kind or 8), indices, (height, width, channels)[:axes]


VALUES = {1: "?", 8: "u1", 16: "<u2", 32: "<f4", 64: "<f8", 96: "<u4", 136: "i1", 144: "<i2", 160: "<i4"}


def colors(data, channels, kind):
    """Return the palette (k, C) in these bytes, with values of this type."""
    return np.frombuffer(data, VALUES[kind]).reshape(-1, channels)


def chunked_file(data):
    """Return the palette, indices (H * W,) and shape of a version 2 file."""
    assert data[:5] == b"\x89FKQ\x02"
    header, offset = chunk(data, 5, "H")
    coding, channels, axes, bits = header[:4]
    assert coding == 1
    height, width, k, rows, columns = numbers(header[4:])
    payload, offset = chunk(data, offset, "P")
    palette = colors(payload, channels, bits)
    assert len(palette) == k
    table, offset = chunk(data, offset, "T")
    extra, at = number(table, 0)
    chunks, end = {}, offset + extra
    while offset < end:
        kind = chr(data[offset])
        assert kind > max(chunks, default="")
        assert kind == "F" or kind.islower()
        chunks[kind], offset = chunk(data, offset, kind)
    assert offset == end
    assert chunks.get("a", b"\0") == b"\0"
    image = np.zeros((height, width), int)
    for part in range(rows * columns):
        length, at = number(table, at)
        coded, offset = data[offset : offset + length], offset + length
        assert table[at : at + 4] == struct.pack("<I", zlib.crc32(coded))
        at += 4
        row, column = divmod(part, columns)
        top, bottom = row * height // rows, (row + 1) * height // rows
        left, right = column * width // columns, (column + 1) * width // columns
        image[top:bottom, left:right] = context_part(coded, palette, bottom - top, right - left)
    assert (at, offset) == (len(table), len(data))
    if "F" in chunks:
        palette = palette.copy()
        palette[number(chunks["m"], 0)[0]] = np.frombuffer(chunks["F"], palette.dtype)[0]
    return palette, image.ravel(), (height, width, channels)[:axes]


def chunk(data, offset, kind):
    """Return the payload of the chunk of this kind at an offset, and the offset after the chunk."""
    length, start = number(data, offset + 1)
    end = start + length
    assert data[offset] == ord(kind)
    assert data[end : end + 4] == struct.pack("<I", zlib.crc32(data[offset:end]))
    return data[start:end], end + 4


def number(data, offset):
    """Return the LEB128 number at an offset, and the offset after it."""
    value, shift = data[offset] & 127, 7
    while data[offset] >= 128:
        offset += 1
        value += (data[offset] & 127) << shift
        shift += 7
    return value, offset + 1


def numbers(data):
    """Return all LEB128 numbers in these bytes."""
    values, offset = [], 0
    while offset < len(data):
        value, offset = number(data, offset)
        values.append(value)
    return values
