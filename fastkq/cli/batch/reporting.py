"""Reports on a batch: one line per job, a progress bar while jobs run, and a summary."""

import argparse
import json
import math
import sys
from collections import Counter
from typing import Any

from fastkq.cli.batch.jobs import Outcome
from fastkq.cli.console import print_line, print_message, printable

_STATUS_TEXTS = {"written": "written", "planned": "to be written", "skipped": "skipped", "failed": "failed"}

_BAR_DELAY = 0.5  # seconds: the progress bar of a single file appears after this time


class Reporter:
    """Reporter of the outcomes of jobs; as a context manager it shows a progress bar.

    Parameters
    ----------
    options : argparse.Namespace
        `quiet`, `json` and `dry_run` are used.
    total : int
        Number of jobs.

    Attributes
    ----------
    counts : Counter
        Number of outcomes reported so far, by status.
    """

    def __init__(self, options: argparse.Namespace, total: int) -> None:
        self._options, self._total = options, total
        self.counts: Counter[str] = Counter()
        self._bar: Any = None

    def __enter__(self) -> "Reporter":
        if not self._options.quiet and not self._options.dry_run:
            self._bar = _bar(self._total)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def report(self, outcome: Outcome) -> None:
        """Report the outcome of a job."""
        self.counts[outcome.status] += 1
        if self._bar is not None and self._total == 1:
            self._bar.close()  # tqdm would draw a bar that is still delayed when a line is written
        if outcome.status == "failed":
            names_input = self._total == 1 or outcome.text.startswith(outcome.job.source)
            print_message(outcome.text if names_input else f"{outcome.job.source}: {outcome.text}")
        if self._options.json:
            print_line(json.dumps(_as_json(outcome)))
        elif outcome.job.output is None and outcome.status == "skipped":
            print_message(f"warning: {_line(outcome)}")  # because standard output stays empty
        elif not self._options.quiet and _has_line(outcome):
            print_line(printable(_line(outcome)))
        if self._bar is not None and self._total > 1:
            self._bar.update()

    def show(self, fraction: float, stage: str) -> None:
        """Show the progress of a job if it is the only one."""
        if self._bar is not None and self._total == 1:
            self._bar.set_description_str(stage, refresh=False)
            self._bar.update(fraction - self._bar.n)

    def progress_text(self) -> str:
        """Return ": n of m files written" for the end of a message; empty for a single job."""
        return f": {self.counts['written']} of {self._total} files written" if self._total > 1 else ""

    def summarize(self) -> None:
        """Report the number of outcomes by status, for several jobs; with `quiet` only if one failed."""
        missing = self._total - self.counts.total()
        counts = [
            f"{self.counts[status]} {word}" for status, word in _STATUS_TEXTS.items() if self.counts[status]
        ]
        if missing:
            counts.append(f"{missing} not done (--keep-going does them)")
        if self._total > 1 and (self.counts["failed"] or not self._options.quiet):
            print_message(", ".join(counts))


def _has_line(outcome: Outcome) -> bool:
    """Return whether standard output gets a line for the outcome: not if it holds the output's bytes."""
    return outcome.status != "failed" and (outcome.job.output is not None or outcome.status == "planned")


def _line(outcome: Outcome) -> str:
    job, text = outcome.job, outcome.text
    if outcome.status == "skipped":
        return f"{job.source}: skipped, {text}"
    return f"{job.source} -> {job.target}" + (f": {text}" if text else "")


def _as_json(outcome: Outcome) -> dict[str, Any]:
    psnr = outcome.psnr
    return {
        "input": outcome.job.source,
        "output": outcome.job.target,
        "status": outcome.status,
        "reason": outcome.text if outcome.status in ("skipped", "failed") else None,
        "bytes_before": outcome.bytes_before,
        "bytes_after": outcome.bytes_after,
        "k": outcome.k,
        "psnr": psnr if psnr is not None and math.isfinite(psnr) else None,
        "seconds": round(outcome.seconds, 6),
    }


def _bar(total: int) -> Any:
    """Return a progress bar; None if standard error is no terminal or tqdm is not installed."""
    if not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    if total > 1:
        return tqdm(total=total, unit="file", leave=False, dynamic_ncols=True)
    form = "{desc} {percentage:3.0f}% |{bar}|"
    return tqdm(total=1.0, bar_format=form, leave=False, dynamic_ncols=True, miniters=0, delay=_BAR_DELAY)
