"""How far a call has come, for who wants to know, and whether it should go on.

A public function enters `watched(progress)`. Below it `stage` says what is being done and which share of the
work it is, and whatever takes long comes by a `checkpoint`, of its own or of `fastkq.runtime.parallel`, ten
times a second at least. So nothing in between has to hand the callable on, and what nobody watches pays next
to nothing. Each thread has a watch of its own.
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
"""Called with the fraction that is done, 0 to 1, and a word for what is being done. False ends the work."""

PATIENCE = 0.03
"""Seconds between two calls: often enough for the eye, and for a cancel that is not felt."""

_BYTES_PER_BAND = 1 << 22

_ALMOST = 0.999
"""The most that is told before the end: 1 means that it is done."""


class Watch:
    """What stands behind the checkpoints of a thread: here of one that helps another."""

    def __init__(self) -> None:
        self.is_over = False

    def check(self) -> None:
        """Return, or raise what ends the work."""
        if self.is_over:
            raise Stopped

    def enter(self, begin: float, end: float) -> None:
        """Go on to a part of the work around: that of a helper is told by the thread that it helps."""

    def span(self) -> tuple[float, float]:
        """Where the work stands, and where it ends."""
        return 0.0, 0.0

    def next_pass(self) -> float:
        """Where a pass over all of something ends that begins now."""
        return 0.0


class Stopped(BaseException):
    """Ends what a helper does when the thread that it helps has ended: no handler of errors may keep it."""


class _Call(Watch):
    """The watch of the thread that called: where it is within the work, and what it is doing."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.stage = "reading"
        self._progress = progress
        self.share_of_a_pass = 1.0
        self._at, self._end = 0.0, 1.0
        self._due = 0.0
        self._is_done = False
        self.failure: BaseException | None = None

    def check(self) -> None:
        if self.failure is not None:  # a decoder's handler of errors kept it
            raise self.failure
        if time.perf_counter() >= self._due:
            self.tell(min(self._at, _ALMOST))

    def enter(self, begin: float, end: float) -> None:
        self._at, self._end = begin, end

    def span(self) -> tuple[float, float]:
        return self._at, self._end

    def next_pass(self) -> float:
        return self._at + self.share_of_a_pass * (self._end - self._at)

    def finish(self) -> None:
        """Tell the end of the work around, whenever the last time was; of all the work only once."""
        if not self._is_done:
            self._is_done = self._end == 1.0
            self.tell(1.0 if self._is_done else min(self._end, _ALMOST))

    def tell(self, fraction: float) -> None:
        """Call, whenever the last time was."""
        _here.watch = None  # a callable that uses this library does work of its own
        try:
            answer = self._progress(fraction, self.stage)
            if isinstance(answer, bool | np.bool_) and not answer:
                raise Cancelled(f"cancelled while {self.stage}, {fraction:.0%} done: progress returned False")
        except BaseException as error:
            self.failure = error
            raise
        finally:
            _here.watch = self
        self._due = time.perf_counter() + PATIENCE


class _Here(threading.local):
    watch: Watch | None = None


_here = _Here()


def current() -> Watch | None:
    """The watch of this thread, if there is one."""
    return _here.watch


def checkpoint() -> None:
    """Let the call end here if it should: raises what its callable raised, or `Cancelled`."""
    if _here.watch is not None:
        _here.watch.check()


def slices(total: int, size: int) -> Iterator[slice]:
    """Slices that cut `total` items into pieces, with a checkpoint before each."""
    for start in range(0, total, size):
        checkpoint()
        yield slice(start, min(start + size, total))


def bands(image: npt.NDArray[Any]) -> Iterator[slice]:
    """Slices of the rows of an image (H, ...), each of which NumPy is done with in some milliseconds."""
    return slices(len(image), rows_per_band(image))


def rows_per_band(image: npt.NDArray[Any]) -> int:
    """Rows of a band, of so many as are a few megabytes."""
    return max(1, _BYTES_PER_BAND // max(1, image.nbytes // len(image)))


def last_checkpoint() -> None:
    """`checkpoint` before what cannot be undone: if nothing else is to be done, the fraction is 1."""
    if isinstance(_here.watch, _Call):
        _here.watch.finish()


@contextlib.contextmanager
def watched(progress: Progress | None) -> Iterator[None]:
    """Tell `progress` how far the work within is; None leaves it to a call around this one, if any.

    Raises
    ------
    ArgumentTypeError
        When it cannot be called.
    """
    if progress is None:
        yield
        return
    if not callable(progress):
        raise ArgumentTypeError(f"expected progress to be callable or None, got {progress!r}")
    call = _Call(progress)
    with assumed(call):
        try:
            call.check()
            yield
            call.finish()
        except BaseException as error:
            if call.failure is not None and error is not call.failure:  # in the words of who met it
                raise call.failure from None
            raise
        if call.failure is not None:
            raise call.failure


@contextlib.contextmanager
def assumed(watch: Watch) -> Iterator[None]:
    """Have a watch on this thread."""
    outer, _here.watch = _here.watch, watch
    try:
        yield
    finally:
        _here.watch = outer


@contextlib.contextmanager
def stage(name: str | None, share: float = 1.0, each: float = 1.0) -> Iterator[None]:
    """Do what is a share of what is left of the work around; without a name it is still the same stage.

    Each pass over all of something is a share of what is then left of the stage: where nobody knows how many
    there are, it only comes near to its end.
    """
    call = _here.watch
    if not isinstance(call, _Call):
        yield
        return
    begin, end = call.span()
    middle = end if share == 1.0 else begin + share * (end - begin)
    outer, call.share_of_a_pass = call.share_of_a_pass, each
    call.stage = name or call.stage
    call.enter(begin, middle)
    call.check()
    yield
    call.enter(middle, end)
    call.share_of_a_pass = outer
