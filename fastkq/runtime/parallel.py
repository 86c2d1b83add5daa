"""Run a kernel over fixed chunks on threads.

The kernels release the GIL, so plain threads run them side by side. Chunks have a fixed size and what
they add up is exact, so a result never depends on how many threads there were.
"""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait

from fastkq.runtime.progress import PATIENCE, Watch, assumed, checkpoint, current

Work = Callable[[int, int, int], object]

_pool: ThreadPoolExecutor | None = None


def available() -> int:
    """Number of cores this process may run on."""
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def over_chunks(work: Work, total: int, chunk: int, threads: int) -> None:
    """Call ``work(worker, start, stop)`` for every chunk of ``range(total)``.

    Each chunk is an equal share of a pass of the stage that the calling thread is in, which comes by a
    checkpoint before each of its own. When that ends the work, every helper ends with its chunk, or at a
    checkpoint in it, before the exception is seen.

    Parameters
    ----------
    work
        Called with the number of the worker (0 .. threads - 1; no two calls at once share one) and
        the chunk's bounds.
    total, chunk
        Number of items and of items a chunk.
    threads
        Upper bound on the workers. The calling thread is always one of them, so nothing waits for a
        thread that cannot start.
    """
    watch = current()
    if watch is None and (threads == 1 or total <= chunk):  # a fit comes by some ten times
        for start in range(0, total, chunk):
            work(0, start, min(start + chunk, total))
        return
    starts = deque(range(0, total, chunk))
    chunks = len(starts)
    begin, end = (0.0, 0.0) if watch is None else watch.span()
    done = end if watch is None else watch.next_pass()
    share = (done - begin) / max(chunks, 1)

    def drain(worker: int, watch: Watch | None) -> None:
        while True:
            try:
                start = starts.popleft()
            except IndexError:
                return
            if watch is not None:
                first = begin + share * (chunks - 1 - len(starts))
                watch.enter(first, first + share)
                watch.check()
            work(worker, start, min(start + chunk, total))

    crew = Watch()

    def assist(worker: int) -> None:
        with assumed(crew):
            drain(worker, crew)

    helpers = _submit(assist, min(threads, chunks) - 1)
    try:
        drain(0, watch)
        _await(helpers, watch)
    except BaseException:
        crew.is_over = True
        raise
    finally:
        starts.clear()
        running = [helper for helper in helpers if not helper.cancel()]
        for helper in running:
            helper.exception()
    for helper in running:
        helper.result()
    if watch is not None:
        watch.enter(done, end)


def over_bands(work: Work, bands: int, blocks: int, threads: int) -> None:
    """Call ``work(worker, band, block)`` for every block of every band, each after those that it builds on.

    Those are the block before it in its band and, in the band above, the one after it. One worker does
    the whole of a band, so what it carries from block to block can stay with it.
    """
    done = [0] * bands
    failed: list[int] = []
    moved = threading.Condition()

    def is_ready(band: int, block: int) -> bool:
        if band == 0:
            return True
        with moved:
            return moved.wait_for(lambda: bool(failed) or done[band - 1] >= min(block + 2, blocks), PATIENCE)

    def follow(worker: int, band: int, _: int) -> None:
        try:
            for block in range(blocks):
                checkpoint()
                while not is_ready(band, block):
                    checkpoint()
                if failed:
                    return
                work(worker, band, block)
                with moved:
                    done[band] = block + 1
                    moved.notify_all()
        except BaseException:
            with moved:
                failed.append(band)
                moved.notify_all()
            raise

    over_chunks(follow, bands, 1, threads)


def _await(helpers: list[Future[None]], watch: Watch | None) -> None:
    """Wait for helpers that have begun; a checkpoint now and then keeps the calling thread's word."""
    for helper in helpers:
        if watch is None or helper.cancel():
            continue
        while not wait((helper,), PATIENCE).done:
            watch.check()


def _submit(drain: Callable[[int], None], count: int) -> list[Future[None]]:
    global _pool
    if count < 1:
        return []
    if _pool is None:
        _pool = ThreadPoolExecutor(max_workers=available() * 4, thread_name_prefix="fastkq")
    helpers: list[Future[None]] = []
    # RuntimeError: no thread can be started, the interpreter ends or has none (Pyodide).
    with contextlib.suppress(RuntimeError):
        helpers.extend(_pool.submit(drain, worker) for worker in range(1, count + 1))
    return helpers


def _forget_pool() -> None:
    """A forked child has the pool's object but none of its threads: it must start its own."""
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_pool)
