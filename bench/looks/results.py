"""What a run measured."""

import csv
import json
import statistics
from typing import Any, NamedTuple

from bench.cases import RESULTS, SHARED

LOOKS = RESULTS / "looks.json"
REFERENCE = SHARED / "reference" / "looks_kodak.csv"


class Look(NamedTuple):
    """One method on one image at one k: scores and least seconds; butteraugli nan where it was not there."""

    image: str
    k: int
    method: str
    ssimulacra2: float
    butteraugli: float
    seconds: float


class Looks:
    """A run's rows."""

    def __init__(self, measured: dict[str, Any]) -> None:
        self.machine: dict[str, str] = measured["machine"]
        self.rows = [Look(**row) for row in measured["rows"]]

    @classmethod
    def read(cls) -> "Looks":
        return cls(json.loads(LOOKS.read_text()))

    def of(self, method: str, k: int) -> list[Look]:
        return [row for row in self.rows if (row.method, row.k) == (method, k)]

    def mean(self, method: str, k: int, what: str) -> float:
        """Mean over the images of a score or of the seconds."""
        return statistics.fmean(getattr(row, what) for row in self.of(method, k))


def reference(column: str, k: int) -> float:
    """Mean of a column of the reference at one k."""
    with REFERENCE.open() as file:
        return statistics.fmean(float(row[column]) for row in csv.DictReader(file) if int(row["k"]) == k)


def images() -> list[str]:
    """Names of the images that the reference has scores of."""
    with REFERENCE.open() as file:
        return sorted({row["image"] for row in csv.DictReader(file)})
