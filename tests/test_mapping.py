import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.color import packed_counting
from fastkq.color.spaces import to_colours, to_coordinates
from fastkq.kmeans import assign
from fastkq.kmeans.coarsening import Tree
from fastkq.kmeans.points import grid_spacing, in_blocks
from fastkq.quantization import nearest_packed
from fastkq.quantization.points import of_cells, of_colours
from tests import reference
from tests.conftest import images, noise


@given(images(), st.integers(1, 300), st.integers(0, 1000), st.sampled_from([1, 2]))
def test_mapping_is_exact(image, k, seed, threads):
    palette = noise(k, reference.as_pixels(image).shape[1], seed=seed) // np.uint8(1 + seed % 9)
    indices = nearest_packed.map_image(image, packed_counting.count(image), palette, threads)
    assert indices.shape == image.shape[:2]
    assert indices.dtype == (np.uint8 if k <= 256 else np.uint16)
    np.testing.assert_array_equal(indices.reshape(-1), reference.nearest(reference.as_pixels(image), palette))


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("k", [1, 2, 16, 255, 256, 257, 700])
def test_mapping_is_exact_on_many_colours(channels, k):
    image = noise(150, 101, channels)
    palette = noise(k, channels, seed=1)
    indices = nearest_packed.map_image(image, packed_counting.count(image), palette, 2)
    np.testing.assert_array_equal(indices.reshape(-1), reference.nearest(reference.as_pixels(image), palette))


@pytest.mark.parametrize("k", [1, 2, 16, 256, 700])
@pytest.mark.parametrize("threads", [1, 2])
def test_pixels_of_many_colours_are_mapped_like_all_others(k, threads):
    image, palette = noise(90, 131, 4), noise(k, 4, seed=1)
    image[:40] = image[:40] // 16 + 100  # runs of resembling pixels
    np.testing.assert_array_equal(
        nearest_packed.map_pixels(image, palette, threads),
        nearest_packed.map_image(image, packed_counting.count(image), palette),
    )


def test_of_equally_near_rows_the_lowest_index_is_taken():
    image = np.full((3, 3, 3), 100, np.uint8)
    palette = np.array([[0, 0, 0], [100, 103, 100], [103, 100, 100], [100, 100, 97]], np.uint8)
    assert (nearest_packed.map_image(image, packed_counting.count(image), palette) == 1).all()


def test_assigned_distances_are_exact():
    image = noise(60, 60, 3)
    counted = packed_counting.count(image)
    palette = noise(40, 3, seed=3)
    labels, distances = assign.assign(of_colours(counted), to_coordinates(palette))
    difference = counted.colours.astype(int) - palette[labels].astype(int)
    np.testing.assert_array_equal(distances, (difference**2).sum(axis=1))


@given(images(), st.integers(0, 20), st.sampled_from([1, 2]))
def test_points_and_summaries_keep_every_pixel(image, scale, threads):
    counted = packed_counting.count(image)
    colours, cells = of_colours(counted), of_cells(counted, threads)
    total = (colours.coordinates * colours.weights).sum(axis=1)
    tree = Tree(colours)
    merged = [cells, tree.boxes_of(-1.0), tree.boxes_of(tree.error / 4**scale), tree.summary(1 + 4 * scale)]
    assert len(cells.keys) == len(np.unique(counted.keys >> (2 * counted.channels)))
    assert len(merged[1].keys) == len(colours.keys)
    for points in merged:
        assert points.weights.sum() == counted.counts.sum()
        rounding = points.weights.sum() * grid_spacing(points.coordinates) / 2
        np.testing.assert_array_less(
            np.abs((points.coordinates * points.weights).sum(axis=1) - total), rounding + 1e-9
        )
        assert_in_blocks(in_blocks(points.keys, points.coordinates, points.weights))


def assert_in_blocks(points):
    sums = np.concatenate([points.coordinates * points.weights, points.weights[None]])
    np.testing.assert_array_equal(points.moments.sum(axis=0), sums.sum(axis=1))
    assert (np.diff(points.starts) > 0).all()
    for b, (start, stop) in enumerate(zip(points.starts[:-1], points.starts[1:], strict=True)):
        np.testing.assert_array_equal(points.low[:, b], points.coordinates[:, start:stop].min(axis=1))
        np.testing.assert_array_equal(points.high[:, b], points.coordinates[:, start:stop].max(axis=1))


@pytest.mark.parametrize("boxes", [1, 7, 100, 2000, 20000, 10**6])
def test_a_summary_has_about_as_many_boxes_as_asked_for(china, boxes):
    points = of_colours(packed_counting.count(china))
    found = len(Tree(points).summary(boxes).keys)
    assert min(0.8 * boxes, len(points.keys)) <= found <= 1.6 * boxes


@given(images(channels=(3,)), st.integers(1, 12))
def test_boxes_of_a_summary_have_at_most_the_error_that_is_asked_for(image, scale):
    points = of_colours(packed_counting.count(image))
    tree = Tree(points)
    tolerance = tree.error / 3**scale
    summary = tree.boxes_of(tolerance)
    firsts = np.searchsorted(points.keys, summary.keys)
    for start, stop in zip(firsts, [*firsts[1:], len(points.keys)], strict=True):
        inside, weights = points.coordinates[:, start:stop].astype(float), points.weights[start:stop]
        mean = (inside * weights).sum(axis=1) / weights.sum()
        error = ((inside - mean[:, None]) ** 2 * weights).sum()
        assert stop - start == 1 or error <= tolerance + 1e-6 * tree.error


@given(images())
def test_colours_come_back_from_their_coordinates(image):
    colours, _ = reference.count(image)
    np.testing.assert_array_equal(to_colours(to_coordinates(colours)), colours)


def test_the_rgba_metric_is_the_mean_over_three_backgrounds():
    a, b = noise(50, 4, seed=1).astype(float), noise(50, 4, seed=2).astype(float)
    seen = 0.0
    for background in (0, 127.5, 255):
        on_a = a[:, :3] * a[:, 3:] / 255 + background * (1 - a[:, 3:] / 255)
        on_b = b[:, :3] * b[:, 3:] / 255 + background * (1 - b[:, 3:] / 255)
        seen = seen + ((on_a - on_b) ** 2).sum(axis=1) / 3
    difference = to_coordinates(a.astype(np.uint8)) - to_coordinates(b.astype(np.uint8))
    np.testing.assert_allclose((difference**2).sum(axis=0) / 510**2, seen, rtol=3e-3)
