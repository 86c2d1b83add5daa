"""Count the distinct rows of an array of any dtype and number of channels."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.kinds import has_alpha
from fastkq.runtime.parallel import over_chunks
from fastkq.runtime.progress import checkpoint, slices

_ROWS_PER_CHUNK = 1 << 16
_PLACES_PER_CHUNK = 1 << 14
_ROWS_PER_BUCKET = 1 << 15
_MOST_BUCKETS_BITS = 9
_SAMPLES_PER_BUCKET = 32
_WORDS = 1 << 16


class RowTable(NamedTuple):
    """The distinct colours of images, sorted by their first channel, then by the next, and so on.

    Attributes
    ----------
    colours : (M, C)
        Never -0.0; with alpha, zeros stand for all those of alpha 0.
    counts : (M,) int64
        How many pixels have each.
    """

    colours: npt.NDArray[Any]
    counts: npt.NDArray[np.int64]


def count(pixels: npt.NDArray[Any], threads: int = 1) -> RowTable:
    """Count the distinct rows of an array, exactly.

    Parameters
    ----------
    pixels : (N, C) uint8, uint16, float32 or float64, C-contiguous
        Of integers with 2 or 4 channels the last is alpha. Floats are neither NaN nor infinite.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq import distinct
    >>> counted = distinct.count(np.array([[0.5, 2], [-0.0, 1], [0.5, 2]]))
    >>> counted.colours.tolist(), counted.counts.tolist()
    ([[0.0, 1.0], [0.5, 2.0]], [1, 2])
    """
    if pixels.shape[1] * pixels.itemsize <= 2:
        return _count_in_table(pixels, threads)
    counted = _count_in_buckets(_Rows.of(pixels), threads)
    return _decode(counted, pixels.dtype, pixels.shape[1], threads)


def merge(a: RowTable, b: RowTable, threads: int = 1) -> RowTable:
    """What counting the pixels of both gives."""
    dtype, channels = a.colours.dtype, a.colours.shape[1]
    counted = _merge(*(_CountedWords(_Rows.of(some.colours).to_words(), some.counts) for some in (a, b)))
    return _decode(counted, dtype, channels, threads)


class _Rows(NamedTuple):
    """Rows as unsigned integers (N, C) in the same memory, their bits a channel, and what they stand for."""

    bits: npt.NDArray[np.unsignedinteger]
    width: int
    is_float: bool
    has_alpha: bool

    @classmethod
    def of(cls, pixels: npt.NDArray[Any]) -> "_Rows":
        bits = pixels.view(f"u{pixels.itemsize}")
        return cls(
            bits, 8 * pixels.itemsize, pixels.dtype.kind == "f", has_alpha(pixels.dtype, pixels.shape[1])
        )

    @property
    def words(self) -> int:
        """Words that a row takes."""
        words: int = -(-self.bits.shape[1] // (64 // self.width))
        return words

    def to_words(self) -> npt.NDArray[np.uint64]:
        words = np.empty((len(self.bits), self.words), np.uint64)
        for part in slices(len(words), _ROWS_PER_CHUNK):
            kernels.color.sorted_rows.to_words(self.bits[part], *self[1:], words[part])
        return words


def places(pixels: npt.NDArray[Any], counted: RowTable, threads: int = 1) -> npt.NDArray[np.intp]:
    """Where each of the pixels (N, C), all of them counted, is among the colours: (N,)."""
    found = np.empty(len(pixels), np.intp)
    colours = _sortable(counted.colours)

    def work(worker: int, start: int, stop: int) -> None:
        found[start:stop] = np.searchsorted(colours, _sortable(pixels[start:stop]))

    over_chunks(work, len(pixels), _PLACES_PER_CHUNK, threads)
    return found


def _sortable(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A value for each row, in the order of the rows."""
    words = _Rows.of(pixels).to_words()
    if words.shape[1] == 1:
        return words[:, 0]
    digits = words.astype(">u8")  # of which the bytes are compared
    return digits.view(np.dtype((np.void, digits.shape[1] * digits.itemsize)))[:, 0]


class _CountedWords(NamedTuple):
    """Distinct rows as words (M, W) uint64, rising, and their counts (M,)."""

    words: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int64]


def _count_in_table(pixels: npt.NDArray[Any], threads: int) -> RowTable:
    tables = np.zeros((threads, _WORDS), np.int64)
    bits, width, _, with_alpha = _Rows.of(pixels)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.sorted_rows.count_in_table(bits, start, stop, width, with_alpha, tables[worker])

    over_chunks(work, len(pixels), _ROWS_PER_CHUNK, threads)
    counts = tables.sum(axis=0)
    found = np.flatnonzero(counts)
    shifts = width * np.arange(pixels.shape[1])[::-1]
    colours = ((found[:, None] >> shifts) & ((1 << width) - 1)).astype(pixels.dtype)
    return RowTable(colours, counts[found])


