"""`ColorCounts`: sums, files and damaged files."""

import contextlib
import pickle
from io import BytesIO

import numpy as np
import pytest

import fastkq
from fastkq.errors import FormatError
from tests.helpers.images import KINDS, noise, of_few_values


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_counts_round_trip_through_files_pickles_and_bytes(dtype, channels, tmp_path):
    weights = np.random.default_rng(1).random((6, 7))
    for counted in (
        fastkq.count_colors(of_few_values(dtype, channels)),
        fastkq.count_colors(of_few_values(dtype, channels), weights=weights),
    ):
        counted.save(tmp_path / "counts.npz")
        assert fastkq.ColorCounts.load(tmp_path / "counts.npz") == counted
        assert pickle.loads(pickle.dumps(counted)) == counted
        assert fastkq.ColorCounts.from_bytes(counted.to_bytes()).to_bytes() == counted.to_bytes()


def test_sum_of_counts_is_the_count_of_all_images():
    images = [of_few_values(np.uint8, (3,), seed=seed) for seed in range(3)]
    assert sum(map(fastkq.count_colors, images)) == fastkq.count_colors(images)


def test_counts_of_opaque_and_transparent_images_add_up():
    opaque, other = noise(5, 6, 4), noise(5, 6, 4, seed=1)
    opaque[..., 3] = 255
    added = fastkq.count_colors(opaque) + fastkq.count_colors(other)
    assert added == fastkq.count_colors(other) + fastkq.count_colors(opaque)
    assert added == fastkq.count_colors(np.concatenate((opaque, other)))


@pytest.mark.parametrize("data", [b"", b"nothing", fastkq.compress(np.zeros((2, 2), np.uint8), 2).to_bytes()])
def test_other_bytes_raise_format_error(data):
    with pytest.raises(FormatError, match="expected the bytes of counted colors"):
        fastkq.ColorCounts.from_bytes(data)


def test_damaged_counts_are_read_or_raise_format_error():
    data = fastkq.count_colors(noise(5, 5, 3)).to_bytes()
    for place in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[place] ^= 0x5A
        with contextlib.suppress(FormatError):
            fastkq.ColorCounts.from_bytes(damaged)


def test_other_versions_raise_format_error_with_their_number():
    stream = BytesIO()
    np.savez(stream, colours=np.zeros((1, 3), np.uint8), counts=np.ones(1, np.int64))
    with pytest.raises(FormatError, match="version 2, got version 1: count the images again"):
        fastkq.ColorCounts.from_bytes(stream.getvalue())
    stream = BytesIO()
    np.savez(stream, colors=np.zeros((1, 3), np.uint8), counts=np.ones(1, np.int64), version=np.int64(3))
    with pytest.raises(FormatError, match="version 2, got version 3: a newer fastkq wrote them"):
        fastkq.ColorCounts.from_bytes(stream.getvalue())
