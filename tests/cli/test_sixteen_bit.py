"""16 bits per channel and floats on the command line."""

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq import CompressedImage
from tests.helpers.command_line import info, info_fields, run
from tests.helpers.sixteen_bit_files import deep_noise, png16, quietly


def sample(dtype, channels, k=2):
    palette = np.arange(k * channels).reshape(k, channels).astype(dtype)
    return CompressedImage(palette, np.arange(6).reshape(2, 3) % k)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_16_bits_to_a_palette_png_are_refused_before_any_work(folder, capsys, monkeypatch):
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
def test_depth_8_reduces_to_8_bits(folder, capsys, name):
    values = deep_noise(4, 5, 3)
    png16(folder / "deep.png", values, 2)
    code, _, errors = run(capsys, "compress", "deep.png", "-o", name, "--depth", 8)
    assert (code, errors.replace("note:", "").count("warning")) == (0, 0)
    np.testing.assert_array_equal(fastkq.load(name).decompress(), values >> 8)


@pytest.mark.parametrize("channels", [1, 3])
def test_decompress_writes_a_16_bit_fkq_as_a_16_bit_png(folder, capsys, channels):
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
@pytest.mark.parametrize("colored", ["", "1"])
def test_info_describes_every_dtype(folder, capsys, monkeypatch, dtype, channels, values, first, colored):
    monkeypatch.setenv("FORCE_COLOR", colored)
    sample(dtype, channels).save("a.fkq")
    output = info(capsys, "a.fkq")
    assert info_fields(output)["pixels"] == f"3 x 2, {values}"
    assert f"{first} " in output
    assert ("\x1b" in output) == (bool(colored) and channels <= 4 and not dtype.startswith("float"))


def test_info_shows_depth_and_colors_without_a_palette(folder, capsys):
    values = np.zeros((3, 4, 4), np.uint16)
    values[0, :, 0], values[1, :, 3], values[2] = 1, 65535, deep_noise(4, 4)
    values[0, 1:, 1] = 2  # colors with alpha 0 count as one
    png16(folder / "a.png", values, 6)
    found = info_fields(info(capsys, "a.png"))
    assert found["pixels"] == "4 x 3, RGBA, 16 bits per channel"
    assert found["colors"] == "6"


def test_value_range_reduces_floats_and_integers_to_8_bits(folder, capsys):
    values = np.random.default_rng(0).normal(0.5, 0.3, (4, 5)).astype(np.float32)
    expected = np.clip(np.floor(values.astype(float) * 255 + 0.5), 0, 255)
    Image.fromarray(values).save("a.tif")
    assert run(capsys, "compress", "a.tif")[::2] == (0, "")
    for arguments in (("compress", "a.tif", "-k", 20), ("decompress", "a.fkq")):
        assert run(capsys, *arguments, "-o", "a.png", "--value-range", 0, 1, "--force")[0] == 0
        np.testing.assert_array_equal(quietly("a.png")[..., 0], expected)
        code, _, errors = run(capsys, *arguments, "-o", "b.png")
        assert code == 1
        assert "--value-range" in errors
    assert run(capsys, "compress", "a.tif", "-k", 20, "--value-range", 0, 1, "-o", "c.fkq")[0] == 0
    np.testing.assert_array_equal(fastkq.decompress("c.fkq"), values)
