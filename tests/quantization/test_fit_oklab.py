"""Palettes fitted in Oklab."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import packed_counting
from fastkq.kmeans import lloyd
from fastkq.quantization.nearest import label
from tests.helpers.fits import fit, of_colors
from tests.helpers.images import images, noise
from tests.helpers.spaces import to_colors, to_coordinates
from tests.reference import kmeans as reference
from tests.reference.oklab import nearest

COLORS = st.sampled_from([1, 2, 3, 5, 16, 64, 300])


@given(images(), COLORS, st.integers(0, 5))
def test_palette_is_complete_and_labels_are_nearest(image, k, f):
    counted = packed_counting.count(image)
    fixed = reference.as_pixels(noise(1, f, counted.channels))
    fixed = np.unique(fixed, axis=0)[:k]
    rows, labels = fit(counted, k, fixed=fixed, space="oklab")
    distinct = np.unique(np.concatenate((counted.colors, fixed)), axis=0)
    np.testing.assert_array_equal(rows[: len(fixed)], fixed)
    assert len(np.unique(rows, axis=0)) == len(rows) == min(k, len(distinct))
    assert set(range(len(fixed), len(rows))) <= set(labels.tolist())
    np.testing.assert_array_equal(labels, nearest(counted.colors, rows))


def error(counted, rows):
    labels = label(counted, rows, 1, "oklab").labels
    difference = to_coordinates(counted.colors, "oklab") - to_coordinates(rows, "oklab")[:, labels]
    return float((difference**2).sum(axis=0) @ counted.counts)


@pytest.mark.parametrize("k", [16, 64, 256])
def test_oklab_fit_has_less_oklab_error_than_rgb_fit(china, k):
    counted = packed_counting.count(china)
    ours, theirs = (fit(counted, k, space=space)[0] for space in ("oklab", "rgb"))
    assert error(counted, ours) < 0.97 * error(counted, theirs)


@pytest.mark.parametrize("k", [16, 64])
def test_error_matches_the_best_of_five_lloyd_runs(flower, k):
    counted = packed_counting.count(flower)
    points = of_colors(counted, "oklab")
    generator, errors = np.random.default_rng(0), []
    for _ in range(5):
        seeds = points.coordinates[:, generator.choice(len(points.keys), k, replace=False)]
        errors.append(error(counted, to_colors(lloyd.lloyd(points, seeds, 0.0, 100, 2), "oklab")))
    assert error(counted, fit(counted, k, space="oklab")[0]) < 1.005 * min(errors)


def test_same_palette_on_any_thread_count(china):
    counted = packed_counting.count(china)
    for alone, shared in zip(
        fit(counted, 100, space="oklab"),
        fit(counted, 100, threads=3, space="oklab"),
        strict=True,
    ):
        np.testing.assert_array_equal(alone, shared)
