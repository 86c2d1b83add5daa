"""Invariant 5: a fitted palette has min(k, colors) distinct, used and ordered rows; a given one is kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from tests.helpers.images import KINDS, images, images_of_any_kind, noise, of_few_values, visible_pixels
from tests.reference import kmeans as reference

COLORS = st.sampled_from([1, 2, 3, 5, 16, 64, 255, 256, 257, 1000])


def assert_fitted(image, k, compressed):
    colors, _ = reference.count(image)
    assert compressed.k == min(k, len(colors))
    assert len(np.unique(compressed.palette, axis=0)) == compressed.k
    assert len(np.unique(compressed.indices)) == compressed.k


@given(images(), COLORS)
def test_palette_has_exactly_k_colors_or_all_of_the_image(image, k):
    assert_fitted(image, k, fastkq.compress(image, k))


@given(images(), COLORS)
def test_image_of_at_most_k_colors_is_lossless(image, k):
    colors, _ = reference.count(image)
    if len(colors) <= k:
        back = fastkq.compress(image, k).decompress()
        np.testing.assert_array_equal(reference.as_pixels(back), reference.as_pixels(image))


def two_colors(generator):
    return generator.choice(np.array([[0, 0, 0], [255, 255, 255]], np.uint8), (40, 40))


def line_of_colors(generator):
    return np.repeat(generator.integers(0, 256, (60, 60, 1)), 3, axis=2).astype(np.uint8)


def corners_of_the_cube(generator):
    return (generator.integers(0, 2, (50, 50, 3)) * 255).astype(np.uint8)


def one_outlier(generator):
    image = generator.integers(100, 104, (300, 300, 3)).astype(np.uint8)
    image[7, 7] = 255
    return image


def gradient(generator):
    ramp = np.arange(256)
    return np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], 128), axis=2).astype(np.uint8)


def full_noise(generator):
    return generator.integers(0, 256, (256, 256, 3)).astype(np.uint8)


def shades_under_alpha(generator):
    image = generator.integers(0, 256, (80, 80, 4)).astype(np.uint8)
    image[..., 3] = generator.choice(np.array([0, 1, 2, 254, 255], np.uint8), (80, 80))
    return image


PATHOLOGICAL = [
    two_colors,
    line_of_colors,
    corners_of_the_cube,
    one_outlier,
    gradient,
    full_noise,
    shades_under_alpha,
]


@pytest.mark.parametrize("make", PATHOLOGICAL)
@pytest.mark.parametrize("k", [1, 2, 7, 8, 9, 63, 64, 65, 256, 2000])
def test_pathological_images_get_exactly_k_colors(make, k):
    image = make(np.random.default_rng(5))
    assert_fitted(image, k, fastkq.compress(image, k))


@pytest.mark.parametrize("k", [2, 8, 64])
def test_color_of_one_pixel_in_ten_million_counts(k):
    image = np.random.default_rng(0).integers(100, 102, (2500, 4000, 3)).astype(np.uint8)
    image[1234, 2345] = (3, 200, 7)
    compressed = fastkq.compress(image, k)
    assert compressed.k == min(k, 9)
    assert len(np.unique(compressed.indices)) == compressed.k
    if k > 8:
        np.testing.assert_array_equal(compressed.decompress(), image)


@pytest.mark.parametrize("k", [1, 2, 16, 256, pytest.param(3000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("effort", ["fast", "best"])
def test_every_effort_gives_exactly_k_colors(k, effort):
    image = gradient(None)[:, :100]
    assert_fitted(image, k, fastkq.compress(image, k, effort=effort))


@pytest.mark.parametrize("k", [1, 2, 16, 100])
def test_rgba_with_too_many_colors_to_list_gets_exactly_k(monkeypatch, k):
    image = noise(120, 100, 4)
    image[::3, :, 3] = 0
    listed = fastkq.compress(image, k)
    monkeypatch.setattr("fastkq.api.compress.MAX_RGBA_COLORS", 500)
    compressed = fastkq.compress(image, k)
    assert_fitted(image, k, compressed)
    np.testing.assert_array_equal(
        compressed.indices.reshape(-1), reference.nearest(reference.as_pixels(image), compressed.palette)
    )
    assert error_of(image, compressed) < 1.05 * error_of(image, listed)


def error_of(image, compressed):
    seen = reference.seen(reference.as_pixels(image))
    return ((seen - reference.seen(compressed.palette)[compressed.indices.reshape(-1)]) ** 2).sum()


@pytest.mark.slow
def test_65536_colors_fit():
    image = noise(400, 400, 3)
    compressed = fastkq.compress(image, 65536)
    assert_fitted(image, 65536, compressed)
    assert fastkq.CompressedImage.from_bytes(compressed.to_bytes()) == compressed


@given(images(), COLORS)
def test_palette_is_ordered_by_alpha_then_luminance(image, k):
    rows = fastkq.compress(image, k).palette.astype(int)
    keys = []
    for row in rows:
        color = [row[0]] * 3 if len(row) == 1 else list(row[:3])
        luminance = 2126 * color[0] + 7152 * color[1] + 722 * color[2]
        keys.append((row[3] if len(row) == 4 else 0, luminance, *color))
    assert keys == sorted(keys)


@given(images_of_any_kind(), st.integers(1, 12))
def test_result_has_shape_dtype_and_exactly_k_colors_or_all(image, k):
    compressed = fastkq.compress(image, k)
    distinct = len(np.unique(visible_pixels(image), axis=0))
    assert (compressed.shape, compressed.dtype) == (image.shape, image.dtype)
    assert compressed.k == min(k, distinct)
    assert len(np.unique(compressed.palette, axis=0)) == compressed.k
    assert len(np.unique(compressed.indices)) == compressed.k
    if k >= distinct:
        assert np.array_equal(visible_pixels(compressed.decompress()), visible_pixels(image))


@given(images_of_any_kind(), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_fixed_colors_come_first(image, k, seed):
    pixels = visible_pixels(image)
    some = np.unique(pixels[np.random.default_rng(seed).integers(0, len(pixels), k)], axis=0)[::-1]
    palette = fastkq.compress(image, k, fixed=some).palette
    assert np.array_equal(palette[: len(some)], some)
    assert len(palette) == min(k, len(np.unique(pixels, axis=0)))


@pytest.mark.parametrize(("dtype", "channels"), [kind for kind in KINDS if kind[0] is not bool])
def test_given_palette_keeps_order_and_equal_and_unused_rows(dtype, channels):
    image = of_few_values(dtype, channels)
    rows = np.unique(visible_pixels(image), axis=0)[::-1][:9]
    palette = np.concatenate((rows[1:], rows, rows[:1] + rows.dtype.type(1)))
    for compressed in (fastkq.apply_palette(image, palette), fastkq.compress(image, palette=palette)):
        assert compressed.palette.tobytes() == palette.tobytes()
        for coding in ("packed", "context"):
            back = fastkq.CompressedImage.from_bytes(compressed.to_bytes(coding=coding))
            assert back.palette.tobytes() == palette.tobytes()
            np.testing.assert_array_equal(back.indices, compressed.indices)
