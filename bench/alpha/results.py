"""What a run on images with alpha measured, and how it stands to what is aimed at."""

import json
import math
import statistics
from collections.abc import Iterator
from typing import Any, NamedTuple

from bench.cases import COLOURS, RESULTS
from bench.targets import Target

MEASURED = RESULTS / "alpha.json"
SHARE_BELOW = 0.8  # of the files


class Row(NamedTuple):
    """Composited squared error and seconds of a method on an image."""

    image: str
    k: int
    method: str
    error: float
    seconds: float


class Verdicts(NamedTuple):
    """On how many files fastkq's error is below a rival's and is not; files that both keep exactly aside."""

    below: int
    not_below: int

    @property
    def share_below(self) -> float:
        """nan where there are none."""
        return self.below / sum(self) if sum(self) else math.nan


class Alpha:
    """All of it."""

    def __init__(self, measured: dict[str, Any]) -> None:
        self.machine: dict[str, str] = measured["machine"]
        self.rows = [Row(**row) for row in measured["rows"]]

    @classmethod
    def read(cls) -> "Alpha":
        return cls(json.loads(MEASURED.read_text()))

    def of(self, k: int, method: str) -> dict[str, Row]:
        """A method's rows by image."""
        return {row.image: row for row in self.rows if (row.k, row.method) == (k, method)}

    def error(self, k: int, method: str) -> float:
        """Mean over the images; nan where it was not run."""
        errors = [row.error for row in self.of(k, method).values()]
        return statistics.fmean(errors) if errors else math.nan

    def seconds(self, k: int, method: str) -> float:
        """Geometric mean over the images."""
        return statistics.geometric_mean(row.seconds for row in self.of(k, method).values())

    def verdicts(self, k: int, rival: str, ours: str = "fastkq") -> Verdicts:
        """fastkq against a rival, file by file."""
        own = self.of(k, ours)
        pairs = [(own[image].error, row.error) for image, row in self.of(k, rival).items()]
        inexact = [our < their for our, their in pairs if our or their]
        return Verdicts(sum(inexact), len(inexact) - sum(inexact))


def targets(alpha: Alpha) -> Iterator[Target]:
    """Below both rivals on the mean, and on most of the files on which one of the two is not exact."""
    for rival in ("imagequant", "FASTOCTREE"):
        for k in COLOURS:
            ratio = alpha.error(k, "fastkq") / alpha.error(k, rival)
            yield Target(f"alpha, k = {k}: error over that of {rival}", ratio, 1.0)
            words = f"alpha, k = {k}: share of the files below {rival}, of those that not both keep exactly"
            yield Target(words, alpha.verdicts(k, rival).share_below, SHARE_BELOW, at_least=True)
