"""Suite `alpha`: the error of composites, the verdicts and the table."""

import numpy as np
import pytest

from bench.suites import alpha
from bench.suites.alpha import Row, Run, composited_error
from tests.helpers.images import noise


def test_error_is_the_mean_over_black_gray_and_white_backgrounds() -> None:
    one, other = noise(9, 7, 4), noise(9, 7, 4, seed=1)
    expected = 0.0
    for background in (0, 127.5, 255):
        seen = [
            pixels[..., :3] * (pixels[..., 3:] / 255) + background * (1 - pixels[..., 3:] / 255)
            for pixels in (one, other)
        ]
        expected += ((seen[0] - seen[1]) ** 2).sum(axis=2).mean() / 3
    assert composited_error(one, other) == pytest.approx(expected, rel=1e-12)


def test_differences_under_alpha_0_are_no_error() -> None:
    one, other = noise(5, 5, 4), noise(5, 5, 4, seed=1)
    one[..., 3] = other[..., 3] = 0
    assert not np.array_equal(one, other)
    assert composited_error(one, other) == 0


def measured(*errors: tuple[float, float]) -> Run:
    rows = [
        Row(image, 16, method, value, 0.001)
        for image, (ours, theirs) in zip("abcde", errors, strict=False)
        for method, value in (("fastkq", ours), ("imagequant", theirs))
    ]
    return Run({"machine": {"processor": "a slide rule"}, "rows": [row._asdict() for row in rows]})


def test_files_lossless_in_both_are_not_counted() -> None:
    run = measured((1, 2), (0, 0), (3, 3), (0, 5))
    assert run.verdicts(16, "imagequant") == (2, 1)
    assert run.verdicts(16, "imagequant").share_below == pytest.approx(2 / 3)


def test_empty_run_is_not_measured_and_has_no_table() -> None:
    assert {target.verdict for target in alpha.targets(measured())} == {"not measured"}
    assert alpha.table(measured()) == ""


def test_table_counts_files_won_against_a_peer() -> None:
    table = alpha.table(measured((1.5, 2.25)))
    assert "| alpha (1 images) | imagequant | 2.25, 1 ms, 1 of 1 | - | - |" in table
    assert table.endswith("Measured on a slide rule.\n")
