"""Counted colors of one or many images, which can be added up and saved."""

from __future__ import annotations

import os
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color import counting, hidden_colors
from fastkq.color.kinds import ImageKind, stored_palette, to_working_form
from fastkq.color.table import ColorTable
from fastkq.errors import ArgumentError, FormatError
from fastkq.runtime.atomic_writing import write_atomically
from fastkq.runtime.typing import ImageArray

_VERSION = 2  # version of the arrays in saved counts


class ColorCounts:
    """Distinct colors of one or many images, and the number of pixels of each.

    `fastkq.count_colors` counts an image, ``a + b`` adds counts, and `fastkq.fit_palette` takes counts in
    place of images. So the images of a batch need not be in memory at once, and can be counted on different
    machines. A palette that is fitted to added counts is the one for all their images together. Counts of
    gray, RGB and RGBA images add up to those of the images as RGB or RGBA.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> one = fastkq.count_colors(np.array([[0, 0, 7]], np.uint8))
    >>> both = one + fastkq.count_colors(np.array([[7, 9]], np.uint8))
    >>> both.colors.ravel().tolist(), both.counts.tolist()
    ([0, 7, 9], [2, 2, 1])
    >>> fastkq.ColorCounts.from_bytes(both.to_bytes()) == both
    True
    """

    __slots__ = ("_colors", "_counted", "_hidden", "_kind", "_weights")

    def __init__(
        self,
        counted: ColorTable,
        kind: ImageKind,
        weights: npt.NDArray[np.float64] | None = None,
        hidden: ColorTable | None = None,
    ) -> None:
        self._counted, self._kind, self._weights, self._hidden = counted, kind, weights, hidden
        self._colors: npt.NDArray[Any] | None = None

    @classmethod
    def of(
        cls,
        image: npt.NDArray[Any],
        weights: npt.NDArray[np.float64] | None = None,
        threads: int = 1,
        *,
        is_plain: bool = False,
    ) -> ColorCounts:
        """Count the colors of a checked image; with weights (H, W), also sum the weights for each color."""
        pixels = to_working_form(image, is_plain)
        counted = counting.count(pixels, threads)
        summed = None if weights is None else counted.sum_weights(pixels, weights, threads)
        hidden = _count_hidden(counted, pixels, threads)
        return cls(counted, ImageKind.of(image, is_plain), summed, hidden)

    @classmethod
    def of_at_most(
        cls, image: npt.NDArray[Any], max_colors: int, threads: int = 1, *, is_plain: bool = False
    ) -> ColorCounts | None:
        """Count as `of`; return None for an RGBA image, not opaque, of more than `max_colors` colors."""
        pixels = to_working_form(image, is_plain)
        counted = counting.count_up_to(pixels, max_colors, threads)
        if counted is None:
            return None
        return cls(counted, ImageKind.of(image, is_plain), hidden=_count_hidden(counted, pixels, threads))

    @property
    def colors(self) -> ImageArray:
        """The distinct colors (M, C), of the dtype of the images, in an order that depends on them alone.

        All colors of alpha 0 are one, with all channels 0; `hidden_colors` tells them apart.
        """
        return stored_palette(self.working_colors, *self._kind)

    @property
    def hidden_colors(self) -> ImageArray:
        """The distinct colors (H, C) of pixels of alpha 0; H is 0 if there are none.

        The transparent row of a palette gets the commonest of them; of equally common ones the smallest by
        the first channel, then by the second, and so on.
        """
        if self._hidden is None:
            return np.empty((0, self.channels), self.dtype)
        colors = self._hidden.colors
        rows = np.column_stack((colors, np.zeros(len(colors), colors.dtype)))
        return stored_palette(rows, *self._kind)

    @property
    def hidden_counts(self) -> npt.NDArray[np.int64]:
        """Number of pixels of each of the `hidden_colors`, (H,)."""
        return np.empty(0, np.int64) if self._hidden is None else self._hidden.counts

    @property
    def transparent_color(self) -> npt.NDArray[Any] | None:
        """The commonest hidden color (C,) in its working form, or None if no pixel has alpha 0."""
        return hidden_colors.commonest(self._hidden)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Number of pixels of each color, (M,)."""
        return self._counted.counts

    @property
    def weights(self) -> npt.NDArray[np.float64] | None:
        """Sum of the weights of the pixels of each color, (M,); None if no image was counted with weights.

        Pixels of images that were counted without weights have weight 1.
        """
        return self._weights

    @property
    def counted(self) -> ColorTable:
        """The table of the colors in their working form; palettes are fitted and pixels mapped with it."""
        return self._counted

    @property
    def working_colors(self) -> npt.NDArray[Any]:
        """The colors in their working form, see `fastkq.color.kinds`."""
        if self._colors is None:
            self._colors = self._counted.colors
        return self._colors

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the images."""
        return self._kind.dtype

    @property
    def channels(self) -> int:
        """Number of channels of the images."""
        return self._kind.channels

    @property
    def has_alpha(self) -> bool:
        """Whether the last channel of the images is alpha."""
        return self._kind.has_alpha

    @property
    def kind(self) -> ImageKind:
        """Dtype, number and meaning of the channels of the images."""
        return self._kind

    def of_kind(self, kind: ImageKind) -> ColorCounts:
        """Return the counts of the images widened to a kind, see `fastkq.color.kinds.with_channels`."""
        if kind == self.kind:
            return self
        hidden = None if self._hidden is None else counting.widen(self._hidden, kind)
        return ColorCounts(counting.widen(self._counted, kind), kind, self._weights, hidden)

    def __len__(self) -> int:
        return len(self._counted.counts)

    def __add__(self, other: ColorCounts) -> ColorCounts:
        if not isinstance(other, ColorCounts):
            return NotImplemented
        kind = self.kind.joined(other.kind)
        if kind is None:
            raise ArgumentError(
                f"expected images of one kind, got {self.kind} and {other.kind}: convert them first"
            )
        ours, theirs = self.of_kind(kind), other.of_kind(kind)
        merged = counting.merge(ours._counted, theirs._counted)
        hidden = ours._hidden or theirs._hidden
        if ours._hidden is not None and theirs._hidden is not None:
            hidden = counting.merge(ours._hidden, theirs._hidden)
        return ColorCounts(merged, kind, ours._add_weights(theirs, merged), hidden)

    def __radd__(self, other: object) -> ColorCounts:
        """Return the counts for ``0 + counts``, with which ``sum`` begins."""
        if isinstance(other, int) and other == 0:
            return self
        return NotImplemented

    def _add_weights(self, other: ColorCounts, merged: ColorTable) -> npt.NDArray[np.float64] | None:
        if self._weights is None and other._weights is None:
            return None
        weights = np.zeros(len(merged.counts))
        for counts in (self, other):
            own = counts.counts.astype(np.float64) if counts._weights is None else counts._weights
            table = counts._counted
            if table.channels < merged.channels:
                table = table.with_alpha()
            weights[merged.index_of(table.colors)] += own
        return weights

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ColorCounts):
            return NotImplemented
        ours, theirs = self._fields(), other._fields()
        return ours.keys() == theirs.keys() and all(
            ours[name].dtype == theirs[name].dtype and np.array_equal(ours[name], theirs[name])
            for name in ours
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        weighted = ", weighted" if self._weights is not None else ""
        return (
            f"<ColorCounts of {len(self)} colors, {int(self.counts.sum())} pixels of "
            f"{self.channels} x {self.dtype}{weighted}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(ColorCounts._of_fields, **self._fields()), ()

    def _fields(self) -> dict[str, npt.NDArray[Any]]:
        fields: dict[str, Any] = {"colors": self.colors, "counts": self.counts}
        if self._weights is not None:
            fields["weights"] = self._weights
        # Zeros are what readers assume without these arrays.
        if self._hidden is not None and self._hidden.colors.any():
            fields |= {"hidden_colors": self.hidden_colors, "hidden_counts": self.hidden_counts}
        if self._kind.is_plain:  # only then, so that other counts stay the same bytes
            fields["alpha"] = np.bool_(False)
        return fields

    def to_bytes(self) -> bytes:
        """Return the bytes of a NumPy `.npz` file.

        It has the arrays "colors" (M, C), "counts" (M,), "version" () and, if images were weighted, "weights"
        (M,). If there are hidden colors other than zeros, it also has "hidden_colors" (H, C) and
        "hidden_counts" (H,). If the last of 2 or 4 channels is no alpha, it has "alpha" (), which is False.
        """
        stream = BytesIO()
        np.savez_compressed(stream, **self._fields(), version=np.int64(_VERSION))  # type: ignore[arg-type]
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview) -> ColorCounts:
        """Read the bytes of `to_bytes`, or of any `.npz` file with these arrays; "version" may be missing.

        Raises
        ------
        FormatError
            If the bytes are damaged, are no counts, or are counts of another version.
        """
        try:
            with np.load(BytesIO(data), allow_pickle=False) as arrays:
                fields = {name: arrays[name] for name in arrays.files}
            # Version 1 had no array "version", and another name for the array "colors".
            version = int(fields.pop("version", _VERSION if "colors" in fields else 1))
            if version != _VERSION:
                remedy = "count the images again" if version < _VERSION else "a newer fastkq wrote them"
                raise ValueError(f"expected counts of version {_VERSION}, got version {version}: {remedy}")
            return cls._of_fields(**fields)
        except Exception as error:  # zipfile, zlib and NumPy raise about ten types, also MemoryError
            raise FormatError(f"expected the bytes of counted colors: {error}") from error

    @classmethod
    def _of_fields(
        cls,
        colors: npt.NDArray[Any],
        counts: npt.NDArray[Any],
        weights: npt.NDArray[Any] | None = None,
        hidden_colors: npt.NDArray[Any] | None = None,
        hidden_counts: npt.NDArray[Any] | None = None,
        alpha: npt.NDArray[Any] | None = None,
    ) -> ColorCounts:
        numbers = [counts] if weights is None else [counts, weights]
        if colors.ndim != 2 or not len(colors) or any(array.shape != colors.shape[:1] for array in numbers):
            raise ValueError(
                "expected arrays of shapes (M, C), (M,) and, if weighted, (M,), got "
                f"{[array.shape for array in (colors, *numbers)]}"
            )
        _check_counts(counts)
        if weights is not None and (
            weights.dtype != np.float64 or not np.isfinite(weights).all() or weights.min() < 0
        ):
            raise ValueError("expected weights of float64, all finite and at least 0")
        if alpha is not None and (alpha.dtype != np.bool_ or alpha.shape != () or alpha):
            raise ValueError("expected alpha to be False, or to be missing")
        recounted = cls.of(np.ascontiguousarray(colors[np.newaxis]), is_plain=alpha is not None)
        if len(recounted) != len(colors) or not np.array_equal(recounted.colors, colors):
            raise ValueError("expected distinct colors in the order of `ColorCounts.colors`")
        counted = recounted._counted.select(slice(None), counts)
        transparent = counts[:1] if counted.has_transparent else counts[:0]
        hidden = recounted._hidden
        if hidden_colors is not None or hidden_counts is not None:
            hidden = _hidden_table(hidden_colors, hidden_counts, recounted, int(transparent.sum()))
        elif hidden is not None:
            hidden = hidden.select(slice(None), transparent)
        return cls(counted, recounted._kind, weights, hidden)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the bytes of `to_bytes` to a file, which is written whole or not at all."""
        write_atomically(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> ColorCounts:
        """Read a file that `save` wrote.

        Raises
        ------
        FormatError
            If the file is damaged or holds no counts.
        OSError
            If the file cannot be read.
        """
        return cls.from_bytes(Path(path).read_bytes())


def _count_hidden(counted: ColorTable, pixels: npt.NDArray[Any], threads: int) -> ColorTable | None:
    return hidden_colors.count(pixels, threads) if counted.has_transparent else None


def _check_counts(counts: npt.NDArray[Any]) -> None:
    if counts.dtype != np.int64 or counts.min() < 1:
        raise ValueError("expected counts of int64, all at least 1")


def _hidden_table(
    colors: npt.NDArray[Any] | None, counts: npt.NDArray[Any] | None, visible: ColorCounts, pixels: int
) -> ColorTable:
    """Return the table of hidden colors (H, C) with counts (H,), which belong to this many pixels."""
    if colors is None or counts is None:
        raise ValueError("expected hidden colors with their counts, got one of the two")
    if colors.ndim != 2 or not len(colors) or counts.shape != colors.shape[:1]:
        raise ValueError(f"expected hidden colors (H, C) and counts (H,), got {colors.shape}, {counts.shape}")
    _check_counts(counts)
    recounted = ColorCounts.of(np.ascontiguousarray(colors[np.newaxis]))
    kinds = {(counted.dtype, counted.channels) for counted in (recounted, visible)}
    if len(kinds) > 1 or not np.array_equal(recounted.hidden_colors, colors) or counts.sum() != pixels:
        raise ValueError(
            "expected distinct colors of alpha 0 in order, and the count of all transparent pixels"
        )
    assert recounted._hidden is not None
    return recounted._hidden.select(slice(None), counts)


ColorCounts.__module__ = "fastkq"  # pickles name the public module
