"""Palettes for colors of any dtype and number of channels, and mapping to them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq.quantization import points
from fastkq.quantization.rounding import in_order
from tests.helpers.fits import fit_rows, label_rows, uses_all
from tests.helpers.rows import colors_and_weights, counted_of, squared_distances


def assert_fitted(colors, palette, k, fixed=None):
    fixed = colors[:0] if fixed is None else fixed
    union = len({tuple(row) for row in [*colors.tolist(), *fixed.tolist()]})
    assert palette.dtype == colors.dtype
    assert palette.shape == (min(k, union), colors.shape[1])
    assert len(np.unique(palette, axis=0)) == len(palette)
    np.testing.assert_array_equal(palette[: len(fixed)], fixed)
    nearest = squared_distances(colors, palette).argmin(axis=1)
    assert np.isin(np.arange(len(fixed), len(palette)), nearest).all()


@given(colors_and_weights(), st.sampled_from([1, 2, 3, 7, 30, 300]), st.sampled_from(["fast", "balanced"]))
def test_palette_has_exactly_k_used_colors_or_all(counted, k, effort):
    palette = fit_rows(counted.colors, counted.counts.astype(float), k, effort)
    assert_fitted(counted.colors, palette, k)
    np.testing.assert_array_equal(palette, in_order(palette))


@given(colors_and_weights(), st.integers(1, 40), st.integers(0, 40))
def test_fixed_colors_come_first_unchanged(counted, k, number):
    generator = np.random.default_rng(k)
    fixed = generator.permutation(counted.colors)[: min(number, k)]
    if counted.colors.dtype.kind == "f" and k % 2:
        fixed = fixed / fixed.dtype.type(2) + fixed.dtype.type(k)  # colors that the image does not have
        fixed = fixed[np.sort(np.unique(fixed, axis=0, return_index=True)[1])]
    palette = fit_rows(counted.colors, counted.counts.astype(float), k, fixed=fixed)
    assert_fitted(counted.colors, palette, k, fixed)


def test_distant_fixed_color_does_not_worsen_the_fit():
    colors = np.random.default_rng(0).normal(size=(500, 3))
    palette = fit_rows(colors, np.ones(500), 9, fixed=np.array([[1e9, 0, 0]]))
    alone = fit_rows(colors, np.ones(500), 8)
    error = squared_distances(colors, palette).min(axis=1).sum()
    assert error <= 1.05 * squared_distances(colors, alone).min(axis=1).sum()


@pytest.mark.parametrize("k", [5, 64])
def test_16_bits_and_floats_are_fitted_as_well_as_8_bits(china, k):
    image = china[::2, ::2]
    ours = fastkq.compress(image, k)
    reached = ((ours.decompress().astype(float) - image) ** 2).sum()
    colors, weights = counted_of(image.astype(np.uint16) * 257)
    for kind in (colors, (colors / 65535).astype(np.float32), colors * 1e-200, colors * 1e200):
        palette = fit_rows(kind, weights, k)
        levels = palette.astype(float) / float(kind.max()) * (int(colors.max()) // 257)
        seen = (colors // 257).astype(float)
        error = (((seen - levels[label_rows(kind, palette)]) ** 2).sum(axis=1) * weights).sum()
        assert error <= 1.01 * reached


def test_many_channels_match_the_best_of_ten_scikit_learn_runs():
    from sklearn.cluster import KMeans

    generator = np.random.default_rng(0)
    spectra, shares = generator.uniform(size=(6, 16)), generator.dirichlet(np.full(6, 0.3), 4000)
    rows = shares @ spectra + generator.normal(0, 0.01, (4000, 16))
    theirs = KMeans(24, n_init=10, random_state=0).fit(rows).inertia_
    palette = fit_rows(rows, np.ones(len(rows)), 24)
    ours = ((rows - palette[label_rows(rows, palette)]) ** 2).sum()
    assert ours <= theirs


@pytest.mark.parametrize("outlier", [-3.4e38, 1e300, -np.finfo(float).max])
def test_outlier_takes_only_one_centroid(outlier):
    generator = np.random.default_rng(1)
    rows = generator.integers(0, 4, (2000, 3)) / 4 + generator.normal(0, 0.01, (2000, 3))
    rows[77] = outlier
    palette = fit_rows(rows, np.ones(2000), 65)
    assert (palette == outlier).all(axis=1).sum() == 1
    others = np.delete(rows, 77, axis=0)
    nearest = np.abs(others[:, None] - palette[None]).max(axis=2).min(axis=1)
    assert np.quantile(nearest, 0.99) < 0.06


def test_only_ratios_of_weights_matter_and_heavy_colors_get_more_rows():
    generator = np.random.default_rng(4)
    rows = np.unique(generator.normal(size=(3000, 2)), axis=0)
    weights = generator.integers(1, 9, len(rows)).astype(float)
    palette = fit_rows(rows, weights, 20)
    np.testing.assert_array_equal(fit_rows(rows, weights * 2.0**-70, 20), palette)
    heavy = fit_rows(rows, np.where(rows[:, 0] > 0, 1e6, 1.0), 20)
    assert (heavy[:, 0] > 0).sum() > 15 > (palette[:, 0] > 0).sum()


@pytest.mark.parametrize("channels", [1, 3, 8])
def test_same_palette_on_any_thread_count(monkeypatch, channels):
    rows = np.random.default_rng(5).normal(size=(9000, channels))
    for max_points in (points._MAX_VECTORS, 3000):  # with 3000, the points are condensed
        monkeypatch.setattr(points, "_MAX_VECTORS", max_points)
        monkeypatch.setattr(points, "_CONDENSED", 2000)
        one, three = (fit_rows(rows, np.ones(9000), 30, threads=threads) for threads in (1, 3))
        np.testing.assert_array_equal(one, three)


def test_colors_of_alpha_0_count_as_one():
    colors = np.array([[0, 0, 0, 0], [9, 9, 9, 9], [65535, 0, 0, 65535]], np.uint16)
    hidden = np.array([[65535, 7, 1, 0]], np.uint16)
    assert label_rows(hidden, colors[::-1]).tolist() == [2]
    palette = fit_rows(colors, np.ones(3), 3, fixed=hidden)
    np.testing.assert_array_equal(palette, np.concatenate((hidden, colors[1:])))


def test_used_rows_are_found_in_parts_of_many_colors(monkeypatch):
    rows = np.random.default_rng(7).normal(size=(4000, 3))
    whole = fit_rows(rows, np.ones(4000), 40)
    monkeypatch.setattr(points, "_FEW_COLORS", 1000)
    np.testing.assert_array_equal(fit_rows(rows, np.ones(4000), 40), whole)
    lonely = np.concatenate((whole, rows.max(axis=0)[None] + 1e3))
    assert uses_all(rows, whole)
    assert not uses_all(rows, lonely)


@pytest.mark.parametrize("k", [4097, 9000])
def test_thousands_of_rows_are_fitted(k):
    rows = np.unique(np.random.default_rng(8).integers(0, 65536, (20000, 3), dtype=np.uint16), axis=0)
    palette = fit_rows(rows, np.ones(len(rows)), k)
    assert len(np.unique(palette, axis=0)) == k
    assert (np.bincount(label_rows(rows, palette), minlength=k) > 0).all()
