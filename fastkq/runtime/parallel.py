"""Parallel execution of kernels over fixed chunks on threads.

The kernels release the GIL, so plain threads run them in parallel. A result does not depend on the number of
threads: chunks have a fixed size, and sums are exact or are added in the order of the chunks.
"""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from fastkq.runtime.progress import REPORT_INTERVAL, Watch, checkpoint, current, installed

Work = Callable[[int, int, int], object]

_pool: ThreadPoolExecutor | None = None


def available_cores() -> int:
    """Return the number of cores on which this process may run."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def over_chunks(work: Work, total: int, chunk: int, threads: int) -> None:
    """Call ``work(worker, start, stop)`` for every chunk of ``range(total)``.

    For progress, the call is one pass of the current stage (see `fastkq.runtime.progress.stage`), and its
    chunks are equal shares of the pass. Each worker passes a checkpoint before each chunk.

    If the calling thread's checkpoint or its call of `work` raises, each helper thread stops after its chunk
    or at the next checkpoint within it, and only then does this function raise. If `work` raises in a helper
    thread, this function raises that exception after the other chunks are done.

    Parameters
    ----------
    work
        Called with the number of the worker, from 0 to threads - 1, and the bounds of the chunk. No two
        calls with the same worker run at the same time.
    total, chunk
        Total number of items, and number of items per chunk.
    threads
        Upper bound on the number of workers. The calling thread is always one of them, so the work
        completes even if no other thread can start.
    """
    watch = current()
    if watch is None and (threads == 1 or total <= chunk):  # fast path: a fit takes it about 10 times
        for start in range(0, total, chunk):
            work(0, start, min(start + chunk, total))
        return
    starts = deque(range(0, total, chunk))
    chunks = len(starts)
    begin, end = (0.0, 0.0) if watch is None else watch.span()
    pass_end = end if watch is None else watch.next_pass()
    share = (pass_end - begin) / max(chunks, 1)

    def run_chunks(worker: int, watch: Watch | None) -> None:
        while True:
            try:
                start = starts.popleft()
            except IndexError:
                return
            if watch is not None:
                chunk_begin = begin + share * (chunks - 1 - len(starts))
                watch.enter(chunk_begin, chunk_begin + share)
                watch.check()
            work(worker, start, min(start + chunk, total))

    helper_watch = Watch()

    def run_helper(worker: int) -> None:
        with installed(helper_watch):
            run_chunks(worker, helper_watch)

    helpers = _submit(run_helper, min(threads, chunks) - 1)
    try:
        run_chunks(0, watch)
        _wait_for(helpers, watch)
    except BaseException:
        helper_watch.is_stopped = True
        raise
    finally:
        starts.clear()
        running = [helper for helper in helpers if not helper.cancel()]
        for helper in running:
            helper.exception()
    for helper in running:
        helper.result()
    if watch is not None:
        watch.enter(pass_end, end)


def over_dependent_blocks(
    begin: Callable[[int, int], None], work: Work, bands: int, blocks: int, threads: int
) -> None:
    """Call ``work(worker, band, block)`` for every block of every band, each after those it depends on.

    Block j of band i depends on block j - 1 of the same band and on block j + 1 of band i - 1. One worker
    does all blocks of a band, so it can keep state from block to block. It calls ``begin(worker, band)``
    first, which depends on no other band.
    """
    done_blocks = [0] * bands
    failed: list[int] = []
    progressed = threading.Condition()

    def is_ready(band: int, block: int) -> bool:
        if band == 0:
            return True
        with progressed:
            return progressed.wait_for(
                lambda: bool(failed) or done_blocks[band - 1] >= min(block + 2, blocks), REPORT_INTERVAL
            )

    def run_band(worker: int, band: int, _: int) -> None:
        try:
            checkpoint()
            begin(worker, band)
            for block in range(blocks):
                checkpoint()
                while not is_ready(band, block):
                    checkpoint()
                if failed:
                    return
                work(worker, band, block)
                with progressed:
                    done_blocks[band] = block + 1
                    progressed.notify_all()
        except BaseException:
            with progressed:
                failed.append(band)
                progressed.notify_all()
            raise

    over_chunks(run_band, bands, 1, threads)


def _wait_for(helpers: list[Future[None]], watch: Watch | None) -> None:
    """Wait for running helpers, with a checkpoint every `REPORT_INTERVAL` seconds; cancel the others."""
    for helper in helpers:
        if watch is None or helper.cancel():
            continue
        while not wait((helper,), REPORT_INTERVAL).done:
            watch.check()


def _submit(helper_work: Callable[[int], None], count: int) -> list[Future[None]]:
    global _pool
    if count < 1:
        return []
    if _pool is None:
        _pool = ThreadPoolExecutor(max_workers=available_cores() * 4, thread_name_prefix="fastkq")
    helpers: list[Future[None]] = []
    # RuntimeError: no thread can start, the interpreter is shutting down, or it has no threads (Pyodide).
    with contextlib.suppress(RuntimeError):
        helpers.extend(_pool.submit(helper_work, worker) for worker in range(1, count + 1))
    return helpers


def _drop_pool() -> None:
    """Drop the pool in a forked child process: its threads exist only in the parent."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drop_pool)
