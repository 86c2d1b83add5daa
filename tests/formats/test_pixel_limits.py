"""Limits on the pixels of a file: `max_pixels`, and Pillow's own where the user has set it."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

import fastkq
from fastkq.api.facts import read_facts
from fastkq.errors import FormatError
from fastkq.runtime.options import MAX_PIXELS
from tests.helpers.command_line import run
from tests.helpers.images import noise

PILLOW_LIMIT = Image.MAX_IMAGE_PIXELS


def file_of(height, width, name="PNG"):
    stream = io.BytesIO()
    Image.fromarray(np.zeros((height, width), bool)).save(stream, name)
    return stream.getvalue()


def indexed():
    stream = io.BytesIO()
    fastkq.compress(noise(10, 11, 3), 5).to_pil().save(stream, "PNG")
    return stream.getvalue()


CALLS = {
    "compress": lambda data, **limit: fastkq.compress(data, 2, **limit),
    "apply_palette": lambda data, **limit: fastkq.apply_palette(data, [[0, 0, 0]], **limit),
    "fit_palette": lambda data, **limit: fastkq.fit_palette(data, 2, **limit),
    "count_colors": lambda data, **limit: fastkq.count_colors(data, **limit),
    "curve": lambda data, **limit: fastkq.curve(data, [2], **limit),
    "load": fastkq.load,
    "decompress": fastkq.decompress,
    "info": read_facts,
}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("kind", ["png", "fkq"])
def test_every_function_that_reads_files_has_max_pixels(name, kind):
    data = indexed() if kind == "png" else fastkq.compress(noise(10, 11, 3), 5).to_bytes()
    CALLS[name](data, max_pixels=110)
    with pytest.raises(FormatError, match=r"at most 109 pixels \(max_pixels\), the header has 10 x 11"):
        CALLS[name](data, max_pixels=109)


def test_command_has_the_option_and_names_it(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(indexed())
    fastkq.compress(noise(10, 11, 3), 5).save("a.fkq")
    for command in (
        ["compress", "a.png", "-o", "b.fkq"],
        ["decompress", "a.fkq", "-o", "b.png"],
        ["info", "a.png"],
    ):
        code, _, errors = run(capsys, *command, "--max-pixels", "109")
        assert code == 1
        assert "expected at most 109 pixels (--max-pixels), the header has 10 x 11" in errors
        assert run(capsys, *command, "--max-pixels", "110")[0] == 0


@pytest.mark.parametrize("name", ["PNG", "TIFF", "GIF"])
def test_a_file_above_the_default_of_pillow_is_read_without_a_warning(name):
    """Pillow warns above its limit, and refuses twice as many pixels."""
    side = 13400
    assert PILLOW_LIMIT == MAX_PIXELS // 4 // 3
    assert 2 * PILLOW_LIMIT < side * side < MAX_PIXELS
    picture = fastkq.formats.decode(fastkq.formats.source.InMemory(file_of(side, side, name)))
    assert picture.image.size == (side, side)
    assert Image.MAX_IMAGE_PIXELS == PILLOW_LIMIT


def test_the_limit_of_the_user_holds(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 60)
    with pytest.warns(Image.DecompressionBombWarning, match="exceeds limit of 60 pixels") as found:
        fastkq.compress(file_of(10, 11), 2)
    assert len(found) == 1
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 50)
    with pytest.raises(FormatError, match="exceeds limit of 100 pixels"):
        fastkq.compress(file_of(10, 11), 2)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    assert fastkq.compress(file_of(10, 11), 2).shape == (10, 11)


def other_files():
    """Return files of 10 x 11 pixels that are decoded without Pillow."""
    values = np.zeros((10, 11), np.float64)
    npy, tiff = io.BytesIO(), io.BytesIO()
    np.save(npy, values)
    tifffile.imwrite(tiff, values, photometric="minisblack")
    return {"npy": npy.getvalue(), "tiff": tiff.getvalue(), "pgm": b"P5 11 10 65535\n" + bytes(220)}


@pytest.mark.parametrize("name", other_files())
def test_the_limit_of_the_user_holds_for_files_that_pillow_does_not_decode(monkeypatch, name):
    data = other_files()[name]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 55)
    assert fastkq.compress(data, 2).shape == (10, 11)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 54)
    with pytest.raises(
        FormatError, match=r"at most 108 pixels \(twice PIL\.Image\.MAX_IMAGE_PIXELS\), .* 10 x 11"
    ):
        fastkq.compress(data, 2)
