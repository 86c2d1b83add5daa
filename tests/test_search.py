"""The search for better palettes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq import blocks, histogram
from fastkq.palette import search, seed
from fastkq.palette.coarsen import Summary, Tree
from tests.conftest import images, noise


def summary_of(image):
    points = blocks.of_colours(histogram.count(image))
    return Summary(points.keys, points.coordinates, points.weights)


def error_of(points, centroids):
    differences = points.coordinates.T[:, None].astype(float) - centroids.T[None].astype(float)
    return ((differences**2).sum(axis=2).min(axis=1) * points.weights).sum()


@given(images(), st.integers(1, 40), st.integers(0, 60), st.sampled_from([(0.0,), (0.5,), (0.0, 0.3, 1.0)]))
def test_swaps_never_raise_the_error_and_say_what_it_is(image, k, trials, temperatures):
    points = summary_of(image)
    seeds = seed.split(points, k)
    moved, error = search.swap(points, seeds.centroids, trials, temperatures)
    assert moved.shape == seeds.centroids.shape
    scale = max(1.0, np.abs(points.coordinates).max()) ** 2 * points.weights.sum()
    assert error_of(points, moved) <= error + 1e-6 * scale
    assert error <= error_of(points, seeds.centroids) + 1e-6 * scale


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("k", [2, 16, 40])
def test_more_trials_never_end_higher(channels, k):
    points = summary_of(noise(40, 30, channels, seed=k))
    centroids = seed.split(points, k).centroids
    errors = [search.swap(points, centroids, trials, (0.0,))[1] for trials in (0, 5, 20, 100)]
    assert errors == sorted(errors, reverse=True)


def test_a_centroid_is_moved_to_where_it_is_needed():
    """Two centroids share one heap of points, and one has two heaps: one swap mends it."""
    generator = np.random.default_rng(0)
    heaps = [generator.normal(centre, 3, (200, 3)) for centre in (40, 120, 200)]
    image = np.clip(np.concatenate(heaps), 0, 255).astype(np.uint8)[None]
    points = summary_of(image)
    stuck = np.array([[38, 38, 38], [42, 42, 42], [160, 160, 160]], np.float32).T.copy()
    moved, error = search.swap(points, stuck, 1, (0.0,))
    assert error < 0.05 * error_of(points, stuck)
    np.testing.assert_allclose(np.sort(moved[0]), [40, 120, 200], atol=2)


def test_the_tree_is_as_the_points_are(china):
    points = blocks.of_colours(histogram.count(china))
    mean = (points.coordinates * points.weights).sum(axis=1) / points.weights.sum()
    error = (((points.coordinates - mean[:, None]) ** 2).sum(axis=0) * points.weights).sum()
    np.testing.assert_allclose(Tree(points).error, error, rtol=1e-9)


def test_the_best_of_several_searches_is_taken_whatever_the_threads(china):
    points = Tree(blocks.of_colours(histogram.count(china))).summary(1e5)
    centroids = seed.split(points, 24).centroids
    temperatures = (0.0, 0.1, 0.4)
    each = [search.swap(points, centroids, 60, (temperature,)) for temperature in temperatures]
    for threads in (1, 3):
        moved, error = search.swap(points, centroids, 60, temperatures, threads)
        assert error == min(one for _, one in each)
        np.testing.assert_array_equal(moved, min(each, key=lambda one: one[1])[0])
