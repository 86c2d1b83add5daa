"""The "context" coding of a part: round trips, invalid data and coded size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.errors import FormatError
from fastkq.formats.fkq import context
from tests.helpers.images import noise
from tests.reference.context import context_part


def decoded(data, palette, height, width, rows=None):
    return context.decode(np.frombuffer(data, np.uint8), palette, height, width, rows)


@st.composite
def parts(draw, most=300, side=20):
    """Draw indices (H, W) of a part, flat to noisy, and a palette (k, C), which may hold equal rows."""
    k = draw(st.sampled_from([1, 2, 3, 4, 5, 15, 16, 17, 64, 200, 256, 257, 300]).filter(lambda k: k <= most))
    height, width = draw(st.integers(1, side)), draw(st.integers(1, side))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    palette = generator.integers(0, draw(st.sampled_from([2, 256])), (k, draw(st.sampled_from([1, 3, 4]))))
    indices = np.full((height, width), k - 1)
    changed = generator.random((height, width)) < draw(st.sampled_from([0, 0.02, 0.3, 1]))
    indices[changed] = generator.integers(0, k, changed.sum())
    return indices.astype(np.uint8 if k <= 256 else np.uint16), palette.astype(np.uint8)


@given(parts())
def test_indices_round_trip(part):
    indices, palette = part
    back = decoded(context.encode(indices, palette), palette, *indices.shape)
    assert back.dtype == indices.dtype
    np.testing.assert_array_equal(back, indices)


@given(parts(most=64, side=12))
def test_reference_decoder_agrees(part):
    indices, palette = part
    coded = context.encode(indices, palette)
    np.testing.assert_array_equal(context_part(coded, palette, *indices.shape), indices)


@pytest.mark.parametrize("k", [257, 4096, 65536])
def test_indices_of_many_colors_round_trip(k):
    indices = np.random.default_rng(k).integers(0, k, (40, 30)).astype(np.uint16)
    palette = noise(k, 3)
    np.testing.assert_array_equal(decoded(context.encode(indices, palette), palette, 40, 30), indices)


@given(parts(), st.integers(1, 20))
def test_first_rows_decode_without_the_others(part, rows):
    indices, palette = part
    rows = min(rows, len(indices))
    data = context.encode(indices, palette)
    np.testing.assert_array_equal(decoded(data, palette, *indices.shape, rows), indices[:rows])


@given(parts(), st.binary(max_size=40))
def test_any_bytes_decode_to_indices_or_are_refused(part, data):
    indices, palette = part
    try:
        back = decoded(data, palette, *indices.shape)
    except FormatError:
        return
    assert back.max() < len(palette)
    assert context.encode(back, palette) == data  # the coding of an image is unique


@given(parts(), st.integers(1, 3))
def test_truncated_or_extended_bytes_never_decode_to_the_same_indices(part, count):
    indices, palette = part
    data = context.encode(indices, palette)
    with pytest.raises(FormatError, match="expected"):
        decoded(data + b"\0" * count, palette, *indices.shape)
    if data:
        try:
            back = decoded(data[:-count], palette, *indices.shape)
        except FormatError:
            return
        assert not np.array_equal(back, indices)


def test_pixels_per_byte_are_bounded():
    palette = np.array([[0], [255]], np.uint8)
    indices = np.zeros((2000, 2000), np.uint8)
    size = len(context.encode(indices, palette))
    assert indices.size <= context.max_pixels_in(size)
    assert size < 200  # the bound is not loose: these 4 million pixels take few bytes


def test_photograph_takes_less_than_half_its_order_0_entropy(china):
    import fastkq

    compressed = fastkq.compress(china, 64)
    shares = np.bincount(compressed.indices.ravel()) / compressed.indices.size
    entropy = -(shares * np.log2(shares)).sum() * compressed.indices.size / 8
    assert len(context.encode(compressed.indices, compressed.palette)) < 0.5 * entropy


def test_coding_exploits_similarity_of_colors():
    y, x = np.mgrid[:120, :120]
    indices = ((x + y) // 2 + np.random.default_rng(0).integers(-6, 7, x.shape)).clip(0, 119).astype(np.uint8)
    ramp = np.repeat(np.arange(120, dtype=np.uint8)[:, None] * 2, 3, axis=1)
    shuffled = np.random.default_rng(1).permutation(ramp)
    assert len(context.encode(indices, ramp)) < 0.95 * len(context.encode(indices, shuffled))
