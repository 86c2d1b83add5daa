"""Table of counted colors of any dtype and number of channels, sorted by their channels."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.embedding import Embedding
from fastkq.color.kinds import has_alpha
from fastkq.color.oklab_embedding import OklabEmbedding
from fastkq.color.table import ColorTable
from fastkq.color.value_range import ValueRange
from fastkq.runtime.options import Space
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import checkpoint, slices

_ROWS_PER_CHUNK = 1 << 16
_PIXELS_PER_CHUNK = 1 << 14
_ROWS_PER_BUCKET = 1 << 15
"""A bucket holds 1 to 2 times this many rows on average, for at most 2^24 rows, so that it fits into the
cache."""
_MAX_BUCKET_BITS = 9  # maximum of log2 of the number of buckets
_SAMPLES_PER_BUCKET = 32  # rows of a bucket in the sample from which the bounds of the buckets are chosen
_TABLE_SIZE = 1 << 16  # counters: one for each possible row of at most 16 bits


class RowTable(ColorTable):
    """Distinct colors of images, sorted by the first channel, then by the second, and so on.

    Attributes
    ----------
    colors : (M, C)
        The colors. -0.0 is stored as 0.0.
    counts : (M,) int64
        Number of pixels of each color.
    """

    __slots__ = ("_colors",)
    maps_by_look_up = False

    def __init__(self, colors: npt.NDArray[Any], counts: npt.NDArray[np.int64]) -> None:
        self._colors, self.counts = colors, counts
        self.dtype = colors.dtype
        self.channels = colors.shape[1]

    @property
    def colors(self) -> npt.NDArray[Any]:
        """The colors (M, C)."""
        return self._colors

    def metric(
        self, space: Space, other_colors: npt.NDArray[Any], value_range: ValueRange | None = None
    ) -> Embedding | OklabEmbedding:
        """Return the common embedding of the colors of the table and other ones (n, C)."""
        return embedding_of(space, value_range, self._colors, other_colors)

    def merge(self, other: RowTable) -> RowTable:
        """Merge two tables of one dtype and number of channels; the counts of equal colors are added."""
        tables = (self, other)
        counted = _merge(*(_CountedWords(Rows.of(one.colors).to_words(), one.counts) for one in tables))
        return _decode(counted, self.dtype, self.channels)

    def with_alpha(self) -> RowTable:
        """Add full alpha to colors without it; a table of colors with alpha is returned as it is."""
        if has_alpha(self.dtype, self.channels):
            return self
        opaque = np.full(len(self), np.iinfo(self.dtype).max, self.dtype)
        return RowTable(np.column_stack((self._colors, opaque)), self.counts)

    def select(
        self, selection: npt.NDArray[Any] | slice, counts: npt.NDArray[np.int64] | None = None
    ) -> RowTable:
        """Return the table of some of the colors, see `ColorTable.select`."""
        return RowTable(self._colors[selection], self.counts[selection] if counts is None else counts)

    def index_of(self, colors: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
        """Return the index (n,) in the table of each of the colors (n, C), or -1 if the table lacks it."""
        rows, indices = _sortable(self._colors), np.empty(len(colors), np.intp)
        for part in slices(len(colors), _PIXELS_PER_CHUNK):
            wanted = _sortable(np.ascontiguousarray(colors[part]))
            places = np.searchsorted(rows, wanted)
            indices[part] = np.where(rows[np.minimum(places, len(rows) - 1)] == wanted, places, -1)
        return indices

    def look_up(
        self, pixels: npt.NDArray[Any], values: npt.NDArray[Any], threads: int = 1
    ) -> npt.NDArray[Any]:
        """Return the value of the color of each pixel, see `ColorTable.look_up`."""
        rows = pixels.reshape(pixels.shape[0] * pixels.shape[1], -1)[:, : self.channels]
        out, colors = np.empty(len(rows), values.dtype), _sortable(self._colors)

        def work(worker: int, start: int, stop: int) -> None:
            part = np.ascontiguousarray(rows[start:stop])
            out[start:stop] = values[np.searchsorted(colors, _sortable(part))]

        over_chunks(work, len(rows), _PIXELS_PER_CHUNK, threads)
        return out.reshape(pixels.shape[:2])


def embedding_of(
    space: Space, value_range: ValueRange | None, *colors: npt.NDArray[Any]
) -> Embedding | OklabEmbedding:
    """Return the common embedding of several arrays of colors (M, C) of the same dtype in a space."""
    if space == "rgb":
        return Embedding.of(*colors)
    dtype, channels = colors[0].dtype, colors[0].shape[1]
    used_range = value_range or ValueRange.of(dtype)
    assert used_range is not None
    return OklabEmbedding(dtype, channels, used_range)


def count(pixels: npt.NDArray[Any], threads: int = 1) -> RowTable:
    """Count the distinct rows of an array, exactly.

    Parameters
    ----------
    pixels : (N, C) of a dtype of `fastkq.runtime.validation.DTYPES` other than bool, C-contiguous
        The last of 2 or 4 channels of uint8 and uint16 is alpha. Floats must be finite.
    threads : int
        Maximum number of threads.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.color import row_table
    >>> counted = row_table.count(np.array([[0.5, 2], [-0.0, 1], [0.5, 2]]))
    >>> counted.colors.tolist(), counted.counts.tolist()
    ([[0.0, 1.0], [0.5, 2.0]], [1, 2])
    """
    if pixels.shape[1] * pixels.itemsize <= 2:
        return _count_in_table(pixels, threads)
    counted = _count_in_buckets(Rows.of(pixels), threads)
    return _decode(counted, pixels.dtype, pixels.shape[1], threads)


class Rows(NamedTuple):
    """Rows of an array, viewed as unsigned integers.

    Attributes
    ----------
    bits : (N, C) unsigned
        View of the rows.
    width : int
        Bits per channel.
    is_float, is_signed : bool
        Whether the rows are floats, or signed integers.
    has_alpha : bool
        Whether the last channel is alpha.
    """

    bits: npt.NDArray[np.unsignedinteger]
    width: int
    is_float: bool
    is_signed: bool
    has_alpha: bool

    @classmethod
    def of(cls, pixels: npt.NDArray[Any]) -> Rows:
        bits, kind = pixels.view(f"u{pixels.itemsize}"), pixels.dtype.kind
        alpha = has_alpha(pixels.dtype, pixels.shape[1])
        return cls(bits, 8 * pixels.itemsize, kind == "f", kind == "i", alpha)

    @property
    def words(self) -> int:
        """Number of 64-bit words per row."""
        words: int = -(-self.bits.shape[1] // (64 // self.width))
        return words

    def to_words(self) -> npt.NDArray[np.uint64]:
        words = np.empty((len(self.bits), self.words), np.uint64)
        for part in slices(len(words), _ROWS_PER_CHUNK):
            kernels.color.sorted_rows.to_words(self._replace(bits=self.bits[part]), words[part])
        return words


def _sortable(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return one value per row, (N,): an integer, or bytes for longer rows, that sorts as the row does."""
    words = Rows.of(pixels).to_words()
    if words.shape[1] == 1:
        return words[:, 0]
    digits = np.empty(words.shape, ">u8")  # big-endian, because void values are compared byte by byte
    for part in slices(len(words), _ROWS_PER_CHUNK):
        digits[part] = words[part]
    return digits.view(np.dtype((np.void, 8 * words.shape[1])))[:, 0]


