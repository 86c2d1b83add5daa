"""What holds 8 bits is not given 16; what holds 16 loses nothing; people and scripts are told which it is."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq import CompressedImage, formats
from fastkq.color.metadata import Metadata
from fastkq.compare.sheet import contact_sheet
from fastkq.compare.table import Original, Row
from fastkq.errors import ArgumentError
from tests.conftest import noise
from tests.deep_files import deep_noise, png16, quietly
from tests.tags import described, exif, profile
from tests.test_cli import run
from tests.test_info import facts, told


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
            r"values of 8 bits for .*, got uint16: reduce them with to_8bit\(\) .* or \.tif$",
        ),
        ("uint16", 3, r"values of 8 bits for .*, got uint16: reduce them with to_8bit\(\) .* save as \.fkq$"),
        ("uint16", 4, r"values of 8 bits for .*, got uint16: "),
        ("float32", 1, r"values of 8 bits for .*, got float32: scale to 0\.\.255 .* \.fkq or \.tif$"),
        ("float64", 3, r"values of 8 bits for .*, got float64: scale to 0\.\.255 .* save as \.fkq$"),
        ("float32", 2, r"values of 8 bits for .*, got float32"),
        ("uint8", 5, r"expected 1 to 4 channels for \w+, got 5: save as \.fkq$"),
        ("float64", 64, r"expected 1 to 4 channels for \w+, got 64: save as \.fkq$"),
    ],
)
def test_what_a_format_cannot_hold_is_refused(tmp_path, suffix, dtype, channels, message):
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
def test_black_and_white_and_gray_with_alpha_are_written_as_8_bits(tmp_path, suffix):
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
def test_whole_images_of_16_bits_lose_nothing(tmp_path, suffix, channels):
    values = deep_noise(9, 8, channels)
    metadata = Metadata(profile(b"GRAY" if channels == 1 else b"RGB "), exif(), (300.0, 150.0))
    data = formats.encode_image(values, suffix, metadata)
    read = formats.decode(data, "a")
    expected = values[..., [0, 0, 0, 1]] if channels == 2 else values.squeeze()
    np.testing.assert_array_equal(read.pixels(), expected)
    with Image.open(BytesIO(data)) as image:
        image.load()
    assert read.metadata.icc == metadata.icc
    assert read.metadata.dpi == pytest.approx((300, 150), abs=0.02)
    assert described(read.metadata.exif)[:2] == described(metadata.exif)[:2]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_refuses_what_an_output_cannot_hold_before_any_work(folder, capsys, monkeypatch):
    monkeypatch.setattr("fastkq.api.compress.compress", None)
    png16(folder / "deep.png", deep_noise(4, 5, 3), 2)
    code, output, errors = run(capsys, "compress", "deep.png", "-o", "flat.png")
    assert (code, output) == (1, "")
    assert errors == (
        "fastkq: expected values of 8 bits for a palette PNG, got uint16: "
        "reduce them with --depth 8, or save as .fkq\n"
    )
    assert not (folder / "flat.png").exists()


@pytest.mark.parametrize("name", ["flat.png", "flat.fkq"])
def test_the_command_reduces_to_8_bits_when_it_is_to(folder, capsys, name):
    values = deep_noise(4, 5, 3)
    png16(folder / "deep.png", values, 2)
    code, _, errors = run(capsys, "compress", "deep.png", "-o", name, "--depth", 8)
    assert (code, errors.replace("note:", "").count("warning")) == (0, 0)
    np.testing.assert_array_equal(fastkq.load(name).decompress(), values >> 8)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_command_writes_a_deep_fkq_as_a_png_of_16_bits(folder, capsys, channels):
    compressed = sample("uint16", channels, k=6)
    compressed.save("a.fkq")
    assert run(capsys, "decompress", "a.fkq")[::2] == (0, "")
    np.testing.assert_array_equal(quietly("a.png"), compressed.decompress().squeeze())
    code, _, errors = run(capsys, "decompress", "a.fkq", "-o", "a.gif")
    assert (code, errors.count("\n")) == (1, 1)
    assert run(capsys, "decompress", "a.fkq", "-o", "a.gif", "--depth", 8)[::2] == (0, "")
    np.testing.assert_array_equal(quietly("a.gif")[..., :channels], compressed.to_8bit().decompress())


@pytest.mark.parametrize(
    ("dtype", "channels", "values", "first"),
    [
        ("bool", 1, "black and white, 1 bit", "00"),
        ("uint8", 2, "gray and alpha, 8 bits per channel", "0001"),
        ("uint8", 5, "5 channels, 8 bits per channel", "0001020304"),
        ("uint16", 1, "gray, 16 bits per channel", "0000"),
        ("uint16", 3, "RGB, 16 bits per channel", "000000010002"),
        ("float32", 1, "gray, float32", "0"),
        ("float64", 3, "3 channels, float64", "0,1,2"),
        ("float64", 64, "64 channels, float64", "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15..."),
    ],
)
@pytest.mark.parametrize("coloured", ["", "1"])
def test_info_tells_of_every_dtype(folder, capsys, monkeypatch, dtype, channels, values, first, coloured):
    monkeypatch.setenv("FORCE_COLOR", coloured)
    sample(dtype, channels).save("a.fkq")
    output = told(capsys, "a.fkq")
    assert facts(output)["pixels"] == f"3 x 2, {values}"
    assert f"{first} " in output
    assert ("\x1b" in output) == (bool(coloured) and channels <= 4 and not dtype.startswith("float"))


def test_info_tells_the_depth_and_the_colours_of_files_without_a_palette(folder, capsys):
    values = np.zeros((3, 4, 4), np.uint16)
    values[0, :, 0], values[1, :, 3], values[2] = 1, 65535, deep_noise(4, 4)
    values[0, 1:, 1] = 2  # of alpha 0 all are one colour
    png16(folder / "a.png", values, 6)
    found = facts(told(capsys, "a.png"))
    assert found["pixels"] == "4 x 3, RGBA, 16 bits per channel"
    assert found["colors"] == "6"


def test_a_sheet_shows_16_bits_and_floats_by_8():
    flat = noise(6, 8, 3)
    flat[0, 0], flat[0, 1] = 0, 255
    for image in (flat, flat * np.uint16(257), flat / 255.0):
        compressed = CompressedImage(image.reshape(-1, 3), np.arange(48).reshape(6, 8))
        rows = [Row(48, compressed, 1, None, None, 1.0, None, 1.0)]
        sheet = formats.read_image(Image.open(BytesIO(contact_sheet(Original("a.png", image, 9), rows))))
        tiles = sheet[16 : 16 + 270, 16 : 16 + 2 * 376].astype(int)
        if image is flat:
            expected = tiles
        assert np.abs(tiles - expected).max() <= 1
