"""Palettes fitted to 8-bit colors."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from tests.helpers.images import images
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
