"""Counting of repeated rows, such as the pixels of an image: equal rows become one vector with a weight."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color import packed_counting
from fastkq.color.table import ColorTable
from fastkq.runtime.parallel import over_chunks

_MIN_ROWS = 1 << 13
"""Rows: data with fewer rows are not counted, because k-means on all of them takes milliseconds."""

_SAMPLE = 1 << 12  # rows in the sample that tells pixels from other data, about
_ROWS_PER_CHUNK = 1 << 14
_FIRST_SAMPLE = 1 << 6
"""Rows of a first sample: it rejects most data of many features without the slow copy of a larger sample."""

_MAX_VARYING = 3  # columns of pixels that vary, at most: the channels of the packed counting
_MAX_UINT8_LABELS = 256  # clusters, at most, whose labels fit in uint8


class Rows(NamedTuple):
    """The rows of a matrix of samples (n, d), or its distinct rows.

    Attributes
    ----------
    vectors : (m, d) float32 or float64
        All rows (m = n), or the distinct rows.
    counts : (m,) float64 or None
        Number of samples equal to each vector; None: each is one sample.
    weights : (m,) float64 or None
        Weight of each vector, the sum of its samples' weights; None: each has the weight 1.
    codes : (n, 1, 3) uint8 or None
        The samples as an image of packed colors; None if rows are not counted.
    colors : ColorTable or None
        The counted colors of `codes`, one per vector and in their order; None if rows are not counted.
    """

    vectors: npt.NDArray[Any]
    counts: npt.NDArray[np.float64] | None
    weights: npt.NDArray[np.float64] | None
    codes: npt.NDArray[np.uint8] | None = None
    colors: ColorTable | None = None

    def variance(self) -> float:
        """Return the mean of the features' variances over all samples, without their weights."""
        origin = self.vectors[:_ROWS_PER_CHUNK].mean(axis=0, dtype=np.float64)
        sums, total = np.zeros(len(origin)), 0.0
        for start in range(0, len(self.vectors), _ROWS_PER_CHUNK):
            part = slice(start, start + _ROWS_PER_CHUNK)
            differences = self.vectors[part] - origin
            weighted = differences if self.counts is None else differences * self.counts[part, None]
            sums += np.einsum("ij->j", weighted)  # not by BLAS: its rounding depends on its threads
            total += float(np.einsum("ij,ij->", weighted, differences))
        number = len(self.vectors) if self.counts is None else float(self.counts.sum())
        return max(total / number - float(((sums / number) ** 2).sum()), 0.0) / len(origin)

    def spread(self, labels: npt.NDArray[np.int32], k: int, threads: int) -> npt.NDArray[np.int32]:
        """Return the labels (n,) of the samples, given the labels (m,) of the vectors, from 0 to k - 1."""
        if self.codes is None or self.colors is None:
            return labels
        values: npt.NDArray[np.unsignedinteger] = labels.astype(
            np.uint8 if k <= _MAX_UINT8_LABELS else np.uint32
        )
        return self.colors.look_up(self.codes, values, threads)[:, 0].astype(np.int32)


def count_rows(samples: npt.NDArray[Any], weights: npt.NDArray[np.float64] | None, threads: int = 1) -> Rows:
    """Count repeated rows if the samples are pixels; otherwise return all rows as they are.

    Pixels, however scaled, have at most three columns that vary, with at most 256 values each. Other data are
    recognized by a sample of their rows, within 0.1 ms.

    Parameters
    ----------
    samples : (n, d) float32 or float64, C-contiguous
    weights : (n,) float64 or None
        Weights of the samples; None: each has the weight 1.
    threads : int
        Number of threads.
    """
    plain = Rows(samples, None, weights)
    bits = samples.view(f"u{samples.itemsize}")
    if len(bits) < _MIN_ROWS or not _may_be_pixels(bits):
        return plain
    levels = _Levels.of(bits, threads)
    if levels is None:
        return plain
    codes = levels.encode(bits, threads)
    colors = packed_counting.count(codes, threads)
    vectors = levels.decode(colors.colors).view(samples.dtype)
    counts = colors.counts.astype(np.float64)
    summed = counts if weights is None else colors.sum_weights(codes, weights, threads)
    return Rows(vectors, counts, summed, codes, colors)


def _may_be_pixels(bits: npt.NDArray[Any]) -> bool:
    first = bits[:: len(bits) // _FIRST_SAMPLE]
    if np.count_nonzero((first != first[0]).any(axis=0)) > _MAX_VARYING:
        return False
    return _Levels.of(bits[:: len(bits) // _SAMPLE].copy(), 1) is not None


class _Levels(NamedTuple):
    """The few distinct values of each column of a matrix.

    Attributes
    ----------
    values : list of arrays
        Per column the bit patterns of its values, as unsigned integers in ascending order.
    varying : list of int
        Columns with more than one value.
    """

    values: list[npt.NDArray[Any]]
    varying: list[int]

    @classmethod
    def of(cls, bits: npt.NDArray[Any], threads: int) -> "_Levels | None":
        """Return the values of the columns of `bits` (n, d), unsigned integers of 32 or 64 bits.

        Return None if more than 3 columns vary or a column has more than 256 values.
        """
        tables = [_Table.empty(bits.shape[1]) for _ in range(threads)]
        few: list[bool] = []

        def work(worker: int, start: int, stop: int) -> None:
            if all(few):
                few.append(kernels.color.column_values.collect_values(bits, start, stop, *tables[worker]))

        over_chunks(work, len(bits), _ROWS_PER_CHUNK, threads)
        if not all(few):
            return None
        columns = range(bits.shape[1])
        values = [np.unique(np.concatenate([table.values(column) for table in tables])) for column in columns]
        varying = [column for column in columns if len(values[column]) > 1]
        if len(varying) > _MAX_VARYING or max(map(len, values)) > kernels.color.column_values.MAX_VALUES:
            return None
        return cls([column_values.astype(bits.dtype) for column_values in values], varying)

    def encode(self, bits: npt.NDArray[Any], threads: int) -> npt.NDArray[np.uint8]:
        """Return codes (n, 1, 3): per varying column the rank of the value, 0 for missing columns."""
        table = _Table.empty(len(self.varying))
        for place, column in enumerate(self.varying):
            ascending = self.values[column][:, None]
            kernels.color.column_values.collect_values(
                ascending, 0, len(ascending), *(part[place : place + 1] for part in table)
            )
        codes = np.zeros((len(bits), 1, _MAX_VARYING), np.uint8)
        columns = np.array(self.varying, np.int64)

        def work(worker: int, start: int, stop: int) -> None:
            kernels.color.column_values.encode(
                bits, start, stop, columns, table.words, table.numbers, codes[:, 0]
            )

        over_chunks(work, len(bits), _ROWS_PER_CHUNK, threads)
        return codes

    def decode(self, codes: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        """Return the bit patterns (m, d) of codes (m, 3)."""
        rows = np.empty((len(codes), len(self.values)), self.values[0].dtype)
        rows[:] = [column_values[0] for column_values in self.values]
        for place, column in enumerate(self.varying):
            rows[:, column] = self.values[column][codes[:, place]]
        return rows


class _Table(NamedTuple):
    """Hash tables of the values of d columns, filled by `fastkq.kernels.color.column_values.collect_values`.

    Attributes
    ----------
    words : (d, SLOTS) uint64
        The values.
    numbers : (d, SLOTS) int32
        Number of the value in each slot; -1 for an empty slot.
    found : (d,) int64
        Number of values per column.
    """

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
