"""CompressedImage with palettes of every dtype and number of channels."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq import CompressedImage
from fastkq.errors import ArgumentError
from tests.helpers.compressed_images import DTYPES, assert_same, compressed_images


@given(compressed_images(), st.integers(1, 3))
def test_decompress_looks_up_palette_rows(compressed, threads):
    image = compressed.decompress(threads=threads)
    assert (image.shape, image.dtype) == (compressed.shape, compressed.dtype)
    expected = compressed.palette[compressed.indices].reshape(image.shape)
    assert image.tobytes() == np.asarray(compressed).tobytes() == expected.tobytes()


@given(compressed_images())
def test_copies_and_pickles_are_equal(compressed):
    assert_same(copy.deepcopy(compressed), compressed)
    assert_same(pickle.loads(pickle.dumps(compressed)), compressed)


def test_images_of_different_dtypes_are_unequal():
    images = [CompressedImage(np.array([[0], [1]]).astype(dtype), np.array([[0, 1]])) for dtype in DTYPES]
    assert [one == other for one in images for other in images] == np.eye(
        len(DTYPES), dtype=bool
    ).ravel().tolist()
    assert repr(images[3]) == (
        "<CompressedImage 1x2 (H, W, 1) float32, k=2, 1 bit per index, 33 bytes packed>"
    )


@given(st.integers(0, 65535))
def test_to_8bit_rounds_16_bits_to_nearest(value):
    palette = np.array([[value]], np.uint16)
    (found,) = CompressedImage(palette, np.zeros((1, 1), int)).to_8bit().palette[0].tolist()
    assert abs(found * 257 - value) <= 128


def test_to_8bit_takes_uint8_and_bool_and_refuses_floats():
    mask = CompressedImage(np.array([[False], [True]]), np.array([[0, 1, 1]]), (1, 3))
    np.testing.assert_array_equal(mask.to_8bit().decompress(), [[0, 255, 255]])
    assert_same(mask.to_8bit().to_8bit(), mask.to_8bit())
    with pytest.raises(ArgumentError, match=r"got float32: scale to 0\.\.255 and convert with"):
        CompressedImage(np.ones((1, 3), np.float32), np.zeros((1, 1), int)).to_8bit()


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint32"])
def test_to_8bit_refuses_integers_without_a_fixed_range(dtype):
    with pytest.raises(ArgumentError, match=rf"uint8 or uint16 .*got {dtype}: scale to 0\.\.255"):
        CompressedImage(np.ones((1, 3), dtype), np.zeros((1, 1), int)).to_8bit()


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
def test_invalid_palettes_are_refused(palette, message):
    with pytest.raises(ArgumentError, match=message):
        CompressedImage(palette, np.zeros((1, 1), int))
