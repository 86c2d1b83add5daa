"""The script of `make demo`."""

import importlib.util
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "bench" / "demo.py"


@pytest.mark.slow
def test_demo_writes_its_files(tmp_path, monkeypatch, capsys):
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
