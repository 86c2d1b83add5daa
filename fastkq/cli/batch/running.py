"""Jobs side by side, on threads: the kernels and the codecs release the GIL."""

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

from fastkq.cli.batch.jobs import BatchStopped, Job, Made, Outcome, Status
from fastkq.cli.batch.reporting import Teller
from fastkq.cli.console import reason, say
from fastkq.cli.options import STREAM
from fastkq.errors import ArgumentError
from fastkq.formats.source import Source, in_memory
from fastkq.runtime.parallel import available
from fastkq.runtime.progress import watched

_MOST_BY_DEFAULT = 4
"""More files at once than that take more memory than most would expect."""
_TICK = 0.2
"""Seconds: on Windows nothing interrupts a wait without an end."""


class Means(NamedTuple):
    """With what a job is done.

    Attributes
    ----------
    source : path or Source
        What to read.
    threads : int
        Its share of them.
    """

    source: Path | Source
    threads: int

    @property
    def size(self) -> int:
        """Bytes of the source."""
        return self.source.length if isinstance(self.source, Source) else self.source.stat().st_size


Make = Callable[[Job, Means], Made]
"""What a command does with a job: everything but writing."""


def run(jobs: list[Job], make: Make, options: argparse.Namespace) -> int:
    """Do the jobs and tell what came of them; the exit code: 1 if any failed.

    Files are written whole or not at all. Without `keep_going` nothing new is begun once a job has failed.

    Raises
    ------
    KeyboardInterrupt
        When interrupted, after what was under way has ended; the message says how many files were written.
    """
    with Teller(options, len(jobs)) as teller:
        try:
            if options.dry_run:
                for job in jobs:
                    teller.tell(_known(job) or Outcome(job, "planned"))
            else:
                _do(jobs, make, options, teller)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"interrupted{teller.so_far()}") from None
    teller.summarize()
    return int(teller.counts["failed"] > 0)


def _do(jobs: list[Job], make: Make, options: argparse.Namespace, teller: Teller) -> None:
    """Tell the outcomes in the order of the jobs, also when it ends early."""
    workers = min(options.jobs or min(available(), _MOST_BY_DEFAULT), len(jobs))
    threads = options.threads or max(1, available() // workers)
    given = in_memory(sys.stdin.buffer.read(), STREAM) if jobs[0].input is None else None
    stopping = threading.Event()

    def go_on(fraction: float, stage: str) -> None:
        if stopping.is_set():
            raise BatchStopped
        teller.show(fraction, stage)

    def do(job: Job) -> Outcome:
        with watched(go_on):
            outcome = _outcome(job, make, given, threads, options.force)
        if outcome.status == "failed" and not options.keep_going:
            stopping.set()
        return outcome

    if workers > 1:
        import_module("fastkq.kernels.jit")  # imports Numba once, before several threads need it
    pool = ThreadPoolExecutor(workers, thread_name_prefix="fastkq-job")
    untold = deque(pool.submit(do, job) for job in jobs)
    try:
        while untold:
            is_done = untold[0].done()  # before the next line is asked: what is stopped later has no result
            if stopping.is_set():
                break
            if is_done:
                teller.tell(untold.popleft().result())
            else:
                wait([untold[0]], _TICK)
    finally:
        stopping.set()
        _end(pool, untold, teller)
        _tell_done(untold, teller)


def _known(job: Job) -> Outcome | None:
    """What comes of a job for which nothing is to be done."""
    if job.fault:
        return Outcome(job, "failed", job.fault)
    return Outcome(job, "skipped", job.skip) if job.skip else None


def _outcome(job: Job, make: Make, given: Source | None, threads: int, force: bool) -> Outcome:
    known = _known(job)
    if known is not None:
        return known
    start = time.perf_counter()
    try:
        made = make(job, Means(_source(job, given), threads))
        if not made.skip:
            _write(job, made.data, force)
    except (BatchStopped, BrokenPipeError):  # a pipe that nobody reads is no matter of this file
        raise
    except Exception as error:
        return Outcome(job, "failed", reason(error), time.perf_counter() - start)
    status: Status = "skipped" if made.skip else "written"
    text, seconds = made.skip or made.text, time.perf_counter() - start
    return Outcome(job, status, text, seconds, made.before, len(made.data), made.k, made.psnr)


def _source(job: Job, given: Source | None) -> Path | Source:
    """What is read: of a path that can be read only once, as that of a pipe, the bytes."""
    if job.input is None:
        return cast(Source, given)
    return job.input if job.input.is_file() else in_memory(job.input.read_bytes(), job.source)


def _write(job: Job, data: bytes, force: bool) -> None:
    if job.output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    from fastkq.runtime.atomic_writing import write_atomically

    if not force and job.output.exists():  # it did not when the jobs were planned
        raise ArgumentError(f"{job.target} exists already; --force replaces it")
    job.output.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(job.output, data)


def _end(pool: ThreadPoolExecutor, untold: Iterable[Future[Outcome]], teller: Teller) -> None:
    """Wait for what is under way; whoever interrupts again does not wait."""
    try:
        pool.shutdown()
    except KeyboardInterrupt:
        _tell_done(untold, teller)
        say(f"interrupted again{teller.so_far()}")
        os._exit(130)


def _tell_done(untold: Iterable[Future[Outcome]], teller: Teller) -> None:
    for future in untold:
        if future.done() and not future.cancelled() and future.exception() is None:
            teller.tell(future.result())
