"""Images of every dtype and number of channels: as values, as bytes, and beside each other."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq import CompressedImage
from fastkq.errors import ArgumentError, FormatError
from fastkq.formats.fkq.context.coordinates import coordinates_of
from fastkq.runtime.validation import check_image
from tests import mending, reference, reference_context
from tests.test_chunked import in_parts

DTYPES = ["bool", "uint8", "uint16", "float32", "float64"]


def palette_of(dtype, k, channels, seed=0):
    """Noise all over what the dtype can hold; floats of all magnitudes up to one, and both zeros."""
    generator = np.random.default_rng(seed)
    if dtype == "bool":
        return generator.integers(0, 2, (min(k, 2), 1)).astype(bool)
    if dtype.startswith("uint"):
        return generator.integers(0, np.iinfo(dtype).max + 1, (k, channels)).astype(dtype)
    powers = generator.integers(-40, generator.integers(-39, 40), (k, channels))
    values = generator.choice([-1.5, -1, -0.0, 0, 0.3, 1, 1.9], (k, channels)) * 2.0**powers
    return values.astype(dtype)


@st.composite
def palettes(draw):
    dtype = draw(st.sampled_from(DTYPES))
    k, channels = draw(st.sampled_from([1, 2, 3, 5, 17, 300])), draw(st.sampled_from([1, 2, 3, 4, 5, 64]))
    return palette_of(dtype, k, channels, draw(st.integers(0, 1 << 20)))


@st.composite
def compressed_images(draw):
    palette = draw(palettes())
    height, width = draw(st.integers(1, 12)), draw(st.integers(1, 12))
    indices = np.random.default_rng(draw(st.integers(0, 1 << 20))).integers(0, len(palette), (height, width))
    flat = palette.shape[1] == 1 and draw(st.booleans())
    return CompressedImage(palette, indices, (height, width) if flat else None)


def same(found, expected):
    assert found == expected
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.palette.tobytes() == expected.palette.tobytes()  # 0.0 is not -0.0


@given(compressed_images())
def test_what_was_written_is_read_and_the_specification_reads_it_too(compressed):
    packed, context = compressed.to_bytes(coding="packed"), compressed.to_bytes()
    assert len(packed) == compressed.nbytes
    plain = compressed.dtype == np.uint8 and compressed.palette.shape[1] in (1, 3, 4)
    assert (packed[4], context[4]) == (1 if plain else 3, 2)
    for data in (packed, context):
        same(CompressedImage.from_bytes(data), compressed)
        np.testing.assert_array_equal(reference.decode(data), compressed.decompress())


@given(compressed_images(), st.integers(1, 3))
def test_decompressing_gives_the_palette_at_the_indices(compressed, threads):
    image = compressed.decompress(threads=threads)
    assert (image.shape, image.dtype) == (compressed.shape, compressed.dtype)
    expected = compressed.palette[compressed.indices].reshape(image.shape)
    assert image.tobytes() == np.asarray(compressed).tobytes() == expected.tobytes()


@given(compressed_images())
def test_copies_and_pickles_are_equal(compressed):
    same(copy.deepcopy(compressed), compressed)
    same(pickle.loads(pickle.dumps(compressed)), compressed)


def test_equal_values_of_two_dtypes_are_two_images():
    images = [CompressedImage(np.array([[0], [1]]).astype(dtype), np.array([[0, 1]])) for dtype in DTYPES]
    assert [one == other for one in images for other in images] == np.eye(5, dtype=bool).ravel().tolist()
    assert repr(images[3]) == (
        "<CompressedImage 1x2 (H, W, 1) float32, k=2, 1 bit per index, 33 bytes packed>"
    )


@given(palettes())
def test_the_coding_sees_every_palette_as_its_specification_says(palette):
    found = coordinates_of(palette)
    np.testing.assert_array_equal(found, reference_context.coordinates(palette))
    assert found.shape == (len(palette), 3)
    assert 0 <= found.min() <= found.max() <= 255


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["max", "tiny", "smallest_subnormal"])
def test_the_coding_sees_the_ends_of_what_floats_can_hold(dtype, kind):
    end = getattr(np.finfo(dtype), kind)
    palette = np.array([[-end], [0], [end]], dtype)
    np.testing.assert_array_equal(coordinates_of(palette)[:, 0], [0, 127, 255])
    np.testing.assert_array_equal(reference_context.coordinates(palette)[:, 0], [0, 127, 255])


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("dtype", "bad"), [("float32", np.nan), ("float32", -np.inf), ("float64", np.inf), ("bool", 2)]
)
def test_a_palette_of_what_are_no_values_is_a_format_error(version, dtype, bad):
    palette = np.array([[0], [1]]).astype(dtype)
    data = CompressedImage(palette, np.array([[0, 1]])).to_bytes(coding=["context", "packed"][version - 2])
    stored = np.array([0, bad]).astype("u1" if dtype == "bool" else dtype).tobytes()
    assert palette.tobytes() in data
    damaged = mending.mend(data.replace(palette.tobytes(), stored))
    for strict in (True, False):
        with pytest.raises(FormatError, match=r"expected (a palette of finite values|0 or 1 in a palette)"):
            fastkq.load(damaged, strict=strict)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_truncation_and_changed_byte_is_a_format_error(dtype):
    compressed = CompressedImage(palette_of(dtype, 3, 2), np.array([[0, 1, 1]]))
    for data in (compressed.to_bytes(), compressed.to_bytes(coding="packed")):
        for place in range(len(data)):
            damaged = bytearray(data)
            damaged[place] ^= 0x55
            for bad in (data[:place], damaged):
                with pytest.raises(FormatError):
                    CompressedImage.from_bytes(bad)


@pytest.mark.parametrize(("channels", "kind"), [(3, 8), (1, 8), (2, 0), (3, 0), (2, 24), (2, 1), (65, 16)])
def test_version_3_is_only_for_what_version_1_cannot_hold(channels, kind):
    data = bytearray(
        CompressedImage(palette_of("uint16", 3, 2), np.array([[0, 1]])).to_bytes(coding="packed")
    )
    data[5], data[7] = channels, kind
    with pytest.raises(FormatError, match="expected a valid header of version 3"):
        CompressedImage.from_bytes(mending.mend(data))


def test_regions_and_parts_are_of_the_same_dtype():
    compressed = CompressedImage(palette_of("float64", 9, 7), np.arange(80).reshape(8, 10) % 9)
    data = in_parts(compressed, 2, 3)
    same(CompressedImage.from_bytes(data), compressed)
    part = fastkq.load(data, region=(1, 2, 5, 6))
    np.testing.assert_array_equal(part.decompress(), compressed.decompress()[1:6, 2:8])
    with fastkq.open(data) as file:
        assert (file.dtype, file.shape, file.palette.shape) == (np.float64, (8, 10, 7), (9, 7))


@given(st.integers(0, 65535))
def test_16_bits_become_the_nearest_of_8(value):
    palette = np.array([[value]], np.uint16)
    (found,) = CompressedImage(palette, np.zeros((1, 1), int)).to_8bit().palette[0].tolist()
    assert abs(found * 257 - value) <= 128


def test_8_bits_and_bool_become_8_bits_and_floats_do_not():
    mask = CompressedImage(np.array([[False], [True]]), np.array([[0, 1, 1]]), (1, 3))
    np.testing.assert_array_equal(mask.to_8bit().decompress(), [[0, 255, 255]])
    same(mask.to_8bit().to_8bit(), mask.to_8bit())
    with pytest.raises(ArgumentError, match=r"got float32: scale to 0\.\.255 and convert with"):
        CompressedImage(np.ones((1, 3), np.float32), np.zeros((1, 1), int)).to_8bit()


@pytest.mark.parametrize("dtype", DTYPES)
def test_arrays_of_any_layout_are_taken_as_they_are(dtype):
    values = palette_of(dtype, 60, 2).reshape(2, -1)
    for array in (values, values.T, values[:, ::3], np.asfortranarray(values)):
        for laid_out in (array, array.astype(array.dtype.newbyteorder(">"))):
            checked = check_image(laid_out)
            assert checked.flags.c_contiguous
            assert checked.dtype == np.dtype(dtype)
            np.testing.assert_array_equal(checked, array)
    assert np.shares_memory(check_image(values), values)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2), np.float16), r"or float64, got float16; convert with \.astype\(np\.float32\)"),
        (np.zeros((2, 2), np.int64), r"got int64; convert with \.astype\(np\.uint8\)"),
        (np.zeros((2, 2), np.uint32), r"got uint32; convert with"),
        (np.zeros((2, 2), complex), "uint8, uint16, float32 or float64, got complex128$"),
        (np.zeros((2, 2, 65)), r"at most 64 channels, got shape \(2, 2, 65\)"),
        (np.zeros((2, 2, 3), bool), r"bool image of shape \(H, W\) or \(H, W, 1\), got shape \(2, 2, 3\)"),
        (np.zeros((2, 0, 3), np.float32), "at least one pixel"),
        (np.array([[0, 1], [np.nan, -np.inf]]), r"got 2 that are not, the first, nan, at \(1, 0\)"),
        (np.array([[[0, np.inf]]], np.float32), r"got 1 that are not, the first, inf, at \(0, 0, 1\)"),
    ],
)
def test_an_image_that_cannot_be_used_is_refused(array, message):
    with pytest.raises(ArgumentError, match=message):
        check_image(array)


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        (np.zeros((2, 3), np.int64), "expected a palette of dtype bool, uint8, .* got int64"),
        (np.zeros((2, 0)), "C from 1 to 64"),
        (np.zeros((2, 65)), "C from 1 to 64"),
        (np.zeros((3, 1), bool), r"a bool palette \(1, 1\) or \(2, 1\), got shape \(3, 1\)"),
        (np.zeros((2, 2), bool), r"a bool palette \(1, 1\) or \(2, 1\), got shape \(2, 2\)"),
        (np.array([[np.nan]]), "expected a palette of finite values, got 1"),
    ],
)
def test_a_palette_that_cannot_be_used_is_refused(palette, message):
    with pytest.raises(ArgumentError, match=message):
        CompressedImage(palette, np.zeros((1, 1), int))
