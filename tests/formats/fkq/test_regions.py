"""Regions: only the parts that overlap a region are read and decoded."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq.color.indexed_image import Box
from fastkq.errors import ArgumentError, ArgumentTypeError, FormatError
from fastkq.formats import source
from fastkq.formats.fkq import context, layout
from fastkq.formats.fkq.layout import Part
from tests.helpers.fkq_samples import METADATA, in_parts, sample


@given(st.integers(1, 3000), st.integers(1, 3000), st.integers(1, 400), st.integers(1, 400))
def test_grid_covers_the_image_once_in_parts_of_similar_size(height, width, part_height, part_width):
    rows, columns = layout.grid(height, width, part_height, part_width)
    boxes = layout.grid_boxes(height, width, rows, columns)
    assert sum(box.height * box.width for box in boxes) == height * width
    assert len({(box.top, box.left) for box in boxes}) == rows * columns == len(boxes)
    heights, widths = {box.height for box in boxes}, {box.width for box in boxes}
    for sizes, most in ((heights, part_height), (widths, part_width)):
        assert max(sizes) - min(sizes) <= 1
        assert 1 <= min(sizes) <= max(sizes) <= most
    assert boxes == sorted(boxes)


@given(st.data(), st.sampled_from([1, 2, 5, 256, 257]))
def test_region_equals_the_crop_of_the_image(data, k):
    height, width = data.draw(st.integers(1, 30)), data.draw(st.integers(1, 30))
    compressed = sample(k, 3, height, width, METADATA)
    rows, columns = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    tall, wide = data.draw(st.integers(1, height - top)), data.draw(st.integers(1, width - left))
    expected = compressed.indices[top : top + tall, left : left + wide]
    for written in (compressed.to_bytes(coding="packed"), in_parts(compressed, rows, columns)):
        loaded = fastkq.load(written, region=(top, left, tall, wide))
        np.testing.assert_array_equal(loaded.indices, expected)
        np.testing.assert_array_equal(loaded.palette, compressed.palette)
        assert loaded.shape == (tall, wide, 3)


@pytest.mark.parametrize("coding", ["packed", "context"])
@pytest.mark.parametrize(
    ("region", "error"),
    [
        ((0, 0, 7, 1), ArgumentError),
        ((0, 0, 1, 8), ArgumentError),
        ((-1, 0, 1, 1), ArgumentError),
        ((5, 6, 2, 1), ArgumentError),
        ((0, 0, 0, 1), ArgumentError),
        ((0, 0, 1), ArgumentTypeError),
        ((0, 0, 1, 1.0), ArgumentTypeError),
        (5, ArgumentTypeError),
    ],
)
def test_a_region_must_be_within_the_image(coding, region, error):
    with pytest.raises(error, match=r"expected a (region \(top, left|number of region)"):
        fastkq.load(sample().to_bytes(coding=coding), region=region)


@pytest.fixture
def watched(monkeypatch):
    """Record reads as (offset, length) and decoded parts as (height, rows, width)."""
    reads, decodes = [], []
    read, decode = source.Source.read, context.decode

    def watch_read(self, offset, length):
        reads.append((offset, length))
        return read(self, offset, length)

    def watch_decode(data, palette, height, width, rows=None):
        decodes.append((height, rows or height, width))
        return decode(data, palette, height, width, rows)

    monkeypatch.setattr(source.Source, "read", watch_read)
    monkeypatch.setattr(context, "decode", watch_decode)
    return reads, decodes


def test_region_reads_its_parts_and_decodes_to_its_last_row(watched):
    reads, decodes = watched
    with fastkq.open(in_parts(sample(9, 3, 60, 80), 3, 4)) as file:
        reads.clear()
        file.load(region=(25, 30, 5, 20))
        assert sorted(reads) == [(file.parts[place].offset, file.parts[place].length) for place in (5, 6)]
        assert decodes == [(20, 10, 20)] * 2
        decodes.clear()
        file.load(region=(39, 0, 2, 1), threads=1)
        assert decodes == [(20, 20, 20), (20, 1, 20)]


@pytest.mark.parametrize("coding", ["packed", "context"])
def test_open_reads_nothing_of_the_parts(watched, coding):
    reads, decodes = watched
    with fastkq.open(sample(9, 3, 60, 80, METADATA).to_bytes(coding=coding)) as file:
        assert max(offset + length for offset, length in reads) <= file.parts[0].offset
    assert not decodes


def test_damage_outside_a_region_of_version_2_is_ignored():
    data = bytearray(in_parts(sample(9, 3, 60, 80), 3, 4))
    data[-1] ^= 1
    assert fastkq.load(data, region=(0, 0, 60, 60)).shape == (60, 60, 3)
    with pytest.raises(FormatError, match=r"part 11 of 12 at byte \d+: expected checksum"):
        fastkq.load(data, region=(59, 79, 1, 1))


def test_damage_outside_a_region_of_version_1_is_an_error():
    data = bytearray(sample(9, 3, 60, 80).to_bytes(coding="packed"))
    data[-1] ^= 1
    with pytest.raises(FormatError, match="expected checksum"):
        fastkq.load(data, region=(0, 0, 1, 1))


def decoded_share(height, width, side):
    """Return the largest share of pixels that is decoded for any square region, `side` pixels wide."""
    boxes = layout.grid_boxes(height, width, *layout.default_grid(height, width))
    parts = [Part(box, 0, 0, 0) for box in boxes]

    def places(edges, extent):  # near the edges of parts: between two edges the share only grows
        shifts = (-side, 1 - side, -1, 0, 1)
        return {min(max(edge + shift, 0), extent - side) for edge in {*edges, extent} for shift in shifts}

    def decoded(top, left):
        wanted = layout.parts_for(parts, Box(top, left, side, side))
        return sum(rows * boxes[number].width for number, rows in wanted)

    tops = places((box.top for box in boxes), height)
    lefts = places((box.left for box in boxes), width)
    return max(decoded(top, left) for top in tops for left in lefts) / (height * width)


@pytest.mark.parametrize(("shape", "most"), [((4000, 6000), 0.044), ((6000, 4000), 0.0445)])
def test_region_of_24_megapixels_decodes_below_5_percent(shape, most):
    assert decoded_share(*shape, 256) <= most


@pytest.mark.parametrize("shape", [(768, 512), (600, 1000), (1, 600_000)])
def test_small_images_are_one_part(shape):
    assert layout.default_grid(*shape) == (1, 1)


@pytest.mark.parametrize(
    ("shape", "cut"),
    [((601, 1000), (1, 2)), ((1912, 2940), (1, 4)), ((2940, 1912), (4, 1)), ((8_000_000, 1), (4, 1))],
)
def test_medium_images_are_cut_for_threads(shape, cut):
    assert layout.default_grid(*shape) == cut


@pytest.mark.parametrize("shape", [(2001, 4000), (4000, 6000), (1, 1 << 30), (1 << 30, 1), (32768, 32768)])
def test_parts_of_large_images_have_bounded_size(shape):
    rows, columns = layout.default_grid(*shape)
    pixels = shape[0] * shape[1] / (rows * columns)
    assert 100_000 < pixels <= layout.PART_HEIGHT * layout.PART_WIDTH
    assert rows * columns <= layout.MAX_PARTS
