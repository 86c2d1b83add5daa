"""Results files of the suites (build/bench/<suite>.json), the machine they belong to, means, and Markdown."""

import json
import math
import os
import platform
import statistics
import textwrap
from collections.abc import Callable, Iterable
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, ClassVar

from bench import THREADS
from bench.cases import ROOT

FOLDER = ROOT / "build" / "bench"


class Run:
    """What the last run of a suite measured.

    Attributes
    ----------
    suite, row_type
        Name of the suite, and the named tuple that one row of its results is.
    machine
        Machine and versions in words, see `machine`.
    is_quick
        Whether only a few small cases were measured.
    rows
        The rows.
    """

    suite: ClassVar[str]
    row_type: ClassVar[type]

    def __init__(self, measured: dict[str, Any]) -> None:
        self.machine: dict[str, str] = measured["machine"]
        self.is_quick: bool = measured.get("is_quick", False)
        self.rows = [self.row_type(**row) for row in measured.get("rows", ())]

    @classmethod
    def read(cls) -> Any:
        """Return the last run, None if the suite was not measured."""
        path = FOLDER / f"{cls.suite}.json"
        return cls(json.loads(path.read_text())) if path.exists() else None

    @classmethod
    def write(cls, packages: Iterable[str], is_quick: bool, **measured: Any) -> None:
        """Write the results file: the machine with the versions of the packages, and what was measured."""
        FOLDER.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"machine": machine(packages), "is_quick": is_quick, **measured}, indent=1)
        (FOLDER / f"{cls.suite}.json").write_text(text)


def _in_columns(row: Any) -> str:
    return "  ".join(f"{value:.4g}" if isinstance(value, float) else str(value) for value in row)


def collected(rows: Iterable[Any], text: Callable[[Any], str] = _in_columns) -> list[dict[str, Any]]:
    """Measure row by row, print each as soon as it is measured, and return all as dictionaries."""
    collection = []
    for row in rows:
        print(text(row), flush=True)
        collection.append(row._asdict())
    return collection


def machine(packages: Iterable[str]) -> dict[str, str]:
    """Describe the machine, and those of the packages that are installed."""
    versions = ((package, version_of(package)) for package in packages)
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "threads": f"at most {THREADS} threads each",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{package} {found}" for package, found in versions if found),
        "date": date.today().isoformat(),
    }


def version_of(package: str) -> str:
    """Return the version of a package, empty if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def mean(values: Iterable[float]) -> float:
    """Return the arithmetic mean, nan if there are no values."""
    listed = list(values)
    return statistics.fmean(listed) if listed else math.nan


def geometric_mean(values: Iterable[float]) -> float:
    """Return the geometric mean, nan if there are no values."""
    listed = list(values)
    return statistics.geometric_mean(listed) if listed else math.nan


def three_digits(value: float) -> str:
    """Format a positive number with three significant digits and without an exponent."""
    exponent = math.floor(math.log10(value))
    return f"{round(value, 2 - exponent):,.{max(0, 2 - exponent)}f}"


def markdown_table(names: Iterable[object], rows: Iterable[Iterable[object]]) -> list[str]:
    """Return the lines of a Markdown table."""
    header = list(names)
    lines = [header, ["---"] * len(header), *rows]
    return [f"| {' | '.join(map(str, cells))} |" for cells in lines]


def paragraph(text: str) -> list[str]:
    """Return the lines of a paragraph."""
    return textwrap.wrap(text, 110, break_long_words=False, break_on_hyphens=False)


def section(parts: Iterable[list[str]], described: dict[str, str]) -> str:
    """Join the parts that are not empty by blank lines, and end with the machine they were measured on."""
    measured_on = ["Measured on " + "; ".join(described.values()) + "."]
    return "\n\n".join("\n".join(part) for part in (*parts, measured_on) if part) + "\n"
