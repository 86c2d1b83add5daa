"""Conversion between file formats: an image with a palette stays unchanged unless -k is given."""

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.color.metadata import Metadata
from tests.helpers.command_line import run
from tests.helpers.images import noise


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("suffix", [".png", ".webp", ".gif", ".tif", ".bmp"])
@pytest.mark.parametrize("command", ["compress", "decompress"])
def test_fkq_files_convert_to_any_format_without_loss(capsys, suffix, command):
    fastkq.compress(noise(24, 32, 3), 9).save("photo.fkq")
    code, _, _ = run(capsys, command, "photo.fkq", "-o", f"out{suffix}")
    assert code == 0
    with Image.open(f"out{suffix}") as image:
        pixels = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(pixels, fastkq.decompress("photo.fkq"))


@pytest.fixture
def indexed():
    """Write indexed.png, whose palette has 100 colors in random order, two of them equal; return its name."""
    palette = np.vstack((noise(99, 3), noise(1, 3)))
    indices = np.random.default_rng(0).integers(0, 100, (20, 30))
    fastkq.CompressedImage(palette, indices, metadata=Metadata(dpi=(300, 300))).save("indexed.png")
    return "indexed.png"


def test_an_image_with_a_palette_keeps_it(indexed, capsys):
    code, output, _ = run(capsys, "compress", indexed)
    assert code == 0
    assert output.endswith("100 colors, palette unchanged\n")
    assert fastkq.load("indexed.fkq") == fastkq.load(indexed)
    assert run(capsys, "compress", "indexed.fkq", "-o", "back.png")[0] == 0
    assert fastkq.load("back.png") == fastkq.load(indexed)


@pytest.mark.parametrize("source", ["indexed.png", "indexed.fkq"])
def test_explicit_k_quantizes_a_palette_image(indexed, capsys, source):
    run(capsys, "compress", indexed)
    code, output, _ = run(capsys, "compress", source, "-k", 64, "-o", "fewer.fkq")
    assert code == 0
    assert "64 colors, PSNR " in output
    assert fastkq.load("fewer.fkq") == fastkq.compress(fastkq.load(indexed).decompress(), 64)


@pytest.mark.parametrize(("options", "kept"), [([], True), (["--strip"], False)])
@pytest.mark.parametrize("k", [[], ["-k", 5]])
def test_metadata_is_kept_unless_stripped(indexed, capsys, k, options, kept):
    assert run(capsys, "compress", indexed, *k, "-o", "out.tif", *options)[0] == 0
    with Image.open("out.tif") as image:
        assert (image.info["dpi"] == pytest.approx((300, 300), abs=0.02)) == kept


def test_optimize_makes_a_smaller_png(capsys):
    Image.fromarray(np.add.outer(np.arange(90), np.arange(90)).astype(np.uint8)).save("ramp.png")
    assert run(capsys, "compress", "ramp.png", "-k", 16, "-o", "plain.png")[0] == 0
    assert run(capsys, "compress", "ramp.png", "-k", 16, "-o", "small.png", "--optimize")[0] == 0
    sizes = [Path(name).stat().st_size for name in ("small.png", "plain.png")]
    assert sizes == sorted(set(sizes))
    np.testing.assert_array_equal(*(fastkq.load(name).decompress() for name in ("small.png", "plain.png")))


def test_optimize_without_pyoxipng_fails_before_any_work(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "oxipng", None)
    monkeypatch.setattr("fastkq.api.compress.compress", lambda *_, **__: pytest.fail("it compressed"))
    Image.fromarray(noise(4, 4, 3)).save("photo.png")
    code, _, errors = run(capsys, "compress", "photo.png", "-o", "small.png", "--optimize")
    assert code == 2
    assert (
        errors
        == "fastkq: expected pyoxipng for a smaller PNG, got none: from a clone, pip install '.[png]'\n"
    )
