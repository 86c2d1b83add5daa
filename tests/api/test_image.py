"""CompressedImage: attributes, equality, copies, files."""

import copy
import pickle

import numpy as np
import pytest

import fastkq
from fastkq import CompressedImage
from fastkq.errors import ArgumentError
from tests.helpers.images import noise


def test_bits_bytes_and_dtypes_follow_k_and_size():
    compressed = fastkq.compress(noise(10, 12, 3), 20)
    assert (compressed.k, compressed.bits_per_index, compressed.nbytes) == (20, 5, 24 + 60 + 75)
    assert compressed.palette.dtype == compressed.indices.dtype == np.uint8
    assert fastkq.compress(noise(40, 40, 3), 257).indices.dtype == np.uint16


def test_repr_summarizes_without_encoding(monkeypatch):
    monkeypatch.setattr("fastkq.formats.fkq.encode", None)
    compressed = fastkq.compress(noise(10, 12, 3), 20)
    assert repr(compressed) == (
        "<CompressedImage 10x12 (H, W, 3) uint8, k=20, 5 bits per index, 159 bytes packed>"
    )


def test_equality_compares_shape_palette_and_indices():
    gray = fastkq.compress(noise(5, 5), 4)
    assert gray == fastkq.compress(noise(5, 5), 4)
    assert gray != fastkq.compress(noise(5, 5, 1), 4)
    assert gray != fastkq.compress(noise(5, 5), 3)
    assert gray != fastkq.compress(noise(5, 5, seed=1), 4)
    assert gray != "gray"


def test_palette_and_indices_are_read_only():
    compressed = fastkq.compress(noise(5, 5, 3), 4)
    for array in (compressed.palette, compressed.indices):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_asarray_converts_and_refuses_to_share_memory():
    compressed = fastkq.compress(noise(5, 5, 3), 4)
    assert np.asarray(compressed, dtype=np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy=False"):
        np.asarray(compressed, copy=False)


def test_copies_and_pickles_are_equal():
    compressed = fastkq.compress(noise(5, 5, 4), 4)
    assert copy.deepcopy(compressed) == compressed
    assert pickle.loads(pickle.dumps(compressed)) == compressed


@pytest.mark.parametrize("suffix", [".fkq", ".FKQ"])
def test_saved_files_load_equal(tmp_path, suffix):
    compressed = fastkq.compress(noise(9, 9, 3), 5)
    path = tmp_path / f"image{suffix}"
    compressed.save(path)
    assert fastkq.load(path) == fastkq.load(str(path)) == compressed
    np.testing.assert_array_equal(fastkq.decompress(path), compressed.decompress())


@pytest.mark.parametrize(
    ("palette", "indices", "shape", "message"),
    [
        (np.zeros(2, np.uint8), [[0]], None, "expected a palette"),
        (np.zeros((2, 3), int), [[0]], None, "expected a palette"),
        (np.zeros((0, 3), np.uint8), [[0]], None, "1 to 65536 colors, got 0"),
        (np.zeros((2, 3), np.uint8), [[2]], None, "expected indices from 0 to 1, got 2 to 2"),
        (np.zeros((2, 3), np.uint8), [[-1]], None, "expected indices from 0 to 1, got -1 to -1"),
        (np.zeros((2, 3), np.uint8), [0, 1], None, r"expected indices \(H, W\)"),
        (np.zeros((2, 3), np.uint8), [[0.5]], None, "of integers"),
        (np.zeros((2, 3), np.uint8), [[0]], (1, 1), r"expected shape \(1, 1, 3\), got \(1, 1\)"),
    ],
)
def test_inconsistent_palette_indices_and_shape_are_refused(palette, indices, shape, message):
    with pytest.raises(ArgumentError, match=message):
        CompressedImage(palette, indices, shape)
