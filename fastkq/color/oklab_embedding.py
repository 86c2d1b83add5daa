"""Coordinates in which distances are those of Oklab, for colors of 16 bits and of floats.

The coordinates are those of `fastkq.color.spaces.oklab`, in the same unit, but they are not rounded. Values
are shares of the range from black to white. Beyond it, the curve of sRGB (IEC 61966-2-1) goes on, and below
black it is mirrored.

Roots are computed with +, -, *, / and square roots only, so that results do not depend on libm functions.

B. Ottosson, "A perceptual color space for image processing", 2020.
"""

from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import has_alpha
from fastkq.color.value_range import ValueRange
from fastkq.runtime.options import Space
from fastkq.runtime.typing import Coordinates, Vectors

_SCALE = 65536.0  # coordinate units per unit of Oklab, in which L is from 0 to 1
_PEAK_ALPHA = 255.0  # full alpha in the coordinates, as for 8 bits
_ALPHA_WEIGHT = 26755.0  # coordinate units per 1/255 of alpha: _SCALE / sqrt(6), rounded
_MAX_SHARE = 1024.0  # larger values are taken as this, so that powers do not overflow
_ROOT_STEPS = 9  # of Newton's method for fifth roots, from a start within a factor of 2; error below 1e-15
_CUBE_ROOT_STEPS = 3  # of Halley's method, from a start within 6 %; error below 1e-15
_TWO_THIRDS_OF_ONE = 682 << 20  # see `fastkq.kernels.color.oklab`
_MIN_VALUES_FOR_TABLE = 1 << 12  # fewer values are converted one by one
_SMALLEST = 2.0**-200  # smaller numbers are taken as this, whose cube root is far below a coordinate unit

Values = npt.NDArray[np.float64]


class OklabEmbedding(NamedTuple):
    """Map from colors to vectors in Oklab; the methods are those of `fastkq.color.embedding.Embedding`.

    Attributes
    ----------
    dtype, channels
        Dtype and number of channels of the colors: gray or RGB, with alpha for unsigned integers.
    value_range : ValueRange
        Values of black and white.
    """

    dtype: np.dtype[Any]
    channels: int
    value_range: ValueRange

    @property
    def space(self) -> Space:
        """The color space, "oklab"."""
        return "oklab"

    @property
    def opacity(self) -> float:
        """Last coordinate of opaque colors."""
        return _PEAK_ALPHA * _ALPHA_WEIGHT

    @property
    def _has_alpha(self) -> bool:
        return has_alpha(self.dtype, self.channels)

    def of_opaque(self) -> "OklabEmbedding":
        """Return the embedding of the color channels without alpha."""
        return self._replace(channels=self.channels - 1)

    def seen_at(self, coordinates: Coordinates, alpha: Values) -> Values:
        """Return the coordinates, in `of_opaque`, of colors that have an alpha and are at given coordinates.

        `coordinates` (C - 1, M) are without the last one; `alpha` (M,) is in the unit of the dtype.
        """
        shown: Values = coordinates / (alpha * (_PEAK_ALPHA / float(np.iinfo(self.dtype).max)))
        shown[0] += _SCALE / 2
        return shown

    def to_coordinates(self, colors: npt.NDArray[Any]) -> Vectors:
        """Return the vectors of colors (M, C) as columns, (C, M), C-contiguous."""
        return np.ascontiguousarray(self.embed(colors).T)

    def to_colors(self, coordinates: Coordinates) -> npt.NDArray[Any]:
        """Return the colors (M, C) at vectors (C, M), the columns, rounded for integers."""
        return self.colors(np.ascontiguousarray(coordinates.T, np.float64))

    def embed(self, colors: npt.NDArray[Any]) -> Vectors:
        """Return the vectors (M, C) of colors (M, C)."""
        shown = colors[:, : self.channels - self._has_alpha]
        vectors = np.empty(colors.shape)
        vectors[:, : shown.shape[1]] = _to_oklab(self._light(shown))
        if self._has_alpha:
            alpha = colors[:, -1].astype(np.float64) * (_PEAK_ALPHA / float(np.iinfo(self.dtype).max))
            vectors[:, 0] -= _SCALE / 2
            vectors[:, :-1] *= alpha[:, np.newaxis]
            vectors[:, -1] = _ALPHA_WEIGHT * alpha
        return vectors

    def colors(self, vectors: Vectors) -> npt.NDArray[Any]:
        """Return the colors (M, C) at vectors (M, C); for integers they are rounded and clipped."""
        low, high = self.value_range
        if not self._has_alpha:
            return self._stored(low + (high - low) * _from_linear(_from_oklab(vectors)))
        peak = float(np.iinfo(self.dtype).max)
        alpha = np.clip(np.floor(vectors[:, -1] / _ALPHA_WEIGHT * (peak / _PEAK_ALPHA) + 0.5), 0, peak)
        shown = self.seen_at(vectors[:, :-1].T, np.maximum(alpha, 1)).T
        colors = np.empty(vectors.shape, self.dtype)
        colors[:, :-1] = self._stored(low + (high - low) * _from_linear(_from_oklab(shown)))
        colors[:, -1] = alpha
        colors[alpha == 0] = 0
        return colors

    def _light(self, values: npt.NDArray[Any]) -> Values:
        """Return the linear light (M, C) of values without alpha."""
        if values.dtype == np.uint16 and len(values) >= _MIN_VALUES_FOR_TABLE:
            light: Values = _light_of_levels(self.dtype, self.value_range)[values]
            return light
        return linear_light(values, self.value_range)

    def _stored(self, values: Values) -> npt.NDArray[Any]:
        if self.dtype.kind == "f":
            return values.astype(self.dtype)
        limits = np.iinfo(self.dtype)
        return np.clip(np.floor(values + 0.5), limits.min, limits.max).astype(self.dtype)


