"""What is said of the jobs: a line for each, a bar while they last, and what came of them all."""

import argparse
import json
import math
import sys
from collections import Counter
from types import TracebackType
from typing import Any

from fastkq.cli.batch.jobs import Outcome
from fastkq.cli.console import printable, put, say

_WORDS = {"written": "written", "planned": "to be written", "skipped": "skipped", "failed": "failed"}

_SHORT = 0.5
"""Seconds of a single file that show no bar."""


class Teller:
    """Tells outcomes one after the other; a context manager, in which there is a bar.

    Parameters
    ----------
    options
        Of them `quiet` and `json`.
    total : int
        Number of jobs.

    Attributes
    ----------
    counts : Counter
        Of each status, so far.
    """

    def __init__(self, options: argparse.Namespace, total: int) -> None:
        self._options, self._total = options, total
        self.counts: Counter[str] = Counter()
        self._bar: Any = None

    def __enter__(self) -> "Teller":
        if not self._options.quiet and not self._options.dry_run:
            self._bar = _bar(self._total)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def tell(self, outcome: Outcome) -> None:
        """Say what came of a job."""
        self.counts[outcome.status] += 1
        if self._bar is not None and self._total == 1:
            self._bar.close()  # else a line written would bring up one that has not been seen
        if outcome.status == "failed":
            say(self._named(outcome))
        if self._options.json:
            put(json.dumps(_as_json(outcome)))
        elif outcome.job.output is None and outcome.status == "skipped":
            say(f"warning: {_line(outcome)}")  # as what comes out is empty
        elif not self._options.quiet and _is_told(outcome):
            put(printable(_line(outcome)))
        if self._bar is not None and self._total > 1:
            self._bar.update()

    def show(self, fraction: float, stage: str) -> None:
        """Show how far a job is, where it is the only one."""
        if self._bar is not None and self._total == 1:
            self._bar.set_description_str(stage, refresh=False)
            self._bar.update(fraction - self._bar.n)

    def so_far(self) -> str:
        """How many files were written, to be said after a word; empty where there is one."""
        return f": {self.counts['written']} of {self._total} files written" if self._total > 1 else ""

    def _named(self, outcome: Outcome) -> str:
        """Why it failed; of several, which did, where the reason does not say it."""
        is_clear = self._total == 1 or outcome.text.startswith(outcome.job.source)
        return outcome.text if is_clear else f"{outcome.job.source}: {outcome.text}"

    def summarize(self) -> None:
        """Say what came of several jobs, when some failed even if quiet."""
        missing = self._total - self.counts.total()
        counts = [f"{self.counts[status]} {word}" for status, word in _WORDS.items() if self.counts[status]]
        if missing:
            counts.append(f"{missing} not done (--keep-going)")
        if self._total > 1 and (self.counts["failed"] or not self._options.quiet):
            say(", ".join(counts))


def _is_told(outcome: Outcome) -> bool:
    """Whether there is a line of it on standard output, where the very bytes may go."""
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
        "bytes_before": outcome.before,
        "bytes_after": outcome.after,
        "k": outcome.k,
        "psnr": psnr if psnr is not None and math.isfinite(psnr) else None,
        "seconds": round(outcome.seconds, 6),
    }


def _bar(total: int) -> Any:
    """A progress bar, where standard error is a terminal and there is tqdm."""
    if not sys.stderr.isatty():
        return None
    try:
        from tqdm import tqdm
    except ImportError:
        return None
    if total > 1:
        return tqdm(total=total, unit="file", leave=False, dynamic_ncols=True)
    form = "{desc} {percentage:3.0f}% |{bar}|"
    return tqdm(total=1.0, bar_format=form, leave=False, dynamic_ncols=True, miniters=0, delay=_SHORT)
