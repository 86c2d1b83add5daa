"""Optimal gray levels, compared with every possible palette and with a slow dynamic program."""

import itertools

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import fastkq
from fastkq import kernels
from fastkq.color import packed_counting
from fastkq.kmeans import one_dimensional
from tests.helpers.fits import fit
from tests.helpers.images import noise


@st.composite
def weighted_values(draw, max_values=8, max_value=14):
    """Draw rising values and their weights; equal weights make many palettes equally good."""
    values = sorted(draw(st.sets(st.integers(0, max_value), min_size=1, max_size=max_values)))
    weights = draw(
        st.lists(st.sampled_from([1, 1, 1, 2, 7, 900]), min_size=len(values), max_size=len(values))
    )
    return np.array(values, np.uint8), np.array(weights)


def error(values, weights, levels):
    """Return the squared error when each value is assigned to its nearest level."""
    differences = values.astype(int)[:, None] - np.asarray(levels, int)[None, :]
    return int(((differences**2).min(axis=1) * weights).sum())


def least_error(values, weights, free, fixed=()):
    """Return the least squared error of the fixed levels and any `free` integers, by trying all of them."""
    candidates = range(int(values[0]), int(values[-1]) + 1)
    palettes = itertools.combinations(candidates, min(free, len(candidates)))
    return min(error(values, weights, [*fixed, *chosen]) for chosen in palettes)


@given(weighted_values(), st.integers(1, 7))
def test_palette_is_optimal(counted, k):
    values, weights = counted
    levels = one_dimensional.fit(values, weights, k)
    assert error(values, weights, levels) == least_error(values, weights, k)


def counted(values, weights):
    return np.array(values, np.uint8), np.array(weights)


# Two paths are spliced here: the level between them must not equal the fixed level below or above it.
@example(counted([1, 2, 8, 10, 21], [2, 2, 1, 1, 2]), {0, 23}, 2)
@example(counted([2, 3, 4, 8, 9, 10], [1, 1, 1, 1, 1, 1]), {9, 20}, 2)
@example(counted([1, 4, 8, 12], [2, 1, 2, 2]), {10, 15, 24}, 2)
@given(weighted_values(), st.sets(st.integers(0, 20), max_size=4), st.integers(0, 4))
def test_palette_with_fixed_levels_is_optimal(given_values, fixed, free):
    values, weights = given_values
    levels = one_dimensional.fit(values, weights, max(len(fixed) + free, 1), fixed=sorted(fixed))
    assert fixed <= set(levels.tolist())
    free = max(len(fixed) + free, 1) - len(fixed)
    assert error(values, weights, levels) == least_error(values, weights, free, fixed)


@given(weighted_values(), st.sets(st.integers(0, 20), max_size=4), st.integers(0, 4))
def test_exactly_k_rising_levels_and_free_ones_are_used(counted, fixed, free):
    values, weights = counted
    k = max(len(fixed) + free, 1)
    levels = one_dimensional.fit(values, weights, k, fixed=sorted(fixed)).astype(int)
    assert len(levels) == min(k, len({*values.tolist(), *fixed}))
    assert (np.diff(levels) > 0).all()
    nearest = np.abs(values.astype(int)[:, None] - levels).argmin(axis=1)
    assert set(levels.tolist()) - fixed <= set(levels[nearest].tolist())


def slow_least_errors(values, weights, max_levels):
    """Return the least squared errors with 1 to `max_levels` levels, by the textbook dynamic program."""
    values, count = values.astype(np.int64), len(values)
    edges = np.full((count + 1, count + 1), 1 << 60)
    for first in range(count):
        w, x = weights[first:], values[first:]
        weight, total, squares = np.cumsum(w), np.cumsum(w * x), np.cumsum(w * x * x)
        center = (2 * total + weight) // (2 * weight)
        edges[first, first + 1 :] = squares - 2 * center * total + center * center * weight
    best, errors = edges[0], []
    for _ in range(max_levels):
        errors.append(int(best[-1]))
        best = (best[:, None] + edges).min(axis=0)
    return errors


@pytest.mark.parametrize("name", ["china", "noise", "spikes", "16 bits"])
def test_every_k_is_optimal_on_256_levels(name, request):
    generator, values = np.random.default_rng(0), np.arange(256, dtype=np.uint8)
    if name == "china":
        weights = np.bincount(request.getfixturevalue("china")[..., 1].ravel(), minlength=256) + 1
    elif name == "noise":
        weights = generator.integers(1, 9, 256)
    elif name == "spikes":
        weights = np.where(np.arange(256) % 5 == 0, 4000, 1)
    else:
        weights = generator.integers(1, 1 << 20, 256)
        values = np.sort(generator.choice(65536, 256, replace=False)).astype(np.uint16)
    for k, least in enumerate(slow_least_errors(values, weights, 70), start=1):
        assert error(values, weights, one_dimensional.fit(values, weights, k)) == least


