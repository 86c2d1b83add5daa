"""Rows that occur again and again, as the colours of an image do, are one vector with a weight."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_counting, packed_table
from fastkq.color.table import sum_weights
from fastkq.runtime.parallel import over_chunks

_FEWEST_ROWS = 1 << 13
"""Fewer are clustered in milliseconds as they are."""

_SAMPLED = 1 << 12
_ROWS_PER_CHUNK = 1 << 14
_SEEN_FIRST = 1 << 6
"""So many rows tell data of many features, of which a larger sample would be much to copy."""

_MOST_VARYING = 3
_MOST_IN_BYTES = 256


class Rows(NamedTuple):
    """The rows of a matrix, or its distinct ones.

    Attributes
    ----------
    vectors : (m, d) float32 or float64
    counts : (m,) float64 or None
        How often each occurs; None: once.
    weights : (m,) float64 or None
        The sums of the samples' weights; None: they weigh what they count.
    codes : (n, 1, 3) uint8 or None
        The samples as colours ...
    colours : Histogram or None
        ... and the colours of the vectors, in their order; None: each sample is a vector.
    """

    vectors: npt.NDArray[Any]
    counts: npt.NDArray[np.float64] | None
    weights: npt.NDArray[np.float64] | None
    codes: npt.NDArray[np.uint8] | None = None
    colours: packed_table.PackedTable | None = None

    def variance(self) -> float:
        """Mean of the variances of the features, of all samples whatever they weigh."""
        origin = self.vectors[:_ROWS_PER_CHUNK].mean(axis=0, dtype=np.float64)
        sums, total = np.zeros(len(origin)), 0.0
        for start in range(0, len(self.vectors), _ROWS_PER_CHUNK):
            part = slice(start, start + _ROWS_PER_CHUNK)
            differences = self.vectors[part] - origin
            weighed = differences if self.counts is None else differences * self.counts[part, None]
            sums += np.einsum("ij->j", weighed)  # by no BLAS, whose rounding depends on its threads
            total += float(np.einsum("ij,ij->", weighed, differences))
        number = len(self.vectors) if self.counts is None else float(self.counts.sum())
        return max(total / number - float(((sums / number) ** 2).sum()), 0.0) / len(origin)

    def spread(self, labels: npt.NDArray[np.int32], k: int, threads: int) -> npt.NDArray[np.int32]:
        """Labels (n,) of the samples, given those of the vectors, (m,), below k."""
        if self.codes is None or self.colours is None:
            return labels
        values: npt.NDArray[np.unsignedinteger] = labels.astype(
            np.uint8 if k <= _MOST_IN_BYTES else np.uint32
        )
        return packed_counting.look_up(self.codes, self.colours, values, threads)[:, 0].astype(np.int32)


def rows_of(samples: npt.NDArray[Any], weights: npt.NDArray[np.float64] | None, threads: int = 1) -> Rows:
    """The distinct rows of samples (n, d), C-contiguous, that are pixels; all rows of others.

    Pixels, however scaled, have at most three columns that vary, with at most 256 values each. That other
    data are not like that shows in a sample, within 0.1 ms.
    """
    plain = Rows(samples, None, weights)
    bits = samples.view(f"u{samples.itemsize}")
    if len(bits) < _FEWEST_ROWS or not _may_be_pixels(bits):
        return plain
    levels = _Levels.of(bits, threads)
    if levels is None:
        return plain
    codes = levels.encode(bits, threads)
    colours = packed_counting.count(codes, threads)
    vectors = levels.decode(colours.colours).view(samples.dtype)
    counts = colours.counts.astype(np.float64)
    summed = counts if weights is None else sum_weights(codes, colours, weights, threads)
    return Rows(vectors, counts, summed, codes, colours)


def _may_be_pixels(bits: npt.NDArray[Any]) -> bool:
    first = bits[:: len(bits) // _SEEN_FIRST]
    if np.count_nonzero((first != first[0]).any(axis=0)) > _MOST_VARYING:
        return False
    return _Levels.of(bits[:: len(bits) // _SAMPLED].copy(), 1) is not None


class _Levels(NamedTuple):
    """The few values of the columns of a matrix: of each column its bits, rising, and which columns vary."""

    values: list[npt.NDArray[Any]]
    varying: list[int]

    @classmethod
    def of(cls, bits: npt.NDArray[Any], threads: int) -> "_Levels | None":
        """None where the columns that vary, or the values of one, are too many."""
        tables = [_Table.empty(bits.shape[1]) for _ in range(threads)]
        few: list[bool] = []

        def work(worker: int, start: int, stop: int) -> None:
            if all(few):
                few.append(kernels.color.column_values.survey(bits, start, stop, *tables[worker]))

        over_chunks(work, len(bits), _ROWS_PER_CHUNK, threads)
        if not all(few):
            return None
        columns = range(bits.shape[1])
        values = [np.unique(np.concatenate([table.values(column) for table in tables])) for column in columns]
        varying = [column for column in columns if len(values[column]) > 1]
        if len(varying) > _MOST_VARYING or max(map(len, values)) > kernels.color.column_values.MOST:
            return None
        return cls([some.astype(bits.dtype) for some in values], varying)

    def encode(self, bits: npt.NDArray[Any], threads: int) -> npt.NDArray[np.uint8]:
        """Codes (n, 1, 3): the ranks of the values in the columns that vary."""
        table = _Table.empty(len(self.varying))
        for place, column in enumerate(self.varying):
            rising = self.values[column][:, None]
            kernels.color.column_values.survey(
                rising, 0, len(rising), *(part[place : place + 1] for part in table)
            )
        codes = np.zeros((len(bits), 1, _MOST_VARYING), np.uint8)
        columns = np.array(self.varying, np.int64)

        def work(worker: int, start: int, stop: int) -> None:
            kernels.color.column_values.encode(
                bits, start, stop, columns, table.words, table.numbers, codes[:, 0]
            )

        over_chunks(work, len(bits), _ROWS_PER_CHUNK, threads)
        return codes

    def decode(self, codes: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        """The bits (m, d) whose codes are (m, 3)."""
        rows = np.empty((len(codes), len(self.values)), self.values[0].dtype)
        rows[:] = [some[0] for some in self.values]
        for place, column in enumerate(self.varying):
            rows[:, column] = self.values[column][codes[:, place]]
        return rows


class _Table(NamedTuple):
    """What `kernels.levels.survey` fills."""

    words: npt.NDArray[np.uint64]
    numbers: npt.NDArray[np.int32]
    found: npt.NDArray[np.int64]

    @classmethod
    def empty(cls, columns: int) -> "_Table":
        shape = columns, int(kernels.color.column_values.SLOTS)
        return cls(np.zeros(shape, np.uint64), np.full(shape, -1, np.int32), np.zeros(columns, np.int64))

    def values(self, column: int) -> npt.NDArray[np.uint64]:
        values: npt.NDArray[np.uint64] = self.words[column, self.numbers[column] >= 0]
        return values
