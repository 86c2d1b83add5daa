"""Distances in Oklab: exact in integer steps, the same on every machine."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import packed_counting
from fastkq.color.spaces import oklab, opacity, to_colours, to_coordinates, unit
from fastkq.kmeans import lloyd
from fastkq.quantization import fit_packed, nearest_packed
from fastkq.quantization.points import of_colours
from tests import reference
from tests.conftest import images, noise

COLOURS = st.sampled_from([1, 2, 3, 5, 16, 64, 300])


def of_ottosson(colours):
    """L, a and b of colours (M, 3) as the paper computes them: (M, 3)."""
    level = colours / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    responses = linear @ [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ]
    return np.cbrt(responses) @ [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ]


def steps(colours):
    """Integer coordinates (M, C), as documented."""
    return to_coordinates(colours, "oklab").T.astype(np.int64)


def nearest(colours, rows):
    """Index of the nearest row, the lowest of equals, in integers."""
    distances = ((steps(colours)[:, None] - steps(rows)[None]) ** 2).sum(axis=2)
    if rows.shape[1] == 4 and len(rows) >= 3 and (rows[:, 3] == 255).any():
        distances[np.ix_(colours[:, 3] == 255, rows[:, 3] < 255)] = np.iinfo(np.int64).max
    return distances.argmin(axis=1)


def test_coordinates_are_those_of_the_paper_in_steps_of_a_65536th():
    colours = np.concatenate((noise(20_000, 3), noise(2000, 3) // 32, np.uint8(255) - noise(2000, 3) // 32))
    np.testing.assert_allclose(
        to_coordinates(colours, "oklab").T / unit(3, "oklab"), of_ottosson(colours), atol=0.501 / 65536
    )


def test_gray_has_the_lightness_of_its_colour():
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


def test_no_two_colours_have_the_same_coordinates():
    codes = np.empty(1 << 24, np.int64)
    shades = np.arange(1 << 20, dtype=np.uint32)
    for high in range(16):
        colours = (shades + np.uint32(high << 20)).view(np.uint8).reshape(-1, 4)[:, :3]
        lightness, a, b = to_coordinates(np.ascontiguousarray(colours), "oklab").astype(np.int64)
        codes[high << 20 : (high + 1) << 20] = (lightness << 40) + (a << 20) + b
    codes.sort()
    assert np.diff(codes).min() > 0


def test_rgba_is_measured_as_seen_on_black_gray_and_white():
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
def test_colours_come_back_from_their_coordinates(image):
    colours, _ = reference.count(image)
    np.testing.assert_array_equal(to_colours(to_coordinates(colours, "oklab"), "oklab"), colours)


@pytest.mark.parametrize("channels", [1, 3])
def test_means_of_colours_become_the_nearest_colour(channels):
    some = [
        to_coordinates(noise(60, channels, seed=seed) // 2 + np.uint8(40 * seed), "oklab")
        for seed in range(3)
    ]
    means = (some[0] + some[1] + some[2]) / 3
    for mean, colour in zip(means.T, to_colours(means, "oklab"), strict=True):
        reach = np.stack(np.meshgrid(*[np.arange(-6, 7)] * channels), axis=-1).reshape(-1, channels)
        around = np.clip(colour.astype(int) + reach, 0, 255).astype(np.uint8)
        distances = ((to_coordinates(around, "oklab").T - mean) ** 2).sum(axis=1)
        own = ((to_coordinates(colour[None], "oklab").T - mean) ** 2).sum()
        assert own <= distances.min()


@given(images(), st.integers(1, 300), st.integers(0, 1000), st.sampled_from([1, 2]))
def test_mapping_is_exact(image, k, seed, threads):
    counted = packed_counting.count(image)
    rows = noise(k, counted.channels, seed=seed) // np.uint8(1 + seed % 9)
    rows[: k // 3, -1] = 255
    expected = nearest(reference.as_pixels(image), rows)
    mapped = nearest_packed.map_image(image, counted, rows, threads, "oklab")
    np.testing.assert_array_equal(mapped.reshape(-1), expected)
    if counted.channels == 4:
        pixelwise = nearest_packed.map_pixels(image, rows, threads, "oklab")
        np.testing.assert_array_equal(pixelwise.reshape(-1), expected)


@given(images(), COLOURS, st.integers(0, 5))
def test_the_palette_has_all_its_rows_and_every_colour_its_nearest(image, k, f):
    counted = packed_counting.count(image)
    fixed = reference.as_pixels(noise(1, f, counted.channels))
    fixed = np.unique(fixed, axis=0)[:k]
    rows, labels = fit_packed.fit(counted, k, fixed=fixed, space="oklab")
    distinct = np.unique(np.concatenate((counted.colours, fixed)), axis=0)
    np.testing.assert_array_equal(rows[: len(fixed)], fixed)
    assert len(np.unique(rows, axis=0)) == len(rows) == min(k, len(distinct))
    assert set(range(len(fixed), len(rows))) <= set(labels.tolist())
    np.testing.assert_array_equal(labels, nearest(counted.colours, rows))


def error(counted, rows):
    labels = nearest_packed.label(counted, rows, 1, "oklab").labels
    difference = to_coordinates(counted.colours, "oklab") - to_coordinates(rows, "oklab")[:, labels]
    return float((difference**2).sum(axis=0) @ counted.counts)


@pytest.mark.parametrize("k", [16, 64, 256])
def test_a_fit_in_oklab_is_better_there_than_one_in_rgb(china, k):
    counted = packed_counting.count(china)
    ours, theirs = (fit_packed.fit(counted, k, space=space)[0] for space in ("oklab", "rgb"))
    assert error(counted, ours) < 0.97 * error(counted, theirs)


@pytest.mark.parametrize("k", [16, 64])
def test_it_matches_the_best_of_several_runs_of_lloyds_algorithm(flower, k):
    counted = packed_counting.count(flower)
    points = of_colours(counted, "oklab")
    generator, errors = np.random.default_rng(0), []
    for _ in range(5):
        seeds = points.coordinates[:, generator.choice(len(points.keys), k, replace=False)]
        errors.append(error(counted, to_colours(lloyd.lloyd(points, seeds, 0.0, 100, 2), "oklab")))
    assert error(counted, fit_packed.fit(counted, k, space="oklab")[0]) < 1.005 * min(errors)


def test_opaque_colours_are_those_at_the_given_coordinate():
    opaque, not_quite = to_coordinates(np.array([[9, 8, 7, 255], [9, 8, 7, 254]], np.uint8), "oklab")[3]
    assert not_quite < opaque == opacity("oklab")


def test_more_threads_change_nothing(china):
    counted = packed_counting.count(china)
    for alone, shared in zip(
        fit_packed.fit(counted, 100, space="oklab"),
        fit_packed.fit(counted, 100, threads=3, space="oklab"),
        strict=True,
    ):
        np.testing.assert_array_equal(alone, shared)
