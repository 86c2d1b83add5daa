"""Read one input, in the tests and in the fuzzer: any exception but FormatError is a defect.

An input that begins with the magic bytes is read as a `.fkq` file. Any other input is a part after four bytes
that choose its palette, its size and the number of rows to decode.
"""

import random
import warnings

import numpy as np

import fastkq
from fastkq import CompressedImage
from fastkq.color.indexed_image import index_dtype
from fastkq.color.metadata import Metadata
from fastkq.errors import FormatError
from fastkq.formats import geotiff
from fastkq.formats.fkq import context, version_2
from fastkq.formats.fkq.framing import MAGIC
from tests.helpers import fkq_chunks

MAX_PIXELS = 100
COLORS = (1, 2, 3, 5, 16, 17, 64, 255, 256, 257, 300)
_DTYPES = "uint8", "uint16", "float32", "float64"
_TYPES = ("bool", 1), ("uint8", 2), ("uint8", 7), ("uint16", 3), ("float32", 4), ("float64", 2)
_MEANINGS = (
    ("uint8", 4, {"alpha": False}),
    ("uint16", 2, {"alpha": False, "masked_index": 1, "nodata": 65535}),
    ("uint8", 3, {"masked_index": 0}),
    ("float32", 1, {"masked_index": 2, "nodata": float("nan")}),
)
_GEOTIFF = Metadata(
    geotiff=geotiff.to_bytes({33922: (0.0, 0.0, 0.0, 5e5, 4e6, 0.0), 34264: (1.0,) * 16, 42113: b"-9999"})
)
_NOISE = np.random.default_rng(0).integers(0, 256, (max(COLORS), 4), dtype=np.uint8)


def seeds():
    """Yield small files of every version, and parts, as the inputs that are mutated first."""
    metadata = {
        3: Metadata(b"icc", b"II*\0", (72.0, 72.0)),
        5: Metadata(xmp=b"<x/>", srgb=0, gamma=0.5, chromaticity=(0.3,) * 8, cicp=(1, 13, 0, 1)),
    }
    for k, channels, height, width, grid in (
        (1, 1, 3, 3, (1, 1)),
        (2, 1, 5, 6, (1, 1)),
        (3, 3, 6, 7, (2, 2)),
        (5, 4, 4, 9, (1, 3)),
        (17, 3, 7, 7, (1, 1)),
        (257, 1, 4, 6, (2, 1)),
    ):
        palette = _NOISE[:k, :channels]
        smooth = np.add.outer(np.arange(height), np.arange(width)) // 2 % k
        noisy = np.random.default_rng(k).integers(0, k, (height, width))
        for indices in (smooth, noisy):
            compressed = CompressedImage(palette, indices, metadata=metadata.get(k))
            yield compressed.to_bytes(coding="packed")
            yield version_2.encode(compressed, 1, grid=grid)
            part = context.encode(compressed.indices, np.ascontiguousarray(palette))
            yield bytes((COLORS.index(k), height - 1, width - 1, 0)) + part
    for dtype, channels in _TYPES:
        palette = np.resize(_NOISE, (2, channels)).astype(dtype)
        compressed = CompressedImage(palette, np.arange(30).reshape(5, 6) % 7 % 2)
        yield compressed.to_bytes(coding="packed")
        yield compressed.to_bytes()
    for dtype, channels, meaning in _MEANINGS:
        palette = np.resize(_NOISE, (3, channels)).astype(dtype)
        compressed = CompressedImage(
            palette, np.arange(30).reshape(5, 6) % 7 % 3, metadata=_GEOTIFF, **meaning
        )
        yield version_2.encode(compressed, 1, grid=(2, 1))


def probe(data):
    """Read an input, as a file or as a part, and check the result."""
    if data[: len(MAGIC)] == MAGIC:
        _probe_file(data)
    elif len(data) >= 4:
        _probe_part(data)


def _probe_file(data):
    try:
        loaded = fastkq.load(data, max_pixels=MAX_PIXELS, threads=1)
    except FormatError:
        _probe_damaged(data)
        return
    height, width = loaded.indices.shape
    assert loaded.indices.max() < loaded.k
    assert fastkq.load(loaded.to_bytes(threads=1), threads=1) == loaded
    if data[len(MAGIC)] == version_2.VERSION:
        assert fkq_chunks.join(*fkq_chunks.split(data)) == data, "two different files have the same content"
    else:
        assert loaded.to_bytes(coding="packed") == data, "two different files have the same content"
    top, left = data[-1] % height, data[-2] % width
    region = (top, left, (height - top + 1) // 2, (width - left + 1) // 2)
    rows, columns = slice(top, top + region[2]), slice(left, left + region[3])
    part = fastkq.load(data, region=region, max_pixels=MAX_PIXELS, threads=1)
    assert np.array_equal(part.indices, loaded.indices[rows, columns])
    assert part.kind == loaded.kind
    assert part.masked_index == loaded.masked_index


def _probe_damaged(data):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            loaded = fastkq.load(data, strict=False, max_pixels=MAX_PIXELS, threads=1)
        except FormatError:
            return
    assert loaded.indices.max() < loaded.k
    assert loaded.damage


def _probe_part(data):
    k, height, width = COLORS[data[0] % len(COLORS)], data[1] % 10 + 1, data[2] % 10 + 1
    rows = data[3] % (height + 1) or None
    palette = np.ascontiguousarray(_NOISE[:k, : (1, 3, 4)[data[3] % 3]]).astype(_DTYPES[data[3] // 11 % 4])
    try:
        indices = context.decode(np.frombuffer(data, np.uint8)[4:], palette, height, width, rows)
    except FormatError:
        return
    assert indices.shape == (rows or height, width)
    assert indices.dtype == index_dtype(k)
    assert indices.max() < k


def mutate(data, change, seed):
    """Return a changed input, in most cases with valid checksums and lengths, so that it is parsed.

    `change` changes some bytes. In one of eight cases the checksums stay invalid, in three they are made
    valid again. In four cases one part or chunk of a version 2 file is changed and the file is joined again;
    other inputs get valid checksums.
    """
    generator = random.Random(seed)
    case = generator.randrange(8)
    if case >= 4 and data[: len(MAGIC) + 1] == MAGIC + bytes((version_2.VERSION,)):
        try:
            chunks, parts = fkq_chunks.split(data)
        except (StopIteration, IndexError):
            return fkq_chunks.fix_checksums(change(data))
        if parts and case < 7:
            place = generator.randrange(len(parts))
            parts[place] = change(parts[place])
        elif chunks:
            place = generator.randrange(len(chunks))
            chunks[place] = (chunks[place][0], change(chunks[place][1]))
        return fkq_chunks.join(chunks, parts)
    return fkq_chunks.fix_checksums(change(data)) if case else change(data)
