"""Constant tables of the coder, computed with integers: a libm may round differently on another machine."""

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Table = npt.NDArray[np.integer[Any]]

INITIAL_SLOT = 2048
"""A slot in its initial state: probability one half in the low 12 bits, count 0 in the high 4 bits."""

_LAST_COUNT = 15  # the count of a slot stops here
_LAST_RATE = 65536 // 24
"""Rate of adaptation at the last count, in 1/65536: an exponential mean over about 24 bits. Measured on the
Kodak images at k = 64: 16 or 48 instead of 24 cost 0.15 %."""

_LEVELS = (3, 7, 12, 18, 26, 36, 50, 68, 92, 124, 170)  # bounds of the levels of a projection
_ACTIVITIES = (1, 12, 24, 48, 80, 120, 200)  # bounds of the levels of activity


class Tables(NamedTuple):
    """The tables of the specification in `fastkq.formats.fkq.context`.

    Attributes
    ----------
    squash : (4095,) int32
        Probability, in 1/65536, of the logit (index - 2047) / 256.
    predictions : (65536,) int16
        The prediction of a slot: its logit, scaled down where its count is low.
    successors : (2, 65536) uint16
        The next state of a slot after a bit.
    level : (2048,) uint8
        One of 24 levels of a projection >> 5, offset by 1024.
    activities : (256,) uint8
        One of 8 levels of the difference between neighbors.
    """

    squash: Table
    predictions: Table
    successors: Table
    level: Table
    activities: Table


@cache
def tables() -> Tables:
    """Return the tables, which are computed once."""
    squash = _squash()
    stretch = np.minimum(np.searchsorted(squash, 16 * np.arange(4096) + 8), 4094) - 2047
    probability, count = np.arange(1 << 16) & 4095, np.arange(1 << 16) >> 12
    confidence = 64 * (10 * count + 8) // (10 * count + 15)
    return Tables(
        squash,
        (stretch[probability] * confidence >> 6).astype(np.int16),
        np.stack([_successors(probability, count, bit) for bit in (0, 1)]),
        _level(),
        np.searchsorted(_ACTIVITIES, np.arange(256), side="right").astype(np.uint8),
    )


def _squash() -> Table:
    one = 1 << 60
    powers = [one]
    for _ in range(2047):
        powers.append(powers[-1] * 1148427106610555133 >> 60)  # e^(-1/256) with 60 fractional bits
    upper = [((one << 16) + (one + power) // 2) // (one + power) for power in powers]
    return np.array([65536 - value for value in upper[:0:-1]] + upper, np.int32)


def _successors(probability: Table, count: Table, bit: int) -> Table:
    rate = np.where(count < _LAST_COUNT, 6553600 // (100 * count + 125), _LAST_RATE)
    moved = probability + ((4095 * bit - probability) * rate + 32768 >> 16)
    return (np.minimum(count + 1, _LAST_COUNT) << 12 | moved).astype(np.uint16)


def _level() -> Table:
    upper = np.searchsorted(_LEVELS, np.arange(1024))
    return np.concatenate((11 - upper[::-1], 12 + upper)).astype(np.uint8)
