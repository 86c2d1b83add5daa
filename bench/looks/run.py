"""Scores and times, one method after another on each image, round by round."""

import json
import math
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

from bench.cases import COLOURS, Case
from bench.cases import images as cases
from bench.looks.methods import METHODS, Method
from bench.looks.results import LOOKS, Look, images
from bench.machine import machine
from bench.peers import Pixels

_ROUNDS = 7
_BUTTERAUGLI = "butteraugli_main"
_PACKAGES = ("numpy", "numba", "pillow", "imagequant", "ssimulacra2")


def measure() -> None:
    """Measure, print, and write build/bench/looks.json: two minutes."""
    rows = []
    for row in _rows():
        rows.append(row._asdict())
        print(*(f"{value:.4g}" if isinstance(value, float) else value for value in row), flush=True)
    LOOKS.parent.mkdir(parents=True, exist_ok=True)
    LOOKS.write_text(json.dumps({"machine": machine(_PACKAGES), "rows": rows}, indent=1))


def _rows() -> Iterator[Look]:
    names = images()
    methods = {name: method for name, method in METHODS.items() if method.is_installed()}
    for case in cases("kodak"):
        if case.image in names:
            for k in COLOURS:
                times = _times(methods, case.read(), k)
                for name, method in methods.items():
                    yield Look(case.image, k, name, *_scores(case, method, k), min(times[name]))


def _times(methods: dict[str, Method], image: Pixels, k: int) -> dict[str, list[float]]:
    """Seconds of each round; the methods in turns, so that what else the machine does hits all."""
    times: dict[str, list[float]] = {name: [] for name in methods}
    for turn in range(_ROUNDS + 1):
        for name, method in methods.items():
            start = time.perf_counter()
            method.run(image, k)
            if turn > 0:  # the first one compiles
                times[name].append(time.perf_counter() - start)
    return times


def _scores(case: Case, method: Method, k: int) -> tuple[float, float]:
    """SSIMULACRA2 and butteraugli's 3-norm, nan for what is not installed."""
    image = case.read()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shown.png"
        Image.fromarray(method.image(method.run(image, k), image)).save(path, compress_level=1)
        return _ssimulacra2(case.path, path), _butteraugli(case.path, path)


def _ssimulacra2(original: Path, shown: Path) -> float:
    if find_spec("ssimulacra2") is None:
        return math.nan
    from ssimulacra2 import compute_ssimulacra2

    return float(compute_ssimulacra2(str(original), str(shown)))


def _butteraugli(original: Path, shown: Path) -> float:
    if shutil.which(_BUTTERAUGLI) is None:
        return math.nan
    command = [_BUTTERAUGLI, str(original), str(shown)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(output.splitlines()[-1].split()[-1])
