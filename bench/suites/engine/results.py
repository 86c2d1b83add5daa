"""What a run of the engine suite measured, and its comparison with the baseline."""

import json
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

from bench import results
from bench.cases import KS, ROOT
from bench.reference import references
from bench.results import geometric_mean, mean

BASELINE = ROOT / "bench" / "baseline.json"
ERROR_LIMIT = 1.01  # of the error of a single scikit-learn run: the most that fastkq's may be, on the mean


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
        """PSNR in dB of three channels; infinite without error."""
        return 10 * math.log10(3 * 255**2 / self.error) if self.error else math.inf


class Run(results.Run):
    """The rows, the times of the stages and of whole processes, and the errors on published images."""

    suite = "engine"
    row_type = Row

    def __init__(self, measured: dict[str, Any]) -> None:
        super().__init__(measured)
        self.stages: list[dict[str, Any]] = measured["stages"]
        self.startup: dict[str, float] = measured["startup"]
        self.speedups: dict[str, list[float]] = measured["speedups"]
        self.published: dict[str, dict[str, float]] = measured["published"]

    def sets(self) -> list[str]:
        """Return the names of the image sets."""
        return list(dict.fromkeys(row.set for row in self.rows))

    def of(self, name: str, k: int, method: str) -> dict[str, Row]:
        """Return the rows of a set, k and method by image."""
        rows = (row for row in self.rows if (row.set, row.k, row.method) == (name, k, method))
        return {row.image: row for row in rows}

    def time(self, name: str, k: int, method: str) -> float:
        """Return the geometric mean over a set of the seconds; nan if the method was not run."""
        return geometric_mean(row.seconds for row in self.of(name, k, method).values())

    def ratio(self, name: str, k: int, method: str, to: str = "fastkq") -> float:
        """Return the geometric mean over a set of a method's time over another's, nan without any."""
        ours, theirs = self.of(name, k, to), self.of(name, k, method)
        return geometric_mean(
            theirs[image].seconds / ours[image].seconds for image in theirs if image in ours
        )

    def error(self, name: str, k: int, method: str) -> float:
        """Return the mean error over a set."""
        return mean(row.error for row in self.of(name, k, method).values())

    def psnr(self, name: str, k: int, method: str) -> float:
        """Return the mean PSNR over a set."""
        return mean(row.psnr for row in self.of(name, k, method).values())

    def noise(self, name: str) -> float:
        """Return the largest factor, as a logarithm, between two timings of fastkq on one image of a set.

        fastkq is timed before its peers and again after them: the two differ only by noise and drift.
        """
        return max(
            abs(math.log(row.seconds / self.of(name, k, "fastkq again")[image].seconds))
            for k in KS
            for image, row in self.of(name, k, "fastkq").items()
        )


def baseline_of(run: Run) -> dict[str, Any]:
    """Return what later runs are compared with: time ratios, since they hold on other machines, and noise."""
    return {
        name: {
            "noise": round(run.noise(name), 4),
            **{
                method: {str(k): float(f"{run.ratio(name, k, method):.4g}") for k in KS}
                for method in ("scikit-learn", "copy")
                if not math.isnan(run.ratio(name, KS[0], method))
            },
        }
        for name in run.sets()
    }


def failures(run: Run) -> Iterator[str]:
    """Yield each error that is too large and each time that is above the baseline, in words."""
    yield from _errors_too_large(run)
    yield from _slower_than_baseline(run)


def _errors_too_large(run: Run) -> Iterator[str]:
    reference = references("kodak")
    for k in KS:
        kodak = run.of("kodak", k, "fastkq")
        if kodak and reference:
            ours = mean(row.error for row in kodak.values())
            theirs = mean(reference[image, k].mean for image in kodak)
            if ours > ERROR_LIMIT * theirs:
                yield f"kodak, k = {k}: error {ours:.2f}, above {ERROR_LIMIT} x {theirs:.2f} of scikit-learn"
        ours = run.error("china.jpg", k, "fastkq")
        theirs = run.error("china.jpg", k, "scikit-learn")
        if ours > ERROR_LIMIT * theirs:
            yield f"china.jpg, k = {k}: error {ours:.2f}, above {ERROR_LIMIT} x {theirs:.2f} of scikit-learn"


def _slower_than_baseline(run: Run) -> Iterator[str]:
    baseline = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    for name in set(run.sets()) & set(baseline):
        allowed = math.exp(baseline[name]["noise"] + run.noise(name))
        for method in ("scikit-learn", "copy"):
            for k, before in baseline[name].get(method, {}).items():
                now = run.ratio(name, int(k), method)
                if now * allowed < before:
                    yield (
                        f"{name}, k = {k}: {method} takes {now:.3g} times fastkq's time, {before:.3g} in "
                        f"the baseline, and the noise explains a factor of {allowed:.2f}"
                    )
