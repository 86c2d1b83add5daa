"""Count the distinct rows of an array of any dtype and number of channels."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.embedding import has_alpha
from fastkq.threads import over_chunks

_ROWS_PER_CHUNK = 1 << 18
_WORDS = 1 << 16


class Distinct(NamedTuple):
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


def count(pixels: npt.NDArray[Any], threads: int = 1) -> Distinct:
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
    parts: list[_Counted | None] = [None] * -(-len(pixels) // _ROWS_PER_CHUNK)

    def work(worker: int, start: int, stop: int) -> None:
        parts[start // _ROWS_PER_CHUNK] = _count_chunk(pixels[start:stop])

    over_chunks(work, len(pixels), _ROWS_PER_CHUNK, threads)
    counted = _merge_all([part for part in parts if part is not None], threads)
    return _decode(counted, pixels.dtype, pixels.shape[1], threads)


def merge(a: Distinct, b: Distinct, threads: int = 1) -> Distinct:
    """What counting the pixels of both gives."""
    dtype, channels = a.colours.dtype, a.colours.shape[1]
    counted = _merge(_Counted(_words(a.colours), a.counts), _Counted(_words(b.colours), b.counts))
    return _decode(counted, dtype, channels, threads)


def places(pixels: npt.NDArray[Any], counted: Distinct) -> npt.NDArray[np.intp]:
    """Where each of the pixels (N, C), all of them counted, is among the colours: (N,)."""
    return np.searchsorted(_sortable(counted.colours), _sortable(pixels))


def _sortable(pixels: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A value for each row, in the order of the rows."""
    words = _words(pixels)
    if words.shape[1] == 1:
        return words[:, 0]
    digits = words.astype(">u8")  # of which the bytes are compared
    return digits.view(np.dtype((np.void, digits.shape[1] * digits.itemsize)))[:, 0]


class _Counted(NamedTuple):
    """Distinct rows as words (M, W) uint64, rising, and their counts (M,)."""

    words: npt.NDArray[np.uint64]
    counts: npt.NDArray[np.int64]


def _count_in_table(pixels: npt.NDArray[Any], threads: int) -> Distinct:
    tables = np.zeros((threads, _WORDS), np.int64)
    bits, width, _ = _bits(pixels)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.distinct.count_in_table(
            bits, start, stop, width, has_alpha(pixels.dtype, pixels.shape[1]), tables[worker]
        )

    over_chunks(work, len(pixels), _ROWS_PER_CHUNK, threads)
    counts = tables.sum(axis=0)
    found = np.flatnonzero(counts)
    shifts = width * np.arange(pixels.shape[1])[::-1]
    colours = ((found[:, None] >> shifts) & ((1 << width) - 1)).astype(pixels.dtype)
    return Distinct(colours, counts[found])


def _count_chunk(pixels: npt.NDArray[Any]) -> _Counted:
    words = _words(pixels)
    if words.shape[1] == 1:
        words[:, 0].sort()
    else:
        order, keys = np.arange(len(words)), np.empty(len(words), np.uint64)
        kernels.distinct.sort(words, keys, order, np.empty((3, 64 * (words.shape[1] + 2)), np.int64))
        words = words[order]
    counts = np.empty(len(words), np.int64)
    found = kernels.distinct.count_runs(words, counts)
    return _Counted(words[:found].copy(), counts[:found].copy())


def _merge_all(parts: list[_Counted], threads: int) -> _Counted:
    while len(parts) > 1:
        merged: list[_Counted | None] = [None] * (len(parts) // 2)

        def work(worker: int, start: int, stop: int, parts=parts, merged=merged) -> None:  # type: ignore[no-untyped-def]
            merged[start] = _merge(parts[2 * start], parts[2 * start + 1])

        over_chunks(work, len(merged), 1, threads)
        parts = [part for part in merged if part is not None] + parts[2 * len(merged) :]
    return parts[0]


def _merge(a: _Counted, b: _Counted) -> _Counted:
    most = len(a.counts) + len(b.counts)
    words, counts = np.empty((most, a.words.shape[1]), np.uint64), np.empty(most, np.int64)
    found = kernels.distinct.merge(*a, *b, words, counts)
    return _Counted(words[:found], counts[:found])


def _words(pixels: npt.NDArray[Any]) -> npt.NDArray[np.uint64]:
    bits, width, is_float = _bits(pixels)
    channels = pixels.shape[1]
    words = np.empty((len(pixels), -(-channels * width // 64)), np.uint64)
    kernels.distinct.to_words(bits, width, is_float, has_alpha(pixels.dtype, channels), words)
    return words


def _decode(counted: _Counted, dtype: np.dtype[Any], channels: int, threads: int) -> Distinct:
    colours = np.empty((len(counted.counts), channels), dtype)
    bits, width, is_float = _bits(colours)

    def work(worker: int, start: int, stop: int) -> None:
        kernels.distinct.from_words(counted.words, start, stop, width, is_float, bits)

    over_chunks(work, len(colours), _ROWS_PER_CHUNK, threads)
    return Distinct(colours, counted.counts)


def _bits(pixels: npt.NDArray[Any]) -> tuple[npt.NDArray[np.unsignedinteger], int, bool]:
    """The same memory as unsigned integers, their width in bits, and whether they stand for floats."""
    return pixels.view(f"u{pixels.itemsize}"), 8 * pixels.itemsize, pixels.dtype.kind == "f"
