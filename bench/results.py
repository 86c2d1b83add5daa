"""What a run measured, and whether it is as good as it was."""

import json
import math
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.cases import COLOURS, RESULTS, reference_errors
from bench.whole_process import PARALLEL_TARGET, STARTUP_TARGETS

MEASURED = RESULTS / "measured.json"
BASELINE = Path(__file__).with_name("baseline.json")
ERROR_LIMIT = 1.01
"""Most that fastkq's error may be of one scikit-learn run's, on the mean."""


class Row(NamedTuple):
    """One method on one image at one k."""

    set: str
    image: str
    k: int
    method: str
    pixels: int
    error: float
    seconds: float


class Results:
    """A run's rows and its whole-process figures."""

    def __init__(self, measured: dict[str, Any]) -> None:
        self.rows = [Row(**row) for row in measured["rows"]]
        self.stages: list[dict[str, Any]] = measured["stages"]
        self.startup: dict[str, float] = measured["startup"]
        self.speedups: dict[str, list[float]] = measured["speedups"]
        self.machine: dict[str, str] = measured["machine"]

    @classmethod
    def read(cls) -> "Results":
        return cls(json.loads(MEASURED.read_text()))

    def sets(self) -> list[str]:
        return list(dict.fromkeys(row.set for row in self.rows))

    def of(self, name: str, k: int, method: str) -> dict[str, Row]:
        """Rows by image."""
        rows = (row for row in self.rows if (row.set, row.k, row.method) == (name, k, method))
        return {row.image: row for row in rows}

    def ratio(self, name: str, k: int, method: str) -> float:
        """Geometric mean over a set of the method's time to fastkq's; nan where it was not run."""
        ours, theirs = self.of(name, k, "fastkq"), self.of(name, k, method)
        logs = [math.log(row.seconds / ours[image].seconds) for image, row in theirs.items()]
        return math.exp(statistics.fmean(logs)) if logs else math.nan

    def error(self, name: str, k: int, method: str) -> float:
        """Mean error over a set."""
        return statistics.fmean([row.error for row in self.of(name, k, method).values()] or [math.nan])

    def noise(self, name: str) -> float:
        """Largest factor, as a logarithm, between two timings of fastkq on one image of a set.

        fastkq is timed before its rivals and again behind them; nothing but noise and the machine's drift
        lies between.
        """
        return max(
            abs(math.log(row.seconds / self.of(name, k, "fastkq again")[image].seconds))
            for k in COLOURS
            for image, row in self.of(name, k, "fastkq").items()
        )


def baseline_of(results: Results) -> dict[str, Any]:
    """What later runs are held against: time ratios, which carry over between machines, and their noise."""
    return {
        name: {
            "noise": round(results.noise(name), 4),
            **{
                method: {str(k): float(f"{results.ratio(name, k, method):.4g}") for k in COLOURS}
                for method in ("scikit-learn", "copy")
                if not math.isnan(results.ratio(name, COLOURS[0], method))
            },
        }
        for name in results.sets()
    }


def failures(results: Results) -> Iterator[str]:
    """Everything that is not as it must be, in words."""
    yield from _errors_too_large(results)
    yield from _slower_than_baseline(results)


def _errors_too_large(results: Results) -> Iterator[str]:
    reference = reference_errors()
    for k in COLOURS:
        kodak = results.of("kodak", k, "fastkq")
        if kodak and reference:
            ours = statistics.fmean(row.error for row in kodak.values())
            theirs = statistics.fmean(reference[image, k] for image in kodak)
            if ours > ERROR_LIMIT * theirs:
                yield f"kodak, k = {k}: error {ours:.2f}, over {ERROR_LIMIT} x {theirs:.2f} of scikit-learn"
        ours = results.error("china.jpg", k, "fastkq")
        theirs = results.error("china.jpg", k, "scikit-learn")
        if ours > ERROR_LIMIT * theirs:
            yield f"china.jpg, k = {k}: error {ours:.2f}, over {ERROR_LIMIT} x {theirs:.2f} of scikit-learn"


def _slower_than_baseline(results: Results) -> Iterator[str]:
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    for name in set(results.sets()) & set(baseline):
        allowed = math.exp(baseline[name]["noise"] + results.noise(name))
        for method in ("scikit-learn", "copy"):
            for k, before in baseline[name].get(method, {}).items():
                now = results.ratio(name, int(k), method)
                if now * allowed < before:
                    yield (
                        f"{name}, k = {k}: {method} takes {now:.3g} times fastkq's time, {before:.3g} in "
                        f"the baseline, and the noise explains a factor of {allowed:.2f}"
                    )


def targets_missed(results: Results) -> Iterator[str]:
    """Figures that are aimed at and were not reached: said, not failed, since they are this machine's."""
    for name, target in STARTUP_TARGETS.items():
        if results.startup[name] > target:
            yield f"start-up with {name}: {results.startup[name]:.2f} s, aimed at {target} s"
    for stage, (one, two) in results.speedups.items():
        if one / two < PARALLEL_TARGET:
            yield f"{stage}: two threads are {one / two:.2f} times as fast as one, aimed at {PARALLEL_TARGET}"
