"""`CompressedImage` as a PIL image, and as PNG and HTML in a notebook."""

import base64
import re
from io import BytesIO
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq import CompressedImage
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError
from tests.helpers.images import noise
from tests.helpers.metadata_tags import exif, profile

SQUARE = np.arange(12).reshape(3, 4)


def png_of(compressed):
    return Image.open(BytesIO(compressed._repr_png_()))


def html_of(compressed):
    """Parse the HTML as XML, which fails on malformed markup; return image, strip of swatches and caption."""
    figure = ElementTree.fromstring(re.sub(r"(<img [^>]*)>", r"\1/>", compressed._repr_html_()))
    image, strip, caption = figure
    return image, strip, caption.text


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_to_pil_keeps_palette_and_indices(channels):
    compressed = CompressedImage(noise(16, channels), SQUARE)
    image = compressed.to_pil()
    assert image.mode == "P"
    np.testing.assert_array_equal(np.asarray(image), SQUARE)
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    np.testing.assert_array_equal(np.asarray(image.convert(mode)).reshape(3, 4, -1), compressed.decompress())
    buffer = BytesIO()
    image.save(buffer, "PNG")
    back = fastkq.load(buffer.getvalue())
    np.testing.assert_array_equal(back.indices, SQUARE)
    if channels > 2:
        np.testing.assert_array_equal(back.palette[:16], compressed.palette)  # Pillow up to 12.1 adds some
        assert fastkq.compress(image, 12).k == 12
        np.testing.assert_array_equal(fastkq.compress(image, 12).decompress(), compressed.decompress())


def test_drawing_on_the_pil_image_leaves_the_indices():
    compressed = CompressedImage(noise(12, 3), np.uint8(SQUARE))
    image = compressed.to_pil()
    image.paste(5, (0, 0, 4, 3))
    np.testing.assert_array_equal(compressed.indices, SQUARE)


@pytest.mark.parametrize(
    ("dtype", "channels", "k", "mode"),
    [
        ("bool", 1, 2, "1"),
        ("uint16", 1, 12, "I;16"),
        ("float32", 1, 12, "F"),
        ("uint8", 1, 300, "L"),
        ("uint8", 2, 300, "LA"),
        ("uint8", 3, 300, "RGB"),
        ("uint8", 4, 300, "RGBA"),
    ],
)
def test_to_pil_is_lossless_without_a_palette_mode(dtype, channels, k, mode):
    palette = np.array([[False], [True]]) if dtype == "bool" else noise(k, channels).astype(dtype)
    compressed = CompressedImage(palette, np.arange(300).reshape(15, 20) % k)
    image = compressed.to_pil()
    assert image.mode == mode
    np.testing.assert_array_equal(np.asarray(image).reshape(compressed.shape), compressed.decompress())


@pytest.mark.parametrize(("dtype", "channels"), [("uint16", 3), ("float64", 1), ("float32", 3), ("uint8", 5)])
def test_to_pil_refuses_kinds_without_a_pillow_mode(dtype, channels):
    compressed = CompressedImage(noise(12, channels).astype(dtype), SQUARE)
    with pytest.raises(ArgumentError, match=f"mode of Pillow holds, got {dtype} with {channels} channel"):
        compressed.to_pil()
    if dtype == "uint16":
        assert compressed.to_8bit().to_pil().mode == "P"


def test_to_pil_passes_metadata():
    metadata = Metadata(profile(), exif().removeprefix(b"Exif\0\0"), (150.0, 300.0))
    image = CompressedImage(noise(12, 3), SQUARE, metadata=metadata).to_pil()
    assert (image.info["icc_profile"], image.info["dpi"]) == (metadata.icc, metadata.dpi)
    assert image.getexif()[0x010E] == "a temple"
    assert image.info["exif"] == b"Exif\0\0" + metadata.exif  # as a JPEG wants it
    assert fastkq.compress(image, 12).metadata == metadata
    gray = CompressedImage(noise(12, 1), SQUARE, metadata=Metadata(profile(b"GRAY"))).to_pil()
    assert "icc_profile" not in gray.info


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_png_has_the_pixels_and_the_profile(channels):
    compressed = CompressedImage(noise(12, channels), SQUARE, metadata=Metadata(profile()))
    image = png_of(compressed)
    assert (image.format, image.mode, image.info.get("icc_profile")) == ("PNG", "P", profile())
    mode = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}[channels]
    np.testing.assert_array_equal(np.asarray(image.convert(mode)).reshape(3, 4, -1), compressed.decompress())


