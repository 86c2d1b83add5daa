"""Version 2 of `.fkq`: what its specification says, and that nothing else is read."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq import CompressedImage
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, ArgumentTypeError, FormatError
from fastkq.formats.fkq import chunked
from fastkq.formats.fkq.layout import Contents
from tests import mending, reference
from tests.conftest import images, noise

METADATA = Metadata(b"a profile", b"II*\0", (72.0, 300.5))


def sample(k=5, channels=3, height=6, width=7, metadata=None):
    indices = np.random.default_rng(k).integers(0, k, (height, width))
    return CompressedImage(noise(k, channels, seed=k), indices, metadata=metadata)


def in_parts(compressed, rows, columns):
    contents = Contents(compressed.palette, compressed.indices, compressed.shape, compressed.metadata)
    return chunked.encode(contents, 1, grid=(rows, columns))


@given(images(), st.integers(1, 300))
def test_bytes_come_back_as_they_went(image, k):
    compressed = fastkq.compress(image, k)
    data = compressed.to_bytes()
    assert CompressedImage.from_bytes(data) == compressed
    np.testing.assert_array_equal(reference.decode(data), compressed.decompress())


@given(st.data(), st.sampled_from([1, 2, 256, 257]))
def test_bytes_in_many_parts_come_back_as_they_went(data, k):
    height, width = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 20))
    compressed = sample(k, data.draw(st.sampled_from([1, 3, 4])), height, width)
    written = in_parts(compressed, data.draw(st.integers(1, height)), data.draw(st.integers(1, width)))
    assert CompressedImage.from_bytes(written, threads=data.draw(st.integers(1, 3))) == compressed
    np.testing.assert_array_equal(reference.decode(written), compressed.decompress())


@pytest.mark.parametrize("k", [1, 2, 255, 256, 257, 65536])
@pytest.mark.parametrize("shape", [(9, 11), (9, 11, 1), (9, 11, 3), (9, 11, 4)])
def test_every_layout_comes_back(k, shape):
    indices = np.random.default_rng(k).integers(0, k, (9, 11))
    compressed = CompressedImage(noise(k, shape[2] if len(shape) == 3 else 1), indices, shape)
    back = CompressedImage.from_bytes(compressed.to_bytes())
    assert back == compressed
    assert back.decompress().shape == shape


@pytest.mark.parametrize("k", [1, 64, 65536])
def test_one_part_costs_at_most_50_bytes_beside_palette_and_indices(k):
    compressed = sample(k, height=500, width=700)
    _, parts = mending.split(compressed.to_bytes())
    assert len(parts) == 1
    assert len(compressed.to_bytes()) - compressed.palette.size - len(parts[0]) <= 50


@pytest.mark.parametrize(
    "metadata", [METADATA, Metadata(), *(Metadata(**{name: it}) for name, it in METADATA._asdict().items())]
)
def test_metadata_goes_along_unless_it_is_to_be_dropped(tmp_path, metadata):
    compressed = sample(metadata=metadata)
    assert CompressedImage.from_bytes(compressed.to_bytes()).metadata == metadata
    assert CompressedImage.from_bytes(compressed.to_bytes(metadata=False)).metadata == Metadata()
    assert CompressedImage.from_bytes(compressed.to_bytes(coding="packed")).metadata == Metadata()
    for kept, path in ((True, tmp_path / "with.fkq"), (False, tmp_path / "without.fkq")):
        compressed.save(path, metadata=kept)
        assert fastkq.load(path) == compressed
        assert fastkq.load(path).metadata == (metadata if kept else Metadata())
    assert sample(metadata=metadata).to_bytes(metadata=False) == sample().to_bytes()


@pytest.mark.parametrize("dpi", [(0.0, 72.0), (72.0, float("nan")), (float("inf"), 72.0)])
def test_a_resolution_that_is_none_is_neither_written_nor_read(dpi):
    with pytest.raises(ArgumentError, match="finite and above 0"):
        sample(metadata=Metadata(dpi=dpi)).to_bytes()
    chunks, parts = mending.split(sample(metadata=METADATA).to_bytes())
    chunks[2] = ("d", np.array(dpi, "<f8").tobytes())
    with pytest.raises(FormatError, match="two finite numbers above 0"):
        CompressedImage.from_bytes(mending.join(chunks, parts))


@pytest.mark.parametrize("coding", ["packed", "context"])
def test_codings_are_two_and_equal_images(coding, tmp_path):
    compressed = sample()
    compressed.save(tmp_path / "image.fkq", coding=coding)
    assert fastkq.load(tmp_path / "image.fkq") == compressed
    with fastkq.open(tmp_path / "image.fkq") as file:
        assert (file.coding, file.version) == (coding, 1 + (coding == "context"))


def test_an_unknown_coding_is_refused():
    with pytest.raises(ArgumentError, match="expected coding to be one of packed, context, got 'zip'"):
        sample().to_bytes(coding="zip")
    with pytest.raises(ArgumentTypeError, match="expected coding to be a string, got 2"):
        sample().to_bytes(coding=2)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_same_bytes_on_any_thread_count(threads):
    compressed = sample(20, 3, 60, 50)
    contents = Contents(compressed.palette, compressed.indices, compressed.shape)
    data = chunked.encode(contents, threads, (6, 5))
    assert data == in_parts(compressed, 6, 5)
    assert fastkq.load(data, threads=threads) == compressed
