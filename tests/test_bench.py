"""What the benchmark of the coding says of itself; its figures are another matter."""

from pathlib import Path

import numpy as np
import pytest

from bench import report, vectors
from bench.cases import Case
from bench.coding import parts, sizes
from bench.coding import tables as coding_tables
from bench.coding.formats import FORMATS, Format
from bench.coding.results import Coded
from bench.coding.sizes import Sized
from bench.targets import coding_targets
from fastkq.color.indexed_image import Box
from fastkq.formats.fkq import Part
from fastkq.formats.fkq.layout import cut, needed

NOTHING = {"machine": {}, "versions": {}, "sizes": [], "speeds": [], "regions": [], "cuts": []}


def test_what_was_not_measured_is_neither_reached_nor_missed_and_has_no_table() -> None:
    assert {target.verdict for target in coding_targets(Coded(NOTHING))} == {"not measured"}
    assert "|" not in coding_tables.markdown(Coded(NOTHING))


def test_a_ratio_is_the_mean_over_images_and_not_of_the_sums() -> None:
    rows = [Sized("kodak", "small", 16, 80, {"context": 10, "png": 20}),
            Sized("kodak", "large", 16, 800, {"context": 1000, "png": 1000}),
            Sized("kodak", "not encoded", 16, 8, {"context": 3})]  # fmt: skip
    coded = Coded({**NOTHING, "sizes": [row._asdict() for row in rows]})
    assert coded.ratio("kodak", 16, "png") == pytest.approx(0.75)
    assert coded.bits_per_pixel("kodak", None) == pytest.approx((1 + 10 + 3) / 3)
    assert np.isnan(coded.ratio("kodak", 64, "png"))


def test_a_report_writes_between_the_markers_of_what_was_measured_and_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readme = tmp_path / "README.md"
    kept = "before\n<!-- bench:start -->\nthat time\n<!-- bench:end -->\n<!-- coding:start -->\n"
    readme.write_text(kept + "old\n<!-- coding:end -->\nafter\n")
    monkeypatch.setattr(report, "README", readme)
    report.write(None, Coded({**NOTHING, "machine": {"processor": "a slide rule"}}))
    assert readme.read_text() == kept + "Measured on a slide rule.\n<!-- coding:end -->\nafter\n"


def test_a_rival_is_asked_once_for_an_image_and_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    rival = Format("a rival", lambda: "1", lambda compressed: asked.append(compressed.k) or b"12345")
    monkeypatch.setitem(FORMATS, "rival", rival)
    monkeypatch.setattr(sizes, "KNOWN", tmp_path / "rivals.csv")
    monkeypatch.setattr(Case, "read", lambda case: np.arange(256, dtype=np.uint8).reshape(16, 16))
    monkeypatch.setattr(sizes, "images", lambda name, quick: [Case(name, "ramp", Path("ramp"), 0)])
    rows = [list(sizes.measure({"rival": version}, quick=False)) for version in ("1", "1", "2")]
    assert asked == [16, 64, 256] * 2  # both sets hold the same image
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][0].nbytes["rival"] == 5


def test_no_region_decodes_more_pixels_than_the_worst(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "SIDE", 5)
    height, width = 41, 33
    grid = [Part(box, 0, 0, 0) for box in cut(height, width, 4, 3)]

    def decoded(top: int, left: int) -> int:
        region = Box(top, left, 5, 5)
        return sum(rows * grid[number].box.width for number, rows in needed(grid, region))

    worst = parts.worst_region(grid, height, width)
    assert worst[2:] == (5, 5)
    everywhere = [decoded(top, left) for top in range(height - 4) for left in range(width - 4)]
    assert decoded(*worst[:2]) == max(everywhere)


def test_of_vectors_the_table_says_how_many_times_as_fast_and_what_is_aimed_at() -> None:
    problem = vectors.Problem(1000, 3, 64, aim=8)
    last = vectors.markdown([vectors.Row(problem, 0.5, 5.0, 1.0)]).splitlines()[2]
    assert last == "| 1,000 | 3 | 64 | float32 | 0.5 s | 5 s | 10 | 8 | 1.000000 |"
