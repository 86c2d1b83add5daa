"""Validation of image arrays."""

import numpy as np
import pytest

import fastkq
from fastkq.errors import ArgumentError
from fastkq.runtime.validation import check_image


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((2, 2), np.float16), r"or float64, got float16; convert with \.astype\(np\.float32\)"),
        (np.zeros((2, 2), np.int64), r"got int64; convert with \.astype\(np\.int32\)"),
        (np.zeros((2, 2), np.uint64), r"got uint64; convert with \.astype\(np\.uint32\)"),
        (np.zeros((2, 2), complex), "uint8, uint16, .* int32, float32 or float64, got complex128$"),
        (np.zeros((2, 2, 65)), r"at most 64 channels, got shape \(2, 2, 65\)"),
        (np.zeros((2, 2, 3), bool), r"bool image of shape \(H, W\) or \(H, W, 1\), got shape \(2, 2, 3\)"),
        (np.zeros((2, 0, 3), np.float32), "at least one pixel"),
        (np.array([[0, 1], [np.nan, -np.inf]]), r"got 2 that are not, the first, nan, at \(1, 0\)"),
        (np.array([[[0, np.inf]]], np.float32), r"got 1 that are not, the first, inf, at \(0, 0, 1\)"),
    ],
)
def test_invalid_image_raises(array, message):
    with pytest.raises(ArgumentError, match=message):
        check_image(array)


def test_channels_that_come_first_are_an_error_that_names_the_axes():
    message = (
        r"^expected \(H, W\) or \(H, W, C\) with C from 1 to 64, got \(3, 512, 768\): "
        r"channels come first; use np.moveaxis\(image, 0, -1\)$"
    )
    for call in (fastkq.compress, fastkq.count_colors):
        with pytest.raises(ArgumentError, match=message) as caught:
            call(np.zeros((3, 512, 768), np.uint8))
        assert caught.value.parameter == "image"


def test_a_small_array_whose_channels_may_come_first_is_a_warning():
    image = np.zeros((3, 40, 32), np.uint8)
    with pytest.warns(
        fastkq.errors.AxesWarning, match=r"\(3, 40, 32\) is read as 3 x 40 pixels of 32 channels"
    ):
        compressed = fastkq.compress(image, 2)
    assert compressed.shape == image.shape
