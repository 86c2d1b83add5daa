"""Table of counted colors: the distinct colors of images, and the number of pixels of each."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from fastkq.color.embedding import Embedding
from fastkq.color.kinds import has_alpha
from fastkq.color.oklab_embedding import OklabEmbedding
from fastkq.color.spaces import SpaceMetric
from fastkq.color.value_range import ValueRange
from fastkq.runtime.options import Space
from fastkq.runtime.progress import slices

_PIXELS_AT_ONCE = 1 << 18  # pixels between two checkpoints


class ColorTable(ABC):
    """Distinct colors of images in the order of the table, and the number of pixels of each.

    Tables have two forms, `PackedTable` for 8 bits and `RowTable` for any dtype. Colors of alpha 0 are
    counted as one color, all zeros, since they look the same; it is the first of a table.

    Attributes
    ----------
    counts : (M,) int64
        Number of pixels of each color.
    channels : int
        Number of channels of the colors.
    dtype : numpy.dtype
        Dtype of the colors.
    maps_by_look_up : bool
        Whether looking up the color of a pixel takes less time than finding its nearest palette row.
    """

    __slots__ = ("channels", "counts", "dtype")

    counts: npt.NDArray[np.int64]
    channels: int
    dtype: np.dtype[Any]
    maps_by_look_up: ClassVar[bool]

    @property
    @abstractmethod
    def colors(self) -> npt.NDArray[Any]:
        """The colors (M, C)."""

    @abstractmethod
    def metric(
        self, space: Space, other_colors: npt.NDArray[Any], value_range: ValueRange | None = None
    ) -> SpaceMetric | Embedding | OklabEmbedding:
        """Return the metric in a space for the colors of the table and other ones (n, C).

        Oklab needs the `value_range` unless the dtype is uint8 or uint16.
        """

    @abstractmethod
    def merge(self, other: Self) -> Self:
        """Merge two tables of the same form, dtype and channels; the counts of equal colors are added."""

    @abstractmethod
    def with_alpha(self) -> Self:
        """Add full alpha to colors that were counted without it; their order stays the same.

        A table of colors with alpha is returned as it is.
        """

    @abstractmethod
    def select(
        self, selection: npt.NDArray[Any] | slice, counts: npt.NDArray[np.int64] | None = None
    ) -> Self:
        """Return the table of some of the colors, given by a mask, ascending indices or a slice.

        Their counts are replaced by `counts` if it is given.
        """

    @abstractmethod
    def index_of(self, colors: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
        """Return the index (n,) in the table of each of the colors (n, C), or -1 if the table lacks it."""

    @abstractmethod
    def look_up(
        self, pixels: npt.NDArray[Any], values: npt.NDArray[Any], threads: int = 1
    ) -> npt.NDArray[Any]:
        """Return the value of the color of each pixel.

        Parameters
        ----------
        pixels : (H, W) or (H, W, C), C-contiguous
            All their colors are in the table, which may have been counted without their alpha.
        values : (M,) unsigned integers
            Value of each color of the table.
        threads : int
            Maximum number of threads.

        Returns
        -------
        (H, W), of the dtype of `values`
        """

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def has_transparent(self) -> bool:
        """Whether a color has alpha 0; it is then the first one."""
        return has_alpha(self.dtype, self.channels) and self.select(slice(0, 1)).colors[0, -1] == 0

    @property
    def is_opaque(self) -> npt.NDArray[np.bool_]:
        """Mask (M,) of the colors of full alpha; the colors have alpha."""
        opaque: npt.NDArray[np.bool_] = self.colors[:, -1] == np.iinfo(self.dtype).max
        return opaque

    def distinct_with(self, colors: npt.NDArray[Any]) -> int:
        """Return the number of colors of the table and of different other ones (n, C) together."""
        if len(colors) == 0:
            return len(self)
        places = self.index_of(colors)
        return len(self) + len(colors) - len(np.unique(places[places >= 0]))

    def without(self, colors: npt.NDArray[Any]) -> Self:
        """Return the table without the given colors (n, C), which it need not have."""
        if len(colors) == 0:
            return self
        places = self.index_of(colors)
        others = np.ones(len(self), bool)
        others[places[places >= 0]] = False
        return self.select(others)

    def sum_weights(
        self, pixels: npt.NDArray[Any], weights: npt.NDArray[np.float64], threads: int = 1
    ) -> npt.NDArray[np.float64]:
        """Return the sum (M,) of the weights (H, W) of the pixels of each color, in the order of pixels."""
        owners = self.look_up(pixels, np.arange(len(self), dtype=np.uint32), threads).reshape(-1)
        sums, flat = np.zeros(len(self)), weights.reshape(-1)
        for part in slices(len(flat), _PIXELS_AT_ONCE):
            np.add.at(sums, owners[part], flat[part])
        return sums
