"""Dithering with a blue-noise mask: mean colors, variance, and palettes that are given or fitted."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

import fastkq
from fastkq.quantization import blue_noise
from fastkq.quantization.coordinates import Coordinates
from fastkq.quantization.facets import facets
from tests.helpers.images import noise, photograph_like
from tests.reference.blue_noise import depth, least_variance

E7 = np.array(
    [(0, 0, 0), (255, 255, 255), (0, 255, 0), (0, 0, 255), (255, 0, 0), (255, 255, 0), (255, 128, 0)],
    np.uint8,
)


def _grid(*levels):
    return np.array([(r, g, b) for r in levels for g in levels for b in levels], np.uint8)


def _grays(*levels):
    return np.repeat(np.array(levels, np.uint8)[:, np.newaxis], 3, axis=1)


PALETTES = {
    "black and white": E7[:2],
    "black, white, red": E7[[0, 1, 4]],
    "black, white, red, yellow": E7[[0, 1, 4, 5]],
    "five colors": E7[[0, 1, 3, 4, 5]],
    "six colors": E7[:6],
    "seven colors": E7,
    "Game Boy": np.array([(15, 56, 15), (48, 98, 48), (139, 172, 15), (155, 188, 15)], np.uint8),
    "CGA": np.array([(0, 0, 0), (85, 255, 255), (255, 85, 255), (255, 255, 255)], np.uint8),
    "EGA": _grid(0, 85, 170, 255),
    "web-safe": _grid(*range(0, 256, 51)),
    "four grays": _grays(0, 85, 170, 255),
    "close grays": _grays(0, 16, 255),
}


def _means(color, palette):
    """Return the mean colors of two windows of a field of this color."""
    shown = palette[blue_noise.ordered(np.full((110, 110, len(color)), color, np.uint8), palette)]
    return shown[32:96, 32:96].mean(axis=(0, 1)), shown[45:109, 37:101].mean(axis=(0, 1))


@given(seed=st.integers(0, 10_000), k=st.integers(4, 12))
def test_mean_of_a_field_is_right_and_its_variance_the_least(seed, k):
    generator = np.random.default_rng(seed)
    palette = generator.integers(0, 256, (k, 3), dtype=np.uint8)
    color = np.rint(generator.dirichlet(np.ones(k)) @ palette).astype(np.uint8)
    assume(depth(color, palette) >= 8)
    for mean in _means(color, palette):
        assert np.abs(mean - color).max() <= 1
    shown = palette[blue_noise.ordered(np.full((64, 64, 3), color, np.uint8), palette)]
    variance = ((shown - color.astype(float)) ** 2).sum(axis=2).mean()
    assert variance <= 1.01 * least_variance(color, palette) + 30  # 30: shares are multiples of 1/4096


@pytest.mark.parametrize(
    "color", [(128, 128, 128), (40, 90, 60), (200, 190, 150), (230, 120, 40), (20, 20, 20)]
)
def test_mean_is_right_on_an_electronic_paper_of_seven_colors(color):
    assert depth(color, E7) >= 8
    for mean in _means(color, E7):
        assert np.abs(mean - color).max() <= 1


@pytest.mark.parametrize("gray", range(8, 248, 16))
@pytest.mark.parametrize("levels", [(0, 16, 255), (0, 85, 170, 255), (0, 255)])
def test_mean_of_grays_is_right_whatever_their_distances(gray, levels):
    for palette in (_grays(*levels), _grays(*levels)[:, :1]):
        for mean in _means((gray,) * palette.shape[1], palette):
            assert np.abs(mean - gray).max() <= 1


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_a_permuted_palette_gives_the_same_picture(channels):
    image = photograph_like(40, 50)[..., :1] if channels == 1 else photograph_like(40, 50)
    palette = noise(30, channels) // 16 * 16
    if channels == 4:
        image = np.concatenate((image, noise(40, 50, 1) | np.uint8(128)), axis=2)
        palette[::2, 3] = 255
        palette[3, 3] = palette[5, 3] = 0
    image = image[..., 0] if channels == 1 else image
    expected = palette[blue_noise.ordered(image, palette)]
    for seed in range(3):
        permuted = np.random.default_rng(seed).permutation(palette)
        np.testing.assert_array_equal(permuted[blue_noise.ordered(image, permuted)], expected)


def test_strength_is_the_share_of_the_way_from_the_nearest_row():
    palette = np.array([[0], [255]], np.uint8)
    for strength, mean in ((0.25, 25), (0.5, 50), (1.0, 100)):
        shown = palette[blue_noise.ordered(np.full((64, 64), 100, np.uint8), palette, strength)]
        assert abs(shown.mean() - mean) <= 1


@pytest.mark.parametrize("space", ["linear", "oklab"])
def test_mean_is_right_in_the_space_asked_for(space):
    coordinates = Coordinates(space, False)
    color = np.array([[(150, 130, 100)]], np.uint8)
    shown = E7[blue_noise.ordered(np.repeat(np.repeat(color, 64, 0), 64, 1), E7, space=space)]
    mean = coordinates.of(shown)[..., :3].mean(axis=(0, 1))
    expected = coordinates.of(color)[0, 0, :3]
    assert np.abs(mean - expected).max() <= coordinates.level


def test_opaque_pixels_with_an_rgba_palette_are_dithered_as_rgb():
    image, palette = photograph_like(40, 50), noise(9, 3)
    opaque = np.concatenate((image, np.full((40, 50, 1), 255, np.uint8)), axis=2)
    rgba = np.concatenate((palette, np.full((9, 1), 255, np.uint8)), axis=1)
    with_translucent = np.concatenate((rgba, noise(5, 4, seed=3) & np.uint8(127)))
    expected = palette[blue_noise.ordered(image, palette)]
    for rows in (rgba, with_translucent):
        np.testing.assert_array_equal(rows[blue_noise.ordered(opaque, rows)][..., :3], expected)


def _blurred(image):
    """Return an image (H, W, 3) after a Gaussian of 2.5 pixels."""
    weights = np.exp(-0.5 * (np.arange(-10, 11) / 2.5) ** 2)
    out = image.astype(float)
    for axis in (0, 1):
        padding = [(10, 10) if axis == side else (0, 0) for side in range(3)]
        padded = np.pad(out, padding, mode="reflect")
        length = out.shape[axis]
        out = sum(
            weight * np.take(padded, range(i, i + length), axis)
            for i, weight in enumerate(weights / weights.sum())
        )
    return out


@pytest.mark.parametrize("name", PALETTES)
def test_blurred_error_is_at_most_twice_that_of_pillows_error_diffusion(name):
    palette = PALETTES[name]
    y, x = np.mgrid[:96, :128]
    gradients = (
        np.stack((2 * x, 255 - 2 * x, 255 * y // 95), axis=2),
        np.repeat(2 * x[..., np.newaxis], 3, axis=2),
    )
    fields = [np.full((96, 128, 3), color) for color in ((128, 128, 128), (200, 180, 140), (60, 70, 50))]
    ours, theirs = [], []
    for image in (photograph_like(96, 128), *gradients, *fields):
        image = image.astype(np.uint8)
        holder = Image.new("P", (1, 1))
        holder.putpalette(np.resize(palette, (256, 3)).tobytes())
        diffused = Image.fromarray(image).quantize(palette=holder, dither=Image.Dither.FLOYDSTEINBERG)
        for errors, shown in (
            (ours, palette[blue_noise.ordered(image, palette)]),
            (theirs, np.asarray(diffused.convert("RGB"))),
        ):
            errors.append(np.sqrt(((_blurred(shown) - _blurred(image)) ** 2).mean()))
    assert np.mean(ours) <= 2 * np.mean(theirs)


@pytest.mark.parametrize("k", [16, 64])
def test_noise_of_a_fitted_palette_stays_small(k):
    image = photograph_like(96, 128)
    palette = fastkq.compress(image, k).palette
    distances = ((image[..., np.newaxis, :].astype(float) - palette) ** 2).sum(axis=3)
    dithered = palette[blue_noise.ordered(image, palette)]
    error = ((dithered - image.astype(float)) ** 2).sum(axis=2).mean()
    assert error < 2 * distances.min(axis=2).mean()


@given(seed=st.integers(0, 10_000), k=st.integers(4, 30))
def test_facets_are_those_of_the_hull(seed, k):
    generator = np.random.default_rng(seed)
    rows = generator.integers(0, generator.choice([3, 256]), (k, 3)).astype(float)
    assume(np.linalg.matrix_rank(rows - rows[0]) == 3)
    surface = facets(rows)
    for color in generator.uniform(-1, rows.max() + 1, (9, 3)):
        assert (surface[:, 3] - surface[:, :3] @ color).min() == pytest.approx(depth(color, rows), abs=1e-6)


@pytest.mark.parametrize(
    "rows", [[(7, 7, 7)], [(0, 0, 0), (255, 255, 255), (9, 9, 9)], [(0, 0, 0), (9, 9, 9), (9, 0, 0)]]
)
def test_flat_hulls_are_infinitely_thick(rows):
    rows = np.array(rows, float)
    surface, middle = facets(rows), rows.mean(axis=0)
    assert np.linalg.norm(surface[:, :3], axis=1) == pytest.approx(1)
    span = np.linalg.norm(rows - middle, axis=1).max()
    least = (surface[:, 3] - surface[:, :3] @ middle).min()
    assert least > 1e5 if len(rows) == 1 else 0 < least <= span
