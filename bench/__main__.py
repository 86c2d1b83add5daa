"""`python -m bench run` measures and judges; `python -m bench report` writes the README's tables."""

import argparse
import json
import os
import sys
from typing import Any

import pytest

from bench import report, whole_process
from bench.cases import COLOURS, RESULTS, ROOT
from bench.results import BASELINE, MEASURED, Results, baseline_of, failures, targets_missed


def main() -> int:
    """Run the benchmark; returns 1 when a result is not as it must be."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", choices=("run", "report"))
    parser.add_argument("--quick", action="store_true", help="china.jpg and three Kodak images only")
    parser.add_argument("--slow", action="store_true", help="scikit-learn on camera photographs too")
    parser.add_argument("--write-baseline", action="store_true", help="make this run the new baseline")
    options = parser.parse_args()
    if options.what == "report":
        if not MEASURED.exists():
            print("nothing measured yet: run `make bench` first", file=sys.stderr)
            return 1
        report.rewrite_readme(Results.read())
        report.draw_picture()
        return 0
    return run(options.quick, options.slow, options.write_baseline)


def run(quick: bool, slow: bool, write_baseline: bool) -> int:
    """Measure everything, print it, and judge it."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    rounds = RESULTS / "rounds.json"
    arguments = [str(ROOT / "bench"), "--benchmark-only", f"--benchmark-json={rounds}", "-q"]
    arguments += ["--benchmark-columns=median,iqr,rounds", "-p", "no:cacheprovider"]
    arguments += ["--quick"] * quick + ["--slow"] * slow
    if pytest.main(arguments) != 0:
        return 1
    MEASURED.write_text(json.dumps(_measured(json.loads(rounds.read_text())), indent=1))
    results = Results.read()
    _print_table(results)
    if not slow and "large" in results.sets():
        print("scikit-learn on the camera photographs takes minutes an image and was left out (--slow)")
    print("\n" + report.markdown(results))
    for line in targets_missed(results):
        print("aimed at and missed: " + line)
    bad = list(failures(results))
    for line in bad:
        print("FAILED: " + line)
    if write_baseline:
        BASELINE.write_text(json.dumps(baseline_of(results), indent=1) + "\n")
    return 1 if bad and not write_baseline else 0


def _measured(rounds: dict[str, Any]) -> dict[str, Any]:
    infos = [benchmark["extra_info"] for benchmark in rounds["benchmarks"]]
    return {
        "machine": report.machine(),
        "rows": [info for info in infos if "method" in info],
        "stages": [info for info in infos if "stage" in info],
        "startup": whole_process.startup(),
        "speedups": whole_process.speedups() if (os.cpu_count() or 1) > 1 else {},
    }


def _print_table(results: Results) -> None:
    print(f"\n{'image':<44}{'k':>4}  {'method':<14}{'ms':>11}{'SE/px':>10}{'x fastkq':>10}")
    for row in results.rows:
        ours = results.of(row.set, row.k, "fastkq")[row.image].seconds
        print(
            f"{row.image:<44}{row.k:>4}  {row.method:<14}{1000 * row.seconds:>11.2f}"
            f"{row.error:>10.3f}{row.seconds / ours:>10.2f}"
        )
    print(f"\n{'stage':<12}" + "".join(f"{f'k = {k}, ms':>14}" for k in COLOURS) + "   (china.jpg)")
    for stage in dict.fromkeys(info["stage"] for info in results.stages):
        times = [info["seconds"] for info in results.stages if info["stage"] == stage]
        print(f"{stage:<12}" + "".join(f"{1000 * seconds:>14.3f}" for seconds in times))


if __name__ == "__main__":
    sys.exit(main())
