"""Counted colours as values: sums, files, damage."""

import contextlib
import pickle

import numpy as np
import pytest

import fastkq
from fastkq.errors import FormatError
from tests.helpers.images import KINDS, noise, of_few_values


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_counts_are_stored_and_read_back(dtype, channels, tmp_path):
    weights = np.random.default_rng(1).random((6, 7))
    for counted in (
        fastkq.count_colours(of_few_values(dtype, channels)),
        fastkq.count_colours(of_few_values(dtype, channels), weights=weights),
    ):
        counted.save(tmp_path / "counts.npz")
        assert fastkq.ColourCounts.load(tmp_path / "counts.npz") == counted
        assert pickle.loads(pickle.dumps(counted)) == counted
        assert fastkq.ColourCounts.from_bytes(counted.to_bytes()).to_bytes() == counted.to_bytes()


def test_counts_have_a_sum():
    images = [of_few_values(np.uint8, (3,), seed=seed) for seed in range(3)]
    assert sum(map(fastkq.count_colours, images)) == fastkq.count_colours(images)


def test_an_opaque_and_a_transparent_image_share_a_palette():
    opaque, other = noise(5, 6, 4), noise(5, 6, 4, seed=1)
    opaque[..., 3] = 255
    added = fastkq.count_colours(opaque) + fastkq.count_colours(other)
    assert added == fastkq.count_colours(other) + fastkq.count_colours(opaque)
    assert added == fastkq.count_colours(np.concatenate((opaque, other)))


@pytest.mark.parametrize("data", [b"", b"nothing", fastkq.compress(np.zeros((2, 2), np.uint8), 2).to_bytes()])
def test_what_are_no_counts_is_refused(data):
    with pytest.raises(FormatError, match="expected the bytes of counted colours"):
        fastkq.ColourCounts.from_bytes(data)


def test_damaged_counts_are_refused_or_read_as_counts():
    data = fastkq.count_colours(noise(5, 5, 3)).to_bytes()
    for place in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[place] ^= 0x5A
        with contextlib.suppress(FormatError):
            fastkq.ColourCounts.from_bytes(damaged)
