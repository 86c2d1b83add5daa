"""Targets: figures with a limit.

A missed target is reported and is no failure, since times depend on the machine.
"""

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple


class Target(NamedTuple):
    """A figure and its limit: the most it may be, or with `at_least` the least; None if it has no limit."""

    words: str
    figure: float
    limit: float | None = None
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """One of "reached", "missed", "measured" (no limit) and "not measured"."""
        if math.isnan(self.figure):
            return "not measured"
        if self.limit is None:
            return "measured"
        is_reached = self.figure >= self.limit if self.at_least else self.figure <= self.limit
        return "reached" if is_reached else "missed"

    @property
    def bound(self) -> str:
        """The limit in words; empty if there is none."""
        if self.limit is None:
            return ""
        return f"{'at least' if self.at_least else 'at most'} {self.limit:g}"

    def __str__(self) -> str:
        bound = f" ({self.bound})" if self.bound else ""
        digits = 4 if self.figure < 10 else 1
        return f"{self.verdict:<12}  {self.words}: {self.figure:.{digits}f}{bound}"


def print_targets(targets: Iterable[Target]) -> None:
    """Print each target with its verdict, and the number of each verdict."""
    listed = list(targets)
    if not listed:
        return
    print("\nTargets:")
    for target in listed:
        print(f"  {target}")
    verdicts = Counter(target.verdict for target in listed if target.limit is not None)
    print("  " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items()))
