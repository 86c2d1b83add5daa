"""Large buffers that are kept for the next call, because newly allocated memory is slow to write.

A `Pool` keeps buffers of one kind. Every pool of the process is registered, so that `clear` drops the kept
buffers of all of them. Constants that are computed once and then only read are kept where they are computed:
together they have less than 1 MB.

The pools of fastkq hold at most two sets of counters of the 2^24 RGB colors (`fastkq.color.packed_counting`,
65 MB each) and two look-up tables of the same colors (16 MB each), together 162 MB. Only the pages that were
written take memory, which are those of the colors that occurred. Measured after a photograph: 12 to 27 MB on
one thread, up to 33 MB on two.

All functions are safe to call from several threads at once; a buffer has one user at a time. No lock is held,
so a child process may be forked at any moment. The child inherits the kept buffers as they are; buffers that
were in use by other threads of the parent are not kept in the child.
"""

from collections import deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar
from weakref import WeakSet

T = TypeVar("T")


class Pool(Generic[T]):
    """Buffers of one kind; those that nobody uses are kept for the next user.

    A user that fails does not give its buffer back, so that a kept buffer is always in the state in which
    users are to leave it.

    Parameters
    ----------
    make
        Called without arguments, returns a new buffer.
    max_idle : int
        Maximum number of kept buffers.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.runtime.buffers import Pool
    >>> pool = Pool(lambda: np.zeros(1 << 20), max_idle=2)
    >>> buffer = pool.take()
    >>> pool.give_back(buffer)
    >>> pool.take() is buffer
    True
    """

    def __init__(self, make: Callable[[], T], max_idle: int) -> None:
        self._make = make
        self._idle: deque[T] = deque(maxlen=max_idle)  # drops the oldest when it is full
        _pools.add(self)

    def take(self) -> T:
        """Return a kept buffer, or a new one if there is none."""
        try:
            return self._idle.pop()
        except IndexError:
            return self._make()

    def give_back(self, buffer: T) -> None:
        """Keep a buffer for the next user."""
        self._idle.append(buffer)

    def clear(self) -> None:
        """Drop the kept buffers."""
        self._idle.clear()


_pools: WeakSet[Pool[Any]] = WeakSet()


def clear() -> None:
    """Drop the kept buffers of all pools.

    Call it in a long-lived process that needs the memory for other work; the next image takes a few
    milliseconds more. Buffers that are in use are not affected: they are kept when their users return them.
    Results do not depend on it.

    Examples
    --------
    >>> import numpy as np
    >>> import fastkq
    >>> from fastkq.runtime import buffers
    >>> compressed = fastkq.compress(np.zeros((4, 4, 3), np.uint8), k=4)
    >>> buffers.clear()
    """
    for pool in list(_pools):
        pool.clear()
