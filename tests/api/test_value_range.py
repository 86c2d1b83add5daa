"""`value_range` of `to_8bit`, `to_pil` and `save`: images of any dtype as images of 8 bits."""

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq import CompressedImage
from fastkq.errors import ArgumentError, ArgumentTypeError
from tests.helpers.images import noise

INDICES = np.arange(12).reshape(3, 4)


def scaled(values, low, high):
    """Return the values at 8 bits, rounded half up and clipped."""
    return np.clip(np.floor((values.astype(float) - low) / (high - low) * 255 + 0.5), 0, 255).astype(np.uint8)


def image_of(dtype, channels):
    generator = np.random.default_rng(channels)
    if np.dtype(dtype).kind == "f":
        palette = generator.normal(0.5, 0.5, (12, channels)).astype(dtype)
    else:
        palette = generator.integers(0, 100, (12, channels)).astype(dtype)
    return CompressedImage(palette, INDICES)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int8", "int16", "int32", "uint32", "uint16"])
@pytest.mark.parametrize("channels", [1, 3])
def test_values_are_scaled_and_clipped(tmp_path, dtype, channels):
    low, high = (0.1, 0.9) if dtype.startswith("float") else (10, 90)
    image = image_of(dtype, channels)
    expected = scaled(image.decompress(), low, high)
    assert expected.min() == 0
    assert expected.max() == 255
    np.testing.assert_array_equal(image.to_8bit((low, high)).decompress(), expected)
    shown = expected if channels == 3 else np.repeat(expected, 3, axis=2)
    picture = image.to_pil((low, high))
    assert picture.mode == "P"
    np.testing.assert_array_equal(np.asarray(picture.convert("RGB")), shown)
    for name in ("a.png", "a.gif", "a.webp", "a.bmp", "a.tif"):
        image.save(tmp_path / name, value_range=(low, high))
        with Image.open(tmp_path / name) as read:
            np.testing.assert_array_equal(np.asarray(read.convert("RGB")), shown)
    image.save(tmp_path / "a.fkq", value_range=(low, high))
    assert fastkq.load(tmp_path / "a.fkq") == image


def test_the_range_may_be_inverted():
    image = image_of("float64", 1)
    np.testing.assert_array_equal(image.to_8bit((1, 0)).palette, scaled(image.palette, 1, 0))


def test_default_range_of_16_bits_is_0_to_65535():
    image = CompressedImage(np.random.default_rng(0).integers(0, 1 << 16, (12, 3), np.uint16), INDICES)
    assert image.to_8bit((0, 65535)) == image.to_8bit()


@pytest.mark.parametrize("channels", [2, 4])
def test_alpha_keeps_the_range_of_its_dtype(channels):
    palette = np.random.default_rng(0).integers(0, 1 << 16, (12, channels), np.uint16)
    found = CompressedImage(palette, INDICES).to_8bit((1000, 2000)).palette
    np.testing.assert_array_equal(found[:, -1], (palette[:, -1] + 128.0) // 257)
    np.testing.assert_array_equal(found[:, :-1], scaled(palette[:, :-1], 1000, 2000))


@pytest.mark.parametrize("channels", [2, 4])
def test_a_last_channel_that_is_no_alpha_is_scaled_as_the_others(channels):
    palette = np.random.default_rng(0).integers(0, 1 << 16, (12, channels), np.uint16)
    reduced = CompressedImage(palette, INDICES, alpha=False).to_8bit((1000, 2000))
    np.testing.assert_array_equal(reduced.palette, scaled(palette, 1000, 2000))
    assert reduced.is_plain


@pytest.mark.parametrize("dtype", ["float32", "int16", "uint32"])
def test_message_without_a_range_names_value_range(tmp_path, dtype):
    image = image_of(dtype, 3)
    for call in (image.to_8bit, image.to_pil, lambda: image.save(tmp_path / "a.png")):
        with pytest.raises(ArgumentError, match=r"value_range=\(black, white\)"):
            call()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bad", [(1,), (1, 1), (0, np.inf), (np.nan, 1), (0, 1, 2), np.arange(3)])
def test_ranges_of_other_values_are_refused(tmp_path, bad):
    image = image_of("float32", 3)
    for call in (image.to_8bit, image.to_pil, lambda pair: image.save(tmp_path / "a.png", value_range=pair)):
        with pytest.raises(
            ArgumentError, match="expected value_range to be two different finite numbers"
        ) as error:
            call(bad)
        assert error.value.parameter == "value_range"


@pytest.mark.parametrize("bad", [1, "01", ("a", "b"), np.array(1.0), ((0, 1), 2)])
def test_ranges_of_other_types_are_refused(bad):
    with pytest.raises(ArgumentTypeError, match="expected value_range to be two numbers"):
        image_of("float32", 3).to_pil(bad)


@pytest.mark.parametrize("channels", [2, 4])
def test_last_channel_that_is_no_alpha_is_scaled(channels):
    palette = np.random.default_rng(0).integers(0, 1000, (12, channels), np.uint16)
    plain = CompressedImage(palette, INDICES, alpha=False).to_8bit((0, 1000))
    np.testing.assert_array_equal(plain.palette, scaled(palette, 0, 1000))
    assert not plain.has_alpha
    with_alpha = CompressedImage(palette, INDICES).to_8bit((0, 1000))
    np.testing.assert_array_equal(with_alpha.palette[:, -1], scaled(palette[:, -1], 0, 65535))


def test_more_than_4_channels_have_no_mode():
    with pytest.raises(ArgumentError, match="a mode of Pillow holds, got uint8 with 5 channels"):
        image_of("float32", 5).to_pil((0, 1))


def test_report_takes_what_compress_takes(tmp_path):
    pixels = noise(9, 8, 3)
    compressed = fastkq.compress(pixels, 5)
    expected = str(compressed.report(pixels))
    Image.fromarray(pixels).save(tmp_path / "a.png")
    data = (tmp_path / "a.png").read_bytes()
    lossless = fastkq.compress(pixels, 72)
    lossless.save(tmp_path / "a.fkq")
    sources = (tmp_path / "a.png", str(tmp_path / "a.png"), data, memoryview(data), Image.fromarray(pixels))
    for source in (*sources, tmp_path / "a.fkq", pixels):
        assert str(compressed.report(source)) == expected
