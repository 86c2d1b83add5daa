"""The counted colours of one or many images: a value that adds up, and can be stored."""

import os
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color import table as counting
from fastkq.color.kinds import stored_palette, working
from fastkq.color.table import ColorTable
from fastkq.errors import ArgumentError, FormatError
from fastkq.runtime.atomic_writing import write_atomically


class ColourCounts:
    """The distinct colours of one or many images, and how many pixels have each.

    `fastkq.count_colours` makes them, ``a + b`` adds them up, and `fastkq.fit_palette` takes them in place of
    images: so the images of a batch need not be in memory at once, and may be counted on different machines.
    The palette of counts that were added up is that of all their images.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> one = fastkq.count_colours(np.array([[0, 0, 7]], np.uint8))
    >>> both = one + fastkq.count_colours(np.array([[7, 9]], np.uint8))
    >>> both.colours.ravel().tolist(), both.counts.tolist()
    ([0, 7, 9], [2, 2, 1])
    >>> fastkq.ColourCounts.from_bytes(both.to_bytes()) == both
    True
    """

    __slots__ = ("_channels", "_colours", "_counted", "_dtype", "_weights")

    def __init__(
        self,
        counted: ColorTable,
        dtype: np.dtype[Any],
        channels: int,
        weights: npt.NDArray[np.float64] | None = None,
    ) -> None:
        self._counted, self._dtype, self._channels = counted, dtype, channels
        self._weights = weights
        self._colours: npt.NDArray[Any] | None = None

    @classmethod
    def of(
        cls, image: npt.NDArray[Any], weights: npt.NDArray[np.float64] | None = None, threads: int = 1
    ) -> "ColourCounts":
        """Those of a checked image, and the sums of its pixels' weights (H, W)."""
        pixels, channels = working(image), 1 if image.ndim == 2 else image.shape[2]
        counted = counting.count(pixels, threads)
        summed = None if weights is None else counting.sum_weights(pixels, counted, weights, threads)
        return cls(counted, image.dtype, channels, summed)

    @classmethod
    def of_few(cls, image: npt.NDArray[Any], most: int, threads: int = 1) -> "ColourCounts | None":
        """`of`, but None for an RGBA image, not all of it opaque, of more than `most` colours."""
        counted = counting.count_up_to(working(image), most, threads)
        channels = 1 if image.ndim == 2 else image.shape[2]
        return None if counted is None else cls(counted, image.dtype, channels)

    @property
    def colours(self) -> npt.NDArray[Any]:
        """The distinct colours (M, C), of the images' dtype, in an order that depends on them alone.

        All colours of alpha 0 are one, (0, 0, 0, 0).
        """
        return stored_palette(self.working_colours, self._dtype, self._channels)

    @property
    def counts(self) -> npt.NDArray[np.int64]:
        """Pixels of each colour, (M,)."""
        return self._counted.counts

    @property
    def weights(self) -> npt.NDArray[np.float64] | None:
        """Summed weight of each colour's pixels, (M,), if they were counted with weights."""
        return self._weights

    @property
    def counted(self) -> ColorTable:
        """What the stages below work on."""
        return self._counted

    @property
    def working_colours(self) -> npt.NDArray[Any]:
        """The colours in their working form."""
        if self._colours is None:
            self._colours = self._counted.colours
        return self._colours

    @property
    def dtype(self) -> np.dtype[Any]:
        """Dtype of the images."""
        return self._dtype

    @property
    def channels(self) -> int:
        """Channels of the images."""
        return self._channels

    def __len__(self) -> int:
        return len(self._counted.counts)

    def __add__(self, other: "ColourCounts") -> "ColourCounts":
        if not isinstance(other, ColourCounts):
            return NotImplemented
        ours, theirs = (self._dtype, self._channels), (other._dtype, other._channels)
        if ours != theirs:
            raise ArgumentError(
                f"expected images of one kind, got {ours[0]} with {ours[1]} and {theirs[0]} with {theirs[1]} "
                "channels: convert them first"
            )
        merged = counting.merge(self._counted, other._counted)
        return ColourCounts(merged, self._dtype, self._channels, self._added_weights(other, merged))

    def __radd__(self, other: object) -> "ColourCounts":
        """``sum(counts)`` begins with 0."""
        if isinstance(other, int) and other == 0:
            return self
        return NotImplemented

    def _added_weights(self, other: "ColourCounts", merged: ColorTable) -> npt.NDArray[np.float64] | None:
        if self._weights is None and other._weights is None:
            return None
        weights = np.zeros(len(merged.counts))
        for counts in (self, other):
            own = counts.counts.astype(np.float64) if counts._weights is None else counts._weights
            weights[counting.places(counts._counted, merged)] += own
        return weights

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ColourCounts):
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
            f"<ColourCounts of {len(self)} colours, {int(self.counts.sum())} pixels of "
            f"{self._channels} x {self._dtype}{weighted}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return ColourCounts._of_fields, tuple(self._fields().values())

    def _fields(self) -> dict[str, npt.NDArray[Any]]:
        fields = {"colours": self.colours, "counts": self.counts}
        return fields if self._weights is None else {**fields, "weights": self._weights}

    def to_bytes(self) -> bytes:
        """The counts as the bytes of a NumPy `.npz` file with arrays "colours", "counts" and "weights"."""
        stream = BytesIO()
        np.savez_compressed(stream, **self._fields())  # type: ignore[arg-type]
        return stream.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes | bytearray | memoryview) -> "ColourCounts":
        """Read the bytes of `to_bytes`, or of any `.npz` file with such arrays.

        Raises
        ------
        FormatError
            When they are damaged or something else.
        """
        try:
            with np.load(BytesIO(data), allow_pickle=False) as arrays:
                fields = {name: arrays[name] for name in arrays.files}
            return cls._of_fields(**fields)
        except Exception as error:  # zipfile, zlib and NumPy raise some ten kinds, MemoryError among them
            raise FormatError(f"expected the bytes of counted colours: {error}") from error

    @classmethod
    def _of_fields(
        cls, colours: npt.NDArray[Any], counts: npt.NDArray[Any], weights: npt.NDArray[Any] | None = None
    ) -> "ColourCounts":
        numbers = [counts] if weights is None else [counts, weights]
        if (
            colours.ndim != 2
            or not len(colours)
            or any(array.shape != colours.shape[:1] for array in numbers)
        ):
            raise ValueError(f"arrays of shapes {[array.shape for array in (colours, *numbers)]}")
        if counts.dtype != np.int64 or counts.min() < 1:
            raise ValueError("counts that are no positive integers")
        if weights is not None and (
            weights.dtype != np.float64 or not np.isfinite(weights).all() or weights.min() < 0
        ):
            raise ValueError("weights that are no positive numbers")
        made = cls.of(np.ascontiguousarray(colours[np.newaxis]))
        if len(made) != len(colours) or not np.array_equal(made.colours, colours):
            raise ValueError("colours that are not distinct and in order")
        return cls(made._counted._replace(counts=counts), made._dtype, made._channels, weights)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write `to_bytes` to a file, whole or not at all."""
        write_atomically(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "ColourCounts":
        """Read what `save` wrote; raises what `from_bytes` raises, or OSError."""
        return cls.from_bytes(Path(path).read_bytes())


ColourCounts.__module__ = "fastkq"  # pickles name the public module
