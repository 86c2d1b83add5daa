"""`python -m bench run` measures and judges; `python -m bench report` writes the README's tables.

`targets` says again what the last run reached and missed. Alone, `scaling` measures time and memory by size,
`sizes` bytes and speed of the coding beside other formats, `alpha` images with alpha, `control` targets,
curves and dtypes, `vectors` plain vectors; the last three write the README's tables of them. `reference`
computes scikit-learn's errors on gb82-photos (at the lowest priority). `sizes` and `reference` can be
stopped and called again at will.
"""

import argparse
import json
import os
import sys
from collections import Counter
from typing import Any

import pytest

from bench import control, literature, reference, report, scaling, vectors, whole_process
from bench.alpha import results as alpha_results
from bench.alpha import run as alpha_run
from bench.alpha import tables as alpha_tables
from bench.cases import COLOURS, RESULTS, ROOT
from bench.coding import run as coding
from bench.coding import tables as coding_tables
from bench.coding.results import CODED, Coded
from bench.machine import machine
from bench.results import BASELINE, MEASURED, Results, baseline_of, failures
from bench.targets import Target, coding_targets, targets

_PACKAGES = (
    "numpy",
    "numba",
    "scikit-learn",
    "pillow",
    "opencv-python-headless",
    "faiss-cpu",
    "imagequant",
)


def main() -> int:
    """Do what the command line says; returns 1 when a result is not as it must be."""
    options = _parser().parse_args()
    if options.what == "run":
        return run(options)
    if options.what == "scaling":
        scaling.measure()
        return 0
    if options.what == "sizes":
        coding.measure(options.quick)
        print("\n" + coding_tables.markdown(Coded.read()))
        _print_targets(None, Coded.read())
        return 0
    if options.what == "alpha":
        measure_alpha()
        return 0
    if options.what == "control":
        report.rewrite_readme("control", control.markdown(control.measure()))
        return 0
    if options.what == "vectors":
        report.rewrite_readme("vectors", vectors.markdown(vectors.measure()))
        return 0
    if options.what == "reference":
        reference.compute(options.k, options.runs, options.only)
        return 0
    results, coded = _last()
    if results is None and coded is None:
        print("nothing measured yet: run `make bench` or `make bench-sizes` first", file=sys.stderr)
        return 1
    if options.what == "targets":
        _print_targets(results, coded)
    else:
        report.write(results, coded)
    return 0


def measure_alpha() -> None:
    """Measure images with alpha, write the README's table of them, and judge."""
    alpha_run.measure()
    measured = alpha_results.Alpha.read()
    report.rewrite_readme("alpha", alpha_tables.markdown(measured))
    _print_aims(list(alpha_results.targets(measured)))


def _last() -> tuple[Results | None, Coded | None]:
    """What the last runs measured, as far as there were any."""
    return Results.read() if MEASURED.exists() else None, Coded.read() if CODED.exists() else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    what = parser.add_subparsers(dest="what", required=True)
    measuring = what.add_parser("run", help="measure and judge")
    measuring.add_argument("--quick", action="store_true", help="china.jpg and three Kodak images only")
    measuring.add_argument(
        "--slow", action="store_true", help="every rival on camera photographs too: an hour"
    )
    measuring.add_argument("--scaling", action="store_true", help="time and memory by size too: minutes")
    measuring.add_argument("--sizes", action="store_true", help="the coding beside other formats: minutes")
    measuring.add_argument("--write-baseline", action="store_true", help="make this run the new baseline")
    what.add_parser("report", help="write the README's tables and pictures from the last run")
    what.add_parser("targets", help="what the last run reached and missed")
    what.add_parser("scaling", help="measure time and memory by size")
    sizing = what.add_parser("sizes", help="measure bytes and speed of the coding beside other formats")
    sizing.add_argument("--quick", action="store_true", help="three Kodak images and two screens only")
    what.add_parser("alpha", help="measure images with alpha, and write the README's table of them")
    what.add_parser(
        "control", help="measure targets, curves and dtypes, and write the README's table of them"
    )
    what.add_parser(
        "vectors", help="measure plain vectors beside scikit-learn, and write the README's table of them"
    )
    computing = what.add_parser("reference", help="compute scikit-learn's errors on gb82-photos")
    computing.add_argument("--k", type=int, nargs="+", default=COLOURS)
    computing.add_argument("--runs", type=int, default=10, help="an image and k (10)")
    computing.add_argument("--only", default="", help="images with this in their name")
    return parser


def run(options: argparse.Namespace) -> int:
    """Measure everything, print it, and judge it."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    rounds = RESULTS / "rounds.json"
    arguments = [str(ROOT / "bench"), "--benchmark-only", f"--benchmark-json={rounds}", "-q"]
    arguments += ["--benchmark-columns=median,iqr,rounds", "-p", "no:cacheprovider"]
    arguments += ["--quick"] * options.quick + ["--slow"] * options.slow
    if pytest.main(arguments) != 0:
        return 1
    MEASURED.write_text(json.dumps(_measured(json.loads(rounds.read_text())), indent=1))
    if options.scaling:
        scaling.measure()
    if options.sizes:
        coding.measure(options.quick)
    results = Results.read()
    coded = _last()[1]
    _print_table(results)
    print("\n" + report.markdown(results))
    _print_targets(results, coded)
    bad = list(failures(results))
    for line in bad:
        print("FAILED: " + line)
    if options.write_baseline:
        BASELINE.write_text(json.dumps(baseline_of(results), indent=1) + "\n")
    return 1 if bad and not options.write_baseline else 0


def _measured(rounds: dict[str, Any]) -> dict[str, Any]:
    infos = [benchmark["extra_info"] for benchmark in rounds["benchmarks"]]
    return {
        "machine": machine(_PACKAGES),
        "rows": [info for info in infos if "method" in info],
        "stages": [info for info in infos if "stage" in info],
        "literature": literature.measure(),
        "startup": whole_process.startup(),
        "speedups": whole_process.speedups() if (os.cpu_count() or 1) > 1 else {},
    }


def _print_table(results: Results) -> None:
    print(
        f"\n{'image':<44}{'k':>4}  {'method':<18}{'ms':>11}{'SE/px':>10}{'PSNR':>7}"
        f"{'x fastkq':>10}{'error x':>9}"
    )
    for row in results.rows:
        ours = results.of(row.set, row.k, "fastkq")[row.image]
        print(
            f"{row.image:<44}{row.k:>4}  {row.method:<18}{1000 * row.seconds:>11.2f}{row.error:>10.3f}"
            f"{row.psnr:>7.2f}{row.seconds / ours.seconds:>10.2f}{row.error / ours.error:>9.4f}"
        )
    print(f"\n{'stage':<12}" + "".join(f"{f'k = {k}, ms':>14}" for k in COLOURS) + "   (china.jpg)")
    for stage in dict.fromkeys(info["stage"] for info in results.stages):
        times = [info["seconds"] for info in results.stages if info["stage"] == stage]
        print(f"{stage:<12}" + "".join(f"{1000 * seconds:>14.3f}" for seconds in times))


def _print_targets(results: Results | None, coded: Coded | None) -> None:
    _print_aims([*(targets(results) if results else ()), *(coding_targets(coded) if coded else ())])


def _print_aims(aims: list[Target]) -> None:
    print("\nAimed at:")
    for target in aims:
        print(f"  {target}")
    verdicts = Counter(target.verdict for target in aims if target.limit is not None)
    print("  " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()))


if __name__ == "__main__":
    sys.exit(main())