def _count_in_buckets(rows: _Rows, threads: int) -> _CountedWords:
    """Rows are strewn over buckets of rising words, and each bucket is sorted in the cache."""
    words, ends = _strewn(rows, threads)
    counts = np.empty(len(words), np.int64)
    found = np.empty(len(ends) - 1, np.int64)

    def work(worker: int, start: int, stop: int) -> None:
        first, last = ends[start], ends[stop]
        found[start] = _count_bucket(words[first:last], counts[first:last])

    over_chunks(work, len(found), 1, threads)
    return _CountedWords(_joined(words, ends, found), _joined(counts, ends, found))


def _joined(
    array: npt.NDArray[Any], ends: npt.NDArray[np.int64], found: npt.NDArray[np.int64]
) -> npt.NDArray[Any]:
    """The first so many of each bucket, moved together: fresh memory costs more than all the sorting."""
    place = 0
    for first, number in zip(ends.tolist(), found.tolist(), strict=False):
        checkpoint()
        if place < first:
            array[place : place + number] = array[first : first + number]
        place += number
    return array[:place]


def _strewn(rows: _Rows, threads: int) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Words (N, W) bucket by bucket, and where the buckets end: (buckets + 1,)."""
    number = len(rows.bits)
    buckets = 1 << min(max(number // _ROWS_PER_BUCKET, 1).bit_length() - 1, _MOST_BUCKETS_BITS)
    splitters = _splitters(rows, buckets)
    chunks = -(-number // _ROWS_PER_CHUNK)
    sizes = np.zeros((chunks, buckets), np.int64)
    chosen = np.empty(number, np.uint16)

    def classify(worker: int, start: int, stop: int) -> None:
        kernels.color.sorted_rows.classify(
            rows.bits, start, stop, *rows[1:], splitters, chosen, sizes[start // _ROWS_PER_CHUNK]
        )

    over_chunks(classify, number, _ROWS_PER_CHUNK, threads)
    places = (np.cumsum(sizes.T.reshape(-1)) - sizes.T.reshape(-1)).reshape(buckets, chunks).T.copy()
    ends = np.append(places[0], number)
    words = np.empty((number, rows.words), np.uint64)

    def scatter(worker: int, start: int, stop: int) -> None:
        kernels.color.sorted_rows.scatter(
            rows.bits, start, stop, *rows[1:], chosen, places[start // _ROWS_PER_CHUNK], words
        )

    over_chunks(scatter, number, _ROWS_PER_CHUNK, threads)
    return words, ends


def _splitters(rows: _Rows, buckets: int) -> npt.NDArray[np.uint64]:
    """First words (buckets - 1,) that about equally many rows lie between."""
    sample = rows._replace(
        bits=rows.bits[:: max(len(rows.bits) // (_SAMPLES_PER_BUCKET * buckets), 1)].copy()
    )
    words = np.sort(sample.to_words()[:, 0])
    return words[np.arange(1, buckets) * len(words) // buckets]


def _count_bucket(words: npt.NDArray[np.uint64], counts: npt.NDArray[np.int64]) -> int:
    """Sort words (n, W) and count them in place; returns how many different ones there are."""
    if len(words) == 0:
        return 0
    if words.shape[1] == 1:
        words[:, 0] = kernels.color.sorted_rows.sort_words(words[:, 0], np.empty(len(words), np.uint64))
    else:
        order, keys = np.arange(len(words)), np.empty(len(words), np.uint64)
        kernels.color.sorted_rows.sort(words, keys, order, np.empty((3, 64 * (words.shape[1] + 2)), np.int64))
        words[:] = words[order]
    found: int = kernels.color.sorted_rows.count_runs(words, counts)
    return found


def _merge(a: _CountedWords, b: _CountedWords) -> _CountedWords:
    most = len(a.counts) + len(b.counts)
    words, counts = np.empty((most, a.words.shape[1]), np.uint64), np.empty(most, np.int64)
    state = np.zeros(3, np.int64)
    while state[0] < len(a.counts) or state[1] < len(b.counts):
        checkpoint()
        kernels.color.sorted_rows.merge(*a, *b, words, counts, state, state[2] + _ROWS_PER_CHUNK)
    found = int(state[2])
    return _CountedWords(words[:found], counts[:found])


def _decode(counted: _CountedWords, dtype: np.dtype[Any], channels: int, threads: int) -> RowTable:
    colours = np.empty((len(counted.counts), channels), dtype)
    bits, width, is_float, _ = _Rows.of(colours)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.color.sorted_rows.from_words(counted.words, start, stop, width, is_float, bits)

    over_chunks(work, len(colours), _ROWS_PER_CHUNK, threads)
    return RowTable(colours, counted.counts)
