"""Version 1 of `.fkq`, the packed coding: bit order, size and invalid data."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq import CompressedImage
from fastkq.errors import FormatError
from fastkq.formats.fkq.bits import pack, unpack
from tests.helpers.images import noise
from tests.reference import fkq as reference


def small(k=5, channels=3, height=3, width=7):
    generator = np.random.default_rng(k)
    indices = generator.integers(0, k, (height, width))
    return CompressedImage(noise(k, channels, seed=k), indices)


def with_checksum(data):
    body = bytes(data[:20]) + bytes(data[24:])
    return bytes(data[:20]) + struct.pack("<I", zlib.crc32(body)) + bytes(data[24:])


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5, 255, 256, 257, 65535, 65536])
@pytest.mark.parametrize(
    ("channels", "shape"), [(1, (9, 11)), (1, (9, 11, 1)), (3, (9, 11, 3)), (4, (9, 11, 4))]
)
def test_size_follows_the_formula(k, channels, shape):
    indices = np.random.default_rng(k).integers(0, k, (9, 11))
    compressed = CompressedImage(noise(k, channels), indices, shape)
    data = compressed.to_bytes(coding="packed")
    bits = 8 * channels * k + 99 * int(np.ceil(np.log2(k)))
    assert len(data) == compressed.nbytes == 24 + -(-bits // 8)
    back = CompressedImage.from_bytes(data)
    assert back == compressed
    assert back.shape == shape
    assert back.decompress().shape == shape


@given(st.integers(0, 16), st.integers(1, 100), st.integers(0, 99))
def test_packing_writes_the_highest_bit_first(bits, count, seed):
    indices = np.random.default_rng(seed).integers(0, 1 << bits, count).astype(np.uint16)
    packed = pack(indices, bits)
    assert packed.tobytes() == reference.pack(indices, bits)
    back, largest = unpack(packed, count, bits)
    np.testing.assert_array_equal(back, indices)
    assert largest == indices.max()


@pytest.mark.parametrize("bits", [1, 3, 7, 8, 9, 16])
def test_packing_is_the_same_on_any_thread_count(bits):
    indices = np.random.default_rng(bits).integers(0, 1 << bits, 700_001).astype(np.uint16)
    packed = pack(indices, bits, threads=1)
    np.testing.assert_array_equal(pack(indices, bits, threads=3), packed)
    back, largest = unpack(packed, len(indices), bits, threads=3)
    np.testing.assert_array_equal(back, indices)
    assert largest == indices.max()


@pytest.mark.parametrize("k", [1, 2, 5, 256, 257])
def test_every_truncation_is_a_format_error(k):
    data = small(k).to_bytes(coding="packed")
    for length in range(len(data)):
        with pytest.raises(FormatError):
            CompressedImage.from_bytes(data[:length])


@pytest.mark.parametrize("k", [1, 2, 5])
def test_every_change_of_a_byte_is_a_format_error(k):
    data = small(k).to_bytes(coding="packed")
    for place in range(len(data)):
        for change in range(1, 256):
            damaged = bytearray(data)
            damaged[place] ^= change
            with pytest.raises(FormatError):
                CompressedImage.from_bytes(damaged)


@pytest.mark.parametrize("k", [1, 3, 5])
def test_changed_byte_with_valid_checksum_is_a_format_error_or_another_image(k):
    original = small(k)
    data = original.to_bytes(coding="packed")
    refused = 0
    for place in (*range(20), *range(24, len(data))):
        for change in range(1, 256):
            damaged = bytearray(data)
            damaged[place] ^= change
            try:
                back = CompressedImage.from_bytes(with_checksum(damaged), max_pixels=1 << 16)
            except FormatError:
                refused += 1
            else:
                assert back != original
                assert back.indices.max() < back.k
    assert refused > 19 * 200


def test_trailing_bytes_are_refused():
    with pytest.raises(FormatError, match="expected 47 bytes by the header, got 48"):
        CompressedImage.from_bytes(with_checksum(small().to_bytes(coding="packed") + b"\0"))


def test_padding_bits_must_be_zero():
    data = bytearray(small().to_bytes(coding="packed"))
    assert (3 * 7 * 3) % 8
    data[-1] |= 1
    with pytest.raises(FormatError, match="padding bits"):
        CompressedImage.from_bytes(with_checksum(data))


def test_indices_must_be_below_k():
    data = bytearray(CompressedImage(noise(5, 3), np.zeros((1, 8), int)).to_bytes(coding="packed"))
    data[-1] |= 7
    with pytest.raises(FormatError, match="expected indices below the 5 colors of the palette, got 7"):
        CompressedImage.from_bytes(with_checksum(data))


def test_error_names_a_newer_version():
    data = bytearray(small().to_bytes(coding="packed"))
    data[4] = 5
    with pytest.raises(FormatError, match="got version 5: damaged, or written by a newer fastkq"):
        CompressedImage.from_bytes(with_checksum(data))


def test_error_of_a_damaged_file_names_the_checksum():
    data = bytearray(small().to_bytes(coding="packed"))
    data[30] ^= 1
    with pytest.raises(FormatError, match=r"expected checksum .* the file is damaged"):
        CompressedImage.from_bytes(data)


@pytest.mark.parametrize("data", [b"", b"\x89", b"\x89PNG\r\n\x1a\n" + bytes(40), b"GIF89a" + bytes(40)])
def test_other_data_are_refused(data):
    with pytest.raises(FormatError, match="expected a"):
        CompressedImage.from_bytes(data)


def test_a_tiny_file_cannot_claim_more_than_max_pixels():
    fields = struct.pack("<4sBBBBIII", b"\x89FKQ", 1, 3, 3, 0, 1 << 31, 1 << 31, 1)
    with pytest.raises(FormatError, match="at most 1073741824 pixels"):
        CompressedImage.from_bytes(with_checksum(fields + bytes(4) + b"abc"))
    data = small(k=1).to_bytes(coding="packed")
    with pytest.raises(FormatError, match=r"at most 20 pixels \(max_pixels\), the header has 3 x 7"):
        CompressedImage.from_bytes(data, max_pixels=20)
    assert CompressedImage.from_bytes(data, max_pixels=21).shape == (3, 7, 3)


@given(st.binary(max_size=200))
def test_any_bytes_after_the_magic_are_a_format_error(data):
    with pytest.raises(FormatError):
        CompressedImage.from_bytes(b"\x89FKQ\x01" + data)


@pytest.mark.parametrize(
    "kind", [bytes, bytearray, memoryview, lambda data: memoryview(np.frombuffer(data, np.uint8))]
)
def test_any_buffer_is_read(kind):
    compressed = small()
    assert CompressedImage.from_bytes(kind(compressed.to_bytes(coding="packed"))) == compressed


# One file per layout, as first written: version 1 stays readable.
GRAY = "89464b5101010200020000000300000001000000358085da2a"


GRAY_WITH_AN_AXIS = "89464b51010103000200000002000000040000005d6c3706003c78b41b"


RGB = "89464b510103030003000000030000000200000099e746f0000000ff80008880"


RGBA = "89464b5101040300010000000300000003000000ee1c57e90000000009080780090807ff18"


@pytest.mark.parametrize(
    ("written", "image"),
    [
        (GRAY, np.full((2, 3), 42)),
        (GRAY_WITH_AN_AXIS, np.array([[[0], [60]], [[120], [180]]])),
        (RGB, np.eye(3)[..., None] * [255, 128, 0]),
        (RGBA, np.array([[[0, 0, 0, 0], [9, 8, 7, 128], [9, 8, 7, 255]]])),
    ],
)
def test_files_written_before_are_still_read(written, image):
    image = image.astype(np.uint8)
    np.testing.assert_array_equal(fastkq.decompress(bytes.fromhex(written)), image)
    assert fastkq.compress(image, 4).to_bytes(coding="packed").hex() == written
