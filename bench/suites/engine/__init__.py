"""Time and error of fastkq's three efforts and its peers, time of the stages, and start-up.

The methods and stages are timed by pytest-benchmark in bench/test_compress.py.
"""

import json
import os
import sys

import pytest

import fastkq
from bench import THREADS
from bench.cases import KS, ROOT, Pixels, cases
from bench.reference import ONLINE_K_MEANS
from bench.results import FOLDER
from bench.suites.engine.results import BASELINE, Run, baseline_of, failures
from bench.suites.engine.stages import speedups, startup
from bench.suites.engine.tables import readme_table, table
from bench.suites.engine.targets import targets
from fastkq.metrics import mse

__all__ = [
    "BASELINE",
    "INTRODUCTION",
    "TITLE",
    "Run",
    "baseline_of",
    "failures",
    "measure",
    "readme_table",
    "table",
    "targets",
]

TITLE = "Time and error of color quantization"
INTRODUCTION = (
    "`make bench` measures fastkq's three efforts and other color quantizers, each in its own best form "
    "(`bench/peers.py` gives the parameters and their reasons), in one run with two threads."
)
_PACKAGES = (
    "numpy",
    "numba",
    "scikit-learn",
    "pillow",
    "opencv-python-headless",
    "faiss-cpu",
    "imagequant",
)


def measure(quick: bool, slow: bool = False) -> None:
    """Measure all methods and stages; `slow` adds peers that take an hour on camera photographs."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    rounds = FOLDER / "rounds.json"
    arguments = [str(ROOT / "bench"), "--benchmark-only", f"--benchmark-json={rounds}", "-q"]
    arguments += ["--benchmark-columns=median,iqr,rounds", "-p", "no:cacheprovider"]
    arguments += ["--quick"] * quick + ["--slow"] * slow
    if pytest.main(arguments) != 0:
        sys.exit("bench/test_compress.py failed")
    infos = [benchmark["extra_info"] for benchmark in json.loads(rounds.read_text())["benchmarks"]]
    Run.write(
        _PACKAGES,
        quick,
        rows=[info for info in infos if "method" in info],
        stages=[info for info in infos if "stage" in info],
        published=_errors_on_published_images(),
        startup=startup(),
        speedups=speedups() if (os.cpu_count() or 1) > 1 else {},
    )
    _print_rows(Run.read())


def _errors_on_published_images() -> dict[str, dict[str, float]]:
    """Return the SE/px of fastkq's best effort, rounded, by image and k; empty without the Kodak images."""
    return {
        case.image: {str(k): _best_error(case.read(), k) for k in ONLINE_K_MEANS[case.image]}
        for case in cases(quick=True)
        if case.image in ONLINE_K_MEANS
    }


def _best_error(image: Pixels, k: int) -> float:
    return 3 * mse(image, fastkq.compress(image, k, effort="best", threads=THREADS).decompress())


def _print_rows(run: Run) -> None:
    print(
        f"\n{'image':<44}{'k':>4}  {'method':<18}{'ms':>11}{'SE/px':>10}{'PSNR':>7}"
        f"{'x fastkq':>10}{'error x':>9}"
    )
    for row in run.rows:
        ours = run.of(row.set, row.k, "fastkq")[row.image]
        print(
            f"{row.image:<44}{row.k:>4}  {row.method:<18}{1000 * row.seconds:>11.2f}{row.error:>10.3f}"
            f"{row.psnr:>7.2f}{row.seconds / ours.seconds:>10.2f}{row.error / ours.error:>9.4f}"
        )
    print(f"\n{'stage':<12}" + "".join(f"{f'k = {k}, ms':>14}" for k in KS) + "   (china.jpg)")
    for stage in dict.fromkeys(info["stage"] for info in run.stages):
        times = [info["seconds"] for info in run.stages if info["stage"] == stage]
        print(f"{stage:<12}" + "".join(f"{1000 * seconds:>14.3f}" for seconds in times))
