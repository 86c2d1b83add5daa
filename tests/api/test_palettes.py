"""Palettes of several images, given palettes and fixed colors."""

import numpy as np
import pytest

import fastkq
from fastkq.errors import ArgumentError, ArgumentTypeError
from tests.helpers.images import KINDS, noise, of_few_values


def test_fit_palette_takes_a_stack_as_several_images():
    stack = noise(3, 5, 6, 3)
    assert np.array_equal(fastkq.fit_palette(stack, 5), fastkq.fit_palette(list(stack), 5))


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_compress_equals_fit_then_apply(dtype, channels):
    image = of_few_values(dtype, channels)
    for k in (1, 3):
        palette = fastkq.fit_palette(image, k)
        assert fastkq.apply_palette(image, palette) == fastkq.compress(image, k)
        assert fastkq.compress(image, palette=palette) == fastkq.compress(image, k)


def test_fit_palette_refuses_mixed_dtypes_and_no_images():
    message = "images of one kind, got uint8 with 3 channels and uint16 with 1 channel: convert them first"
    with pytest.raises(ArgumentError, match=message):
        fastkq.fit_palette([noise(4, 4, 3), noise(4, 4).astype(np.uint16)], 4)
    for channels in (5, 6):
        with pytest.raises(ArgumentError, match="images of one kind, got uint8 with 3 channels and uint8"):
            fastkq.fit_palette([noise(4, 4, 3), noise(4, 4, channels)], 4)
    with pytest.raises(ArgumentError, match="at least one image, got none"):
        fastkq.fit_palette([], 4)
    with pytest.raises(ArgumentTypeError, match="an image or an iterable of images, got 3"):
        fastkq.fit_palette(3, 4)


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        (np.zeros((2, 2), np.uint8), r"palette to be \(k, 3\) of uint8 as the image, got \(2, 2\) of uint8"),
        (np.zeros((2, 5), np.uint8), r"palette to be \(k, 3\) of uint8 as the image, got \(2, 5\) of uint8"),
        (
            np.zeros((2, 3), np.float32),
            r"palette to be \(k, 3\) of uint8 as the image, got \(2, 3\) of float32",
        ),
        (np.full((2, 3), 256, np.uint16), "palette to hold values of uint8 as the image, got 256 to 256"),
        (np.full((2, 3), -1), "palette to hold values of uint8 as the image, got -1 to -1"),
        (np.zeros((0, 3), np.uint8), "palette of 1 to 65536 colors, got 0"),
        ([[0, 0, 256]], "palette to hold values of uint8 as the image, got"),
        ([[0, 0, 0.5]], "palette to hold values of uint8 as the image, got"),
        ([[1, 2, 3], [1, 2]], r"palette to be \(k, 3\), got rows of unequal length"),
        ([["a", 0, 0]], "palette to hold values of uint8 as the image, got"),
    ],
)
def test_palettes_of_wrong_shape_dtype_or_range_are_refused(palette, message):
    for call in (fastkq.apply_palette, lambda image, palette: fastkq.compress(image, palette=palette)):
        with pytest.raises(ArgumentError, match=message):
            call(noise(4, 4, 3), palette)


@pytest.mark.parametrize(
    "arguments",
    [{"fixed": [[0, 0, 0]]}, {"target_psnr": 30}, {"max_error": 3}, {"preset": "visual"}],
)
def test_palette_excludes_options_of_fitting(arguments):
    with pytest.raises(ArgumentError, match=f"expected palette without {next(iter(arguments))}, got both"):
        fastkq.compress(noise(4, 4, 3), palette=[[0, 0, 0]], **arguments)


def test_empty_fixed_equals_no_fixed_colors():
    image = noise(4, 4, 3)
    for fixed in ([], np.empty((0, 3), np.uint8)):
        assert fastkq.compress(image, 4, fixed=fixed) == fastkq.compress(image, 4)


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ([[0, 0, 0]] * 2, "fixed colors that differ"),
        ([[0, 0, level] for level in range(5)], "k to be at least 5, the number of fixed colors, got 4"),
        ([[0, 0, 0], [0]], "fixed to be .k, 3., got rows of unequal length"),
        ([[0, 0]], r"fixed to be \(k, 3\) of uint8"),
        ([[0, 0, -1]], "fixed to hold values of uint8"),
    ],
)
def test_invalid_fixed_colors_are_refused(fixed, message):
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(noise(4, 4, 3), 4, fixed=fixed)