class _CountedWords(NamedTuple):
    """Distinct rows as sorted words (M, W) uint64, and their counts (M,)."""

    words: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int64]


def _count_in_table(pixels: npt.NDArray[Any], threads: int) -> RowTable:
    tables = np.zeros((threads, _TABLE_SIZE), np.int64)
    rows = Rows.of(pixels)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.sorted_rows.count_in_table(rows, start, stop, tables[worker])

    over_chunks(work, len(pixels), _ROWS_PER_CHUNK, threads)
    counts = tables.sum(axis=0)
    words = np.flatnonzero(counts)
    shifts = rows.width * np.arange(pixels.shape[1])[::-1]
    levels = (words[:, None] >> shifts) & ((1 << rows.width) - 1)
    colors = (levels - (1 << rows.width >> 1) * rows.is_signed).astype(pixels.dtype)
    return RowTable(colors, counts[words])


def _count_in_buckets(rows: Rows, threads: int) -> _CountedWords:
    """Count rows: scatter their words to buckets in ascending order, then sort each bucket in the cache."""
    words, ends = _scatter_rows(rows, threads)
    counts = np.empty(len(words), np.int64)
    distinct = np.empty(len(ends) - 1, np.int64)

    def work(worker: int, start: int, stop: int) -> None:
        first, last = ends[start], ends[stop]
        distinct[start] = _count_bucket(words[first:last], counts[first:last])

    over_chunks(work, len(distinct), 1, threads)
    return _CountedWords(_compact(words, ends, distinct), _compact(counts, ends, distinct))


