"""Measure the suites of the benchmark, and write their tables.

A suite measures, prints its rows, its tables and its targets, and writes build/bench/<suite>.json; `report`
then writes bench/RESULTS.md, the table of README.md and the figures.
"""

import argparse
import json
import sys
from types import ModuleType

from bench import digests, reference, report
from bench.cases import KS
from bench.suites import SUITES, load
from bench.targets import print_targets


def main() -> int:
    """Run the command line; return 1 if a result is not as it must be."""
    options = vars(_parser().parse_args())
    command = options.pop("command")
    if command in SUITES:
        return _measure(load(command), **options)
    if command == "report":
        from bench import figures

        report.write()
        figures.draw(report.last_run("engine"))
    elif command == "targets":
        for name in SUITES:
            _print_targets_of(load(name))
    elif command == "digests":
        return digests.compute(**options)
    else:
        reference.compute(**options)
    return 0


def _measure(suite: ModuleType, write_baseline: bool = False, **options: bool) -> int:
    suite.measure(**options)
    run = suite.Run.read()
    print("\n" + suite.table(run))
    print_targets(suite.targets(run))
    if write_baseline:
        suite.BASELINE.write_text(json.dumps(suite.baseline_of(run), indent=1) + "\n")
        return 0
    failures = list(suite.failures(run)) if hasattr(suite, "failures") else []
    for failure in failures:
        print("FAILED: " + failure)
    return 1 if failures else 0


def _print_targets_of(suite: ModuleType) -> None:
    run = suite.Run.read()
    if run is None:
        print(f"\n{suite.TITLE}: not measured")
    else:
        print(f"\n{suite.TITLE}")
        print_targets(suite.targets(run))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="<suite or command>")
    suites = {name: commands.add_parser(name, help=words) for name, words in SUITES.items()}
    for suite in suites.values():
        suite.add_argument("--quick", action="store_true", help="measure a few small cases only")
    engine, looks = suites["engine"], suites["looks"]
    engine.add_argument("--slow", action="store_true", help="all peers on camera photographs too: an hour")
    engine.add_argument("--write-baseline", action="store_true", help="make this run the new baseline")
    looks.add_argument("--sheets", action="store_true", help="draw contact sheets too")
    commands.add_parser("report", help="write bench/RESULTS.md, the README's table and the figures")
    commands.add_parser("targets", help="print which targets the last runs reached")
    comparing = commands.add_parser("digests", help="compare results with those of bench/digests.json")
    comparing.add_argument("--write", action="store_true", help="make these results the record")
    computing = commands.add_parser("reference", help="compute scikit-learn's errors on gb82-photos")
    computing.add_argument("--k", dest="ks", type=int, nargs="+", default=KS, help="default: 16 64 256")
    computing.add_argument("--runs", type=int, default=10, help="number of runs per image and k; default: 10")
    computing.add_argument("--only", default="", help="only images with this text in their name")
    return parser


if __name__ == "__main__":
    sys.exit(main())