def linear_light(values: npt.NDArray[Any], value_range: ValueRange) -> Values:
    """Return the linear light of values: 0 for black and 1 for white."""
    low, high = value_range
    return _to_linear(np.clip((values.astype(np.float64) - low) / (high - low), -_MAX_SHARE, _MAX_SHARE))


@lru_cache(maxsize=4)
def _light_of_levels(dtype: np.dtype[Any], value_range: ValueRange) -> Values:
    return linear_light(np.arange(np.iinfo(dtype).max + 1, dtype=dtype), value_range)


def _to_linear(shares: Values) -> Values:
    """Return the linear light of shares of the range, of any sign."""
    size = np.abs(shares)
    base = (size + 0.055) / 1.055
    return np.copysign(np.where(size <= 0.04045, size / 12.92, base * base * _fifth_root(base)), shares)


def _from_linear(light: Values) -> Values:
    """Return the shares of the range of linear light: the inverse of `_to_linear`."""
    size = np.abs(light)
    curve = 1.055 * _cube_root(size * np.sqrt(np.sqrt(size))) - 0.055  # x^(5/12) is the cube root of x^(5/4)
    return np.copysign(np.where(size <= 0.04045 / 12.92, size * 12.92, curve), light)


def _fifth_root(base: Values) -> Values:
    """Return the fifth roots of the squares of numbers from 2^-4 to 2^10, by Newton's method."""
    square, roots = base * base, np.sqrt(base)
    for _ in range(_ROOT_STEPS):
        roots = (4.0 * roots + square / (roots * roots * roots * roots)) / 5.0
    return roots


def _cube_root(values: Values) -> Values:
    """Return cube roots, of any sign, by Halley's method as in `fastkq.kernels.color.oklab`."""
    size = np.maximum(np.abs(values), _SMALLEST)
    third = ((size.view(np.int64) >> 32) * 0x55555556) >> 32
    roots = ((third + _TWO_THIRDS_OF_ONE) << 32).view(np.float64)
    for _ in range(_CUBE_ROOT_STEPS):
        cube = roots * roots * roots
        roots = roots * (cube + 2.0 * size) / (2.0 * cube + size)
    return np.where(values == 0, 0.0, np.copysign(roots, values))


_Matrix = tuple[tuple[float, ...], ...]

_TO_CONES: _Matrix = (
    (0.4122214708, 0.5363325363, 0.0514459929),
    (0.2119034982, 0.6806995451, 0.1073969566),
    (0.0883024619, 0.2817188376, 0.6299787005),
)
_TO_OKLAB: _Matrix = (
    (0.2104542553, 0.7936177850, -0.0040720468),
    (1.9779984951, -2.4285922050, 0.4505937099),
    (0.0259040371, 0.7827717662, -0.8086757660),
)


def _inverse(matrix: _Matrix) -> _Matrix:
    """Return the inverse of a matrix (3, 3), computed with fractions: that of LAPACK differs between CPUs."""
    (a, b, c), (d, e, f), (g, h, i) = (tuple(map(Fraction, row)) for row in matrix)
    adjugate = (
        (e * i - f * h, c * h - b * i, b * f - c * e),
        (f * g - d * i, a * i - c * g, c * d - a * f),
        (d * h - e * g, b * g - a * h, a * e - b * d),
    )
    determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
    return tuple(tuple(float(entry / determinant) for entry in row) for row in adjugate)


_FROM_CONES, _FROM_OKLAB = _inverse(_TO_CONES), _inverse(_TO_OKLAB)


def _times(matrix: _Matrix, vectors: Values) -> Values:
    """Multiply a matrix (3, 3) with each of the vectors (M, 3), in this order of additions on every CPU."""
    x, y, z = vectors.T
    return np.stack([row[0] * x + row[1] * y + row[2] * z for row in matrix], axis=1)


def _to_oklab(light: Values) -> Values:
    """Convert linear gray or RGB (M, 1 or 3) to coordinates: L, or L, a and b."""
    if light.shape[1] == 1:
        return _SCALE * _cube_root(light)
    return _SCALE * _times(_TO_OKLAB, _cube_root(_times(_TO_CONES, light)))


def _from_oklab(coordinates: Values) -> Values:
    """Convert coordinates (M, 1 or 3) to linear gray or RGB: the inverse of `_to_oklab`."""
    if coordinates.shape[1] == 1:
        lightness = coordinates / _SCALE
        return lightness * lightness * lightness
    cones = _times(_FROM_OKLAB, coordinates / _SCALE)
    return _times(_FROM_CONES, cones * cones * cones)
