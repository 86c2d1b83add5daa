"""Suite `engine`: comparisons of methods, the table in the README, and the baseline."""

import json
from pathlib import Path

import pytest

from bench.peers import METHODS
from bench.suites import engine
from bench.suites.engine import Run, results, tables
from bench.suites.engine.results import Row

KS = (16, 64, 256)


def measured(seconds: dict[str, float], images: tuple[str, ...] = ("one", "two")) -> Run:
    rows = [
        Row("kodak", image, k, method, 100, 2.0, time)._asdict()
        for image in images
        for k in KS
        for method, time in seconds.items()
    ]
    times = {"empty cache": 8.0, "warm cache": 0.5}
    return Run({"machine": {}, "rows": rows, "stages": [], "startup": times, "speedups": {}, "published": {}})


def test_ratio_uses_images_that_both_methods_ran_on() -> None:
    run = measured({"fastkq": 0.001, "scikit-learn": 0.1})
    run.rows = [row for row in run.rows if (row.image, row.method) != ("two", "scikit-learn")]
    assert run.ratio("kodak", 16, "scikit-learn") == pytest.approx(100)
    assert "scikit-learn KMeans\\* | 100 ms (100 x), 2.00, " in engine.table(run)
    assert "\\* scikit-learn KMeans on one, where fastkq's SE/px is 2.00 / 2.00 / 2.00." in engine.table(run)


def test_readme_table_has_at_most_eight_methods() -> None:
    assert len(tables._README_METHODS) <= 8
    run = measured(dict.fromkeys(METHODS, 0.00123))
    rows = [line for line in engine.readme_table(run).splitlines() if line.startswith("| ")][2:]
    assert len(rows) == len(tables._README_METHODS)
    assert rows[0] == "| fastkq | 1.23 ms, 2.00 | 1.23 ms, 2.00 | 1.23 ms, 2.00 |"


def test_readme_table_of_an_empty_run_is_empty() -> None:
    assert engine.readme_table(measured({})) == ""


def test_run_slower_than_the_baseline_beyond_noise_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = measured({"fastkq": 0.001, "fastkq again": 0.0011, "scikit-learn": 0.1})
    monkeypatch.setattr(results, "BASELINE", tmp_path / "baseline.json")
    monkeypatch.setattr(results, "references", lambda name: {})
    results.BASELINE.write_text(json.dumps(engine.baseline_of(before)))
    assert not list(engine.failures(before))
    slower = measured({"fastkq": 0.002, "fastkq again": 0.0021, "scikit-learn": 0.1})
    assert len(list(engine.failures(slower))) == len(KS)
