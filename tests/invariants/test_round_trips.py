"""Invariant 6: decompressing restores shape and dtype, and every coding restores an equal image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq import CompressedImage
from tests.helpers.compressed_images import assert_same, compressed_images
from tests.helpers.fkq_samples import in_parts, sample
from tests.helpers.images import images, images_of_any_kind, noise
from tests.reference import fkq as reference


@given(compressed_images())
def test_files_of_any_dtype_round_trip_and_match_the_reference(compressed):
    packed, context = compressed.to_bytes(coding="packed"), compressed.to_bytes()
    assert len(packed) == compressed.nbytes
    plain = compressed.dtype == np.uint8 and compressed.palette.shape[1] in (1, 3, 4)
    known = compressed.dtype in (bool, np.uint8, np.uint16, np.float32, np.float64)
    assert (packed[4], context[4]) == (1 if plain else 3 if known else 4, 2)
    for data in (packed, context):
        assert_same(CompressedImage.from_bytes(data), compressed)
        np.testing.assert_array_equal(reference.decode(data), compressed.decompress())


@given(images(), st.integers(1, 300))
def test_decompress_gives_palette_rows_at_indices(image, k):
    compressed = fastkq.compress(image, k)
    back = compressed.decompress()
    assert back.shape == image.shape == compressed.shape
    assert back.dtype == image.dtype == compressed.dtype
    expected = compressed.palette[compressed.indices].reshape(image.shape)
    np.testing.assert_array_equal(back, expected)
    np.testing.assert_array_equal(np.asarray(compressed), expected)
    np.testing.assert_array_equal(fastkq.decompress(compressed), expected)
    np.testing.assert_array_equal(fastkq.decompress(compressed.to_bytes()), expected)


@given(images(), st.integers(1, 300))
def test_bytes_round_trip(image, k):
    compressed = fastkq.compress(image, k)
    data = compressed.to_bytes()
    assert CompressedImage.from_bytes(data) == compressed
    np.testing.assert_array_equal(reference.decode(data), compressed.decompress())


@given(st.data(), st.sampled_from([1, 2, 256, 257]))
def test_bytes_in_many_parts_round_trip(data, k):
    height, width = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    compressed = sample(k, data.draw(st.sampled_from([1, 3, 4])), height, width)
    written = in_parts(compressed, data.draw(st.integers(1, height)), data.draw(st.integers(1, width)))
    assert CompressedImage.from_bytes(written, threads=data.draw(st.integers(1, 3))) == compressed
    np.testing.assert_array_equal(reference.decode(written), compressed.decompress())


@pytest.mark.parametrize("k", [1, 2, 255, 256, 257, 65536])
@pytest.mark.parametrize("shape", [(9, 11), (9, 11, 1), (9, 11, 3), (9, 11, 4)])
def test_every_palette_size_and_shape_round_trips(k, shape):
    indices = np.random.default_rng(k).integers(0, k, (9, 11))
    compressed = CompressedImage(noise(k, shape[2] if len(shape) == 3 else 1), indices, shape)
    back = CompressedImage.from_bytes(compressed.to_bytes())
    assert back == compressed
    assert back.decompress().shape == shape


@given(images(), st.integers(1, 300))
def test_packed_bytes_round_trip(image, k):
    compressed = fastkq.compress(image, k)
    data = compressed.to_bytes(coding="packed")
    assert CompressedImage.from_bytes(data) == compressed
    np.testing.assert_array_equal(reference.decode(data), compressed.decompress())


@pytest.mark.parametrize("coding", ["packed", "context"])
@given(image=images_of_any_kind(), k=st.integers(1, 12))
def test_decompress_restores_shape_and_dtype(coding, image, k):
    compressed = fastkq.compress(image, k)
    back = fastkq.decompress(compressed.to_bytes(coding=coding))
    assert (back.shape, back.dtype) == (image.shape, image.dtype)
    assert back.tobytes() == compressed.decompress().tobytes()
