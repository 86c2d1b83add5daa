"""`fastkq info`: the listing, with color swatches on a terminal, and the JSON."""

import contextlib
import json
import os
import pty
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq import CompressedImage
from fastkq.api.facts import read_facts
from fastkq.cli.info_text import listing
from fastkq.color.metadata import Metadata
from tests.helpers.command_line import info, info_fields, run
from tests.helpers.fkq_samples import in_parts
from tests.helpers.images import noise
from tests.helpers.metadata_tags import exif, profile

SWATCH = re.compile(r"\x1b\[48;2;(\d+);(\d+);(\d+)m \x1b\[48;2;(\d+);(\d+);(\d+)m \x1b\[0m ([0-9a-f]{2,8}) ")


@pytest.fixture(autouse=True)
def plain_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)


def striped(k=5, channels=3, **options):
    """Return an image of k(k - 1) pixels: color j has 2(j + 1) of them, and the last color none."""
    indices = np.tile(np.repeat(np.arange(k - 1), np.arange(1, k)), (2, 1))
    return CompressedImage(noise(k, channels), indices, **options)


def test_listing_of_a_fkq_file_is_complete(capsys):
    metadata = Metadata(profile(), exif(), (300.0, 150.0))
    compressed = striped(metadata=metadata)
    compressed.save("a.fkq")
    size = len(compressed.to_bytes())
    output = info(capsys, "a.fkq")
    assert info_fields(output) == {
        "file": "a.fkq",
        "format": ".fkq version 2, context coding",
        "pixels": "10 x 2, RGB, 8 bits per channel",
        "colors": "5, of which 4 are used",
        "bytes": f"{size:,}",
        "bits per pixel": f"{8 * size / 20:.3f}",
        "bits per index": "3",
        "metadata": f"ICC profile of {len(metadata.icc):,} bytes, EXIF of {len(metadata.exif)} bytes, "
        "300 x 150 dots per inch",
        "parts": f"1, {fastkq.open('a.fkq').parts[0].length} bytes in all",
        "palette": "colors and their shares of the pixels",
    }
    shares = re.findall(r"([0-9a-f]{6}) +([\d.]+) %", output)
    colors = [bytes(color).hex() for color in compressed.palette]
    assert shares == list(zip(colors, ["10.00", "20.00", "30.00", "40.00", "0.00"], strict=True))
    assert "\x1b" not in output


def test_listing_of_version_1_names_its_coding(capsys):
    striped(channels=1).save("a.fkq", coding="packed")
    found = info_fields(info(capsys, "a.fkq"))
    assert found["format"] == ".fkq version 1, packed coding"
    assert found["pixels"] == "10 x 2, gray, 8 bits per channel"
    assert (found["metadata"], found["parts"]) == ("none", "1, 8 bytes in all")


@pytest.mark.parametrize(("rows", "columns", "listed"), [(2, 3, 6), (3, 5, 0)])
def test_few_parts_are_listed_and_many_are_summarized(capsys, tmp_path, rows, columns, listed):
    compressed = CompressedImage(noise(9, 3), np.random.default_rng(0).integers(0, 9, (30, 50)))
    (tmp_path / "a.fkq").write_bytes(in_parts(compressed, rows, columns))
    output = info(capsys, "a.fkq")
    with fastkq.open("a.fkq") as file:
        rates = sorted(8 * part.length / (part.box.height * part.box.width) for part in file.parts)
        size = sum(part.length for part in file.parts)
        first = file.parts[0]
    assert info_fields(output)["parts"] == (
        f"{rows * columns}, {rows} down and {columns} across, {size:,} bytes in all"
    )
    assert (
        f"bits per pixel: least {rates[0]:.3f}, median {np.median(rates):.3f}, most {rates[-1]:.3f}" in output
    )
    assert output.count("  part ") == listed
    if listed:
        height, width = first.box[2:]
        assert f"  part 0: {width} x {height} pixels from row 0, column 0, {first.length} bytes, " in output


def test_listing_covers_image_files_with_and_without_palette(capsys):
    striped(metadata=Metadata(dpi=(300.0, 300.0))).save("a.png")
    found = info_fields(info(capsys, "a.png"))
    assert found["format"] == "PNG, with a palette"
    assert (found["colors"], found["bits per index"]) == ("5, of which 4 are used", "3")
    assert found["metadata"].endswith("dots per inch")
    Image.fromarray(noise(24, 32, 3)).save("b.webp", lossless=True)
    output = info(capsys, "b.webp")
    assert info_fields(output)["format"] == "WEBP, without a palette"
    assert info_fields(output)["colors"] == f"{len(np.unique(noise(24, 32, 3).reshape(-1, 3), axis=0))}"
    assert "palette  " not in output


@pytest.mark.parametrize(
    ("image", "pixels"),
    [
        (noise(6, 7, 4).astype(np.int16), "4 channels, 16 bits per channel"),
        (noise(6, 7, 2).astype(np.int32), "2 channels, 32 bits per channel"),
        (noise(6, 7, 2), "gray and alpha, 8 bits per channel"),
        (noise(6, 7, 3).astype(np.int16), "RGB, 16 bits per channel"),
    ],
)
def test_only_alpha_is_called_alpha(capsys, image, pixels):
    fastkq.compress(image, 3).save("a.fkq")
    assert info_fields(info(capsys, "a.fkq"))["pixels"] == f"7 x 6, {pixels}"


@pytest.mark.parametrize(
    ("nodata", "text", "value"), [(None, "", None), (np.nan, ", nodata value nan", "nan")]
)
def test_masked_pixels_are_listed(capsys, nodata, text, value):
    mask = np.arange(20).reshape(4, 5) < 5
    compressed = fastkq.compress(np.ones((4, 5)), 4, mask=mask)
    CompressedImage.of(compressed, nodata=nodata).save("a.fkq")
    assert info_fields(info(capsys, "a.fkq"))["masked pixels"] == f"25.00 %, index 1{text}"
    facts = json.loads(info(capsys, "a.fkq", "--json"))
    assert (facts["masked_index"], facts["nodata"]) == (1, value)


