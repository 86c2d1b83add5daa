"""Parallel execution of jobs on threads: the kernels and the codecs release the GIL."""

import argparse
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from importlib import import_module
from pathlib import Path
from typing import NamedTuple, cast

from fastkq.cli.batch.jobs import BatchStopped, EncodedOutput, Job, Outcome, Status
from fastkq.cli.batch.reporting import Reporter
from fastkq.cli.console import print_message, reason
from fastkq.cli.shared_options import STREAM
from fastkq.errors import ArgumentError
from fastkq.formats.source import InMemory, Source
from fastkq.runtime.parallel import available_cores
from fastkq.runtime.progress import watched

_MAX_DEFAULT_JOBS = 4
"""Files processed at once without ``--jobs``, at most: more would take more memory than users expect."""
_WAIT_SECONDS = 0.2
"""Seconds: limit of each wait for a job, because Ctrl-C does not interrupt an unlimited wait on Windows."""


class JobInput(NamedTuple):
    """Source and threads of a job.

    Attributes
    ----------
    source : Path or Source
        The input to read.
    threads : int
        Number of threads for this job.
    """

    source: Path | Source
    threads: int

    @property
    def size(self) -> int:
        """Size of the source in bytes."""
        return self.source.length if isinstance(self.source, Source) else self.source.stat().st_size


Make = Callable[[Job, JobInput], EncodedOutput]
"""Function of a command that reads the input of a job and encodes its output, without writing it."""


def run(jobs: list[Job], make: Make, options: argparse.Namespace) -> int:
    """Run the jobs, report their outcomes and return the exit code.

    Files are written whole or not at all. Without `keep_going`, no job starts after one has failed.

    Parameters
    ----------
    jobs : list of Job
    make : callable
        Makes the output of a job.
    options : argparse.Namespace
        The options that `add_outputs` and `add_running` of `fastkq.cli.shared_options` add.

    Returns
    -------
    int
        1 if a job failed, else 0.

    Raises
    ------
    KeyboardInterrupt
        When interrupted, after the running jobs have ended; the message gives the number of files written.
    """
    with Reporter(options, len(jobs)) as reporter:
        try:
            if options.dry_run:
                for job in jobs:
                    reporter.report(_planned_outcome(job) or Outcome(job, "planned"))
            else:
                _run_jobs(jobs, make, options, reporter)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"interrupted{reporter.progress_text()}") from None
    reporter.summarize()
    return int(reporter.counts["failed"] > 0)


def _run_jobs(jobs: list[Job], make: Make, options: argparse.Namespace, reporter: Reporter) -> None:
    """Run the jobs on threads and report their outcomes in the order of the jobs, even if stopped early."""
    workers = min(options.jobs or min(available_cores(), _MAX_DEFAULT_JOBS), len(jobs))
    threads = options.threads or max(1, available_cores() // workers)
    stdin = InMemory(sys.stdin.buffer.read(), STREAM) if jobs[0].input is None else None
    stopping = threading.Event()

    def on_progress(fraction: float, stage: str) -> None:
        if stopping.is_set():
            raise BatchStopped
        reporter.show(fraction, stage)

    def do(job: Job) -> Outcome:
        with watched(on_progress):
            outcome = _outcome(job, make, stdin, threads, options.force)
        if outcome.status == "failed" and not options.keep_going:
            stopping.set()
        return outcome

    if workers > 1:
        import_module("fastkq.kernels.jit")  # imports Numba once, before several threads need it
    pool = ThreadPoolExecutor(workers, thread_name_prefix="fastkq-job")
    pending = deque(pool.submit(do, job) for job in jobs)
    try:
        while pending:
            # Before `stopping` is checked: a job that ends after a stop has no result.
            is_done = pending[0].done()
            if stopping.is_set():
                break
            if is_done:
                reporter.report(pending.popleft().result())
            else:
                wait([pending[0]], _WAIT_SECONDS)
    finally:
        stopping.set()
        _shut_down(pool, pending, reporter)
        _report_done(pending, reporter)


def _planned_outcome(job: Job) -> Outcome | None:
    """Return the outcome of a job that the plan skips or fails; None for a job to run."""
    if job.fault:
        return Outcome(job, "failed", job.fault)
    return Outcome(job, "skipped", job.skip) if job.skip else None


def _outcome(job: Job, make: Make, stdin: Source | None, threads: int, force: bool) -> Outcome:
    planned = _planned_outcome(job)
    if planned is not None:
        return planned
    start = time.perf_counter()
    try:
        output = make(job, JobInput(_source(job, stdin), threads))
        if not output.skip:
            _write(job, output.data, force)
    except (BatchStopped, BrokenPipeError):  # a closed output pipe is not a failure of this file
        raise
    except Exception as error:
        return Outcome(job, "failed", reason(error), time.perf_counter() - start)
    status: Status = "skipped" if output.skip else "written"
    text, seconds = output.skip or output.text, time.perf_counter() - start
    return Outcome(job, status, text, seconds, output.bytes_before, len(output.data), output.k, output.psnr)


def _source(job: Job, stdin: Source | None) -> Path | Source:
    """Return the source of a job: the path, or the bytes if it can be read only once, as a named pipe."""
    if job.input is None:
        return cast(Source, stdin)
    return job.input if job.input.is_file() else InMemory(job.input.read_bytes(), job.source)


def _write(job: Job, data: bytes, force: bool) -> None:
    if job.output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    from fastkq.runtime.atomic_writing import write_atomically

    if not force and job.output.exists():  # created since the jobs were planned
        raise ArgumentError(f"{job.target} exists already; --force replaces it")
    job.output.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(job.output, data)


def _shut_down(pool: ThreadPoolExecutor, pending: Iterable[Future[Outcome]], reporter: Reporter) -> None:
    """Wait for the running jobs; exit at once with code 130 if interrupted again."""
    try:
        pool.shutdown()
    except KeyboardInterrupt:
        _report_done(pending, reporter)
        print_message(f"interrupted again{reporter.progress_text()}")
        os._exit(130)


def _report_done(pending: Iterable[Future[Outcome]], reporter: Reporter) -> None:
    for future in pending:
        if future.done() and not future.cancelled() and future.exception() is None:
            reporter.report(future.result())
