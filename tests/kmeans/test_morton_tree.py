"""Points along a Morton curve, merged in cells and boxes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import packed_counting
from fastkq.kmeans.morton_points import MortonPoints, grid_spacing
from fastkq.kmeans.morton_tree import Tree
from tests.helpers.fits import of_cells, of_colors
from tests.helpers.images import images


@given(images(), st.integers(0, 20), st.sampled_from([1, 2]))
def test_coarsening_keeps_the_moments_of_all_pixels(image, scale, threads):
    counted = packed_counting.count(image)
    colors, cells = of_colors(counted), of_cells(counted, threads)
    total = (colors.coordinates * colors.weights).sum(axis=1)
    tree = Tree(colors)
    merged = [
        cells,
        tree._means(tree._leaves(-1.0)),
        tree._means(tree._leaves(tree.error / 4**scale)),
        tree.summary(1 + 4 * scale),
    ]
    is_opaque = counted.colors[:, -1] == 255 if counted.channels == 4 else np.zeros(len(counted.keys), bool)
    assert len(cells.keys) == len(set(zip(counted.keys >> (2 * counted.channels), is_opaque, strict=True)))
    assert len(merged[1].keys) == len(colors.keys)
    for points in merged:
        assert points.weights.sum() == counted.counts.sum()
        rounding = points.weights.sum() * grid_spacing(points.coordinates) / 2
        np.testing.assert_array_less(
            np.abs((points.coordinates * points.weights).sum(axis=1) - total), rounding + 1e-9
        )
        assert_in_blocks(MortonPoints.cut(points.keys, points.coordinates, points.weights))


def assert_in_blocks(points):
    sums = np.concatenate([points.coordinates * points.weights, points.weights[None]])
    np.testing.assert_array_equal(points.block_moments.sum(axis=0), sums.sum(axis=1))
    assert (np.diff(points.starts) > 0).all()
    for b, (start, stop) in enumerate(zip(points.starts[:-1], points.starts[1:], strict=True)):
        np.testing.assert_array_equal(points.low[:, b], points.coordinates[:, start:stop].min(axis=1))
        np.testing.assert_array_equal(points.high[:, b], points.coordinates[:, start:stop].max(axis=1))


@pytest.mark.parametrize("boxes", [1, 7, 100, 2000, 20000, 10**6])
def test_summary_has_about_the_requested_number_of_boxes(china, boxes):
    points = of_colors(packed_counting.count(china))
    found = len(Tree(points).summary(boxes).keys)
    assert min(0.8 * boxes, len(points.keys)) <= found <= 1.6 * boxes


@given(images(channels=(3,)), st.integers(1, 12))
def test_boxes_of_a_summary_have_at_most_the_requested_error(image, scale):
    points = of_colors(packed_counting.count(image))
    tree = Tree(points)
    tolerance = tree.error / 3**scale
    summary = tree._means(tree._leaves(tolerance))
    firsts = np.searchsorted(points.keys, summary.keys)
    for start, stop in zip(firsts, [*firsts[1:], len(points.keys)], strict=True):
        inside, weights = points.coordinates[:, start:stop].astype(float), points.weights[start:stop]
        mean = (inside * weights).sum(axis=1) / weights.sum()
        error = ((inside - mean[:, None]) ** 2 * weights).sum()
        assert stop - start == 1 or error <= tolerance + 1e-6 * tree.error


def test_error_of_the_tree_is_that_of_the_points(china):
    points = of_colors(packed_counting.count(china))
    mean = (points.coordinates * points.weights).sum(axis=1) / points.weights.sum()
    error = (((points.coordinates - mean[:, None]) ** 2).sum(axis=0) * points.weights).sum()
    np.testing.assert_allclose(Tree(points).error, error, rtol=1e-9)