def test_listing_shows_the_256_most_used_colors(capsys):
    indices = np.arange(300)[np.newaxis]
    CompressedImage(noise(300, 3), np.hstack((indices, indices[:, 44:]))).save("a.fkq")
    output = info(capsys, "a.fkq")
    assert re.findall(r"([0-9a-f]{6}) +\S+ %", output) == [bytes(color).hex() for color in noise(300, 3)[44:]]
    assert output.endswith("  and 44 less used colors: --json lists all\n")


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_json_holds_all_facts_on_one_line(capsys, channels):
    metadata = Metadata(b"icc", None, (300.0, 150.0), xmp=b"<x/>", gamma=0.5, cicp=(1, 13, 0, 1))
    compressed = striped(channels=channels, metadata=metadata)
    compressed.save("a.fkq")
    output = info(capsys, "a.fkq", "--json")
    assert output.count("\n") == 1
    with fastkq.open("a.fkq") as file:
        part = file.parts[0]
        assert json.loads(output) == {
            "file": "a.fkq",
            "format": "fkq",
            "version": 2,
            "coding": "context",
            "height": 2,
            "width": 10,
            "shape": [2, 10, channels],
            "channels": channels,
            "dtype": "uint8",
            "bits_per_channel": 8,
            "bytes": file.nbytes,
            "bits_per_pixel": file.bits_per_pixel,
            "bits_per_index": 3,
            "colors": 5,
            "colors_used": 4,
            "metadata": {
                "icc_bytes": 3,
                "exif_bytes": 0,
                "dpi": [300.0, 150.0],
                "xmp_bytes": 4,
                "srgb": None,
                "gamma": 0.5,
                "chromaticity": None,
                "cicp": [1, 13, 0, 1],
            },
            "grid": [1, 1],
            "parts": [
                part.box._asdict()
                | {"offset": part.offset, "bytes": part.length, "bits_per_pixel": 8 * part.length / 20}
            ],
            "palette": [bytes(color).hex() for color in compressed.palette],
            "counts": [2, 4, 6, 8, 0],
        }


def test_json_covers_image_files(capsys):
    Image.fromarray(noise(4, 6, 4)).save("a.png")
    found = json.loads(info(capsys, "a.png", "--json"))
    assert [found[key] for key in ("format", "version", "coding", "grid", "parts", "palette", "counts")] == [
        "PNG", None, None, None, [], None, None,
    ]  # fmt: skip
    assert (found["shape"], found["colors"], found["bits_per_index"]) == ([4, 6, 4], 24, None)
    striped().save("b.gif")
    found = json.loads(info(capsys, "b.gif", "--json"))
    assert (found["format"], found["counts"][:5]) == ("GIF", [2, 4, 6, 8, 0])


def swatches(output):
    return [
        (tuple(map(int, found[:3])), tuple(map(int, found[3:6])), found[6])
        for found in SWATCH.findall(output)
    ]


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_swatches_show_each_color_over_black_and_over_white(channels):
    compressed = striped(channels=channels)
    compressed.save("a.fkq")
    found = swatches("\n".join(listing(read_facts("a.fkq"), colored=True)))
    assert len(found) == 5
    for (black, white, name), color in zip(found, compressed.palette.tolist(), strict=True):
        alpha = color[3] / 255 if channels == 4 else 1
        seen = np.resize(color[:3], 3) * alpha
        assert black == pytest.approx(seen, abs=0.5)
        assert white == pytest.approx(seen + 255 * (1 - alpha), abs=0.5)
        assert name == bytes(color).hex()


def on_a_terminal(**environment):
    """Return the output of `fastkq info a.fkq` on a pseudo-terminal."""
    terminal, end = pty.openpty()
    program = [sys.executable, "-m", "fastkq", "info", "a.fkq"]
    process = subprocess.Popen(program, stdout=end, env={**os.environ, "TERM": "xterm", **environment})
    os.close(end)
    output = b""
    with contextlib.suppress(OSError):  # on Linux, reading at the end of a terminal raises
        while piece := os.read(terminal, 1 << 16):
            output += piece
    os.close(terminal)
    assert process.wait() == 0
    return output.decode()


def test_terminal_shows_swatches_unless_no_color_is_set():
    striped().save("a.fkq")
    assert len(swatches(on_a_terminal())) == 5
    assert "\x1b" not in on_a_terminal(NO_COLOR="1")
    assert "\x1b" not in on_a_terminal(TERM="dumb")


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, 0),
        ({"FORCE_COLOR": "1"}, 5),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, 0),
        ({"FORCE_COLOR": ""}, 0),
    ],
)
def test_redirected_output_has_swatches_only_with_force_color(capsys, monkeypatch, environment, expected):
    striped().save("a.fkq")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert len(swatches(info(capsys, "a.fkq"))) == expected


@pytest.mark.parametrize("name", ["a.fkq", "a.png"])
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_damaged_file_is_one_line_of_error(capsys, tmp_path, name, option):
    striped(64).save(name)
    data = (tmp_path / name).read_bytes()
    for damaged in (data[: len(data) // 2], data[:-9] + bytes([data[-9] ^ 1]) + data[-8:], b"", data[:3]):
        (tmp_path / name).write_bytes(damaged)
        code, output, errors = run(capsys, "info", name, *option)
        assert (code, output) == (1, "")
        assert re.match(rf"fastkq: {name}: .*expected ", errors)
        assert errors.count("\n") == 1
