"""What a run measured, and whether it is as good as it was."""

import json
import math
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.cases import COLOURS, RESULTS
from bench.reference import references

MEASURED = RESULTS / "measured.json"
SCALING = RESULTS / "scaling.json"
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

    @property
    def psnr(self) -> float:
        """In dB, of three channels; infinite where nothing was lost."""
        return 10 * math.log10(3 * 255**2 / self.error) if self.error else math.inf


class Scaled(NamedTuple):
    """fastkq in a process of its own on a tiled photograph; bytes above those it held before the call."""

    effort: str
    k: int
    channels: int
    pixels: int
    seconds: float
    peak_bytes: int
    output_bytes: int


class Results:
    """A run's rows and its whole-process figures, and those of the last run that measured scaling."""

    def __init__(self, measured: dict[str, Any], scaling: list[dict[str, Any]]) -> None:
        self.rows = [Row(**row) for row in measured["rows"]]
        self.stages: list[dict[str, Any]] = measured["stages"]
        self.startup: dict[str, float] = measured["startup"]
        self.speedups: dict[str, list[float]] = measured["speedups"]
        self.machine: dict[str, str] = measured["machine"]
        self.literature: dict[str, dict[str, float]] = measured["literature"]
        self.scaling = [Scaled(**row) for row in scaling]

    @classmethod
    def read(cls) -> "Results":
        scaling = json.loads(SCALING.read_text()) if SCALING.exists() else []
        return cls(json.loads(MEASURED.read_text()), scaling)

    def sets(self) -> list[str]:
        return list(dict.fromkeys(row.set for row in self.rows))

    def of(self, name: str, k: int, method: str) -> dict[str, Row]:
        """Rows by image."""
        rows = (row for row in self.rows if (row.set, row.k, row.method) == (name, k, method))
        return {row.image: row for row in rows}

    def time(self, name: str, k: int, method: str) -> float:
        """Geometric mean over a set of the seconds; nan where it was not run."""
        rows = self.of(name, k, method).values()
        return _geometric_mean([row.seconds for row in rows])

    def ratio(self, name: str, k: int, method: str, to: str = "fastkq") -> float:
        """Geometric mean over a set of a method's time to another's; nan where they were not run."""
        ours, theirs = self.of(name, k, to), self.of(name, k, method)
        return _geometric_mean(
            [theirs[image].seconds / ours[image].seconds for image in theirs if image in ours]
        )

    def error(self, name: str, k: int, method: str) -> float:
        """Mean error over a set."""
        return _mean([row.error for row in self.of(name, k, method).values()])

    def psnr(self, name: str, k: int, method: str) -> float:
        """Mean PSNR over a set."""
        return _mean([row.psnr for row in self.of(name, k, method).values()])

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


def _mean(values: list[float]) -> float:
    return statistics.fmean(values) if values else math.nan


def _geometric_mean(values: list[float]) -> float:
    return statistics.geometric_mean(values) if values else math.nan


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
    reference = references("kodak")
    for k in COLOURS:
        kodak = results.of("kodak", k, "fastkq")
        if kodak and reference:
            ours = statistics.fmean(row.error for row in kodak.values())
            theirs = statistics.fmean(reference[image, k].mean for image in kodak)
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
