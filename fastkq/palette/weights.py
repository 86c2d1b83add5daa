"""Weights as integers, whose sums are exact in any order."""

import numpy as np
import numpy.typing as npt

_MOST = 1 << 30
"""Sums of so much weight times a coordinate stay below 2^53, see `fastkq.blocks.Points`."""


def to_counts(weights: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Weights (M,), all positive, as integers of at least 1 in about the same proportions.

    They are below 2^30 in all: integers that are so already stay as they are; others are scaled by a power of
    two and rounded.
    """
    largest = int(np.frexp(weights.max())[1])
    whole = np.floor(weights)
    if largest <= 30 and (whole == weights).all() and int(whole.astype(np.int64).sum()) <= _MOST:
        return whole.astype(np.int64)
    # Twice: integers of 32 bits have an exact sum, which says how many bits are too many.
    total = int(np.ldexp(weights, 32 - largest).astype(np.int64).sum())
    shift = max(0, total.bit_length() - 29)
    rounded = np.floor(np.ldexp(weights, 32 - largest - shift) + 0.5)
    return np.maximum(rounded, 1.0).astype(np.int64)
