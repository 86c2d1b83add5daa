"""Chunks a, m, F and t of `.fkq`: channels without alpha, masked pixels, GeoTIFF tags."""

import struct

import numpy as np
import pytest

import fastkq
from fastkq import CompressedImage
from fastkq.color.metadata import Metadata
from fastkq.errors import DamageWarning, FormatError
from fastkq.formats.fkq.framing import varint
from tests.helpers import fkq_chunks
from tests.helpers.fkq_samples import sample
from tests.helpers.images import noise


def image(dtype=np.uint8, channels=4, k=300, **meaning):
    """Return an image of this kind in which every color of the palette occurs."""
    palette = noise(k, channels, seed=k).astype(dtype)
    return CompressedImage(palette, np.arange(400).reshape(20, 20) % k, **meaning)


def chunks_of(compressed):
    """Return the chunks after header and palette by type."""
    return dict(fkq_chunks.split(compressed.to_bytes())[0][2:])


def with_chunks(compressed, **chunks):
    """Return the file of an image with these chunks in place of its own."""
    found, parts = fkq_chunks.split(compressed.to_bytes())
    return fkq_chunks.join([*found[:2], *sorted(chunks.items())], parts)


def test_ordinary_images_have_no_chunk():
    assert chunks_of(image()) == {}
    assert chunks_of(image(channels=3, alpha=False)) == {}


@pytest.mark.parametrize(
    ("dtype", "channels"), [(np.uint8, 2), (np.uint8, 4), (np.uint16, 2), (np.uint16, 4)]
)
def test_channels_without_alpha_are_one_chunk_that_older_readers_skip(dtype, channels):
    plain, with_alpha = image(dtype, channels, alpha=False), image(dtype, channels)
    assert chunks_of(plain) == {"a": b"\0"}
    assert len(plain.to_bytes()) == len(with_alpha.to_bytes()) + 7
    assert fkq_chunks.split(plain.to_bytes())[1] == fkq_chunks.split(with_alpha.to_bytes())[1]
    np.testing.assert_array_equal(plain.decompress(), with_alpha.decompress())
    with fastkq.open(plain.to_bytes()) as file:
        assert not file.has_alpha
        assert file.load(region=(2, 3, 4, 5)).is_plain


@pytest.mark.parametrize(
    ("dtype", "nodata", "coded"),
    [
        (np.uint8, 200, b"\xc8"),
        (np.uint16, 0xFFFE, b"\xfe\xff"),
        (np.float32, -9999.0, struct.pack("<f", -9999)),
        (np.float64, float("nan"), struct.pack("<d", float("nan"))),
        (np.float32, float("-inf"), struct.pack("<f", float("-inf"))),
    ],
)
def test_masked_pixels_are_an_index_and_a_value_that_older_readers_refuse(dtype, nodata, coded):
    masked = image(dtype, 1, masked_index=257)
    assert chunks_of(masked) == {"m": varint(257)}
    filled = image(dtype, 1, masked_index=257, nodata=nodata)
    assert chunks_of(filled) == {"m": b"\x81\x02", "F": coded}
    for compressed in (masked, filled):
        assert CompressedImage.from_bytes(compressed.to_bytes()) == compressed
        with fastkq.open(compressed.to_bytes()) as file:
            assert file.masked_index == 257
            part = file.load(region=(0, 0, 13, 19))
        np.testing.assert_array_equal(part.decompress(), compressed.decompress()[:13, :19])
        assert part.masked_index == 257
    assert masked != filled


def test_every_lowercase_chunk_can_be_absent():
    full = image(alpha=False, masked_index=3, metadata=Metadata(geotiff=b"anything"))
    assert sorted(chunks_of(full)) == ["a", "m", "t"]
    bare = CompressedImage.from_bytes(with_chunks(full))
    assert bare == image()
    np.testing.assert_array_equal(bare.decompress(), full.decompress())


@pytest.mark.parametrize(
    ("compressed", "chunks"),
    [
        (image(), {"a": b"\1"}),
        (image(), {"a": b""}),
        (image(channels=3), {"a": b"\0"}),
        (image(np.float32), {"a": b"\0"}),
        (image(), {"m": varint(300)}),
        (image(), {"m": b""}),
        (image(), {"m": b"\1\0"}),
        (image(), {"F": b"\1"}),
        (image(), {"m": b"\1", "F": b"\1\2"}),
        (image(np.uint16), {"m": b"\1", "F": b"\1"}),
        (CompressedImage(np.array([[False], [True]]), np.eye(3, dtype=int)), {"m": b"\1", "F": b"\1"}),
    ],
)
def test_invalid_chunks_are_refused(compressed, chunks):
    data = with_chunks(compressed, **chunks)
    with pytest.raises(FormatError, match=r"in chunk|with chunk|chunk 'm'"):
        fastkq.load(data)
    with pytest.warns(DamageWarning):
        loaded = fastkq.load(data, strict=False)
    assert loaded == compressed
    assert loaded.damage[0].reason.startswith("metadata: ")


def test_geotiff_tags_are_one_chunk(tmp_path):
    metadata = Metadata(geotiff=b"II*\0" + bytes(range(256)))
    compressed = sample(metadata=metadata)
    assert chunks_of(compressed) == {"t": metadata.geotiff}
    compressed.save(tmp_path / "a.fkq")
    assert fastkq.load(tmp_path / "a.fkq").metadata == metadata
    assert chunks_of(compressed.with_metadata(None)) == {}
