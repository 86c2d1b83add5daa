"""bench/RESULTS.md and the table of README.md, written from the last run of each suite."""

from typing import Any

from bench.cases import ROOT
from bench.results import paragraph
from bench.suites import SUITES, load

RESULTS = ROOT / "bench" / "RESULTS.md"
README = ROOT / "README.md"
_HEAD = """\
# Benchmark results

`make bench-report` writes this file from the last run of each suite. A suite that was not measured again
keeps its tables. `python -m bench --help` lists the suites.
"""


def write() -> None:
    """Write the tables of the suites that have a run, and leave those of the others as they are."""
    runs = {name: last_run(name) for name in SUITES}
    unchanged = [name for name, run in runs.items() if run is None]
    if unchanged:
        print(f"not measured, or by a quick run only, and left as they are: {', '.join(unchanged)}")
    old = RESULTS.read_text() if RESULTS.exists() else ""
    RESULTS.write_text(document(runs, old))
    if runs["engine"] is not None and (table := load("engine").readme_table(runs["engine"])):
        README.write_text(replaced(README.read_text(), "table", table))


def last_run(name: str) -> Any:
    """Return the last run of a suite, None if there is none or if it was a quick one."""
    run = load(name).Run.read()
    return None if run is None or run.is_quick else run


def document(runs: dict[str, Any], old: str) -> str:
    """Return the text of RESULTS.md; a suite without a run has its tables of the old text."""
    return "\n".join([_HEAD, *(_section(name, runs.get(name), old) for name in SUITES)])


def _section(name: str, run: object, old: str) -> str:
    suite = load(name)
    start, end = _marks(name)
    introduction = "\n".join(paragraph(suite.INTRODUCTION))
    tables = suite.table(run) if run is not None else _between(old, name)
    return f"## {suite.TITLE}\n\n{introduction}\n\n{start}\n{tables}{end}\n"


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}:start -->", f"<!-- {name}:end -->"


def _between(text: str, name: str) -> str:
    """Return the text between the marks of a name, empty without marks."""
    start, end = _marks(name)
    return text.partition(start + "\n")[2].partition(end)[0]


def replaced(text: str, name: str, new: str) -> str:
    """Replace what stands between the marks of a name.

    Raises
    ------
    ValueError
        If the text has not exactly one pair of the marks.
    """
    start, end = _marks(name)
    if text.count(start) != 1 or text.count(end) != 1:
        raise ValueError(f"expected one {start} and one {end} in the text")
    before, rest = text.split(start)
    return f"{before}{start}\n{new}{end}{rest.split(end)[1]}"