def _compact(
    array: npt.NDArray[Any], ends: npt.NDArray[np.int64], distinct: npt.NDArray[np.int64]
) -> npt.NDArray[Any]:
    """Move the first `distinct` items of each bucket to the front of the array, in place.

    To write to newly allocated memory would take more time than all the sorting.
    """
    place = 0
    for first, number in zip(ends.tolist(), distinct.tolist(), strict=False):
        checkpoint()
        if place < first:
            array[place : place + number] = array[first : first + number]
        place += number
    return array[:place]


def _scatter_rows(rows: Rows, threads: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Scatter rows to buckets; returns their words (N, W) bucket by bucket, and ends (buckets + 1,).

    Bucket b holds the words ends[b] .. ends[b + 1] - 1.
    """
    number = len(rows.bits)
    buckets = 1 << min(max(number // _ROWS_PER_BUCKET, 1).bit_length() - 1, _MAX_BUCKET_BITS)
    splitters = _splitters(rows, buckets)
    chunks = -(-number // _ROWS_PER_CHUNK)
    sizes = np.zeros((chunks, buckets), np.int64)
    chosen = np.empty(number, np.uint16)

    def classify(worker: int, start: int, stop: int) -> None:
        chunk = start // _ROWS_PER_CHUNK
        kernels.color.sorted_rows.classify(rows, start, stop, splitters, chosen, sizes[chunk])

    over_chunks(classify, number, _ROWS_PER_CHUNK, threads)
    places = (np.cumsum(sizes.T.reshape(-1)) - sizes.T.reshape(-1)).reshape(buckets, chunks).T.copy()
    ends = np.append(places[0], number)
    words = np.empty((number, rows.words), np.uint64)

    def scatter(worker: int, start: int, stop: int) -> None:
        chunk = start // _ROWS_PER_CHUNK
        kernels.color.sorted_rows.scatter(rows, start, stop, chosen, places[chunk], words)

    over_chunks(scatter, number, _ROWS_PER_CHUNK, threads)
    return words, ends


def _splitters(rows: Rows, buckets: int) -> npt.NDArray[np.uint64]:
    """Return the bounds (buckets - 1,) between the buckets: first words of rows, chosen from a sample.

    The buckets then hold about equal numbers of rows.
    """
    sample = rows._replace(
        bits=rows.bits[:: max(len(rows.bits) // (_SAMPLES_PER_BUCKET * buckets), 1)].copy()
    )
    words = np.sort(sample.to_words()[:, 0])
    return words[np.arange(1, buckets) * len(words) // buckets]


def _count_bucket(words: npt.NDArray[np.uint64], counts: npt.NDArray[np.int64]) -> int:
    """Sort words (n, W) and count equal ones, in place; returns the number of distinct words."""
    if len(words) == 0:
        return 0
    if words.shape[1] == 1:
        words[:, 0] = kernels.color.sorted_rows.sort_words(words[:, 0], np.empty(len(words), np.uint64))
    else:
        order, keys = np.arange(len(words)), np.empty(len(words), np.uint64)
        kernels.color.sorted_rows.sort(words, keys, order, np.empty((3, 64 * (words.shape[1] + 2)), np.int64))
        words[:] = words[order]
    distinct: int = kernels.color.sorted_rows.count_runs(words, counts)
    return distinct


def _merge(a: _CountedWords, b: _CountedWords) -> _CountedWords:
    capacity = len(a.counts) + len(b.counts)
    words, counts = np.empty((capacity, a.words.shape[1]), np.uint64), np.empty(capacity, np.int64)
    state = np.zeros(3, np.int64)
    while state[0] < len(a.counts) or state[1] < len(b.counts):
        checkpoint()
        kernels.color.sorted_rows.merge(*a, *b, words, counts, state, state[2] + _ROWS_PER_CHUNK)
    distinct = int(state[2])
    return _CountedWords(words[:distinct], counts[:distinct])


def _decode(counted: _CountedWords, dtype: np.dtype[Any], channels: int, threads: int = 1) -> RowTable:
    colors = np.empty((len(counted.counts), channels), dtype)
    rows = Rows.of(colors)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.sorted_rows.from_words(counted.words, start, stop, rows)

    over_chunks(work, len(colors), _ROWS_PER_CHUNK, threads)
    return RowTable(colors, counted.counts)
