"""Weights of pixels in `compress`, `fit_palette` and `count_colors`."""

from itertools import pairwise

import numpy as np
import pytest

import fastkq
from fastkq.errors import ArgumentError
from tests.helpers.images import noise, photograph_like


def test_each_image_has_its_own_weights():
    images = [noise(6, 7, 3, seed=seed) for seed in range(2)]
    weights = [np.random.default_rng(seed).random((6, 7)) for seed in range(2)]
    whole = fastkq.compress(np.concatenate(images), 5, weights=np.concatenate(weights)).palette
    assert np.array_equal(fastkq.fit_palette(images, 5, weights=weights), whole)
    mixed = fastkq.count_colors(images[0], weights=weights[0]) + fastkq.count_colors(images[1])
    ones = [weights[0], np.ones((6, 7))]
    assert np.array_equal(fastkq.fit_palette(mixed, 5), fastkq.fit_palette(images, 5, weights=ones))


def test_weights_lower_the_error_of_weighted_pixels():
    image = photograph_like(40, 60)
    left = np.zeros((40, 60))
    left[:, :30] = 1
    errors = [
        ((fastkq.compress(image, 8, weights=w).decompress()[:, :30].astype(int) - image[:, :30]) ** 2).mean()
        for w in (None, left + 0.05, left)
    ]
    assert all(a > b for a, b in pairwise(errors[:2]))
    assert errors[2] < errors[0]
    assert fastkq.compress(image, 8, weights=np.full((40, 60), 0.3)) == fastkq.compress(image, 8)


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (np.ones((5, 7)), r"weights of shape \(6, 7\) as the image, got \(5, 7\)"),
        (np.full((6, 7), -1), "weights of at least 0, got -1"),
        (np.zeros((6, 7)), "weights that are not all 0"),
        (np.full((6, 7), np.nan), "finite weights below 1e.100, got nan"),
        (np.full((6, 7), np.inf), "finite weights below 1e.100, got inf"),
    ],
)
def test_invalid_weights_are_refused(weights, message):
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(noise(6, 7, 3), 4, weights=weights)


def test_number_of_weights_must_equal_number_of_images():
    images = [noise(6, 7, 3)] * 2
    with pytest.raises(ArgumentError, match="weights for each image, got 1"):
        fastkq.fit_palette(images, 4, weights=[np.ones((6, 7))])
    with pytest.raises(ArgumentError, match="weights for each of 2 images, got more"):
        fastkq.fit_palette(images, 4, weights=[np.ones((6, 7))] * 3)
    with pytest.raises(ArgumentError, match="no weights for colors that are counted already"):
        fastkq.fit_palette(fastkq.count_colors(images), 4, weights=np.ones((6, 7)))
