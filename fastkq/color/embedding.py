"""Conversion of colors of any kind to vectors whose squared distance is the metric, and back."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import has_alpha
from fastkq.runtime.typing import Coordinates, Vectors

_FOLD_FROM, _FOLD_BY = 900, 200  # floats of at least 2^900 are multiplied by 2^-200
_MAX_EXPONENT = 480
"""Floats are scaled so that the largest is just below 2^480: squares of 64 channels, summed over 2^40 pixels,
stay below 2^1023."""


class Embedding(NamedTuple):
    """Map from colors to vectors in float64, one coordinate per channel; it defines the metric of colors.

    The distance of two colors is the distance of their vectors. The values of integer colors without alpha
    are the coordinates. Floats are multiplied by a power of two, which changes no comparison, so that squares
    neither overflow nor underflow. Numbers whose magnitude is at least 2^900, which mark missing data, are
    also multiplied by 2^-200 (folded): otherwise the squares of all other numbers would be lost to rounding.
    Colors with alpha are measured as they are seen: the squared distance is, up to a factor, the mean squared
    difference after compositing over black, mid-gray and white. All colors of alpha 0 have the same vector.

    Attributes
    ----------
    dtype, channels
        Dtype and number of channels of the colors.
    exponent : int
        Exponent of the power of two by which floats are multiplied.
    is_folded : bool
        Whether there are numbers whose magnitude is at least 2^900.
    """

    dtype: np.dtype[Any]
    channels: int
    exponent: int
    is_folded: bool

    @classmethod
    def of(cls, *colors: npt.NDArray[Any]) -> "Embedding":
        """Return the common embedding of several arrays of colors (M, C) of the same dtype."""
        dtype, channels = colors[0].dtype, colors[0].shape[1]
        largest = 0.0
        if dtype.kind == "f":
            extremes = [extreme for array in colors if array.size for extreme in (array.min(), array.max())]
            largest = max((abs(float(extreme)) for extreme in extremes), default=0.0)
        exponent = int(np.frexp(largest)[1])
        is_folded = exponent > _FOLD_FROM
        exponent = _MAX_EXPONENT - exponent + _FOLD_BY * is_folded if largest > 0 else 0
        return cls(dtype, channels, exponent, is_folded)

    @property
    def opacity(self) -> float:
        """Last coordinate of opaque colors of integers with alpha."""
        return float(np.iinfo(self.dtype).max) * self._alpha_weight()

    def of_opaque(self) -> "Embedding":
        """Return the embedding of the color channels without alpha."""
        return self._replace(channels=self.channels - 1)

    def seen_at(self, coordinates: Coordinates, alpha: npt.NDArray[np.float64]) -> Coordinates:
        """Return the coordinates, in `of_opaque`, of colors that have an alpha and are at given coordinates.

        `coordinates` (C - 1, M) are those of integers with alpha without the last one; `alpha` (M,) is at
        least 1.
        """
        return (coordinates / alpha + float(np.iinfo(self.dtype).max)) / 2.0

    def to_coordinates(self, colors: npt.NDArray[Any]) -> Vectors:
        """Return the vectors of colors (M, C) as columns, (C, M), C-contiguous."""
        return np.ascontiguousarray(self.embed(colors).T)

    def to_colors(self, coordinates: Coordinates) -> npt.NDArray[Any]:
        """Return the colors (M, C) nearest to vectors (C, M), the columns."""
        return self.colors(np.ascontiguousarray(coordinates.T, np.float64))

    def embed(self, colors: npt.NDArray[Any]) -> Vectors:
        """Return the vectors (M, C) of colors (M, C)."""
        values = colors.astype(np.float64)
        if self.dtype.kind == "f":
            return _scale(_fold(values) if self.is_folded else values, self.exponent)
        if has_alpha(self.dtype, self.channels):
            top = float(np.iinfo(self.dtype).max)
            values[:, :-1] = (2 * values[:, :-1] - top) * values[:, -1:]
            values[:, -1] *= self._alpha_weight()
        return values

    def colors(self, vectors: Vectors) -> npt.NDArray[Any]:
        """Return the colors (M, C) nearest to vectors (M, C); halves are rounded up for integer dtypes."""
        if self.dtype.kind == "f":
            # Rounding may bring a mean above the largest finite number of the dtype.
            largest = np.ldexp(1 - float(np.finfo(self.dtype).eps) / 2, _MAX_EXPONENT)
            values = _scale(np.clip(vectors, -largest, largest), -self.exponent)
            if self.is_folded:
                is_far = np.abs(values) >= 2.0 ** (_FOLD_FROM - _FOLD_BY)
                values = np.where(is_far, values * 2.0**_FOLD_BY, values)
            return values.astype(self.dtype)
        top = float(np.iinfo(self.dtype).max)
        if not has_alpha(self.dtype, self.channels):
            return self._rounded(vectors, top, float(np.iinfo(self.dtype).min))
        alpha = np.clip(np.floor(vectors[:, -1:] / self._alpha_weight() + 0.5), 0, top)
        shown = self._rounded((vectors[:, :-1] / np.maximum(alpha, 1) + top) / 2, top)
        colors = np.concatenate((shown, alpha.astype(self.dtype)), axis=1)
        colors[colors[:, -1] == 0] = 0
        return colors

    def _rounded(self, values: Vectors, top: float, least: float = 0.0) -> npt.NDArray[Any]:
        return np.clip(np.floor(values + 0.5), least, top).astype(self.dtype)

    def _alpha_weight(self) -> float:
        # The variance of the three backgrounds is 2/3 of the squared half range, for each of the C - 1 color
        # channels. The weight is rounded to an integer, as all coordinates of integer colors are.
        top = float(np.iinfo(self.dtype).max)
        return float(np.floor(top * np.sqrt((self.channels - 1) * 2 / 3) + 0.5))


def _fold(values: Vectors) -> Vectors:
    # Numbers below 2^900 are clipped to 2^700, the least folded number, so that all larger ones are folded.
    edge = 2.0 ** (_FOLD_FROM - _FOLD_BY)
    return np.where(np.abs(values) >= 2.0**_FOLD_FROM, values * 2.0**-_FOLD_BY, np.clip(values, -edge, edge))


def _scale(values: Vectors, exponent: int) -> Vectors:
    half = exponent // 2  # applied in two halves, since 2^exponent may not be a finite float
    values *= np.ldexp(1.0, half)
    values *= np.ldexp(1.0, exponent - half)
    return values
