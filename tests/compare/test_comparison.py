"""Comparison of several k: rows, table and JSON."""

import json

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.compare.comparison import Original, compare, table
from tests.helpers.images import noise, photograph_like


def test_rows_hold_sizes_and_quality_per_k():
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


def test_lossless_ks_share_one_row():
    image = np.arange(14, dtype=np.uint8)[:, None, None] * np.full((14, 9, 3), 17, np.uint8)
    for ks in ([4, 16, 64, 256], [256, 4, 14]):
        rows = compare(image, ks)
        assert sorted(row.k for row in rows) == [4, 14]
        assert {row.k: row.is_lossless for row in rows} == {4: False, 14: True}
        lines = {line.split()[0]: line for line in table(rows, 10**6).splitlines()}
        assert lines["14"].endswith("  all colors of the source")
        assert not lines["4"].endswith("source")


def test_small_rates_are_not_printed_as_0():
    (row,) = compare(np.zeros((2000, 1500), np.uint8), [2])
    assert 0 < row.bits_per_pixel < 0.005
    assert float(table([row], 1000).splitlines()[1].split()[1]) == pytest.approx(row.bits_per_pixel, rel=0.05)


def test_table_marks_files_larger_than_the_source():
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


def test_webp_size_is_close_to_that_of_save(tmp_path):
    (row,) = compare(photograph_like(40, 50), [32])
    row.compressed.save(tmp_path / "a.webp")
    assert row.webp_bytes == pytest.approx((tmp_path / "a.webp").stat().st_size, rel=0.1)


@pytest.mark.parametrize("dtype", ["uint16", "float32"])
def test_png_and_webp_sizes_are_none_above_8_bits(dtype):
    (row,) = compare(noise(6, 7).astype(dtype), [300])
    assert (row.png_bytes, row.webp_bytes, row.psnr) == (None, None, np.inf)


def test_options_of_compress_are_passed_on():
    image = photograph_like(40, 50)
    (row,) = compare(image, [8], dither=0.5, effort="fast")
    assert row.compressed == fastkq.compress(image, 8, dither=0.5, effort="fast")


def test_json_has_no_infinity():
    image = noise(6, 7)
    rows = [json.loads(json.dumps(row.as_json(), allow_nan=False)) for row in compare(image, [3, 256])]
    assert [row["psnr"] is None for row in rows] == [False, True]
    assert [(row["k"], row["colors"]) for row in rows] == [(3, 3), (len(np.unique(image)),) * 2]
    assert [row["lossless"] for row in rows] == [False, True]


def test_original_reads_pixels_size_and_metadata(tmp_path):
    image = noise(6, 7, 3)
    Image.fromarray(image).save(tmp_path / "a.png", dpi=(72, 72))
    compressed = fastkq.compress(tmp_path / "a.png", 5)
    compressed.save(tmp_path / "a.fkq")
    for name, pixels in (("a.png", image), ("a.fkq", compressed.decompress())):
        original = Original.read(tmp_path / name)
        assert (original.name, original.nbytes) == (name, (tmp_path / name).stat().st_size)
        assert (original.pixels == pixels).all()
        assert original.metadata.dpi == pytest.approx((72, 72), abs=0.1)
