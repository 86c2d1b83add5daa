"""Large arrays that are kept between calls."""

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class ArrayPool(Generic[T]):
    """Pool of at most `max_idle` large arrays that are kept for the next image; each has one user at a time.

    Newly allocated pages take 2 to 11 ms where the system must find huge pages, which is longer than counting
    a small image.
    """

    def __init__(self, make: Callable[[], T], max_idle: int) -> None:
        self._make, self._max_idle = make, max_idle
        self._idle: deque[T] = deque()

    def take(self) -> T:
        try:
            return self._idle.pop()
        except IndexError:
            return self._make()

    def give_back(self, used: T) -> None:
        if len(self._idle) < self._max_idle:
            self._idle.append(used)
