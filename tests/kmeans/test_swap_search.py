"""Swap search: trials that move centroids lower the error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import packed_counting
from fastkq.kmeans.morton_tree import Tree
from fastkq.kmeans.swap_search import search
from tests.helpers.fits import of_colors
from tests.helpers.images import images, noise
from tests.helpers.points import error_of, summary_of


def scale_of(points):
    return max(1.0, np.abs(points.coordinates).max()) ** 2 * points.weights.sum()


@given(images(), st.integers(1, 40), st.integers(0, 60), st.integers(1, 4))
def test_returned_error_is_that_of_the_centroids(image, k, swaps, searches):
    points = summary_of(image)
    k = min(k, len(points.keys))
    centroids, error = search(points, k, swaps, searches)
    assert centroids.shape == (len(points.coordinates), k)
    assert error_of(points, centroids) <= error + 1e-6 * scale_of(points)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("k", [2, 16, 40])
def test_swaps_lower_the_error(channels, k):
    points = summary_of(noise(40, 30, channels, seed=k))
    settled, once = (search(points, k, swaps, 1)[1] for swaps in (0, 60))
    assert once < settled or (once == settled and (k == 2 or channels == 1))


def test_swaps_move_centroids_to_distant_clusters():
    """All initial centroids lie in the largest of three clusters; swaps move two to the others."""
    generator = np.random.default_rng(0)
    clouds = [generator.normal(center, 3, (size, 3)) for center, size in ((40, 4000), (120, 40), (200, 40))]
    image = np.clip(np.concatenate(clouds), 0, 255).astype(np.uint8)[None]
    points = summary_of(image)
    stuck, improved = (search(points, 3, swaps, 1) for swaps in (0, 20))
    assert improved[1] < 0.3 * stuck[1]
    np.testing.assert_allclose(np.sort(improved[0][0]), [40, 120, 200], atol=3)


def test_best_of_several_searches_is_returned_on_any_thread_count(china):
    points = Tree(of_colors(packed_counting.count(china))).summary(600)
    (one, one_error), (three, three_error) = (search(points, 24, 60, 5, threads) for threads in (1, 3))
    assert one_error == three_error
    np.testing.assert_array_equal(one, three)
    assert one_error <= search(points, 24, 0, 5)[1]
