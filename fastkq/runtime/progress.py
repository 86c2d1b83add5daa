"""Progress reporting and cooperative cancellation.

All functions that make, read or write an image take ``progress``: a callable that is called on the calling
thread, about 30 times per second, with the fraction that is done and the name of the stage. If it returns
False, the call raises `fastkq.Cancelled`. An exception that it raises passes through. In both cases all
threads stop and no file is written. The bytes of the result are the same with and without it.

Cancellation takes effect within 0.2 s. At least ten times per second each working thread passes a checkpoint,
where the callable may be called or the thread stops. The call raises once all its threads have stopped.
Measured from the moment at which the callable would return False to the exception: 0.01 to 0.18 s (images of
12 megapixels, k = 64 to 4096, two busy cores). Two things cannot be interrupted: compilation in the first
calls on a machine, and other libraries' encoders of TIFF, WebP and optimized PNG.

A progress bar by tqdm::

    with tqdm(total=1, bar_format="{desc} {percentage:3.0f}% |{bar}|") as bar:

        def show(done, stage):
            bar.set_description_str(stage, refresh=False)
            bar.update(done - bar.n)

        fastkq.compress("large.tif", k=4096, progress=show)

In the code of this package, a public function enters `watched(progress)`. The functions that it calls enter a
`stage`, with its name and its share of the work. Every function that takes long passes a `checkpoint`, its
own or one of `fastkq.runtime.parallel`, at least ten times per second. So the functions in between need no
parameter for the callable, and without `progress` a checkpoint costs almost nothing. Each thread has its own
watch.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.errors import ArgumentTypeError, Cancelled

Progress = Callable[[float, str], object]
"""Type of a `progress` callable: it gets the fraction done, 0 to 1, and the stage. False cancels."""

REPORT_INTERVAL = 0.03
"""Seconds: least time between two calls of the callable. With this value a progress bar moves smoothly, and
cancellation seems immediate."""

_BYTES_PER_BAND = 1 << 22  # NumPy takes a few milliseconds for an operation on a band

_MAX_UNFINISHED_FRACTION = 0.999  # largest fraction reported before the end: 1 means that the work is done


class Watch:
    """State behind the checkpoints of a thread.

    This base class serves helper threads: it only stops them. `_CallerWatch` also reports progress.
    """

    def __init__(self) -> None:
        self.is_stopped = False

    def check(self) -> None:
        """Return, or raise an exception to end the work."""
        if self.is_stopped:
            raise Stopped

    def enter(self, begin: float, end: float) -> None:
        """Set the range of fractions of the next work. A helper ignores it: the calling thread reports."""

    def span(self) -> tuple[float, float]:
        """Return the fractions at which the current work is now and at which it ends."""
        return 0.0, 0.0

    def next_pass(self) -> float:
        """Return the fraction at which a pass over the data that begins now will end."""
        return 0.0


class Stopped(BaseException):
    """Raised in a helper thread to end its work after the calling thread has raised.

    It is a BaseException, so that no ``except Exception`` in the work catches it.
    """


class _CallerWatch(Watch):
    """Watch of the calling thread: it holds the fraction done and the stage, and calls `progress`."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.stage = "reading"
        self._progress = progress
        self.share_of_a_pass = 1.0
        self._fraction, self._end = 0.0, 1.0
        self._next_report = 0.0
        self._is_done = False
        self.failure: BaseException | None = None

    def check(self) -> None:
        if self.failure is not None:  # a decoder's error handler has swallowed it
            raise self.failure
        if time.perf_counter() >= self._next_report:
            self.report(min(self._fraction, _MAX_UNFINISHED_FRACTION))

    def enter(self, begin: float, end: float) -> None:
        self._fraction, self._end = begin, end

    def span(self) -> tuple[float, float]:
        return self._fraction, self._end

    def next_pass(self) -> float:
        return self._fraction + self.share_of_a_pass * (self._end - self._fraction)

    def finish(self) -> None:
        """Report the end of the current work, without waiting for `REPORT_INTERVAL`.

        The fraction 1 is reported only once.
        """
        if not self._is_done:
            self._is_done = self._end == 1.0
            self.report(1.0 if self._is_done else min(self._end, _MAX_UNFINISHED_FRACTION))

    def report(self, fraction: float) -> None:
        """Call `progress` now, without waiting for `REPORT_INTERVAL`.

        Raises
        ------
        Cancelled
            If it returned False. Exceptions that it raises pass through.
        """
        _thread.watch = None  # calls of this library within the callable are not part of this work
        try:
            answer = self._progress(fraction, self.stage)
            if isinstance(answer, bool | np.bool_) and not answer:
                raise Cancelled(f"cancelled while {self.stage}, {fraction:.0%} done: progress returned False")
        except BaseException as error:
            self.failure = error
            raise
        finally:
            _thread.watch = self
        self._next_report = time.perf_counter() + REPORT_INTERVAL


