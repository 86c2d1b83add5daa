"""Error diffusion with given palettes: means of fields, colors outside the hull, ties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastkq.color.value_range import ValueRange
from fastkq.quantization.error_diffusion import ATKINSON, diffuse
from tests.helpers.images import noise
from tests.reference.dither import ATKINSON as REFERENCE_ATKINSON
from tests.reference.dither import diffused

E7 = [[0, 0, 0], [255, 255, 255], [0, 255, 0], [0, 0, 255], [255, 0, 0], [255, 255, 0], [255, 128, 0]]
"""The palette of an e-paper display of seven colors."""
PALETTES = {
    "e-paper of 7 colors": E7,
    "e-paper of 4 colors": [[0, 0, 0], [255, 255, 255], [255, 0, 0], [255, 255, 0]],
    "grays with two close ones": [[0], [16], [255]],
    "uneven grays": [[3], [120], [128], [250]],
    "a cluster and far corners": [
        [120, 120, 120], [124, 120, 120], [120, 126, 121],
        [0, 0, 255], [255, 0, 10], [0, 250, 0], [255, 255, 255],
    ],
}  # fmt: skip


def window_error(palette, color, **options):
    """Return the largest error of the mean of 64 x 64 pixels away from the top and left edge of a field."""
    palette = np.array(palette, np.uint8)
    image = np.empty((160, 160, len(color)), np.uint8)
    image[:] = color
    shown = palette[diffuse(image, palette, **options)].astype(np.int64)
    sums = shown.cumsum(axis=0).cumsum(axis=1)[31:, 31:]
    windows = sums[64:, 64:] - sums[:-64, 64:] - sums[64:, :-64] + sums[:-64, :-64]
    return abs(windows / 64**2 - np.array(color)).max()


@pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)
@pytest.mark.parametrize("seed", range(6))
def test_the_mean_of_a_field_inside_the_hull_is_right(palette, seed):
    rows = np.array(palette)
    generator = np.random.default_rng(seed)
    center = rows.mean(axis=0)
    color = generator.dirichlet(np.ones(len(rows))) @ rows
    color = np.rint(color + (center - color) * 0.35).astype(int)  # away from the boundary of the hull
    assert window_error(palette, color) <= 1


@pytest.mark.parametrize(
    ("palette", "color"),
    [(E7, (100, 100, 100)), (E7, (60, 60, 60)), (E7, (200, 160, 40)), ([[0], [16], [255]], (100,))],
)
def test_examples_of_lost_means(palette, color):
    assert window_error(palette, color) <= 1


@settings(max_examples=40)
@given(st.integers(0, 10_000), st.integers(5, 40))
def test_the_mean_is_right_for_random_palettes(seed, k):
    generator = np.random.default_rng(seed)
    # Corners of a box, at least 8 levels outside of the colors, and any rows.
    low, high = generator.integers(0, 100, 3), generator.integers(156, 256, 3)
    corners = np.array([[(low, high)[bit >> d & 1][d] for d in range(3)] for bit in range(8)])
    palette = np.concatenate((corners, generator.integers(0, 256, (k, 3))))
    assert window_error(palette, generator.integers(low + 8, high - 7)) <= 1


@settings(max_examples=60)
@given(st.integers(0, 10_000), st.integers(2, 60), st.sampled_from(["rgb", "linear", "oklab"]))
def test_colors_of_the_palette_stay_as_they_are(seed, k, space):
    palette = noise(k, 3, seed=seed)
    image = palette[np.random.default_rng(seed).integers(0, k, (30, 40))]
    np.testing.assert_array_equal(palette[diffuse(image, palette, space=space)], image)


def test_colors_outside_the_hull_do_not_disturb_their_neighbors():
    palette = np.array([[0, 0, 0], [120, 120, 120], [255, 255, 255]], np.uint8)
    image = np.full((64, 96, 3), 120, np.uint8)
    image[:, :32] = (255, 0, 255)
    indices = diffuse(image, palette)
    assert (indices[:, 40:] == 1).all()


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_order_of_the_palette_does_not_matter(channels):
    # Coarse levels: many rows are equally near.
    image, palette = noise(50, 60, channels) // 32 * 32, noise(40, channels, seed=1) // 64 * 64
    expected = palette[diffuse(image, palette)]
    for seed in range(3):
        shuffled = np.random.default_rng(seed).permutation(palette)
        np.testing.assert_array_equal(shuffled[diffuse(image, shuffled)], expected)


def test_opaque_pixels_are_mixed_from_opaque_rows():
    palette = np.array([[0, 0, 0, 255], [255, 255, 255, 255], [0, 0, 0, 0]], np.uint8)
    image = np.full((96, 96, 4), (128, 128, 128, 255), np.uint8)
    indices = diffuse(image, palette)
    assert (indices < 2).all()
    assert abs(255 * indices[32:, 32:].mean() - 128) <= 1


GAMMA = np.array([v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in np.arange(256) / 255])
"""Linear light of each level."""


@pytest.mark.parametrize("color", [(128, 128, 128), (90, 90, 90), (200, 160, 60)])
def test_linear_light_keeps_the_mean_of_light(color):
    palette = np.array(E7, np.uint8)
    image = np.full((160, 160, 3), color, np.uint8)
    shown = GAMMA[palette[diffuse(image, palette, space="linear")][32:, 32:]].mean(axis=(0, 1))
    np.testing.assert_allclose(shown, GAMMA[list(color)], atol=1 / 255)


def test_oklab_keeps_the_mean_of_oklab():
    palette = np.array(E7, np.uint8)
    image = np.full((160, 160, 3), (150, 130, 110), np.uint8)
    shown = palette[diffuse(image, palette, space="oklab")][32:, 32:]
    found, expected = oklab(shown).mean(axis=(0, 1)), oklab(image[0, 0])
    np.testing.assert_allclose(found, expected, atol=0.005)


def oklab(colors):
    """Return Oklab of colors (..., 3), by the formulas of Ottosson."""
    light = GAMMA[colors]
    responses = light @ np.array(
        [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
         [0.0883024619, 0.2817188376, 0.6299787005]]
    ).T  # fmt: skip
    return np.cbrt(responses) @ np.array(
        [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
         [0.0259040371, 0.7827717662, -0.8086757660]]
    ).T  # fmt: skip


def test_atkinson_equals_the_reference():
    # One row and white noise of few levels: the reference is slow where it has to visit many cells.
    image = noise(20, 21, 1) // 64 * 85
    palette = np.array([[0], [70], [255]], np.uint8)
    expected = diffused(image, palette, 1.0, REFERENCE_ATKINSON)
    np.testing.assert_array_equal(diffuse(image, palette, 1.0, 2, weights=ATKINSON), expected)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_16_bits_are_dithered_as_8_bits(channels):
    image, palette = noise(40, 50, channels), noise(9, channels, seed=1)
    if channels == 4:
        image[..., 3] = palette[:, 3] = 255
    deep = (values.astype(np.uint16) * 257 for values in (image, palette))
    np.testing.assert_array_equal(diffuse(*deep), diffuse(image, palette))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_other_dtypes_are_dithered_in_their_range(dtype):
    image, palette = noise(40, 50, 3), noise(9, 3, seed=1)
    low, step = -1000.0, 8
    scaled = ((values * float(step) + low).astype(dtype) for values in (image, palette))
    indices = diffuse(*scaled, value_range=ValueRange(low, low + step * 255))
    np.testing.assert_array_equal(indices, diffuse(image, palette))
