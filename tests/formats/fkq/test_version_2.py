"""Version 2 of `.fkq`: overhead, metadata, choice of coding, threads."""

import struct

import numpy as np
import pytest

import fastkq
from fastkq import CompressedImage
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, ArgumentTypeError, DamageWarning, FormatError
from fastkq.formats.fkq import version_2
from tests.helpers import fkq_chunks
from tests.helpers.fkq_samples import METADATA, in_parts, sample


@pytest.mark.parametrize("k", [1, 64, 65536])
def test_file_of_one_part_has_at_most_50_bytes_of_overhead(k):
    compressed = sample(k, height=500, width=700)
    _, parts = fkq_chunks.split(compressed.to_bytes())
    assert len(parts) == 1
    assert len(compressed.to_bytes()) - compressed.palette.size - len(parts[0]) <= 50


@pytest.mark.parametrize(
    "metadata", [METADATA, Metadata(), *(Metadata(**{name: it}) for name, it in METADATA._asdict().items())]
)
def test_metadata_is_kept_unless_dropped(tmp_path, metadata):
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
def test_invalid_resolution_is_neither_written_nor_read(dpi):
    with pytest.raises(ArgumentError, match="two finite numbers above 0 as dpi"):
        sample(metadata=Metadata(dpi=dpi)).to_bytes()
    chunks, parts = fkq_chunks.split(sample(metadata=Metadata(dpi=(72.0, 72.0))).to_bytes())
    chunks[2] = ("d", np.array(dpi, "<f8").tobytes())
    with pytest.raises(FormatError, match="two finite numbers above 0"):
        CompressedImage.from_bytes(fkq_chunks.join(chunks, parts))


@pytest.mark.parametrize(
    ("field", "kind", "payload", "value"),
    [
        ("gamma", "g", struct.pack("<d", 0.0), 0.0),
        ("gamma", "g", struct.pack("<d", -1.0), -1.0),
        ("gamma", "g", struct.pack("<d", float("nan")), float("nan")),
        ("gamma", "g", struct.pack("<d", float("inf")), float("inf")),
        ("gamma", "g", struct.pack("<2d", 0.5, 0.5), (0.5, 0.5)),
        ("gamma", "g", b"", "0.5"),
        ("chromaticity", "c", struct.pack("<8d", *[0.3] * 7, -0.1), (0.3,) * 7 + (-0.1,)),
        ("chromaticity", "c", struct.pack("<8d", 0.3, 0.0, *[0.3] * 6), (0.3, 0.0) + (0.3,) * 6),
        ("chromaticity", "c", struct.pack("<7d", *[0.3] * 7), (0.3,) * 7),
        ("srgb", "s", b"\4", 4),
        ("srgb", "s", b"\0\0", (0, 0)),
        ("srgb", "s", b"", 0.5),
        ("cicp", "p", b"\1\15\1\1", (1, 13, 1, 1)),
        ("cicp", "p", b"\1\15\0\2", (1, 13, 0, 2)),
        ("cicp", "p", b"\1\15\0", (1, 13, 0)),
    ],
)
def test_invalid_color_space_is_neither_written_nor_read(field, kind, payload, value):
    with pytest.raises(ArgumentError, match=f"as {field} of the metadata"):
        sample(metadata=Metadata(**{field: value})).to_bytes()
    chunks, parts = fkq_chunks.split(sample().to_bytes())
    data = fkq_chunks.join([*chunks, (kind, payload)], parts)
    with pytest.raises(FormatError, match=f"in chunk '{kind}', got"):
        CompressedImage.from_bytes(data)
    with pytest.warns(DamageWarning, match=f"in chunk '{kind}'"):
        assert fastkq.load(data, strict=False) == sample()


def test_every_metadata_has_its_own_chunk():
    chunks, _ = fkq_chunks.split(sample(metadata=METADATA).to_bytes())
    assert [(kind, len(payload)) for kind, payload in chunks[2:]] == [
        ("c", 64), ("d", 16), ("e", 4), ("g", 8), ("i", 9), ("p", 4), ("s", 1), ("x", 12),
    ]  # fmt: skip


@pytest.mark.parametrize("coding", ["packed", "context"])
def test_both_codings_load_equal_images(coding, tmp_path):
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
    data = version_2.encode(compressed, threads, (6, 5))
    assert data == in_parts(compressed, 6, 5)
    assert fastkq.load(data, threads=threads) == compressed
