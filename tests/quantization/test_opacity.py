"""With at least 3 colors, opaque pixels stay opaque and transparent pixels stay transparent."""

from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq.color import packed_counting
from fastkq.quantization.nearest import map_pixels
from tests.helpers.fits import fit, map_image
from tests.helpers.images import noise
from tests.reference import kmeans as reference

ALPHAS = st.sampled_from([(0, 255), (0, 1, 254, 255), (254, 255), (255,), (0, 128, 255), tuple(range(256))])


def with_alphas(alphas, *shape, seed=0):
    image = noise(*shape, 4, seed=seed)
    image[..., 3] = np.random.default_rng(seed).choice(np.array(alphas, np.uint8), shape)
    return image


def cut_out(photograph):
    """Return a photograph with a soft edge: a third of the pixels are transparent and a third opaque."""
    rows, columns = np.indices(photograph.shape[:2]) - np.array(photograph.shape[:2])[:, None, None] / 2
    radius = np.hypot(rows, columns)
    alpha = np.clip(320 - 2 * radius, 0, 255).astype(np.uint8)
    return np.dstack((photograph, alpha))


def assert_opacity_is_kept(image, back):
    assert (back[..., 3][image[..., 3] == 255] == 255).all()
    assert (back[..., 3][image[..., 3] == 0] == 0).all()


@given(ALPHAS, st.integers(1, 40), st.integers(3, 40), st.integers(0, 1000))
def test_opacity_is_kept_with_at_least_three_colors(alphas, side, k, seed):
    image = with_alphas(alphas, side, side, seed=seed)
    compressed = fastkq.compress(image, k)
    assert_opacity_is_kept(image, compressed.decompress())
    assert len(np.unique(compressed.palette, axis=0)) == len(np.unique(compressed.indices)) == compressed.k


@given(ALPHAS, st.integers(3, 40), st.integers(0, 1000))
def test_opacity_is_kept_with_fixed_colors(alphas, k, seed):
    counted = packed_counting.count(with_alphas(alphas, 20, 20, seed=seed))
    fixed = reference.as_pixels(with_alphas((0, 7, 254), 1, k, seed=seed + 1))
    fixed = np.unique(fixed, axis=0)[: k - 2]  # two rows are left, for opaque and for transparent colors
    rows, labels = fit(counted, k, fixed=fixed)
    assert_opacity_is_kept(counted.colors, rows[labels])


@given(ALPHAS, st.integers(3, 40), st.integers(0, 1000))
def test_opacity_is_kept_for_colors_of_weight_0(alphas, k, seed):
    counted = packed_counting.count(with_alphas(alphas, 20, 20, seed=seed))
    generator = np.random.default_rng(seed)
    weights = generator.random(len(counted.keys)) * (counted.colors[:, 3] != generator.choice([0, 255]))
    weights[generator.integers(len(weights))] = 1.0
    rows, labels = fit(counted, k, weights=weights)
    assert_opacity_is_kept(counted.colors, rows[labels])
    assert len(np.unique(rows, axis=0)) == len(rows) == min(k, len(counted.keys))


@pytest.mark.parametrize("k", [3, 4, 16, 100])
def test_opacity_is_kept_with_too_many_colors_to_list(monkeypatch, k):
    monkeypatch.setattr("fastkq.api.compress.MAX_RGBA_COLORS", 500)
    image = with_alphas((0, 3, 250, 254, 255), 150, 150)
    assert_opacity_is_kept(image, fastkq.compress(image, k).decompress())


@pytest.mark.parametrize("k", [3, 16, 200])
def test_opacity_is_kept_when_colors_are_merged_in_cells(monkeypatch, k):
    monkeypatch.setattr("fastkq.quantization.points._MAX_PACKED_COLORS", 500)
    monkeypatch.setattr("fastkq.quantization.points._PACKED_COLORS_PER_CENTROID", 20)
    image = with_alphas((252, 253, 254, 255), 100, 100) // np.array([4, 4, 4, 1], np.uint8)
    counted = packed_counting.count(image)
    rows, labels = fit(counted, k)
    assert_opacity_is_kept(counted.colors, rows[labels])
    np.testing.assert_array_equal(labels, reference.nearest(counted.colors, rows))


@given(ALPHAS, ALPHAS, st.integers(1, 300), st.integers(0, 1000), st.sampled_from([1, 2]))
def test_mapping_to_any_palette_keeps_opacity(alphas, others, k, seed, threads):
    image = with_alphas(alphas, 23, 31, seed=seed)
    rows = with_alphas(others, 1, k, seed=seed + 1)[0]
    expected = reference.nearest(reference.as_pixels(image), rows)
    mapped = map_image(image, packed_counting.count(image), rows, threads)
    np.testing.assert_array_equal(mapped.reshape(-1), expected)
    np.testing.assert_array_equal(map_pixels(image, rows, threads).reshape(-1), expected)
    if k >= 3 and {0, 255} <= set(rows[:, 3]):
        assert_opacity_is_kept(image, rows[mapped])


def test_opacity_is_ignored_without_opaque_rows_or_with_two_rows():
    image = np.array([[[200, 0, 0, 255]]], np.uint8)
    near, far = [200, 0, 0, 254], [0, 0, 255, 255]
    for rows, taken in (([far, near], 1), ([near, near, [1, 1, 1, 9]], 0), ([far, near, near], 0)):
        rows = np.array(rows, np.uint8)
        assert map_image(image, packed_counting.count(image), rows)[0, 0] == taken
        assert map_pixels(image, rows)[0, 0] == taken


@pytest.mark.parametrize("k", [16, 64, 256])
def test_keeping_opacity_raises_the_error_little(monkeypatch, china, k):
    counted = packed_counting.count(cut_out(china))
    kept = error(counted, *fit(counted, k))
    for name in ("kmeans.points", "kmeans.fit", "quantization.points", "quantization.rounding"):
        module = import_module(f"fastkq.{name}")
        monkeypatch.setattr(module, "MIN_CENTROIDS_FOR_GROUP", 1000)
    rows, labels = fit(counted, k)
    assert (rows[labels][counted.colors[:, 3] == 255, 3] < 255).any()
    assert kept < (1 + 0.4 / k**0.5) * error(counted, rows, labels)


def error(counted, rows, labels):
    difference = reference.seen(counted.colors) - reference.seen(rows)[labels]
    return ((difference.astype(float) ** 2).sum(axis=1) * counted.counts).sum()
