"""Writers of PNG and TIFF files with 16 bits per channel; Pillow writes only gray ones."""

import struct
import warnings
import zlib

import numpy as np

from tests.helpers.images import read_image


def deep_noise(*shape, seed=0):
    """Return uniform random uint16 values of this shape."""
    return np.random.default_rng(seed).integers(0, 1 << 16, shape, dtype=np.uint16)


def quietly(path, depth=None):
    """Read the image at this path; any warning is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_image(path, depth)


def png16(path, values, color_type, transparency=None, exif=None):
    """Write a PNG file of uint16 values (H, W) or (H, W, C); return its path."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    chunks = [chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0))]
    if exif is not None:
        chunks.append(chunk(b"eXIf", exif))
    if transparency is not None:
        chunks.append(chunk(b"tRNS", transparency))
    chunks += [chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return path


def tiff16(path, values, *, photometric=None, order="<", planes=False, extra=None, orientation=1):
    """Write an uncompressed TIFF file of uint16 values (H, W) or (H, W, C); return its path.

    The values are in one strip, or with `planes` in one strip per channel.
    """
    height, width, channels = (*values.shape, 1)[:3]
    strips = np.moveaxis(values.reshape(height, width, channels), 2, 0) if planes else values[np.newaxis]
    data = [strip.astype(f"{order}u2").tobytes() for strip in strips]
    entries = {
        256: [width],
        257: [height],
        258: [16] * channels,
        259: [1],
        262: [photometric if photometric is not None else 2 if channels > 1 else 1],
        273: [0] * len(data),
        274: [orientation],
        277: [channels],
        278: [height],
        279: [len(strip) for strip in data],
        284: [1 + planes],
    }
    if extra is not None:
        entries[338] = [extra]
    start = 8 + 2 + 12 * len(entries) + 4
    n_value_bytes = sum(4 * len(numbers) for numbers in entries.values() if len(numbers) > 1)
    entries[273] = [start + n_value_bytes + sum(map(len, data[:i])) for i in range(len(data))]
    directory, values_area = b"", b""
    for tag, numbers in entries.items():
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        if len(numbers) > 1:
            packed, values_area = struct.pack(f"{order}I", start + len(values_area)), values_area + packed
        directory += struct.pack(f"{order}HHI", tag, 4, len(numbers)) + packed
    header = {"<": b"II", ">": b"MM"}[order] + struct.pack(f"{order}HI", 42, 8)
    head = header + struct.pack(f"{order}H", len(entries)) + directory + bytes(4)
    path.write_bytes(head + values_area + b"".join(data))
    return path
