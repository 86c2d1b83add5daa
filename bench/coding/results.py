"""What a run of the coding measured."""

import json
import math
import statistics
from collections.abc import Iterable
from typing import Any, NamedTuple

from bench.cases import RESULTS

CODED = RESULTS / "sizes.json"
COLOURS_TIMED = 64
OF_24_MEGAPIXELS = "24 megapixels"


class Sized(NamedTuple):
    """Bytes of one indexed image as whole files: "context", "packed", and formats by name."""

    set: str
    image: str
    k: int
    pixels: int
    nbytes: dict[str, int]


class Timed(NamedTuple):
    """Seconds of a whole call that encodes or decodes an image; the least and the median of the rounds."""

    set: str
    image: str
    call: str
    format: str
    threads: int
    pixels: int
    nbytes: int
    least: float
    median: float


class Region(NamedTuple):
    """Seconds to load a region that lies as badly as it can, and the whole; medians."""

    threads: int
    share_of_pixels: float
    region: float
    whole: float


class Cut(NamedTuple):
    """Bytes of an image cut into parts as usual, and in one part."""

    image: str
    k: int
    pixels: int
    parts: int
    nbytes: int
    in_one: int


class Coded:
    """All of it, and the versions of the formats by name."""

    def __init__(self, measured: dict[str, Any]) -> None:
        self.machine: dict[str, str] = measured["machine"]
        self.versions: dict[str, str] = measured["versions"]
        self.sizes = [Sized(**row) for row in measured["sizes"]]
        self.speeds = [Timed(**row) for row in measured["speeds"]]
        self.regions = [Region(**row) for row in measured["regions"]]
        self.cuts = [Cut(**row) for row in measured["cuts"]]

    @classmethod
    def read(cls) -> "Coded":
        return cls(json.loads(CODED.read_text()))

    def of(self, name: str, k: int | None = None) -> list[Sized]:
        """A set's sizes, at one k or at all."""
        return [row for row in self.sizes if row.set == name and k in (None, row.k)]

    def ratio(self, name: str, k: int | None, rival: str) -> float:
        """Mean over images (and k) of the bytes of "context" over the rival's; nan where it was not run."""
        rows = [row.nbytes for row in self.of(name, k) if rival in row.nbytes]
        return _mean(nbytes["context"] / nbytes[rival] for nbytes in rows)

    def bits_per_pixel(self, name: str, k: int | None) -> float:
        """Mean over images (and k) of those of "context"."""
        return _mean(8 * row.nbytes["context"] / row.pixels for row in self.of(name, k))

    def timed(self, name: str, call: str, coding: str, threads: int = 1) -> list[Timed]:
        """A set's timings."""
        key = (name, call, coding, threads)
        return [row for row in self.speeds if (row.set, row.call, row.format, row.threads) == key]

    def speed(self, name: str, call: str, coding: str, threads: int = 1) -> float:
        """Megapixels a second, of all images one after another, by medians; nan where it was not run."""
        rows = self.timed(name, call, coding, threads)
        return speed(rows) if rows else math.nan


def speed(rows: list[Timed], *, best: bool = False) -> float:
    """Megapixels a second, by the medians or the least times."""
    seconds = sum(row.least if best else row.median for row in rows)
    return sum(row.pixels for row in rows) / seconds / 1e6


def _mean(values: Iterable[float]) -> float:
    listed = list(values)
    return statistics.fmean(listed) if listed else math.nan
