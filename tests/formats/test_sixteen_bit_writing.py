"""Values of 16 bits and floats are written without loss, or refused."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from fastkq import CompressedImage, formats
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError
from fastkq.formats.source import InMemory
from tests.helpers.metadata_tags import described, exif, profile
from tests.helpers.sixteen_bit_files import deep_noise, quietly


def sample(dtype, channels, k=2):
    palette = np.arange(k * channels).reshape(k, channels).astype(dtype)
    return CompressedImage(palette, np.arange(6).reshape(2, 3) % k)


@pytest.mark.parametrize("suffix", sorted(formats.FORMATS))
@pytest.mark.parametrize(
    ("dtype", "channels", "message"),
    [
        (
            "uint16",
            1,
            r"values of 8 bits for .*, got uint16: reduce them with to_8bit\(\), .* or \.tif$",
        ),
        (
            "uint16",
            3,
            r"values of 8 bits for .*, got uint16: reduce them with to_8bit\(\), .* save as \.fkq$",
        ),
        ("uint16", 4, r"values of 8 bits for .*, got uint16: "),
        ("float32", 1, r"values of 8 bits for .*, got float32: scale to 0\.\.255 .* \.fkq or \.tif$"),
        ("float64", 3, r"values of 8 bits for .*, got float64: scale to 0\.\.255 .* save as \.fkq$"),
        ("float32", 2, r"values of 8 bits for .*, got float32"),
        ("uint8", 5, r"expected 1 to 4 channels for \w+, got 5: save as \.fkq$"),
        ("float64", 64, r"expected 1 to 4 channels for \w+, got 64: save as \.fkq$"),
    ],
)
def test_values_that_a_format_cannot_hold_are_refused(tmp_path, suffix, dtype, channels, message):
    compressed = sample(dtype, channels)
    if suffix in (".tif", ".tiff") and channels == 1:
        compressed.save(tmp_path / f"a{suffix}")
        np.testing.assert_array_equal(quietly(tmp_path / f"a{suffix}"), compressed.decompress()[..., 0])
        return
    with pytest.raises(ArgumentError, match=message):
        compressed.save(tmp_path / f"a{suffix}")
    assert not list(tmp_path.iterdir())


def opened(path, mode):
    with Image.open(path) as image:
        return np.asarray(image.convert(mode))


@pytest.mark.parametrize("suffix", sorted(formats.FORMATS))
def test_masks_and_gray_with_alpha_are_written_as_8_bits(tmp_path, suffix):
    mask = CompressedImage(np.array([[True], [False]]), np.array([[0, 1, 1], [1, 0, 1]]), (2, 3))
    mask.save(tmp_path / f"mask{suffix}")
    np.testing.assert_array_equal(opened(tmp_path / f"mask{suffix}", "L"), [[255, 0, 0], [0, 255, 0]])
    if suffix == ".png":
        assert (tmp_path / "mask.png").read_bytes()[24] == 1
    veil = CompressedImage(np.array([[7, 0], [9, 255]], np.uint8), np.array([[0, 1]]))
    if suffix == ".bmp":
        with pytest.raises(ArgumentError, match="expected L or RGB for BMP, got RGBA"):
            veil.save(tmp_path / "veil.bmp")
        return
    veil.save(tmp_path / f"veil{suffix}")
    found = opened(tmp_path / f"veil{suffix}", "RGBA")
    np.testing.assert_array_equal(found, [[[7, 7, 7, 0], [9, 9, 9, 255]]])


@pytest.mark.parametrize(
    ("suffix", "channels"), [(".png", 1), (".png", 2), (".png", 3), (".png", 4), (".tif", 1)]
)
def test_encode_image_of_16_bits_is_lossless(tmp_path, suffix, channels):
    values = deep_noise(9, 8, channels)
    metadata = Metadata(profile(b"GRAY" if channels == 1 else b"RGB "), exif(), (300.0, 150.0))
    data = formats.encode_image(values, suffix, metadata)
    read = formats.decode(InMemory(data, "a"))
    expected = values[..., [0, 0, 0, 1]] if channels == 2 else values.squeeze()
    np.testing.assert_array_equal(read.pixels(), expected)
    with Image.open(BytesIO(data)) as image:
        image.load()
    assert read.metadata.icc == metadata.icc
    assert read.metadata.dpi == pytest.approx((300, 150), abs=0.02)
    assert described(read.metadata.exif)[:2] == described(metadata.exif)[:2]
