"""The contact sheet."""

import importlib.util
import sys
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from fastkq import CompressedImage
from fastkq.compare import sheet
from fastkq.compare.comparison import Original, Row, compare
from fastkq.compare.sheet import contact_sheet
from fastkq.errors import ArgumentError, MissingExtraError
from tests.helpers.images import noise, read_image


def averaged(pixels, step):
    height, width = (side // step for side in pixels.shape[:2])
    return pixels.reshape(height, step, width, step, -1).mean(axis=(1, 3))


def sheet_of(original, rows, **options):
    with Image.open(BytesIO(contact_sheet(original, rows, **options))) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize(
    ("shape", "step", "scale"),
    [((30, 40), 1, 3), ((30, 40, 1), 1, 3), ((30, 40, 3), 1, 3), ((40, 30, 4), 1, 3), ((270, 360, 3), 3, 1)],
)
def test_a_sheet_shows_the_pixels_of_the_original_and_of_every_k(monkeypatch, shape, step, scale):
    monkeypatch.setattr(sheet, "_SMALL", 120)
    monkeypatch.setattr(sheet, "_TILE", 120)
    monkeypatch.setattr(sheet, "_CAPTIONED", 0)
    image = noise(*shape)
    image[..., 3:] = 255
    rows = compare(image, [2, 8, 32])
    picture = sheet_of(Original("a.png", image, 2000), rows, columns=2)
    assert (picture[:, :6] == picture[0, 0]).all()
    assert (picture[:, -6:] == picture[0, 0]).all()
    height, width = (side * scale // step for side in shape[:2])
    for place, row in enumerate([None, *rows]):
        pixels = image if row is None else row.compressed.decompress()
        shown = averaged(pixels.reshape(*shape[:2], -1)[:, :, :3], step).repeat(scale, 0).repeat(scale, 1)
        top, left = 16 + place // 2 * (height + 56), 16 + place % 2 * (width + 16)
        assert np.abs(picture[top : top + height, left : left + width] - shown).max() <= (
            0.6 if step > 1 else 0
        )
        if row is not None:
            strip = picture[top + height + 8, left : left + width]
            shares = np.bincount(row.compressed.indices.reshape(-1)) / row.compressed.indices.size
            found = [(strip == color).all(axis=1).mean() for color in row.compressed.palette[:, :3]]
            assert found == pytest.approx(shares.tolist(), abs=1 / width)


def test_lossless_point_is_at_the_top_of_the_plot():
    rows = compare(noise(6, 7, 3), [2, 8, 64])
    axes = Figure().add_axes((0, 0, 1, 1))
    sheet._plot(axes, rows, 100)
    assert axes.get_yticklabels()[-1].get_text() == "∞"
    heights = axes.lines[0].get_ydata()
    assert heights[0] == rows[0].psnr
    assert heights[1] == rows[1].psnr
    assert heights[2] == axes.get_yticks()[-1] > rows[1].psnr


def test_flat_picture_has_visible_height_and_large_one_two_columns():
    flat, large = np.zeros((4, 3000), np.uint8), np.zeros((20, 1400), np.uint8)
    flat[:, ::2] = large[:, ::2] = 9
    picture = sheet_of(Original("a.png", flat + 100, 100), compare(flat + 100, [2]))
    assert (picture[16:28, 16 : 16 + 1000] > 90).all()
    assert (picture[16:28, 16 : 16 + 1000] < 120).all()
    widths = [sheet_of(Original("a.png", large, 100), compare(large, [k])).shape[1] for k in (1, 2)]
    assert widths == [2 * 1400 + 3 * 16] * 2


def test_sheet_has_a_plot_unless_all_rows_are_lossless():
    image = noise(6, 7, 3)
    original = Original("a.png", image, 100)
    tall, short = (len(sheet_of(original, compare(image, [k]))) for k in (2, 64))
    assert tall == short + 360


@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_sheet_has_the_format_of_its_suffix_and_no_date(suffix, magic):
    image = noise(6, 7, 3)
    sheet = contact_sheet(Original("a.png", image, 100), compare(image, [2, 64]), suffix)
    assert sheet.startswith(magic)
    assert b"CreationDate" not in sheet
    assert b"<dc:date>" not in sheet


def test_unknown_sheet_format_is_refused():
    image = noise(6, 7, 3)
    with pytest.raises(ArgumentError, match=r"expected one of .png, .pdf, .svg, got '.jpg'"):
        contact_sheet(Original("a.png", image, 100), compare(image, [2]), ".jpg")


def test_a_sheet_leaves_the_settings_of_matplotlib_alone():
    import matplotlib

    before = dict(matplotlib.rcParams), "matplotlib.pyplot" in sys.modules
    image = noise(6, 7, 3)
    contact_sheet(Original("a.png", image, 100), compare(image, [2]))
    assert (dict(matplotlib.rcParams), "matplotlib.pyplot" in sys.modules) == before


def test_without_matplotlib_a_sheet_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "fastkq.compare.sheet")
    with pytest.raises(
        MissingExtraError, match=r"expected matplotlib .* from a clone, pip install '\.\[report\]'"
    ):
        importlib.import_module("fastkq.compare.sheet")


def test_sheet_shows_16_bits_and_floats_with_8_bits():
    flat = noise(6, 8, 3)
    flat[0, 0], flat[0, 1] = 0, 255
    for image in (flat, flat * np.uint16(257), flat / 255.0):
        compressed = CompressedImage(image.reshape(-1, 3), np.arange(48).reshape(6, 8))
        rows = [Row(48, compressed, 1, None, None, 1.0, None, 1.0)]
        sheet = read_image(Image.open(BytesIO(contact_sheet(Original("a.png", image, 9), rows))))
        tiles = sheet[16 : 16 + 270, 16 : 16 + 2 * 376].astype(int)
        if image is flat:
            expected = tiles
        assert np.abs(tiles - expected).max() <= 1
