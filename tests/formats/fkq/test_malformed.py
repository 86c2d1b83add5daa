"""Version 2 of `.fkq`: data that deviate from the specification are refused."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq import CompressedImage
from fastkq.errors import FormatError
from fastkq.formats.fkq.framing import chunk
from tests.helpers import fkq_chunks
from tests.helpers.fkq_samples import METADATA, header, in_parts, sample

FILES = {
    "one part": sample().to_bytes(),
    "one color": sample(1).to_bytes(),
    "metadata": sample(2, 1, metadata=METADATA).to_bytes(),
    "many parts": in_parts(sample(300, 4, metadata=METADATA), 3, 4),
}


@pytest.mark.parametrize("name", FILES)
def test_every_truncation_is_a_format_error(name):
    for length in range(len(FILES[name])):
        with pytest.raises(FormatError):
            CompressedImage.from_bytes(FILES[name][:length])


@pytest.mark.parametrize("name", ["one part", "one color", "metadata"])
def test_every_change_of_a_byte_is_a_format_error(name):
    for place in range(len(FILES[name])):
        for change in range(1, 256):
            damaged = bytearray(FILES[name])
            damaged[place] ^= change
            with pytest.raises(FormatError):
                CompressedImage.from_bytes(damaged)


@pytest.mark.parametrize("name", FILES)
def test_changed_byte_with_valid_checksums_is_a_format_error_or_another_image(name):
    original = CompressedImage.from_bytes(FILES[name])
    refused = 0
    for place, change in itertools.product(range(min(len(FILES[name]), 150)), (1, 2, 32, 127, 128, 255)):
        damaged = bytearray(FILES[name])
        damaged[place] ^= change
        mended = fkq_chunks.fix_checksums(damaged)
        try:
            back = CompressedImage.from_bytes(mended, max_pixels=1 << 16)
        except FormatError:
            refused += 1
        else:
            # A changed checksum is restored, and an ancillary chunk of changed type is skipped.
            assert back != original or back.metadata != original.metadata or mended == FILES[name]
            assert back.indices.max() < back.k
    assert refused > 100


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"coding": 0}, "expected coding 1 and a type of 1, 8, 16, 32, 64, 96, 136, 144, 160, got coding 0"),
        ({"coding": 2}, "written by a newer fastkq"),
        ({"bits": 12}, "type 12: written by a newer fastkq"),
        ({"bits": 1}, "expected a valid header"),
        ({"channels": 0}, "expected a valid header"),
        ({"channels": 65}, "expected a valid header"),
        ({"bits": 16}, "expected 30 bytes at byte 0 of chunk 'P', got 15"),
        ({"axes": 2}, "expected a valid header"),
        ({"height": 0}, "expected a valid header"),
        ({"width": 1 << 32}, "expected a valid header"),
        ({"k": 0}, "expected a valid header"),
        ({"k": 65537}, "expected a valid header"),
        ({"rows": 0}, "expected a valid header"),
        ({"rows": 7}, "expected a valid header"),
        ({"columns": 8}, "expected a valid header"),
        ({"k": 4}, "expected 12 bytes in chunk 'P', got 15"),
        ({"k": 6}, "expected 18 bytes at byte 0 of chunk 'P', got 15"),
        ({"rows": 2}, "expected 2 parts in the part table"),
        ({"height": 1 << 9, "rows": 1 << 9, "width": 1 << 9, "columns": 1 << 9}, "expected a valid header"),
    ],
)
def test_invalid_headers_are_refused(changes, message):
    chunks, parts = fkq_chunks.split(FILES["one part"])
    assert fkq_chunks.join([("H", header()), *chunks[1:]], parts) == FILES["one part"]
    with pytest.raises(FormatError, match=message):
        CompressedImage.from_bytes(fkq_chunks.join([("H", header(**changes)), *chunks[1:]], parts))


def test_newer_files_are_distinguished_from_damaged_ones():
    chunks, parts = fkq_chunks.split(FILES["one part"])
    message = r"got version 5: damaged, or written by a newer fastkq \(update fastkq, from a clone: git pull"
    with pytest.raises(FormatError, match=message):
        CompressedImage.from_bytes(fkq_chunks.join(chunks, parts, version=5))
    newer = fkq_chunks.join([*chunks, ("Q", b"what changes the image")], parts)
    for strict in (True, False):
        with pytest.raises(FormatError, match=r"expected no chunk 'Q' at byte \d+: written by a newer"):
            fastkq.load(newer, strict=strict)
    with pytest.raises(FormatError, match="expected chunk 'P' at byte 20, got 'Q'"):
        CompressedImage.from_bytes(fkq_chunks.join([chunks[0], ("Q", b""), chunks[1]], parts))


def test_unknown_ancillary_chunks_are_skipped():
    original = sample(metadata=METADATA)
    chunks, parts = fkq_chunks.split(original.to_bytes())
    back = CompressedImage.from_bytes(fkq_chunks.join([*chunks, ("z", b"whatever")], parts))
    assert (back, back.metadata) == (original, METADATA)


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ([("e", b""), ("d", bytes(16))], "expected chunks by ascending type, got 'd' after 'e'"),
        ([("e", b""), ("e", b"")], "expected chunks by ascending type, got 'e' after 'e'"),
        ([("d", bytes(15))], "expected two finite numbers"),
        ([("1", b"")], "expected a letter as the type"),
    ],
)
def test_invalid_chunks_are_refused(extra, message):
    chunks, parts = fkq_chunks.split(FILES["one part"])
    with pytest.raises(FormatError, match=message):
        CompressedImage.from_bytes(fkq_chunks.join([*chunks, *extra], parts))


def test_overlong_numbers_are_refused():
    chunks, parts = fkq_chunks.split(FILES["one part"])
    long = header().replace(bytes((6, 7)), bytes((0x86, 0, 7)))
    assert len(long) == len(header()) + 1
    with pytest.raises(FormatError, match="in the fewest bytes at byte 4 of chunk 'H'"):
        CompressedImage.from_bytes(fkq_chunks.join([("H", long), *chunks[1:]], parts))
    endless = header().replace(bytes((6, 7)), b"\xff" * 12)
    with pytest.raises(FormatError, match="at most 63 bits"):
        CompressedImage.from_bytes(fkq_chunks.join([("H", endless), *chunks[1:]], parts))


@pytest.mark.parametrize("added", [b"\0", chunk("z", b""), FILES["one part"]])
def test_bytes_after_the_parts_are_refused(added):
    with pytest.raises(FormatError, match=r"expected \d+ bytes by the part table, got"):
        CompressedImage.from_bytes(FILES["one part"] + added)


def test_a_part_of_one_color_has_no_bytes():
    chunks, _ = fkq_chunks.split(FILES["one color"])
    with pytest.raises(FormatError, match=r"6 x 7 pixels of 1 colors, got 1 bytes, which cannot code them"):
        CompressedImage.from_bytes(fkq_chunks.join(chunks, [b"\0"]))


@given(st.binary(max_size=200))
def test_any_bytes_after_the_magic_are_a_format_error(data):
    with pytest.raises(FormatError):
        CompressedImage.from_bytes(b"\x89FKQ\x02" + data)
