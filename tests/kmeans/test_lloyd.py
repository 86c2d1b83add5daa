"""Lloyd's algorithm on weighted points."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import packed_counting
from fastkq.kmeans import lloyd, morton_points
from tests.helpers.fits import of_colors
from tests.helpers.images import images
from tests.reference import kmeans as reference


@given(images(channels=(3,)), st.integers(2, 40), st.sampled_from([1, 3]))
def test_step_equals_that_of_the_reference(image, k, threads):
    counted = packed_counting.count(image)
    points = of_colors(counted)
    centroids = spread(points, k)
    expected = reference.lloyd_step(counted.colors.astype(float), counted.counts, centroids.T.astype(float))
    stepped = lloyd.lloyd(points, centroids, min_gain=0.0, max_iterations=1, threads=threads)
    np.testing.assert_allclose(stepped.T, expected, rtol=1e-5, atol=1e-3)


def spread(points, k):
    return points.coordinates[:, np.linspace(0, len(points.keys) - 1, k).astype(int)].copy()


def test_lloyd_never_increases_the_error(china):
    points = of_colors(packed_counting.count(china))
    centroids = spread(points, 32)
    errors = []
    for _ in range(12):
        centroids = lloyd.lloyd(points, centroids, min_gain=0.0, max_iterations=1)
        errors.append((_distances(points, centroids) * points.weights).sum())
    assert (np.diff(errors) <= 1e-6 * errors[0]).all()
    assert errors[-1] < errors[0]


def _distances(points, centroids):
    return points.assign(centroids).distances.astype(float)


def test_same_centroids_on_any_thread_count(china):
    points = of_colors(packed_counting.count(china))
    seeds = spread(points, 200)
    assert points.coordinates.shape[1] * 200 > morton_points._MAX_SERIAL_DISTANCES
    alone, shared = (lloyd.lloyd(points, seeds, 0.0, 4, threads) for threads in (1, 3))
    np.testing.assert_array_equal(alone, shared)
