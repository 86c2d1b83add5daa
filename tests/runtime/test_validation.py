"""Validation of image arrays."""

import numpy as np
import pytest

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
