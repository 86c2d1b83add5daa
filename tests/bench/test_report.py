"""`bench.report`: the tables that it writes, and the tables that it keeps."""

import json
from pathlib import Path

import pytest

import bench.results
from bench import report
from bench.suites import SUITES, load

NO_SIZES = {"versions": {}, "sizes": [], "speeds": [], "regions": [], "cuts": []}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use a temporary folder for build/bench, RESULTS.md and README.md; return it."""
    monkeypatch.setattr(bench.results, "FOLDER", tmp_path)
    monkeypatch.setattr(report, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(report, "README", tmp_path / "README.md")
    report.README.write_text("before\n<!-- table:start -->\nold\n<!-- table:end -->\nafter\n")
    return tmp_path


def write(folder: Path, suite: str, **measured: object) -> None:
    machine = {"processor": "a slide rule"}
    (folder / f"{suite}.json").write_text(json.dumps({"machine": machine, **measured}))


def test_report_replaces_measured_tables_and_keeps_the_others(folder: Path) -> None:
    kept = "<!-- engine:start -->\nthat time\n<!-- engine:end -->\n"
    report.RESULTS.write_text(kept + "<!-- sizes:start -->\nthose sizes\n<!-- sizes:end -->\n")
    write(folder, "sizes", **NO_SIZES)
    report.write()
    text = report.RESULTS.read_text()
    assert kept in text
    assert "<!-- sizes:start -->\nMeasured on a slide rule.\n<!-- sizes:end -->\n" in text
    assert "those sizes" not in text
    assert report.README.read_text() == "before\n<!-- table:start -->\nold\n<!-- table:end -->\nafter\n"


def test_report_leaves_out_quick_runs(folder: Path) -> None:
    write(folder, "sizes", is_quick=True, **NO_SIZES)
    report.write()
    assert "a slide rule" not in report.RESULTS.read_text()


def test_report_writes_the_readme_table(folder: Path) -> None:
    row = {"set": "kodak", "image": "one", "method": "fastkq", "pixels": 9, "error": 3.0, "seconds": 0.004}
    startup = {"empty cache": 8.0, "warm cache": 0.5}
    rows = [row | {"k": k} for k in (16, 64, 256)]
    write(folder, "engine", rows=rows, stages=[], startup=startup, speedups={}, published={})
    report.write()
    text = report.README.read_text()
    assert text.startswith("before\n<!-- table:start -->\n")
    assert text.endswith("<!-- table:end -->\nafter\n")
    assert "| fastkq | 4.00 ms, 3.00 | 4.00 ms, 3.00 | 4.00 ms, 3.00 |" in text
    assert "old" not in text


def test_text_without_table_marks_is_an_error() -> None:
    with pytest.raises(ValueError, match="expected one <!-- table:start -->"):
        report.replaced("no marks", "table", "new\n")


def test_report_reproduces_the_committed_results() -> None:
    text = report.RESULTS.read_text()
    assert text == report.document({}, text)
    assert all(report._between(text, name) for name in SUITES)


@pytest.mark.parametrize("name", SUITES)
def test_each_suite_has_run_title_tables_and_targets(name: str) -> None:
    suite = load(name)
    assert suite.Run.suite == name
    assert suite.TITLE
    assert suite.INTRODUCTION
    assert all(callable(getattr(suite, call)) for call in ("measure", "table", "targets"))
