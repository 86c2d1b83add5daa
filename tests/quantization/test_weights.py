"""Weights of colors, which replace their counts in a fit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastkq.color import packed_counting
from fastkq.kmeans.points import to_counts
from tests.helpers.fits import fit, of_colors
from tests.helpers.images import images, noise
from tests.reference import kmeans as reference

COLORS = st.sampled_from([1, 2, 3, 5, 16, 64, 300])
POSITIVE = st.floats(1e-300, 1e300)


@given(images(), COLORS)
def test_counts_as_weights_change_nothing(image, k):
    counted = packed_counting.count(image)
    plain, weighted = (
        fit(counted, k),
        fit(counted, k, weights=counted.counts.astype(float)),
    )
    for one, other in zip(plain, weighted, strict=True):
        np.testing.assert_array_equal(one, other)


@given(images(), COLORS, st.integers(-300, 300), st.integers(0, 1000))
def test_only_ratios_of_weights_matter(image, k, exponent, seed):
    counted = packed_counting.count(image)
    weights = np.random.default_rng(seed).random(len(counted.keys)) + 0.01
    plain, scaled = (fit(counted, k, weights=weights * scale)[0] for scale in (1.0, 2.0**exponent))
    np.testing.assert_array_equal(plain, scaled)


@given(images(), COLORS, st.sampled_from([0.0, 0.3, 0.9]), st.integers(0, 1000))
def test_palette_is_complete_and_labels_are_nearest(image, k, weightless, seed):
    counted = packed_counting.count(image)
    generator = np.random.default_rng(seed)
    weights = generator.random(len(counted.keys)) * (generator.random(len(counted.keys)) >= weightless)
    weights[0] += 1.0
    rows, labels = fit(counted, k, weights=weights)
    assert len(np.unique(rows, axis=0)) == len(rows) == min(k, len(counted.keys))
    np.testing.assert_array_equal(labels, reference.nearest(counted.colors, rows))
    assert len(np.unique(labels)) == len(rows)


@given(images(channels=(0, 1, 3)), COLORS, st.integers(0, 1000))
def test_colors_of_weight_0_do_not_affect_the_fit(image, k, seed):
    counted = packed_counting.count(image)
    has_weight = np.random.default_rng(seed).random(len(counted.keys)) < 0.7
    has_weight[-1] = True
    k = min(k, int(has_weight.sum()))
    weights = np.where(has_weight, counted.counts, 0).astype(float)
    alone = counted.select(has_weight)
    np.testing.assert_array_equal(fit(counted, k, weights=weights)[0], fit(alone, k)[0])


def test_surplus_rows_go_to_colors_of_weight_0():
    counted = packed_counting.count(noise(40, 40, 3))
    weights = np.zeros(len(counted.keys))
    weights[::100] = 1.0
    rows, _ = fit(counted, 50, weights=weights)
    kept = (rows[:, None] == counted.colors[::100][None]).all(axis=2).any(axis=0)
    assert kept.all()
    assert len(kept) < 50 == len(rows)


def test_heavier_colors_have_less_error(china):
    counted = packed_counting.count(china)
    reds = counted.colors.astype(int) @ [2, -1, -1] > 60
    weights = counted.counts * np.where(reds, 100.0, 1.0)

    def error_of_reds(rows):
        labels = reference.nearest(counted.colors[reds], rows)
        difference = counted.colors[reds].astype(int) - rows[labels].astype(int)
        return ((difference**2).sum(axis=1) * counted.counts[reds]).sum()

    plain, weighted = fit(counted, 16)[0], fit(counted, 16, weights=weights)[0]
    assert error_of_reds(weighted) < 0.5 * error_of_reds(plain)


@given(hnp.arrays(np.float64, st.integers(1, 60), elements=POSITIVE))
def test_to_counts_keeps_the_ratios_of_weights(weights):
    counts = to_counts(weights)
    assert counts.min() >= 1
    assert int(counts.sum()) <= 1 << 30
    shares = weights / weights.max() / (weights / weights.max()).sum()
    np.testing.assert_allclose(counts / counts.sum(), shares, atol=len(weights) * 2.0**-28)


def test_sums_of_the_heaviest_weights_are_exact():
    """Sums of coordinates times weights are integers below 2^53: float64 adds them exactly in any order."""
    counted = packed_counting.count(noise(200, 200, 4))
    weights = np.random.default_rng(0).random(len(counted.keys))
    points = of_colors(counted.select(slice(None), to_counts(weights)))
    limit = int(points.weights.sum()) * int(np.abs(points.coordinates).max())
    assert limit < 1 << 53
