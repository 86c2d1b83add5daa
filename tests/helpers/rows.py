"""Rows (N, C) of any dtype: hypothesis strategies, counted colors, and distances by brute force."""

import numpy as np
from hypothesis import strategies as st

from fastkq.color import row_table
from fastkq.color.embedding import Embedding

DTYPES = [np.uint8, np.uint16, np.float32, np.float64]


@st.composite
def pixels(draw, max_rows=200):
    """Draw rows (N, C) of any dtype, many of them equal or equal in some channels."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(st.integers(1, max_rows)), draw(st.integers(1, 20))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if dtype.kind == "u":
        values = np.array([0, 1, 255, np.iinfo(dtype).max], dtype)
    else:
        tiny, huge = np.finfo(dtype).smallest_subnormal, np.finfo(dtype).max
        values = np.array([0, -0.0, 1, -1, 0.1, -tiny, huge, -huge], dtype)
    rows = generator.choice(values[: draw(st.integers(1, len(values)))], shape)
    return rows[generator.integers(0, len(rows), len(rows))]


def squared_distances(colors, palette):
    """Return squared distances (M, k) of embedded colors and rows, summed channel by channel in float64."""
    embedding = Embedding.of(colors, palette)
    a, b = embedding.embed(colors), embedding.embed(palette)
    total = np.zeros((len(a), len(b)))
    for channel in range(a.shape[1]):
        total += (a[:, channel, None] - b[None, :, channel]) ** 2
    return total


@st.composite
def colors_and_weights(draw):
    """Draw counted colors: few with large counts, or many that are close together."""
    rows = draw(pixels())
    if draw(st.booleans()):  # distinct rows that are close together
        noise = np.random.default_rng(draw(st.integers(0, 99))).normal(100, 50, rows.shape)
        rows = np.clip(noise, 0, 255).astype(rows.dtype)
    return row_table.count(rows)


def counted_of(image):
    """Return the distinct colors (M, C) of an image (H, W, C) and their counts (M,) as float64."""
    counted = row_table.count(image.reshape(-1, image.shape[2]))
    return counted.colors, counted.counts.astype(float)
