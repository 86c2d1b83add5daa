"""Small images and their `.fkq` files, in one part or several, intact and damaged."""

import numpy as np

import fastkq
from fastkq import CompressedImage
from fastkq.color.metadata import Metadata
from fastkq.formats.fkq import metadata_chunks, version_2
from fastkq.formats.fkq.framing import varint
from tests.helpers.images import noise

METADATA = Metadata(
    b"a profile",
    b"II*\0",
    (72.0, 300.5),
    xmp=b"<x:xmpmeta/>",
    srgb=1,
    gamma=0.45455,
    chromaticity=(0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06),
    cicp=(1, 13, 0, 1),
)


def sample(k=5, channels=3, height=6, width=7, metadata=None):
    """Return an image of random colors and indices."""
    indices = np.random.default_rng(k).integers(0, k, (height, width))
    return CompressedImage(noise(k, channels, seed=k), indices, metadata=metadata)


def in_parts(compressed, rows, columns):
    """Return the version 2 file of an image, with a grid of rows x columns parts."""
    return version_2.encode(compressed, 1, grid=(rows, columns))


def header(**changes):
    """Return the payload of the header chunk of `sample()`, with these fields changed."""
    fields = {"coding": 1, "channels": 3, "axes": 3, "bits": 8}
    numbers = {"height": 6, "width": 7, "k": 5, "rows": 1, "columns": 1}
    fields |= {name: value for name, value in changes.items() if name in fields}
    numbers |= {name: value for name, value in changes.items() if name in numbers}
    return bytes(fields.values()) + b"".join(map(varint, numbers.values()))


# A file of 12 parts with metadata; its parts; in HEAD, the offset of its metadata chunks.
COMPRESSED = sample(9, 3, 60, 80, METADATA)
IN_PARTS = in_parts(COMPRESSED, 3, 4)
PARTS = fastkq.open(IN_PARTS).parts
HEAD = PARTS[0].offset - len(metadata_chunks.encode(COMPRESSED))


def damaged_at(data, *places):
    """Return a copy with the bytes at these offsets changed."""
    damaged = bytearray(data)
    for place in places:
        damaged[place] ^= 0x55
    return damaged
