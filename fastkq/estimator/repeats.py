"""Rows that occur again and again, as the colours of an image do, are one vector with a weight."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels

_FEWEST_ROWS = 1 << 13
"""Fewer are clustered in milliseconds as they are."""

_SAMPLED = 1 << 12
_LEAST_REPEATS = _SAMPLED >> 8
"""Of half a million equally frequent rows a sample holds that many twice."""

_LEAST_GAIN = 2
"""Times that a distinct row must occur, on the mean."""


class Rows(NamedTuple):
    """The rows of a matrix, or its distinct ones.

    Attributes
    ----------
    vectors : (m, d) float32 or float64
    counts : (m,) float64 or None
        How often each occurs; None: once.
    weights : (m,) float64 or None
        The sums of the samples' weights; None: they weigh what they count.
    owners : (n,) int32 or None
        Which row each sample is; None: its own.
    """

    vectors: npt.NDArray[Any]
    counts: npt.NDArray[np.float64] | None
    weights: npt.NDArray[np.float64] | None
    owners: npt.NDArray[np.int32] | None

    def mean(self) -> npt.NDArray[Any]:
        """Of each feature, of all samples whatever they weigh: (d,), of the dtype of the vectors."""
        if self.counts is None:
            total, number = self.vectors.sum(axis=0, dtype=np.float64), float(len(self.vectors))
        else:  # by no BLAS, whose rounding depends on its threads
            total, number = np.einsum("i,ij->j", self.counts, self.vectors), self.counts.sum()
        return np.asarray(total / number).astype(self.vectors.dtype)

    def variance(self, centred: npt.NDArray[Any]) -> float:
        """Mean of the variances of the features, given the vectors less their mean, (m, d)."""
        squares = np.einsum("ij,ij->i", centred, centred, dtype=np.float64)
        return float(np.average(squares, weights=self.counts)) / float(centred.shape[1])

    def spread(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What each sample gets when each row has its value of `values` (m,)."""
        return values if self.owners is None else values[self.owners]


def rows_of(samples: npt.NDArray[Any], weights: npt.NDArray[np.float64] | None) -> Rows:
    """The distinct rows of samples (n, d), C-contiguous, where they are few; all of them else.

    That they are many shows in a sample: to find out costs some 0.1 ms.
    """
    number = len(samples)
    numbers = np.empty(number, np.int32)
    if number >= _FEWEST_ROWS:
        sample = np.ascontiguousarray(samples[:: number // _SAMPLED])
        distinct = _distinct(sample, len(sample) - _LEAST_REPEATS, numbers)
        if distinct is not None:
            distinct = _distinct(samples, number // _LEAST_GAIN, numbers)
        if distinct is not None:
            counts = np.bincount(numbers).astype(np.float64)
            summed = counts if weights is None else np.bincount(numbers, weights).astype(np.float64)
            return Rows(distinct, counts, summed, numbers)
    return Rows(samples, None, weights, None)


def _distinct(
    samples: npt.NDArray[Any], most: int, numbers: npt.NDArray[np.int32]
) -> npt.NDArray[Any] | None:
    """The distinct rows in the order in which they first appear; None if they are more than `most`."""
    bits = samples.view(f"u{samples.itemsize}")
    rows = np.empty((most, samples.shape[1]), bits.dtype)
    found = kernels.repeats.number(bits, rows, numbers)
    return None if found < 0 else rows[:found].view(samples.dtype)
