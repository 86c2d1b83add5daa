"""Embedding of colors of any dtype as vectors, and its inverse."""

import numpy as np
import pytest

from fastkq.color.embedding import Embedding


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_metric_is_the_mean_over_three_backgrounds(channels):
    generator = np.random.default_rng(6)
    a, b = generator.integers(0, 65536, (2, 50, channels), dtype=np.uint16)
    seen = 0.0
    for background in (0, 32767.5, 65535):
        on_a, on_b = (
            x[:, :-1] * (x[:, -1:] / 65535) + background * (1 - x[:, -1:] / 65535) for x in (a * 1.0, b * 1.0)
        )
        seen = seen + ((on_a - on_b) ** 2).sum(axis=1) / 3
    embedding = Embedding.of(a)
    difference = embedding.embed(a) - embedding.embed(b)
    np.testing.assert_allclose((difference**2).sum(axis=1) / 131070**2, seen, rtol=1e-4)
    np.testing.assert_array_equal(embedding.colors(embedding.embed(a)), a)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_survive_embedding(dtype):
    limits = np.finfo(dtype)
    numbers = np.array([0, 1, -0.1, limits.max, -limits.max, limits.max / 3], dtype)[:, None]
    small = np.array([0, limits.smallest_subnormal, -limits.tiny, 4 * limits.tiny], dtype)[:, None]
    for rows in (numbers, small, numbers * dtype(1e-30)):
        embedding = Embedding.of(rows)
        np.testing.assert_array_equal(embedding.colors(embedding.embed(rows)), rows)
