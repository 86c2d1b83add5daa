"""Indexed images that are made without a check of their values, as decoders make them."""

import numpy as np
import pytest

from fastkq import CompressedImage, Metadata
from fastkq.color.indexed_image import Box, Damage, IndexedImage, count_indices, paint
from fastkq.runtime import validation
from tests.helpers.images import noise

INDICES = np.array([[0, 2, 2], [3, 0, 2]], np.uint8)


@pytest.fixture
def no_checks(monkeypatch):
    """Let the checks of the constructor fail."""
    monkeypatch.setattr(validation, "check_indices", None)
    monkeypatch.setattr(validation, "check_palette", None)


def test_unchecked_equals_the_constructor(no_checks):
    image = IndexedImage.unchecked(noise(4, 3), INDICES)
    assert (image.shape, image.metadata, image.damage) == ((2, 3, 3), Metadata(), ())
    with pytest.raises(TypeError, match="not callable"):
        IndexedImage(noise(4, 3), INDICES)


@pytest.mark.parametrize("channels", [1, 3])
def test_unchecked_normalizes_the_layout(channels):
    palette, indices = noise(4, channels + 1)[:, :channels], np.repeat(INDICES, 2, axis=1)[:, ::2].astype(int)
    image = IndexedImage.unchecked(palette, indices)
    assert image.palette.flags.c_contiguous
    assert image.indices.flags.c_contiguous
    assert image.indices.dtype == np.uint8
    assert image == IndexedImage(palette, indices)


def test_unchecked_makes_views_read_only_and_leaves_the_arrays_writable():
    palette, indices = noise(4, 3), INDICES.copy()
    image = IndexedImage.unchecked(palette, indices)
    assert np.shares_memory(image.palette, palette)
    assert np.shares_memory(image.indices, indices)
    assert not image.palette.flags.writeable
    assert not image.indices.flags.writeable
    assert palette.flags.writeable
    assert indices.flags.writeable


def test_of_shares_what_is_not_changed(no_checks):
    damage = (Damage(0, Box(0, 0, 2, 3), 9, "wrong checksum"),)
    image = IndexedImage.unchecked(noise(4, 1), INDICES, (2, 3), Metadata(dpi=(72.0, 72.0)), damage)
    compressed = CompressedImage.of(image)
    assert type(compressed) is CompressedImage
    assert compressed == image
    assert (compressed.metadata, compressed.damage) == (image.metadata, damage)
    assert np.shares_memory(compressed.indices, image.indices)
    plain = CompressedImage.of(image, metadata=None, palette=noise(4, 4), shape=None)
    assert (plain.metadata, plain.damage, plain.shape) == (Metadata(), damage, (2, 3, 4))


def test_paint_and_counts():
    image = IndexedImage(noise(4, 3), INDICES)
    np.testing.assert_array_equal(paint(image), image.palette[INDICES])
    np.testing.assert_array_equal(count_indices(image), [2, 0, 3, 1])
