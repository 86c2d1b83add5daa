"""Measuring all methods on all images with alpha."""

import json
import time
from collections.abc import Iterator

from bench.alpha.composited import error
from bench.alpha.methods import METHODS
from bench.alpha.results import MEASURED, Row
from bench.cases import COLOURS, Case, images
from bench.machine import machine
from fastkq import formats

_PACKAGES = ("numpy", "numba", "pillow", "imagequant")
_ROUNDS = 3


def measure() -> None:
    """Measure, print, and write build/bench/alpha.json."""
    MEASURED.parent.mkdir(parents=True, exist_ok=True)
    rows = []
    for row in (row for case in images("alpha") for row in _rows(case)):
        print(f"{row.image:<56}{row.k:>4}  {row.method:<12}{row.error:>12.4f}{1000 * row.seconds:>10.1f} ms")
        rows.append(row._asdict())
    MEASURED.write_text(json.dumps({"machine": machine(_PACKAGES), "rows": rows}, indent=1))


def _rows(case: Case) -> Iterator[Row]:
    image = formats.read_image(case.path)
    installed = {name: method for name, method in METHODS.items() if method.is_installed()}
    for k in COLOURS:
        seconds: dict[str, list[float]] = {name: [] for name in installed}
        results = {}
        for _ in range(_ROUNDS):
            for name, method in installed.items():
                started = time.perf_counter()
                results[name] = method.run(image, k)
                seconds[name].append(time.perf_counter() - started)
        for name, method in installed.items():
            found = error(image, method.image(results[name], image))
            yield Row(case.image, k, name, found, min(seconds[name]))