class _ThreadState(threading.local):
    watch: Watch | None = None


_thread = _ThreadState()


def current() -> Watch | None:
    """Return the watch of this thread, or None."""
    return _thread.watch


def checkpoint() -> None:
    """Report progress if it is due, and end the work here if it was cancelled.

    Raises `Cancelled` or the exception of the callable; in a helper thread `Stopped`.
    """
    if _thread.watch is not None:
        _thread.watch.check()


def slices(total: int, size: int) -> Iterator[slice]:
    """Yield slices that divide `total` items into pieces of `size`, with a checkpoint before each."""
    for start in range(0, total, size):
        checkpoint()
        yield slice(start, min(start + size, total))


def bands(image: npt.NDArray[Any]) -> Iterator[slice]:
    """Yield slices of the rows of an image (H, ...), with a checkpoint before each.

    NumPy takes a few milliseconds for an operation on a band.
    """
    return slices(len(image), rows_per_band(image))


def rows_per_band(image: npt.NDArray[Any]) -> int:
    """Return the number of image rows in a band: at most 4 MB, but at least one row."""
    return max(1, _BYTES_PER_BAND // max(1, image.nbytes // len(image)))


def last_checkpoint() -> None:
    """Pass the last checkpoint before a step that cannot be undone, such as replacing a file.

    It always reports; the fraction is 1 if no other work follows.
    """
    if isinstance(_thread.watch, _CallerWatch):
        _thread.watch.finish()


def watched(progress: Progress | None) -> contextlib.AbstractContextManager[None]:
    """Report the progress of the work in this context to `progress`.

    If `progress` is None, the watch of an enclosing call, if any, stays in use.

    Raises
    ------
    ArgumentTypeError
        If `progress` is neither callable nor None.
    Cancelled
        If `progress` returned False.
    """
    if progress is None:
        return contextlib.nullcontext()
    if not callable(progress):
        raise ArgumentTypeError(f"expected progress to be callable or None, got {progress!r}")
    return _Watched(_CallerWatch(progress))


class _Watched:
    """Context of `watched`. It is no generator, which could not raise a StopIteration of the callable."""

    def __init__(self, watch: _CallerWatch) -> None:
        self._watch = watch
        self._outer: Watch | None = None

    def __enter__(self) -> None:
        self._outer, _thread.watch = _thread.watch, self._watch
        try:
            self._watch.check()
        except BaseException:
            _thread.watch = self._outer
            raise

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        try:
            if error is None:
                self._watch.finish()
        finally:
            _thread.watch = self._outer
        failure = self._watch.failure
        if failure is not None and error is not failure:  # a decoder caught it
            raise failure from None


@contextlib.contextmanager
def installed(watch: Watch) -> Iterator[None]:
    """Make `watch` the watch of this thread within the context."""
    outer, _thread.watch = _thread.watch, watch
    try:
        yield
    finally:
        _thread.watch = outer


@contextlib.contextmanager
def stage(name: str | None, share: float = 1.0, each: float = 1.0) -> Iterator[None]:
    """Enter a stage of the work for progress reports.

    Parameters
    ----------
    name
        Name of the stage; None keeps the name of the enclosing stage.
    share
        Share of this stage in the remaining work of the enclosing stage, 0 to 1.
    each
        Share of each pass over the data (see `fastkq.runtime.parallel.over_chunks`) in the remaining work of
        this stage, 0 to 1. With less than 1 the number of passes need not be known in advance: the fraction
        approaches the end of the stage.
    """
    watch = _thread.watch
    if not isinstance(watch, _CallerWatch):
        yield
        return
    begin, end = watch.span()
    middle = end if share == 1.0 else begin + share * (end - begin)
    outer, watch.share_of_a_pass = watch.share_of_a_pass, each
    watch.stage = name or watch.stage
    watch.enter(begin, middle)
    watch.check()
    yield
    watch.enter(middle, end)
    watch.share_of_a_pass = outer
