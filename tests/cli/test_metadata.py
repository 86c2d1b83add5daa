"""Metadata by the command: warnings about color spaces, `--strip`, and `--bytes` that metadata prevents."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from tests.helpers import icc_profiles, png_chunks
from tests.helpers.command_line import info, info_fields, run
from tests.helpers.images import noise
from tests.helpers.metadata_tags import P3

XMP = b"<x:xmpmeta/>"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_a_lost_color_space_is_one_line_on_standard_error(capsys):
    Image.fromarray(noise(40, 40, 3)).save("a.png", icc_profile=P3)
    expected = (
        "fastkq: warning: a.gif: the color space of the image (ICC profile for RGB) cannot be kept in GIF, "
        "viewers will show its colors as sRGB: save as .png or .fkq\n"
    )
    code, _, errors = run(capsys, "compress", "a.png", "-k", 4, "-o", "a.gif")
    assert (code, errors) == (0, expected)
    assert run(capsys, "compress", "a.png", "-k", 4, "-o", "b.gif", "--strip")[2] == ""
    assert run(capsys, "compress", "a.png", "-k", 4, "-o", "a.fkq")[2] == ""
    code, _, errors = run(capsys, "decompress", "a.fkq", "-o", "a.gif", "--force")
    assert (code, errors) == (0, expected)
    assert run(capsys, "decompress", "a.fkq", "-o", "b.png")[2] == ""


def test_cmyk_is_converted_and_a_damaged_profile_is_warned_about(capsys):
    inks = np.full((8, 8, 4), 60, np.uint8)
    image = Image.fromarray(inks, "CMYK")
    image.save("a.jpg", icc_profile=icc_profiles.cmyk(), quality=100)
    image.save("b.jpg", icc_profile=b"damaged", quality=100)
    assert run(capsys, "compress", "a.jpg", "-o", "a.png")[2] == ""
    expected = icc_profiles.srgb_of_lab(icc_profiles.lab_of_inks(inks / 255))
    np.testing.assert_allclose(fastkq.decompress("a.png"), expected, atol=3)
    code, _, errors = run(capsys, "compress", "b.jpg", "-o", "b.png")
    assert code == 0
    assert errors.startswith(
        "fastkq: warning: b.jpg: colors are read without the ICC profile, which cannot be"
    )


def test_strip_leaves_out_color_space_and_xmp(capsys):
    Image.fromarray(noise(8, 8, 3)).save("a.png")
    data = png_chunks.added(
        Path("a.png").read_bytes(),
        (b"gAMA", (55556).to_bytes(4, "big")),
        (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
    )
    Path("a.png").write_bytes(data)
    for name in ("b.fkq", "b.png"):
        run(capsys, "compress", "a.png", "-k", 4, "-o", name)
        metadata = info_fields(info(capsys, name))["metadata"]
        assert metadata == "XMP of 12 bytes, gamma 0.55556"
        assert json.loads(info(capsys, name, "--json"))["metadata"]["gamma"] == 0.55556
        run(capsys, "compress", "a.png", "-k", 4, "-o", name, "--force", "--strip")
        assert info_fields(info(capsys, name))["metadata"] == "none"


def test_info_lists_color_spaces(capsys):
    metadata = fastkq.Metadata(srgb=1, chromaticity=(0.3127, 0.329) + (0.25,) * 6, cicp=(9, 16, 0, 1))
    fastkq.CompressedImage(noise(4, 3), noise(5, 5) % 4, metadata=metadata).save("a.fkq")
    assert info_fields(info(capsys, "a.fkq"))["metadata"] == (
        "code points 9/16/0/1, sRGB with intent 1, chromaticities 0.3127/0.329/0.25/0.25/0.25/0.25/0.25/0.25"
    )


def test_bytes_that_metadata_prevents_names_strip(capsys):
    Image.fromarray(noise(9, 9, 3)).save("a.png", icc_profile=P3)
    code, _, errors = run(capsys, "compress", "a.png", "--bytes", 300, "-o", "b.png")
    assert code == 1
    assert "expected --bytes of at least" in errors
    assert errors.endswith(" bytes of metadata, got 300: leave it out with --strip\n")
    assert run(capsys, "compress", "a.png", "--bytes", 300, "-o", "b.png", "--strip")[0] == 0
    assert Path("b.png").stat().st_size <= 300
