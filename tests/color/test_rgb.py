"""Coordinates of RGB and RGBA colors."""

import numpy as np
from hypothesis import given

from tests.helpers.images import images, noise
from tests.helpers.spaces import to_colors, to_coordinates
from tests.reference import kmeans as reference


@given(images())
def test_colors_survive_conversion_to_coordinates(image):
    colors, _ = reference.count(image)
    np.testing.assert_array_equal(to_colors(to_coordinates(colors)), colors)


def test_rgba_metric_is_the_mean_over_three_backgrounds():
    a, b = noise(50, 4, seed=1).astype(float), noise(50, 4, seed=2).astype(float)
    seen = 0.0
    for background in (0, 127.5, 255):
        on_a = a[:, :3] * a[:, 3:] / 255 + background * (1 - a[:, 3:] / 255)
        on_b = b[:, :3] * b[:, 3:] / 255 + background * (1 - b[:, 3:] / 255)
        seen = seen + ((on_a - on_b) ** 2).sum(axis=1) / 3
    difference = to_coordinates(a.astype(np.uint8)) - to_coordinates(b.astype(np.uint8))
    np.testing.assert_allclose((difference**2).sum(axis=0) / 510**2, seen, rtol=3e-3)