def test_two_paths_are_spliced_where_no_price_gives_k_levels(monkeypatch):
    spliced = []
    splice = one_dimensional._spliced
    monkeypatch.setattr(one_dimensional, "_spliced", lambda *args: spliced.append(args[3]) or splice(*args))
    values, weights = np.arange(64, dtype=np.uint8), np.ones(64, int)
    for k, least in enumerate(slow_least_errors(values, weights, 63), start=1):
        assert error(values, weights, one_dimensional.fit(values, weights, k)) == least
    assert len(spliced) > 20


def test_65536_levels_are_fitted_at_any_k():
    values = np.arange(65536, dtype=np.uint16)
    weights = np.random.default_rng(0).integers(1, 10000, 65536)
    for k in (256, 30000):
        levels = one_dimensional.fit(values, weights, k)
        assert levels.dtype == np.uint16
        assert len(levels) == k
        assert gain_of_moving(values, weights, levels) <= 0


def gain_of_moving(values, weights, levels):
    """Return how much the error falls if each level moves to the rounded mean of its cluster."""
    bounds = (levels[1:].astype(int) + levels[:-1]) // 2
    labels = np.searchsorted(bounds, values, side="left")
    totals = np.bincount(labels, weights * values.astype(float), len(levels))
    means = np.rint(totals / np.bincount(labels, weights, len(levels)))
    moved = (values - means[labels]) ** 2
    stayed = (values - levels[labels].astype(float)) ** 2
    return float(((stayed - moved) * weights).sum())


@given(weighted_values(), st.integers(1, 7))
def test_floating_weights_and_shifted_values_give_the_same_levels(counted, k):
    values, weights = counted
    levels = one_dimensional.fit(values, weights, k)
    np.testing.assert_array_equal(one_dimensional.fit(values, weights.astype(float), k), levels)
    shifted = one_dimensional.fit(values.astype(np.int32) - 500, weights, k)
    np.testing.assert_array_equal(shifted + 500, levels)


@pytest.mark.parametrize("scale", [1 << 14, 1 << 30])
def test_weights_too_large_for_exact_sums_are_scaled_down(scale):
    values = np.arange(0, 65536, 257, dtype=np.uint16)
    weights = np.random.default_rng(1).integers(1, 1 << 20, 256)
    expected = one_dimensional.fit(values, weights, 9)
    levels = one_dimensional.fit(values, weights * scale, 9)
    assert error(values, weights, levels) <= 1.0001 * error(values, weights, expected)


@pytest.mark.parametrize("k", [2, 5, 16, 100])
@pytest.mark.parametrize("effort", ["fast", "balanced", "best"])
def test_gray_image_has_the_least_error_at_every_effort(china, k, effort):
    image = china[..., 0]
    counted = packed_counting.count(image)
    least = slow_least_errors(counted.colors[:, 0], counted.counts, k)[-1]
    compressed = fastkq.compress(image, k, effort=effort)
    assert int(((image.astype(int) - compressed.decompress()) ** 2).sum()) == least


def test_labels_of_gray_colors_are_their_nearest_levels():
    counted = packed_counting.count(noise(40, 50))
    levels, labels = fit(counted, 12)
    distances = np.abs(counted.colors.astype(int) - levels[:, 0].astype(int))
    np.testing.assert_array_equal(labels, distances.argmin(axis=1))


def test_path_is_the_shortest_at_every_price():
    weights = np.random.default_rng(2).integers(1, 50, 40)
    values = np.arange(40, dtype=np.int64)
    problem = one_dimensional._problem(values, weights, np.empty(0, np.int64))
    errors = slow_least_errors(values, weights, 40)
    for price in (0, 1, 7, 60, 500, 4000, 10**6):
        origins = np.empty(41, np.int32)
        total, levels = kernels.kmeans.one_dimensional.shortest_path(
            problem.sums, problem.fixed_errors, False, price, origins
        )
        costs = [least + price * (number + 1) for number, least in enumerate(errors)]
        assert (total, levels) == (min(costs), 1 + int(np.argmin(costs)))
