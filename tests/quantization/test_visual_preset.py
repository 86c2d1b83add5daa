"""Spatial quantization: palette and indices are chosen for the error of the blurred image."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from fastkq.color import packed_counting
from fastkq.quantization import rounding, visual_preset
from tests.helpers.fits import fit, map_image
from tests.helpers.images import images, noise
from tests.reference.kmeans import as_pixels


def blurred_error(image, shown):
    error = shown.astype(float) - image
    return (ndimage.gaussian_filter(error, (1.5, 1.5, 0)) ** 2).mean()


@pytest.mark.parametrize("k", [4, 16, 64])
def test_blurred_error_is_below_that_of_nearest_colors(china, k):
    image = china[:160, :200]
    plain, _ = fit(packed_counting.count(image), k)
    nearest = map_image(image, packed_counting.count(image), plain)
    colors, indices = visual_preset.visual(image, k)
    assert blurred_error(image, colors[indices]) < 0.75 * blurred_error(image, plain[nearest])


def test_more_effort_gives_less_blurred_error(china):
    image = china[:160, :200]
    errors = []
    for effort in ("fast", "best"):
        colors, indices = visual_preset.visual(image, 16, effort)
        errors.append(blurred_error(image, colors[indices]))
    assert errors[1] < 0.95 * errors[0]


@given(images(side=40), st.integers(1, 40))
def test_palette_has_distinct_used_rows_in_order(image, k):
    colors, indices = visual_preset.visual(image, k)
    assert len(colors) <= k
    assert indices.shape == image.shape[:2]
    assert set(np.unique(indices)) == set(range(len(colors)))
    assert len(np.unique(colors, axis=0)) == len(colors)
    np.testing.assert_array_equal(colors, rounding.in_order(colors))


@given(images(side=12))
def test_image_of_few_colors_is_lossless(image):
    colors, indices = visual_preset.visual(image, 150)
    np.testing.assert_array_equal(as_pixels(colors[indices]), as_pixels(image))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("k", [2, 40, 300])
def test_same_result_on_any_thread_count(channels, k):
    image = noise(150, 60, channels)
    expected = visual_preset.visual(image, k)
    assert expected[1].dtype == (np.uint8 if len(expected[0]) <= 256 else np.uint16)
    for threads in (2, 3, 8):
        for got, wanted in zip(visual_preset.visual(image, k, threads=threads), expected, strict=True):
            np.testing.assert_array_equal(got, wanted)


def test_gray_is_about_as_good_as_the_same_gray_in_rgb(china):
    image = china[:160, :200, 1:2]
    colors, indices = visual_preset.visual(image, 9)
    as_rgb = np.repeat(image, 3, axis=2)
    rows, same = visual_preset.visual(as_rgb, 9)
    assert (rows == rows[:, :1]).all()
    assert blurred_error(image, colors[indices]) < 1.5 * blurred_error(as_rgb, rows[same])


def test_opaque_rgba_gives_the_result_of_rgb():
    image = noise(50, 60, 3)
    colors, indices = visual_preset.visual(image, 9)
    opaque, same = visual_preset.visual(np.dstack((image, np.full(image.shape[:2], 255, np.uint8))), 9)
    np.testing.assert_array_equal(opaque, np.column_stack((colors, np.full(len(colors), 255))))
    np.testing.assert_array_equal(same, indices)


def test_transparent_pixels_do_not_affect_others():
    image = noise(60, 80, 4) | np.array([0, 0, 0, 255], np.uint8)
    image[20:30, :, 3] = 0
    colors, indices = visual_preset.visual(image, 12)
    assert (colors[indices[20:30], 3] == 0).all()
    assert (np.delete(colors[indices, 3], range(20, 30), axis=0) == 255).all()
    image[20:30, :, :3] = 99
    for got, wanted in zip(visual_preset.visual(image, 12), (colors, indices), strict=True):
        np.testing.assert_array_equal(got, wanted)
