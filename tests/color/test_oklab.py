"""Oklab coordinates: integers that are the same on every machine."""

import numpy as np
import pytest
from hypothesis import given

from fastkq.color.spaces import SpaceMetric, oklab
from tests.helpers.images import images, noise
from tests.helpers.spaces import to_colors, to_coordinates, unit
from tests.reference import kmeans as reference
from tests.reference.oklab import of_ottosson


def test_coordinates_match_the_paper_within_half_a_step():
    colors = np.concatenate((noise(20_000, 3), noise(2000, 3) // 32, np.uint8(255) - noise(2000, 3) // 32))
    np.testing.assert_allclose(
        to_coordinates(colors, "oklab").T / unit(3, "oklab"), of_ottosson(colors), atol=0.501 / 65536
    )


def test_gray_has_the_lightness_of_its_color():
    grays = np.arange(256, dtype=np.uint8)[:, None]
    lightness, a, b = to_coordinates(np.repeat(grays, 3, axis=1), "oklab")
    np.testing.assert_array_equal(to_coordinates(grays, "oklab")[0], lightness)
    assert not a.any()
    assert not b.any()
    assert (lightness[0], lightness[255]) == (0, 65536)


def test_linear_light_is_that_of_srgb():
    level = np.arange(256) / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    np.testing.assert_allclose(oklab.linear_light(), linear, rtol=1e-14)


@pytest.mark.slow
def test_coordinates_of_all_colors_are_distinct():
    codes = np.empty(1 << 24, np.int64)
    shades = np.arange(1 << 20, dtype=np.uint32)
    for high in range(16):
        colors = (shades + np.uint32(high << 20)).view(np.uint8).reshape(-1, 4)[:, :3]
        lightness, a, b = to_coordinates(np.ascontiguousarray(colors), "oklab").astype(np.int64)
        codes[high << 20 : (high + 1) << 20] = (lightness << 40) + (a << 20) + b
    codes.sort()
    assert np.diff(codes).min() > 0


def test_rgba_metric_is_the_mean_over_black_gray_and_white():
    a, b = noise(500, 4, seed=1), noise(500, 4, seed=2)
    seen = 0.0
    for background in (0.0, 0.5, 1.0):
        on_a, on_b = (
            of_ottosson(x[:, :3]) * x[:, 3:] / 255 + [background, 0, 0] * (1 - x[:, 3:] / 255) for x in (a, b)
        )
        seen = seen + ((on_a - on_b) ** 2).sum(axis=1) / 3
    difference = (to_coordinates(a, "oklab") - to_coordinates(b, "oklab")) / unit(4, "oklab")
    np.testing.assert_allclose((difference**2).sum(axis=0), seen, rtol=3e-3, atol=1e-7)


@given(images())
def test_colors_survive_conversion_to_coordinates(image):
    colors, _ = reference.count(image)
    np.testing.assert_array_equal(to_colors(to_coordinates(colors, "oklab"), "oklab"), colors)


@pytest.mark.parametrize("channels", [1, 3])
def test_means_are_rounded_to_the_nearest_color(channels):
    samples = [
        to_coordinates(noise(60, channels, seed=seed) // 2 + np.uint8(40 * seed), "oklab")
        for seed in range(3)
    ]
    means = (samples[0] + samples[1] + samples[2]) / 3
    for mean, color in zip(means.T, to_colors(means, "oklab"), strict=True):
        offsets = np.stack(np.meshgrid(*[np.arange(-6, 7)] * channels), axis=-1).reshape(-1, channels)
        neighbors = np.clip(color.astype(int) + offsets, 0, 255).astype(np.uint8)
        distances = ((to_coordinates(neighbors, "oklab").T - mean) ** 2).sum(axis=1)
        own = ((to_coordinates(color[None], "oklab").T - mean) ** 2).sum()
        assert own <= distances.min()


def test_opacity_is_the_alpha_coordinate_of_opaque_colors():
    opaque, not_quite = to_coordinates(np.array([[9, 8, 7, 255], [9, 8, 7, 254]], np.uint8), "oklab")[3]
    assert not_quite < opaque == SpaceMetric("oklab", 4).opacity
