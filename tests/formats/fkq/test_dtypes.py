"""`.fkq` files with palettes of every dtype and number of channels."""

import numpy as np
import pytest
from hypothesis import given

import fastkq
from fastkq import CompressedImage
from fastkq.errors import FormatError
from fastkq.formats.fkq.context.coordinates import coordinates_of
from tests.helpers import fkq_chunks
from tests.helpers.compressed_images import DTYPES, assert_same, palette_of, palettes
from tests.helpers.fkq_samples import in_parts
from tests.reference import context as reference_context


@given(palettes())
def test_palette_coordinates_match_the_reference(palette):
    found = coordinates_of(palette)
    np.testing.assert_array_equal(found, reference_context.coordinates(palette))
    assert found.shape == (len(palette), 3)
    assert 0 <= found.min() <= found.max() <= 255


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", ["max", "tiny", "smallest_subnormal"])
def test_extreme_floats_have_coordinates_0_and_255(dtype, kind):
    end = getattr(np.finfo(dtype), kind)
    palette = np.array([[-end], [0], [end]], dtype)
    np.testing.assert_array_equal(coordinates_of(palette)[:, 0], [0, 127, 255])
    np.testing.assert_array_equal(reference_context.coordinates(palette)[:, 0], [0, 127, 255])


@pytest.mark.parametrize("version", [2, 3])
@pytest.mark.parametrize(
    ("dtype", "bad"), [("float32", np.nan), ("float32", -np.inf), ("float64", np.inf), ("bool", 2)]
)
def test_invalid_palette_values_are_a_format_error(version, dtype, bad):
    palette = np.array([[0], [1]]).astype(dtype)
    data = CompressedImage(palette, np.array([[0, 1]])).to_bytes(coding=["context", "packed"][version - 2])
    stored = np.array([0, bad]).astype("u1" if dtype == "bool" else dtype).tobytes()
    assert palette.tobytes() in data
    damaged = fkq_chunks.fix_checksums(data.replace(palette.tobytes(), stored))
    for strict in (True, False):
        with pytest.raises(FormatError, match=r"expected (a palette of finite values|0 or 1 in a palette)"):
            fastkq.load(damaged, strict=strict)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_truncation_and_changed_byte_is_a_format_error(dtype):
    compressed = CompressedImage(palette_of(dtype, 3, 2), np.array([[0, 1, 1]]))
    for data in (compressed.to_bytes(), compressed.to_bytes(coding="packed")):
        for place in range(len(data)):
            damaged = bytearray(data)
            damaged[place] ^= 0x55
            for bad in (data[:place], damaged):
                with pytest.raises(FormatError):
                    CompressedImage.from_bytes(bad)


@pytest.mark.parametrize(("channels", "kind"), [(3, 8), (1, 8), (2, 0), (3, 0), (2, 24), (2, 1), (65, 16)])
def test_version_3_is_only_for_what_version_1_cannot_hold(channels, kind):
    data = bytearray(
        CompressedImage(palette_of("uint16", 3, 2), np.array([[0, 1]])).to_bytes(coding="packed")
    )
    data[5], data[7] = channels, kind
    with pytest.raises(FormatError, match="expected a valid header of version 3"):
        CompressedImage.from_bytes(fkq_chunks.fix_checksums(data))


def test_regions_and_parts_keep_the_dtype():
    compressed = CompressedImage(palette_of("float64", 9, 7), np.arange(80).reshape(8, 10) % 9)
    data = in_parts(compressed, 2, 3)
    assert_same(CompressedImage.from_bytes(data), compressed)
    part = fastkq.load(data, region=(1, 2, 5, 6))
    np.testing.assert_array_equal(part.decompress(), compressed.decompress()[1:6, 2:8])
    with fastkq.open(data) as file:
        assert (file.dtype, file.shape, file.palette.shape) == (np.float64, (8, 10, 7), (9, 7))
