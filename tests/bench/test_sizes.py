"""Suite `sizes`: ratios, cached sizes of peers, regions, and runs without measurements."""

from pathlib import Path

import numpy as np
import pytest

from bench.cases import Case
from bench.peers import FORMATS, Format
from bench.suites import sizes
from bench.suites.sizes import Run, Size
from fastkq.color.indexed_image import Box
from fastkq.formats.fkq import Part
from fastkq.formats.fkq.layout import grid_boxes, parts_for

EMPTY = {"machine": {}, "versions": {}, "sizes": [], "speeds": [], "regions": [], "cuts": []}


def test_empty_run_is_not_measured_and_has_no_table() -> None:
    assert {target.verdict for target in sizes.targets(Run(EMPTY))} == {"not measured"}
    assert "|" not in sizes.table(Run(EMPTY))


def test_ratio_is_the_mean_of_the_ratios_of_images() -> None:
    rows = [Size("kodak", "small", 16, 80, {"context": 10, "png": 20}),
            Size("kodak", "large", 16, 800, {"context": 1000, "png": 1000}),
            Size("kodak", "not encoded", 16, 8, {"context": 3})]  # fmt: skip
    run = Run({**EMPTY, "sizes": [row._asdict() for row in rows]})
    assert run.ratio("kodak", 16, "png") == pytest.approx(0.75)
    assert run.bits_per_pixel("kodak", None) == pytest.approx((1 + 10 + 3) / 3)
    assert np.isnan(run.ratio("kodak", 64, "png"))


def test_a_peer_encodes_an_image_once_per_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded = []
    peer = Format("a peer", lambda: "1", lambda compressed: encoded.append(compressed.k) or b"12345")
    monkeypatch.setitem(FORMATS, "peer", peer)
    monkeypatch.setattr(sizes, "KNOWN", tmp_path / "peer_sizes.csv")
    monkeypatch.setattr(Case, "read", lambda case: np.arange(256, dtype=np.uint8).reshape(16, 16))
    monkeypatch.setattr(sizes, "images", lambda name, quick: [Case(name, "ramp", Path("ramp"), 0)])
    rows = [list(sizes.measure_sizes({"peer": version}, quick=False)) for version in ("1", "1", "2")]
    assert encoded == [16, 64, 256] * 2  # both sets hold the same image
    assert rows[0] == rows[1] == rows[2]
    assert rows[0][0].nbytes["peer"] == 5


def test_worst_region_decodes_the_most_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "SIDE", 5)
    height, width = 41, 33
    grid = [Part(box, 0, 0, 0) for box in grid_boxes(height, width, 4, 3)]

    def decoded(top: int, left: int) -> int:
        region = Box(top, left, 5, 5)
        return sum(rows * grid[number].box.width for number, rows in parts_for(grid, region))

    worst = sizes.worst_region(grid, height, width)
    assert worst[2:] == (5, 5)
    everywhere = [decoded(top, left) for top in range(height - 4) for left in range(width - 4)]
    assert decoded(*worst[:2]) == max(everywhere)
