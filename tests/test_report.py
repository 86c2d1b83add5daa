import importlib.util
from pathlib import Path

import numpy as np
import pytest

import fastkq
from fastkq.report.comparison import compare, table
from fastkq.report.sheet import contact_sheet
from tests.conftest import noise

DEMO = Path(__file__).parents[1] / "bench" / "demo.py"


def test_rows_say_what_each_k_is_worth():
    image = noise(30, 40, 3)
    rows = compare(image, [2, 16, 300])
    assert [row.k for row in rows] == [2, 16, 300]
    assert [row.png_bytes is None for row in rows] == [False, False, True]
    assert rows[0].psnr < rows[1].psnr < rows[2].psnr
    for row in rows:
        assert row.compressed == fastkq.compress(image, row.k)
        assert row.fkq_bytes == len(row.compressed.to_bytes())
        assert row.packed_bytes == len(row.compressed.to_bytes(coding="packed"))
        assert row.ratio == pytest.approx(30 * 40 * 3 / row.fkq_bytes)
        assert row.bits_per_pixel == pytest.approx(8 * row.fkq_bytes / 1200)


def test_the_table_marks_what_is_larger_than_its_source():
    rows = compare(noise(30, 40, 3), [2, 300])
    between = (rows[0].fkq_bytes + rows[1].fkq_bytes) // 2
    lines = table(rows, between).splitlines()
    assert len(lines) == 3
    cells = lines[1].split()
    assert lines[0].split()[3:6] == [".fkq", "packed", "PNG"]
    assert cells[3:6] == [
        f"{size:,}" for size in (rows[0].fkq_bytes, rows[0].packed_bytes, rows[0].png_bytes)
    ]
    assert "larger" not in lines[1]
    assert lines[2].endswith(".fkq larger than the source")


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 1), (30, 40, 3), (30, 40, 4)])
def test_the_sheet_shows_the_original_and_every_k(shape):
    image = noise(*shape)
    rows = compare(image, [2, 8, 32])
    sheet = np.asarray(contact_sheet(image, rows, columns=2))
    assert sheet.shape == (2 * (240 + 14 + 22 + 12) + 12, 2 * (320 + 12) + 12, 3)
    tile = sheet[12 : 12 + 240, 344 : 344 + 320].reshape(-1, 3)
    if len(shape) == 3 and shape[2] == 3:
        assert {tuple(colour) for colour in np.unique(tile, axis=0)} == set(
            map(tuple, rows[0].compressed.palette)
        )


def test_the_demo_leaves_its_pictures(tmp_path, monkeypatch, capsys):
    spec = importlib.util.spec_from_file_location("demo", DEMO)
    demo = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(demo)
    monkeypatch.setattr(demo, "FOLDER", tmp_path / "demo")
    demo.main()
    output = capsys.readouterr().out
    assert "a JPEG of 196,653 bytes" in output
    assert "larger than the source" not in output
    expected = {f"china-{k}.{suffix}" for k in demo.COLOURS for suffix in ("fkq", "png")} | {
        "contact-sheet.png"
    }
    assert {path.name for path in (tmp_path / "demo").iterdir()} == expected
