"""Palettes fitted to colors, and their distortion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq.color import counting
from fastkq.color.color_counts import ColorCounts
from fastkq.color.kinds import ImageKind
from tests.helpers.fits import of_colors
from tests.helpers.images import images, noise
from tests.reference import kmeans as reference

COLORS = st.sampled_from([1, 2, 3, 5, 16, 64, 255, 256, 257, 1000])


@given(images(channels=(3,)), COLORS)
def test_opaque_rgba_is_fitted_like_rgb(image, k):
    opaque = np.dstack((image, np.full(image.shape[:2], 255, np.uint8)))
    with_alpha, without = fastkq.compress(opaque, k), fastkq.compress(image, k)
    np.testing.assert_array_equal(with_alpha.indices, without.indices)
    np.testing.assert_array_equal(with_alpha.palette[:, :3], without.palette)
    assert (with_alpha.palette[:, 3] == 255).all()


def test_error_matches_the_scikit_learn_tutorial(china):
    """The tutorial fits KMeans to the pixels and replaces each pixel by its centroid."""
    from sklearn.cluster import KMeans

    pixels = china.reshape(-1, 3).astype(np.float64)
    model = KMeans(64, random_state=0).fit(pixels)
    theirs = np.rint(model.cluster_centers_)[model.labels_].reshape(china.shape)
    compressed = fastkq.compress(china, 64)
    ours = reference.squared_error(china, compressed.decompress())
    assert ours <= 1.01 * reference.squared_error(china, theirs)
    bits = 24 * 64 + china.shape[0] * china.shape[1] * 6
    assert len(compressed.to_bytes(coding="packed")) == 24 + -(-bits // 8)


@pytest.mark.parametrize("channels", [2, 4])
def test_distortion_of_opaque_16_bit_images_with_a_translucent_fixed_color(channels):
    """The image is counted without alpha, and the palette has it."""
    image = np.random.default_rng(0).integers(0, 65536, (30, 30, channels)).astype(np.uint16)
    image[..., -1] = 65535
    fixed = np.full((1, channels), 9, np.uint16)
    (point,) = fastkq.curve(image, [6], fixed=fixed)
    assert point.mse == pytest.approx(fastkq.compress(image, 6, fixed=fixed).report(image, ssim=False).mse)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_gray_palettes_of_more_than_2_30_pixels_are_optimal(dtype):
    counts = np.array([2**36, 1, 60])
    table = counting.count(np.array([[0, 100, 130]], dtype)).select(slice(None), counts)
    assert fastkq.fit_palette(ColorCounts(table, ImageKind(np.dtype(dtype), 1)), 2).ravel().tolist() == [
        0,
        130,
    ]


def test_16_bit_colors_of_weight_0_get_no_row_for_their_opacity():
    colors = np.array([[[n, n, n, 100 * n] for n in range(1, 12)] + [[9, 9, 9, 65535]]], np.uint16)
    weights = np.ones(colors.shape[:2])
    weights[0, -1] = 0
    assert 65535 not in fastkq.compress(colors, 4, weights=weights).palette[:, -1]


def test_packed_colors_of_more_than_2_30_pixels_keep_exact_sums():
    table = counting.count(noise(20, 20, 3))
    points = of_colors(table.select(slice(None), table.counts << 33))
    assert points.weights.sum() <= 2**30
    np.testing.assert_allclose(
        points.weights / points.weights.sum(), table.counts / table.counts.sum(), rtol=1e-5
    )
