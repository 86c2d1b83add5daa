"""Fixed colors come first in a palette, unchanged, and the other rows are fitted around them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import packed_counting
from fastkq.kmeans import lloyd
from fastkq.kmeans.morton_tree import Tree
from fastkq.kmeans.swap_search import search, starts
from fastkq.quantization import rounding
from fastkq.quantization.nearest import label
from tests.helpers.fits import fit, of_colors
from tests.helpers.images import images, noise
from tests.helpers.points import error_of, summary_of
from tests.helpers.spaces import to_coordinates
from tests.reference import kmeans as reference


@st.composite
def images_and_fixed(draw):
    """Draw an image, k, and at most k distinct fixed colors, some of which the image has."""
    image = draw(images())
    pixels = reference.as_pixels(image)
    generator = np.random.default_rng(draw(st.integers(0, 1000)))
    k = draw(st.sampled_from([1, 2, 3, 5, 16, 64, 300]))
    own = generator.choice(pixels, draw(st.integers(0, 5)))
    foreign = reference.as_pixels(generator.integers(0, 256, (1, draw(st.integers(0, 40)), pixels.shape[1])))
    rows = np.unique(np.concatenate((own, foreign.astype(np.uint8))), axis=0)
    return image, k, generator.permutation(rows)[:k]


@given(images_and_fixed(), st.sampled_from([1, 2]))
def test_fixed_colors_come_first_and_others_are_used_and_in_order(case, threads):
    image, k, fixed = case
    counted = packed_counting.count(image)
    rows, labels = fit(counted, k, threads=threads, fixed=fixed)
    f = len(fixed)
    np.testing.assert_array_equal(rows[:f], fixed)
    np.testing.assert_array_equal(rounding.in_order(rows[f:]), rows[f:])
    distinct = np.unique(np.concatenate((counted.colors, fixed)), axis=0)
    assert len(rows) == len(np.unique(rows, axis=0)) == min(k, len(distinct))
    assert set(range(f, len(rows))) <= set(labels.tolist())


@given(images_and_fixed())
def test_labels_are_the_nearest_of_all_rows(case):
    image, k, fixed = case
    counted = packed_counting.count(image)
    rows, labels = fit(counted, k, fixed=fixed)
    np.testing.assert_array_equal(labels, reference.nearest(counted.colors, rows))


@given(images(), st.integers(1, 40))
def test_fixing_no_color_changes_nothing(image, k):
    counted = packed_counting.count(image)
    none = np.empty((0, counted.channels), np.uint8)
    for free, fixed in zip(fit(counted, k), fit(counted, k, fixed=none), strict=True):
        np.testing.assert_array_equal(free, fixed)


@given(images_and_fixed(), st.integers(0, 40), st.integers(1, 3))
def test_search_keeps_fixed_centroids_and_returns_the_error(case, swaps, searches):
    image, k, fixed = case
    points, fixed_centroids = summary_of(image), to_coordinates(fixed)
    centroids, error = search(points, k, swaps, searches, fixed=fixed_centroids)
    np.testing.assert_array_equal(centroids[:, : len(fixed)], fixed_centroids)
    scale = 255.0**2 * points.weights.sum() * (361**2 if image.shape[2:] == (4,) else 1)
    assert error_of(points, centroids) <= error + 1e-6 * scale


def test_lloyd_keeps_fixed_centroids(china):
    points = of_colors(packed_counting.count(china))
    seeds = points.coordinates[:, np.linspace(0, len(points.keys) - 1, 40).astype(int)]
    moved = lloyd.lloyd(points, seeds, min_gain=0.0, max_iterations=3, n_fixed=15)
    np.testing.assert_array_equal(moved[:, :15], seeds[:, :15])
    assert (moved[:, 15:] != seeds[:, 15:]).any(axis=0).all()


def test_starts_avoid_fixed_centroids(china):
    points = Tree(of_colors(packed_counting.count(china))).summary(2000)
    alone = starts(points, 64, 3)
    fixed_centroids = alone[1, :, :20] + np.float32(0.25)
    for centroids in starts(points, 64, 3, fixed_centroids):
        np.testing.assert_array_equal(centroids[:, :20], fixed_centroids)
        distances = ((centroids[:, 20:, None] - fixed_centroids[:, None]) ** 2).sum(axis=0)
        assert distances.min() > 1


@pytest.mark.parametrize(("k", "f"), [(16, 4), (64, 4), (64, 40)])
def test_free_rows_are_fitted_around_fixed_colors(china, k, f):
    """The error is below that of a palette fitted alone and then joined with the fixed colors."""
    counted = packed_counting.count(china)
    fixed = np.random.default_rng(1).choice(counted.colors, f)
    together = error(counted, fit(counted, k, fixed=fixed)[0])
    joined = error(counted, np.concatenate((fixed, fit(counted, k - f)[0])))
    assert together < 0.999 * joined


@pytest.mark.parametrize(("k", "f"), [(16, 4), (64, 4), (64, 40)])
def test_error_matches_the_best_of_five_lloyd_runs(china, k, f):
    counted = packed_counting.count(china)
    fixed = noise(f, 3, seed=1)
    points, fixed_centroids = of_colors(counted), to_coordinates(fixed)
    generator = np.random.default_rng(0)
    errors = []
    for _ in range(5):
        seeds = points.coordinates[:, generator.choice(len(points.keys), k - f, replace=False)]
        centroids = lloyd.lloyd(
            points, np.column_stack((fixed_centroids, seeds)), 0.0, 100, threads=2, n_fixed=f
        )
        errors.append(error(counted, np.floor(centroids.T + 0.5)))
    assert error(counted, fit(counted, k, fixed=fixed)[0]) < 1.005 * min(errors)


def error(counted, rows):
    labels = mapped(counted, rows)
    difference = counted.colors.astype(float) - rows[labels].astype(float)
    return ((difference**2).sum(axis=1) * counted.counts).sum()


def mapped(counted, rows):
    return label(counted, rows.astype(np.uint8)).labels


@pytest.mark.parametrize("f", [0, 3, 4199])
def test_palettes_too_large_for_swap_search_keep_fixed_colors(f):
    counted, fixed = packed_counting.count(noise(80, 80, 3)), np.unique(noise(5000, 3, seed=1), axis=0)[:f]
    rows, labels = fit(counted, 4200, "fast", fixed=fixed)
    np.testing.assert_array_equal(rows[:f], fixed)
    assert len(np.unique(rows, axis=0)) == 4200
    assert set(range(f, 4200)) <= set(labels.tolist())


def test_colors_merged_in_cells_are_fitted_around_fixed_colors(monkeypatch):
    monkeypatch.setattr("fastkq.quantization.points._MAX_PACKED_COLORS", 500)
    monkeypatch.setattr("fastkq.quantization.points._PACKED_COLORS_PER_CENTROID", 20)
    image, fixed = noise(100, 100, 3), noise(3, 3, seed=1)
    rows, labels = fit(packed_counting.count(image), 20, fixed=fixed)
    np.testing.assert_array_equal(rows[:3], fixed)
    np.testing.assert_array_equal(labels, reference.nearest(packed_counting.count(image).colors, rows))
    assert len(np.unique(rows, axis=0)) == 20
