"""Error diffusion and blue-noise dithering."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import packed_counting
from fastkq.quantization import blue_noise, error_diffusion
from fastkq.quantization.nearest import keep_opaque
from tests.helpers.fits import map_image
from tests.helpers.images import images, noise
from tests.reference.dither import diffused
from tests.reference.kmeans import as_pixels

METHODS = [error_diffusion.diffuse, blue_noise.ordered]


@pytest.mark.parametrize("method", METHODS)
@given(image=images(side=40), k=st.integers(1, 300), seed=st.integers(0, 1000))
def test_strength_0_gives_the_nearest_row(method, image, k, seed):
    palette = noise(k, 1 if image.ndim == 2 else image.shape[2], seed=seed) // np.uint8(1 + seed % 9)
    expected = map_image(image, packed_counting.count(image), palette)
    found = keep_opaque(image, palette, method(image, palette, 0.0), 1)  # the methods do not apply this rule
    np.testing.assert_array_equal(found, expected)


@given(images(side=16), st.integers(1, 9), st.sampled_from([0.3, 1.0]), st.integers(0, 1000))
def test_diffusion_equals_the_reference(image, k, strength, seed):
    palette = noise(k, 1 if image.ndim == 2 else image.shape[2], seed=seed)
    palette[k // 2 :: 3] = palette[0]  # equal rows
    palette[k // 3, 3:] = 0
    indices = error_diffusion.diffuse(image, palette, strength, 2)
    np.testing.assert_array_equal(indices, diffused(image, palette, strength))


@pytest.mark.parametrize("shape", [(40, 1), (1, 40), (17, 300), (33, 257, 3), (16, 256, 4)])
def test_diffusion_has_no_seams_between_blocks_and_bands(shape):
    # Smooth colors: few cells are visited, for which the reference is slow.
    steps = np.add.outer(*map(np.arange, shape[:2])) // 3 % 128
    image = np.empty(shape, np.uint8)
    image.T[:] = steps.T
    image.T[3:] = 255
    palette = noise(5, shape[2] if len(shape) > 2 else 1, seed=1)
    np.testing.assert_array_equal(
        error_diffusion.diffuse(image, palette, 1.0, 3), diffused(image, palette, 1.0)
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("k", [1, 5, 256, 257])
def test_same_indices_on_any_thread_count(method, channels, k):
    image, palette = noise(90, 700, channels), noise(k, channels, seed=1)
    expected = method(image, palette, 0.8, 1)
    assert expected.dtype == (np.uint8 if k <= 256 else np.uint16)
    for workers in (2, 3, 8):
        np.testing.assert_array_equal(method(image, palette, 0.8, workers), expected)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("level", [1, 40, 64, 128, 191, 250])
def test_mean_of_dithered_black_and_white_is_the_gray(method, level):
    image = np.full((64, 96), level, np.uint8)
    shown = method(image, np.array([[0], [255]], np.uint8))
    assert abs(255 * shown.mean() - level) < 4


@pytest.mark.parametrize("method", METHODS)
def test_gray_is_dithered_like_the_same_gray_in_rgb(method):
    image, palette = noise(40, 50), noise(9, 1, seed=1)
    as_rgb = method(np.repeat(image[..., None], 3, axis=2), np.repeat(palette, 3, axis=1))
    np.testing.assert_array_equal(method(image, palette), as_rgb)


@pytest.mark.parametrize("method", METHODS)
def test_transparent_pixels_do_not_affect_others(method):
    image = noise(60, 80, 4)
    image[..., 3] = 255
    image[20:30, :, 3] = 0
    palette = noise(12, 4, seed=1)
    palette[:, 3] = 255
    palette[7] = 0
    indices = method(image, palette)
    assert (indices[20:30] == 7).all()
    assert (np.delete(indices, range(20, 30), axis=0) != 7).all()
    image[20:30, :, :3] = 99
    np.testing.assert_array_equal(method(image, palette), indices)


@pytest.mark.parametrize("method", METHODS)
def test_ties_go_to_the_first_of_equal_rows(method):
    image, palette = noise(30, 40, 3), noise(6, 3, seed=1)
    doubled = np.concatenate((palette, palette))
    np.testing.assert_array_equal(method(image, doubled), method(image, palette))


@given(images(side=30), st.integers(2, 60))
def test_ordered_dither_keeps_colors_of_the_palette(image, k):
    flat = (image // 32 * 32).astype(np.uint8)
    if flat.shape[2:] == (4,):
        flat[flat[..., 3] == 0] = 0
    colors = np.unique(as_pixels(flat), axis=0)
    indices = blue_noise.ordered(flat, colors)
    np.testing.assert_array_equal(colors[indices].reshape(flat.shape), flat)


def test_ordered_dither_depends_only_on_color_and_position():
    image, palette = noise(64, 64, 3), noise(20, 3, seed=1)
    changed = image.copy()
    changed[10:20, 10:20] = noise(10, 10, 3, seed=2)
    same = np.ones((64, 64), bool)
    same[10:20, 10:20] = False
    before, after = blue_noise.ordered(image, palette), blue_noise.ordered(changed, palette)
    np.testing.assert_array_equal(before[same], after[same])
    np.testing.assert_array_equal(blue_noise.ordered(np.tile(image, (2, 2, 1)), palette)[64:, 64:], before)


@pytest.mark.parametrize("method", METHODS)
def test_colors_outside_the_gamut_of_the_palette_leave_no_specks(method):
    image = np.full((64, 64, 3), (40, 60, 250), np.uint8)
    palette = np.array([[60, 80, 150], [62, 80, 150], [255, 255, 255]], np.uint8)
    assert (method(image, palette) != 2).all()
