"""Measuring all of the coding."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from bench.coding import parts, sizes, speeds
from bench.coding.formats import FORMATS
from bench.coding.results import CODED
from bench.machine import machine

_PACKAGES = ("numpy", "numba", "pillow")


def measure(quick: bool) -> None:
    """Measure, print, and write build/bench/sizes.json; `quick` is for seeing that it works."""
    CODED.parent.mkdir(parents=True, exist_ok=True)
    versions = {name: found for name, form in FORMATS.items() if (found := form.version())}
    measured = {
        "machine": machine(_PACKAGES),
        "versions": versions,
        "sizes": _told(sizes.measure(versions, quick)),
        "speeds": _told(speeds.measure(quick)),
        "regions": _told(() if quick else parts.regions()),
        "cuts": _told(() if quick else parts.cuts()),
    }
    CODED.write_text(json.dumps(measured, indent=1))


def _told(rows: Iterable[NamedTuple]) -> list[dict[str, Any]]:
    return list(_telling(rows))


def _telling(rows: Iterable[NamedTuple]) -> Iterator[dict[str, Any]]:
    for row in rows:
        print(*(f"{value:.4g}" if isinstance(value, float) else value for value in row), flush=True)
        yield row._asdict()
