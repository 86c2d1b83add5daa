"""Palettes under a maximum-error constraint, or an error that states a k that suffices."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import packed_counting
from fastkq.errors import ArgumentError, UnreachableError
from tests.helpers.fits import fit, fit_within
from tests.helpers.images import images, noise
from tests.helpers.spaces import to_coordinates, unit
from tests.reference import kmeans as reference

SPACES = st.sampled_from(["rgb", "oklab"])


def distances(counted, rows, labels, space="rgb"):
    difference = to_coordinates(counted.colors, space) - to_coordinates(rows, space)[:, labels]
    return np.sqrt((difference.astype(float) ** 2).sum(axis=0)) / unit(counted.channels, space)


def fit_with_enough_rows(counted, k, **options):
    """Return k and a palette under the constraint, for the k that the error states if k is too small."""
    try:
        return k, fit_within(counted, k, **options)
    except UnreachableError as error:
        unreachable = error
    assert unreachable.k > k
    assert f"k = {unreachable.k} suffices" in str(unreachable)
    assert unreachable.best > options["max_error"]
    return unreachable.k, fit_within(counted, unreachable.k, **options)


@given(images(side=12), st.integers(1, 40), st.floats(0, 1), SPACES)
def test_every_color_is_within_max_error_with_enough_rows(image, k, share, space):
    counted = packed_counting.count(image)
    max_error = share * (300 if space == "rgb" else 0.7)
    enough, (rows, labels) = fit_with_enough_rows(counted, k, max_error=max_error, space=space)
    assert distances(counted, rows, labels, space).max() <= max_error * (1 + 1e-12)
    assert len(np.unique(rows, axis=0)) == len(rows) == min(enough, len(counted.keys))
    assert len(np.unique(labels)) == len(rows)


@given(images(side=12), st.integers(0, 60), st.floats(0, 0.2), st.integers(0, 6), st.integers(0, 1000))
def test_colors_below_min_share_are_exempt(image, max_error, min_share, f, seed):
    counted = packed_counting.count(image)
    generator = np.random.default_rng(seed)
    fixed = np.unique(reference.as_pixels(noise(1, f, counted.channels, seed=seed)), axis=0)
    weights = generator.random(len(counted.keys)) + 0.01
    _, (rows, labels) = fit_with_enough_rows(
        counted, max(f, 3), max_error=max_error, min_share=min_share, fixed=fixed, weights=weights
    )
    large = counted.counts > min_share * counted.counts.sum()
    assert (distances(counted, rows, labels)[large] <= max_error).all()
    np.testing.assert_array_equal(rows[: len(fixed)], fixed)
    np.testing.assert_array_equal(labels, reference.nearest(counted.colors, rows))


@given(images(), st.integers(1, 40))
def test_constraint_met_by_the_plain_fit_changes_nothing(image, k):
    counted = packed_counting.count(image)
    plain = fit(counted, k)
    reached = float(distances(counted, *plain).max())
    for one, other in zip(plain, fit_within(counted, k, max_error=reached * (1 + 1e-9)), strict=True):
        np.testing.assert_array_equal(one, other)


def a_map_with_a_red_dot():
    """Return a gray-blue image (1000, 1000, 3) with 3 x 3 red pixels."""
    rows, columns = np.indices((1000, 1000))
    image = np.dstack((100 + columns // 20, 110 + rows // 25, 150 + (rows + columns) // 25)).astype(np.uint8)
    image += np.random.default_rng(0).integers(0, 3, image.shape, dtype=np.uint8)
    image[500:503, 500:503] = 230, 20, 20
    return image


def test_red_dot_on_a_map_stays_red():
    counted = packed_counting.count(a_map_with_a_red_dot())
    red = np.flatnonzero((counted.colors == [230, 20, 20]).all(axis=1))
    gray, gray_labels = fit(counted, 16)
    assert np.abs(gray[gray_labels[red]].astype(int) - [230, 20, 20]).max() > 100
    rows, labels = fit_within(counted, 16, max_error=30)
    assert np.abs(rows[labels[red]].astype(int) - [230, 20, 20]).max() <= 30
    assert distances(counted, rows, labels).max() <= 30
    without = fit_within(counted, 16, max_error=30, min_share=1e-5)
    np.testing.assert_array_equal(without[0], gray)


@pytest.mark.parametrize(("k", "max_error"), [(16, 60), (64, 40), (256, 22)])
def test_one_row_serves_many_rare_colors(china, k, max_error):
    """More than 2 k colors violate the constraint in the plain fit; a row for each would be too many."""
    counted = packed_counting.count(china)
    far = distances(counted, *fit(counted, k)) > max_error
    assert far.sum() > 2 * k
    rows, labels = fit_within(counted, k, max_error=max_error)
    assert distances(counted, rows, labels).max() <= max_error


def test_constraint_raises_the_squared_error_little(flower):
    """Rows that cover rare colors are moved to lower the error: many rows are no color of the image."""
    counted = packed_counting.count(flower)
    rows, labels = fit_within(counted, 64, max_error=38)
    moved = (rows[:, None] != counted.colors[None]).any(axis=2).all(axis=1)
    assert moved.sum() > 10

    def squared_error(rows, labels):
        return distances(counted, rows, labels) ** 2 @ counted.counts

    assert squared_error(rows, labels) < 1.2 * squared_error(*fit(counted, 64))


def test_unreachable_error_states_the_best_and_can_be_pickled():
    counted = packed_counting.count(noise(20, 20, 3))
    with pytest.raises(
        UnreachableError, match="expected all colors within 5 of a palette of 4, got one at"
    ) as caught:
        fit_within(counted, 4, max_error=5)
    assert isinstance(caught.value, ArgumentError)
    assert 5 < caught.value.best < 442
    copied = pickle.loads(pickle.dumps(caught.value))
    assert (str(copied), copied.best, copied.k) == (str(caught.value), caught.value.best, caught.value.k)
