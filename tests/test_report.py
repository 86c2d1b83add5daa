import importlib.util
import json
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import fastkq
from fastkq.compare import sheet
from fastkq.compare.sheet import contact_sheet
from fastkq.compare.table import Original, compare, table
from fastkq.errors import ArgumentError, MissingExtraError
from tests.conftest import noise, photograph_like

DEMO = Path(__file__).parents[1] / "bench" / "demo.py"


def test_rows_say_what_each_k_is_worth():
    image = noise(30, 40, 3)
    rows = compare(image, [2, 16, 300])
    assert [row.k for row in rows] == [2, 16, 300]
    assert [row.png_bytes is None for row in rows] == [False, False, True]
    assert [row.webp_bytes is None for row in rows] == [False, False, False]
    assert rows[0].psnr < rows[1].psnr < rows[2].psnr
    for row in rows:
        assert row.compressed == fastkq.compress(image, row.k)
        assert row.fkq_bytes == len(row.compressed.to_bytes())
        assert row.packed_bytes == len(row.compressed.to_bytes(coding="packed"))
        assert row.ratio == pytest.approx(30 * 40 * 3 / row.fkq_bytes)
        assert row.bits_per_pixel == pytest.approx(8 * row.fkq_bytes / 1200)


def test_where_all_colours_are_kept_there_is_one_row_by_their_number():
    image = np.arange(14, dtype=np.uint8)[:, None, None] * np.full((14, 9, 3), 17, np.uint8)
    for ks in ([4, 16, 64, 256], [256, 4, 14]):
        rows = compare(image, ks)
        assert sorted(row.k for row in rows) == [4, 14]
        assert {row.k: row.is_lossless for row in rows} == {4: False, 14: True}
        told = {line.split()[0]: line for line in table(rows, 10**6).splitlines()}
        assert told["14"].endswith("  all colors of the source")
        assert not told["4"].endswith("source")


def test_small_rates_are_not_told_as_nothing():
    (row,) = compare(np.zeros((2000, 1500), np.uint8), [2])
    assert 0 < row.bits_per_pixel < 0.005
    assert float(table([row], 1000).splitlines()[1].split()[1]) == pytest.approx(row.bits_per_pixel, rel=0.05)


def test_the_table_marks_what_is_larger_than_its_source():
    rows = compare(noise(30, 40, 3), [2, 300])
    between = (rows[0].fkq_bytes + rows[1].fkq_bytes) // 2
    lines = table(rows, between).splitlines()
    assert len(lines) == 3
    cells = lines[1].split()
    assert lines[0].split()[3:7] == [".fkq", "packed", "PNG", "WebP"]
    sizes = rows[0].fkq_bytes, rows[0].packed_bytes, rows[0].png_bytes, rows[0].webp_bytes
    assert cells[3:7] == [f"{size:,}" for size in sizes]
    assert "larger" not in lines[1]
    assert lines[2].endswith(".fkq and WebP larger than the source")


def test_the_webp_is_about_as_large_as_that_of_save(tmp_path):
    (row,) = compare(photograph_like(40, 50), [32])
    row.compressed.save(tmp_path / "a.webp")
    assert row.webp_bytes == pytest.approx((tmp_path / "a.webp").stat().st_size, rel=0.1)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_there_is_no_png_and_no_webp_of_more_than_8_bits(dtype):
    (row,) = compare(noise(6, 7).astype(dtype), [300])
    assert (row.png_bytes, row.webp_bytes, row.psnr) == (None, None, np.inf)


def test_options_of_compress_are_passed_on():
    image = photograph_like(40, 50)
    (row,) = compare(image, [8], dither=0.5, effort="fast")
    assert row.compressed == fastkq.compress(image, 8, dither=0.5, effort="fast")


def test_as_json_there_is_no_infinity():
    image = noise(6, 7)
    rows = [json.loads(json.dumps(row.as_json(), allow_nan=False)) for row in compare(image, [3, 256])]
    assert [row["psnr"] is None for row in rows] == [False, True]
    assert [(row["k"], row["colours"]) for row in rows] == [(3, 3), (len(np.unique(image)),) * 2]
    assert [row["lossless"] for row in rows] == [False, True]


def test_the_original_is_what_the_file_holds(tmp_path):
    image = noise(6, 7, 3)
    Image.fromarray(image).save(tmp_path / "a.png", dpi=(72, 72))
    compressed = fastkq.compress(tmp_path / "a.png", 5)
    compressed.save(tmp_path / "a.fkq")
    for name, pixels in (("a.png", image), ("a.fkq", compressed.decompress())):
        original = Original.read(tmp_path / name)
        assert (original.name, original.nbytes) == (name, (tmp_path / name).stat().st_size)
        assert (original.pixels == pixels).all()
        assert original.metadata.dpi == pytest.approx((72, 72), abs=0.1)


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
            found = [(strip == colour).all(axis=1).mean() for colour in row.compressed.palette[:, :3]]
            assert found == pytest.approx(shares.tolist(), abs=1 / width)


def test_what_is_lossless_stands_above_all_else_in_the_plot_of_the_sheet():
    rows = compare(noise(6, 7, 3), [2, 8, 64])
    axes = Figure().add_axes((0, 0, 1, 1))
    sheet._plot(axes, rows, 100)
    assert axes.get_yticklabels()[-1].get_text() == "∞"
    heights = axes.lines[0].get_ydata()
    assert heights[0] == rows[0].psnr
    assert heights[1] == rows[1].psnr
    assert heights[2] == axes.get_yticks()[-1] > rows[1].psnr


def test_a_flat_picture_can_be_seen_and_a_large_one_has_less_beside_it():
    flat, large = np.zeros((4, 3000), np.uint8), np.zeros((20, 1400), np.uint8)
    flat[:, ::2] = large[:, ::2] = 9
    picture = sheet_of(Original("a.png", flat + 100, 100), compare(flat + 100, [2]))
    assert (picture[16:28, 16 : 16 + 1000] > 90).all()
    assert (picture[16:28, 16 : 16 + 1000] < 120).all()
    widths = [sheet_of(Original("a.png", large, 100), compare(large, [k])).shape[1] for k in (1, 2)]
    assert widths == [2 * 1400 + 3 * 16] * 2


def test_the_sheet_has_a_plot_where_something_was_lost():
    image = noise(6, 7, 3)
    original = Original("a.png", image, 100)
    tall, short = (len(sheet_of(original, compare(image, [k]))) for k in (2, 64))
    assert tall == short + 360


@pytest.mark.parametrize(("suffix", "magic"), [(".png", b"\x89PNG"), (".pdf", b"%PDF"), (".svg", b"<?xml")])
def test_a_sheet_is_what_its_suffix_says_without_the_time_of_day(suffix, magic):
    image = noise(6, 7, 3)
    sheet = contact_sheet(Original("a.png", image, 100), compare(image, [2, 64]), suffix)
    assert sheet.startswith(magic)
    assert b"CreationDate" not in sheet
    assert b"<dc:date>" not in sheet


def test_a_sheet_of_another_format_is_refused():
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


def test_the_demo_leaves_its_pictures(tmp_path, monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    monkeypatch.setattr(demo, "FOLDER", tmp_path / "demo")
    demo.main()
    output = capsys.readouterr().out
    assert "a JPEG of 196,653 bytes" in output
    assert "larger than the source" not in output
    expected = {f"china-{k}.{suffix}" for k in demo.COLORS for suffix in ("fkq", "png")}
    expected |= {"contact-sheet.png", "page.html"}
    assert {path.name for path in (tmp_path / "demo").iterdir()} == expected