@pytest.mark.parametrize("dtype", ["uint16", "float32", "float64"])
@pytest.mark.parametrize("channels", [1, 2, 3, 4, 7])
def test_png_of_other_dtypes_has_8_bits(dtype, channels):
    shown = noise(12, channels)
    shown[0], shown[1] = 0, 255
    values = shown * np.uint16(257) if dtype == "uint16" else shown / 255 - 3
    pixels = np.asarray(png_of(CompressedImage(values.astype(dtype), SQUARE)).convert("RGBA")).astype(int)
    has_alpha = dtype == "uint16" and channels in (2, 4)
    colors = shown[SQUARE][:, :, : 3 if channels >= 3 else 1]
    assert np.abs(pixels[:, :, :3] - colors).max() <= 1
    assert np.abs(pixels[:, :, 3] - (shown[SQUARE][:, :, -1] if has_alpha else 255)).max() <= 1


def test_masks_are_shown_black_and_white():
    mask = CompressedImage([[False], [True]], [[0, 1], [1, 0]])
    assert np.asarray(png_of(mask).convert("L")).tolist() == [[0, 255], [255, 0]]


def test_floats_of_the_full_range_are_shown():
    compressed = CompressedImage(np.array([[-1.7e308], [0], [1.7e308]]), [[0, 1, 2]])
    assert np.asarray(png_of(compressed).convert("L")).tolist()[0][::2] == [0, 255]
    assert CompressedImage(np.array([[5.0]]), [[0]])._repr_html_()


@pytest.mark.parametrize("k", [16, 300])
@pytest.mark.parametrize("shape", [(2000, 3000), (3, 5000), (5000, 3)])
def test_large_images_are_subsampled_to_1600_pixels_per_side(k, shape):
    compressed = CompressedImage(noise(k, 3), np.arange(shape[0] * shape[1]).reshape(shape) % k)
    image = png_of(compressed)
    assert max(image.size) == 1600
    assert {tuple(color) for _, color in image.convert("RGB").getcolors()} <= set(
        map(tuple, noise(k, 3).tolist())
    )
    assert f"shown at {image.width} x {image.height}" in html_of(compressed)[2]


def test_html_shows_picture_swatches_and_facts():
    compressed = CompressedImage(np.array([[255, 0, 0], [1, 2, 3], [0, 0, 255]], np.uint8), [[0, 0, 2, 0]])
    image, strip, facts = html_of(compressed)
    assert image.get("src") == "data:image/png;base64," + base64.b64encode(compressed._repr_png_()).decode()
    assert "max-width:100%" in image.get("style")
    assert [swatch.get("title") for swatch in strip] == ["#ff0000, 75.00%", "#0000ff, 25.00%"]
    assert [swatch.get("style") for swatch in strip] == [
        f"flex:{count};min-width:1px;background:{name}" for count, name in ((3, "#ff0000"), (1, "#0000ff"))
    ]
    assert facts == image.get("alt") == "4 x 1 pixels, 3 colors, 3 channels of uint8"


def test_small_images_are_enlarged_with_sharp_pixels():
    small, large = (
        CompressedImage(noise(12, 3), np.resize(SQUARE, shape)) for shape in ((16, 32), (200, 129))
    )
    assert "width:256px;image-rendering:pixelated" in html_of(small)[0].get("style")
    assert "pixelated" not in html_of(large)[0].get("style")


def test_html_shows_the_256_most_used_colors_with_alpha():
    compressed = CompressedImage(noise(600, 4), np.minimum(np.arange(1200), 599).reshape(30, 40))
    _, strip, _ = html_of(compressed)
    assert len(strip) == 256
    assert strip[-1].get("title") == f"#{bytes(noise(600, 4)[599]).hex()}, 50.08%"


def test_swatches_of_floats_have_the_grays_of_the_picture():
    compressed = CompressedImage(
        np.arange(511.0)[:, np.newaxis] - 99, np.append(np.arange(511), [255] * 9)[None]
    )
    _, strip, _ = html_of(compressed)
    assert strip[255].get("title") == "#808080, 1.92%"
