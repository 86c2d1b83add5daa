"""Invariant 7: hostile bytes give `FormatError` or an image, and memory is bounded by their length."""

import tracemalloc
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fastkq
from fastkq.errors import FormatError
from fastkq.formats.fkq import context
from fastkq.formats.fkq.framing import MAGIC, varint
from fastkq.runtime.validation import MAX_PIXELS
from tests.fuzz.probe import COLORS, mutate, probe, seeds
from tests.helpers import fkq_chunks
from tests.helpers.fkq_samples import header, sample

SEEDS = list(seeds())
HUGE = (1 << 32) - 1


def changed(data, draw):
    """Return the data with some bytes changed, inserted or removed."""
    data = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        piece = draw(st.binary(max_size=4) | st.sampled_from([b"\xff" * 9, b"\x80\0", b"\0" * 30]))
        data[place : place + draw(st.integers(0, 6))] = piece
    return bytes(data)


@settings(max_examples=1500)
@given(st.data(), st.sampled_from(SEEDS), st.integers(0, 1 << 20))
def test_mutants_with_valid_checksums_are_read_or_raise_format_error(data, seed, case):
    probe(mutate(seed, lambda piece: changed(piece, data.draw), case))


@settings(max_examples=300)
@given(st.binary(max_size=120))
def test_random_bytes_are_read_or_raise_format_error(data):
    probe(data)


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_truncations_with_valid_checksums_are_read_or_raise_format_error(number):
    seed = SEEDS[number]
    for length in range(len(seed)):
        probe(fkq_chunks.fix_checksums(seed[:length]))


@given(st.data(), st.sampled_from(COLORS), st.integers(1, 12), st.integers(1, 12))
def test_part_is_decoded_down_to_any_row(data, k, height, width):
    compressed = sample(k, data.draw(st.sampled_from([1, 3, 4])), height, width)
    coded = np.frombuffer(context.encode(compressed.indices, compressed.palette), np.uint8)
    rows = data.draw(st.integers(1, height))
    decoded = context.decode(coded, compressed.palette, height, width, rows)
    np.testing.assert_array_equal(decoded, compressed.indices[:rows])
    np.testing.assert_array_equal(
        context.decode(coded, compressed.palette, height, width), compressed.indices
    )
    assert k == 1 or height * width <= context.max_pixels_in(len(coded))


def chunked_file(*, k=2, palette=None, parts=(b"",), extra=(), **fields):
    palette = bytes(3 * k) if palette is None else palette
    return fkq_chunks.join([("H", header(k=k, **fields)), ("P", palette), *extra], parts)


def packed_file(height, width, k, body, kind=b"\x01\x03\x03\x00"):
    fields = MAGIC + kind + np.array([height, width, k], "<u4").tobytes()
    return fkq_chunks.fix_checksums(fields + bytes(4) + body)


def with_table(table, **fields):
    data = chunked_file(**fields)
    start = data.index(b"T", data.index(b"P"))
    body = b"T" + varint(len(table)) + table
    return data[:start] + body + zlib.crc32(body).to_bytes(4, "little")


def claims_chunk_of(length):
    data = chunked_file()
    return data[: data.index(b"P") + 1] + varint(length) + bytes(100)


LONG = varint((1 << 63) - 1)
HOSTILE = {
    "huge packed": packed_file(HUGE, HUGE, 65536, bytes(100)),
    "huge packed of one color": packed_file(HUGE, HUGE, 1, bytes(3)),
    "large packed": packed_file(1 << 15, 1 << 15, 2, bytes(6)),
    "huge": chunked_file(height=HUGE, width=HUGE, parts=[bytes(50)]),
    "huge of one color": chunked_file(height=HUGE, width=HUGE, k=1),
    "more pixels than bytes can code": chunked_file(height=1 << 15, width=1 << 15, parts=[b""]),
    "missing palette": chunked_file(k=65536, palette=bytes(10)),
    "missing palette of float64": chunked_file(k=65536, channels=64, bits=64, palette=bytes(10)),
    "missing packed palette of float64": packed_file(1, 1, 65536, bytes(100), b"\x03\x40\x03\x40"),
    "palette of 2^63 bytes": claims_chunk_of((1 << 63) - 1),
    "palette of a gigabyte": claims_chunk_of(1 << 30),
    "grid of 2^64 parts": chunked_file(height=HUGE, width=HUGE, rows=HUGE, columns=HUGE),
    "missing parts": chunked_file(height=HUGE, width=HUGE, rows=1 << 8, columns=1 << 8),
    "part of 2^63 bytes": with_table(b"\0" + LONG + bytes(4)),
    "part of 2^63 bytes in a huge image": with_table(b"\0" + LONG + bytes(4), height=HUGE, width=HUGE),
    "chunks of 2^63 bytes": with_table(LONG + b"\0" + bytes(4), k=1),
    "chunks of 2^63 bytes before a part of 2^63 bytes": with_table(LONG + LONG + bytes(4)),
    "number of 50 bytes": with_table(b"\xff" * 50),
    "many parts of one color": chunked_file(
        height=256, width=256, k=1, rows=256, columns=256, parts=[b""] * 65536
    ),
    "much of a palette of float32": chunked_file(k=2048, channels=64, bits=32, palette=bytes(1 << 19)),
    "much of a palette of 64 channels": chunked_file(k=8192, channels=64, bits=8, palette=bytes(1 << 19)),
    "much metadata": chunked_file(height=256, width=256, k=1, extra=[("e", bytes(500_000))]),
}


@pytest.mark.parametrize("strict", [True, False])
@pytest.mark.parametrize("name", HOSTILE)
def test_memory_is_bounded_by_file_length_and_max_pixels(name, strict):
    data, max_pixels = HOSTILE[name], 1 << 16
    fastkq.load(sample(1).to_bytes())  # imports and compiles before memory is traced
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fastkq.load(data, strict=strict, max_pixels=max_pixels, threads=1)
    except FormatError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < (1 << 17) + 4 * max_pixels + 80 * len(data), f"{peak:,} bytes for a file of {len(data):,}"


@pytest.mark.parametrize("name", [name for name in HOSTILE if not name.startswith(("many", "much"))])
def test_excessive_claims_raise_format_error(name):
    with pytest.raises(FormatError):
        fastkq.load(HOSTILE[name], max_pixels=1 << 16)


@pytest.mark.parametrize("coding", ["packed", "context"])
def test_max_pixels_limits_decoded_pixels(coding):
    data = sample(1, height=3, width=7).to_bytes(coding=coding)
    with pytest.raises(FormatError, match=r"at most 20 pixels \(max_pixels\), the header has 3 x 7"):
        fastkq.load(data, max_pixels=20)
    assert fastkq.load(data, max_pixels=21).shape == (3, 7, 3)
    assert fastkq.load(data, max_pixels=7, region=(0, 2, 1, 3)).shape == (1, 3, 3)
    with pytest.raises(FormatError, match=r"of which 14 would be decoded"):
        fastkq.load(data, max_pixels=13, region=(0, 2, 2, 3))


def test_max_pixels_is_a_gigapixel_by_default():
    with pytest.raises(FormatError, match=f"at most {MAX_PIXELS} pixels"):
        fastkq.load(HOSTILE["huge of one color"])
