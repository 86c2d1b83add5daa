"""Timing of several calls in turns in one process."""

import statistics
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

Key = TypeVar("Key")


def in_turns(
    calls: Mapping[Key, Callable[[], object]], rounds: int, *, warmup: int = 0, once: Key | None = None
) -> dict[Key, list[float]]:
    """Time each call once per round, so that drift of the machine affects all calls alike.

    Parameters
    ----------
    calls
        The calls by key.
    rounds
        Number of timed rounds.
    warmup
        Number of rounds before them that are not timed.
    once
        Key of a slow call that is made in the first round only.

    Returns
    -------
    dict
        Seconds of each call in each round.
    """
    seconds: dict[Key, list[float]] = {key: [] for key in calls}
    for turn in range(-warmup, rounds):
        for key, call in calls.items():
            if key == once and seconds[key]:
                continue
            start = time.perf_counter()
            call()
            if turn >= 0:
                seconds[key].append(time.perf_counter() - start)
    return seconds


def medians(calls: Mapping[Key, Callable[[], object]], rounds: int, *, warmup: int = 0) -> dict[Key, float]:
    """Return the median seconds of each call, timed in turns."""
    seconds = in_turns(calls, rounds, warmup=warmup)
    return {key: statistics.median(values) for key, values in seconds.items()}
