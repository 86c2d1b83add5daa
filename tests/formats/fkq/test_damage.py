"""`load` with `strict=False` returns the intact parts of a damaged file and reports the damage."""

import copy
import pickle

import numpy as np
import pytest

import fastkq
from fastkq.color.metadata import Metadata
from fastkq.errors import DamageWarning, FormatError
from tests.helpers import fkq_chunks
from tests.helpers.fkq_samples import (
    COMPRESSED,
    HEAD,
    IN_PARTS,
    METADATA,
    PARTS,
    damaged_at,
)

PACKED = COMPRESSED.to_bytes(coding="packed")
PIXELS = 24 + 27  # bytes: the header and the palette (9, 3), which precede the indices in PACKED


def load_anyway(data, **options):
    with pytest.warns(DamageWarning):
        return fastkq.load(data, strict=False, **options)


def without(boxes):
    """Return the indices of COMPRESSED, with 0 in the given boxes (top, left, height, width)."""
    indices = COMPRESSED.indices.copy()
    for top, left, height, width in boxes:
        indices[top : top + height, left : left + width] = 0
    return indices


@pytest.mark.parametrize("coding", ["packed", "context"])
def test_an_intact_file_has_no_damage_and_no_warning(coding):
    loaded = fastkq.load(COMPRESSED.to_bytes(coding=coding), strict=False)
    assert loaded == COMPRESSED
    assert loaded.damage == ()


@pytest.mark.parametrize("threads", [1, 3])
def test_damaged_parts_become_index_0_and_are_reported(threads):
    damaged = damaged_at(IN_PARTS, PARTS[2].offset, PARTS[9].offset + 5)
    loaded = load_anyway(damaged, threads=threads)
    np.testing.assert_array_equal(loaded.indices, without((PARTS[2].box, PARTS[9].box)))
    assert [found[:3] for found in loaded.damage] == [
        (number, PARTS[number].box, PARTS[number].offset) for number in (2, 9)
    ]
    assert all("expected checksum" in found.reason for found in loaded.damage)
    assert loaded.metadata == METADATA
    assert pickle.loads(pickle.dumps(loaded)).damage == copy.copy(loaded).damage == loaded.damage


@pytest.mark.parametrize("threads", [1, 3])
def test_strict_names_the_first_damaged_part_and_its_offset(threads):
    damaged = damaged_at(IN_PARTS, PARTS[9].offset, PARTS[2].offset)
    message = rf"^part 2 of 12 at byte {PARTS[2].offset}: expected checksum"
    with pytest.raises(FormatError, match=message):
        fastkq.load(damaged, threads=threads)


def test_region_reports_only_its_own_damage():
    damaged = damaged_at(IN_PARTS, PARTS[2].offset, PARTS[9].offset)
    assert fastkq.load(damaged, region=(0, 0, 40, 40), strict=False).damage == ()
    loaded = load_anyway(damaged, region=(10, 30, 20, 20))
    np.testing.assert_array_equal(loaded.indices, without([PARTS[2].box])[10:30, 30:50])
    assert [found.part for found in loaded.damage] == [2]


@pytest.mark.parametrize("length", [*range(PARTS[0].offset, len(IN_PARTS), 97), len(IN_PARTS) - 1])
def test_truncated_file_keeps_complete_parts(length):
    loaded = load_anyway(IN_PARTS[:length])
    missing = [number for number, part in enumerate(PARTS) if part.offset + part.length > length]
    assert [found.part for found in loaded.damage] == missing
    np.testing.assert_array_equal(loaded.indices, without(PARTS[number].box for number in missing))
    with pytest.raises(FormatError):
        fastkq.load(IN_PARTS[:length])


def test_damaged_header_palette_or_table_is_always_an_error():
    for place in range(HEAD):
        with pytest.raises(FormatError):
            fastkq.load(damaged_at(IN_PARTS, place), strict=False)
        with pytest.raises(FormatError):
            fastkq.load(IN_PARTS[:place], strict=False)


def test_damaged_metadata_leaves_the_image_intact():
    for place in range(HEAD, PARTS[0].offset):
        loaded = load_anyway(damaged_at(IN_PARTS, place))
        assert loaded == COMPRESSED
        assert loaded.metadata == Metadata()
        ((part, box, offset, reason),) = loaded.damage
        assert (part, box, offset) == (None, None, HEAD)
        assert reason.startswith("metadata: ")


def test_open_without_strict_reports_damage():
    with fastkq.open(damaged_at(IN_PARTS, PARTS[0].offset - 1), strict=False) as file:
        assert [found.part for found in file.damage] == [None]
        assert file.metadata == Metadata()
        with pytest.warns(DamageWarning):
            assert file.load() == COMPRESSED


@pytest.mark.parametrize("data", [PACKED, IN_PARTS])
def test_trailing_bytes_are_reported(data):
    loaded = load_anyway(data + b"more")
    assert loaded == COMPRESSED
    assert [found.offset for found in loaded.damage] == [len(data)]


def test_truncated_version_1_keeps_complete_rows():
    row = 80 * 4 // 8
    for length in range(PIXELS, len(PACKED), 7):
        loaded = load_anyway(PACKED[:length])
        rows = (length - PIXELS) // row
        np.testing.assert_array_equal(loaded.indices, without([(rows, 0, 60 - rows, 80)]))
        ((part, box, offset, reason),) = loaded.damage
        assert (part, box, offset) == (0, (rows, 0, 60 - rows, 80), length)
        assert reason.endswith("truncated or damaged")
    for length in range(PIXELS):
        with pytest.raises(FormatError):
            fastkq.load(PACKED[:length], strict=False)


def test_damaged_version_1_keeps_indices_below_k():
    damaged = bytearray(PACKED)
    damaged[PIXELS] = 0xF3
    loaded = load_anyway(damaged)
    expected = COMPRESSED.indices.copy()
    expected[0, :2] = 0, 3
    np.testing.assert_array_equal(loaded.indices, expected)
    assert [found[:3] for found in loaded.damage] == [(0, (0, 0, 60, 80), PIXELS)]
    assert "expected checksum" in loaded.damage[0].reason
    mended = fkq_chunks.fix_checksums(damaged)
    assert load_anyway(mended) == loaded
    with pytest.raises(FormatError, match="indices below the 9 colors of the palette, got 15"):
        fastkq.load(mended)


def test_region_beyond_a_truncated_version_1_is_index_0():
    loaded = load_anyway(PACKED[: PIXELS + 400], region=(30, 0, 5, 5))
    assert not loaded.indices.any()


def test_the_warning_names_the_file_and_the_first_damage(tmp_path):
    path = tmp_path / "holed.fkq"
    path.write_bytes(damaged_at(IN_PARTS, PARTS[2].offset))
    message = rf"holed\.fkq is damaged: 1 part, .*first at byte {PARTS[2].offset}: expected checksum"
    with pytest.warns(DamageWarning, match=message) as caught:
        fastkq.load(path, strict=False)
    assert caught[0].filename == __file__
