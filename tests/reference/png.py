"""A reader of PNG files with 16 bits per channel, written from the PNG specification."""

import struct
import zlib

import numpy as np

_CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_PASSES = (0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)


def deep_png(data):
    """Return the uint16 image (H, W) for gray, (H, W, 3) for color, (H, W, 4) with alpha or a tRNS chunk."""
    chunks, place = [], 8
    while place < len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        chunks.append((kind, data[place + 8 : place + 8 + length]))
        place += 12 + length
    width, height, depth, color, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    assert depth == 16
    channels = _CHANNELS[color]
    lines = iter_lines(zlib.decompress(b"".join(part for kind, part in chunks if kind == b"IDAT")))
    image = np.zeros((height, width, channels), np.uint16)
    for top, left, down, right in _PASSES if interlaced else ((0, 0, 1, 1),):
        rows, columns = len(range(top, height, down)), len(range(left, width, right))
        above = np.zeros(2 * channels * columns, np.uint8)
        for row in range(rows if columns else 0):
            above = unfiltered(*next(lines)(len(above)), above, 2 * channels)
            image[top + row * down, left::right] = above.view(">u2").reshape(-1, channels)
    if channels in (2, 4):
        alpha = image[:, :, -1:]
    elif b"tRNS" in dict(chunks):
        key = np.frombuffer(dict(chunks)[b"tRNS"], ">u2")
        alpha = np.where((image == key).all(axis=2, keepdims=True), 0, 65535)
    else:
        return image[:, :, 0] if channels == 1 else image
    seen = image[:, :, :3] if channels > 2 else np.repeat(image[:, :, :1], 3, axis=2)
    return np.concatenate((seen, alpha.astype(np.uint16)), axis=2)


def iter_lines(stream):
    """Yield, for each line, a function that takes its length and returns its filter type and its bytes."""
    place = 0

    def line(length):
        nonlocal place
        place += 1 + length
        return stream[place - 1 - length], stream[place - length : place]

    while True:
        yield line


def unfiltered(kind, line, above, step):
    """Return the unfiltered bytes of a line, given the line above and the number of bytes per pixel."""
    line, above = list(line), above.tolist()
    for i in range(len(line)):
        a, b, c = line[i - step] if i >= step else 0, above[i], above[i - step] if i >= step else 0
        nearest = min((a, b, c), key=lambda value: abs(a + b - c - value))
        line[i] = (line[i] + (0, a, b, (a + b) // 2, nearest)[kind]) % 256
    return np.array(line, np.uint8)
