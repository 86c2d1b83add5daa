"""Coordinates in which distances are those of Oklab, in steps of 1/65536.

Colors are taken as sRGB (IEC 61966-2-1). Gray has the coordinate L, RGB has L, a and b, rounded to integers.
No two colors have the same coordinates. (In steps of 1/4096, the finest whose squares are exact in float32,
451,362 colors would share their coordinates with others.)

The metric of RGBA is defined as in `fastkq.color.spaces.rgb`: the mean of the squared differences after
compositing in Oklab over black, the mid-gray of L = 1/2, and white. With alpha from 0 to 1, that is the
squared distance between points ((L - 1/2) * alpha, a * alpha, b * alpha, alpha / sqrt(6)). The coordinates
are these values times 65536, with alpha from 0 to 255. Colors of alpha 0 coincide.

Results do not depend on libm functions, which differ between machines: the linear light of a level is
computed as an integer root, and cube roots are iterated with +, * and / only.

B. Ottosson, "A perceptual color space for image processing", 2020.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from fastkq import kernels
from fastkq.color.descent import descend
from fastkq.runtime.progress import slices
from fastkq.runtime.typing import Coordinates

_ROOT_BITS = 64  # fractional bits of the linear light of a level, before it is rounded to float64
_COLORS_AT_ONCE = 1 << 12  # colors between two checkpoints


def unit(channels: int) -> float:
    """Return the difference of coordinates that is a difference of 1 in Oklab, where L ranges from 0 to 1."""
    return float(kernels.color.oklab.SCALE) * (255.0 if channels == 4 else 1.0)


def alpha_weight() -> float:
    """Return the last coordinate of RGBA per step of alpha."""
    return float(kernels.color.oklab.ALPHA_WEIGHT)


def to_coordinates(colors: npt.NDArray[np.uint8]) -> Coordinates:
    """Convert colors (M, C) to coordinates (C, M) float64."""
    coordinates = np.empty(colors.shape[::-1])
    kernels.color.oklab.coordinates_of(colors, linear_light(), coordinates)
    return coordinates


def to_colors(coordinates: Coordinates) -> npt.NDArray[np.uint8]:
    """Convert coordinates (C, M) to colors (M, C) by descent to a color that is nearer than its neighbors.

    The descent starts from the inverse of the conversion, clipped to the sRGB gamut, which is the nearest
    color in most cases. Each step changes R, G and B by at most one level. Alpha of RGBA is rounded first.
    """
    if len(coordinates) == 1:
        return _nearest_gray(coordinates[0])
    number = max(1, coordinates.shape[1])
    return np.concatenate([_to_colors(coordinates[:, part]) for part in slices(number, _COLORS_AT_ONCE)])


def _to_colors(coordinates: Coordinates) -> npt.NDArray[np.uint8]:
    colors = np.empty((coordinates.shape[1], len(coordinates)), np.uint8)
    if len(coordinates) == 4:
        alpha = np.clip(np.floor(coordinates[3] / kernels.color.oklab.ALPHA_WEIGHT + 0.5), 0, 255)
        colors[:, 3] = alpha
        colors[:, :3] = _from_oklab(seen_at(coordinates[:3], np.maximum(alpha, 1)))
        colors[alpha == 0] = 0
    else:
        colors[:] = _from_oklab(coordinates)
    return descend(colors, coordinates, _around, to_coordinates)


def seen_at(coordinates: Coordinates, alpha: npt.NDArray[np.float64]) -> Coordinates:
    """Convert the first three coordinates (3, M) of RGBA with an alpha (M,) to coordinates of RGB."""
    visible: Coordinates = coordinates / alpha
    visible[0] += kernels.color.oklab.SCALE / 2
    return visible


def _from_oklab(coordinates: Coordinates) -> npt.NDArray[np.uint8]:
    """Convert coordinates (3, M) to colors (M, 3), clipped to the sRGB gamut."""
    lightness, a, b = coordinates.astype(np.float64) / kernels.color.oklab.SCALE
    long = lightness + 0.3963377774 * a + 0.2158037573 * b
    medium = lightness - 0.1055613458 * a - 0.0638541728 * b
    short = lightness - 0.0894841775 * a - 1.2914855480 * b
    long, medium, short = long * long * long, medium * medium * medium, short * short * short
    red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
    green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
    blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
    return _nearest(linear_light(), np.stack((red, green, blue), axis=1))


def _nearest_gray(lightness: Coordinates) -> npt.NDArray[np.uint8]:
    levels = to_coordinates(np.arange(256, dtype=np.uint8)[:, None])[0]
    return _nearest(levels, lightness[:, None])


def _nearest(levels: npt.NDArray[np.float64], values: Coordinates) -> npt.NDArray[np.uint8]:
    """Return the index of the nearest of 256 ascending levels for each value."""
    return np.searchsorted((levels[1:] + levels[:-1]) / 2, values, side="right").astype(np.uint8)


def _around(colors: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Return colors (M, C) and those that differ by at most a level in R, G and B, (27, M, C)."""
    steps = np.zeros((27, 1, colors.shape[1]), np.int64)
    steps[:, 0, :3] = np.stack(np.meshgrid(*[[0, -1, 1]] * 3, indexing="ij"), axis=-1).reshape(27, 3)
    neighbors: npt.NDArray[np.uint8] = np.clip(colors + steps, 0, 255).astype(np.uint8)
    return neighbors


@cache
def linear_light() -> npt.NDArray[np.float64]:
    """Return the linear light of each sRGB level, (256,) float64, from 0 to 1."""
    return np.array([_linear(level) for level in range(256)])


def _linear(level: int) -> float:
    if level <= 10:
        return level * 100 / (255 * 1292)
    # ((level / 255 + 0.055) / 1.055)^(12 / 5), as the fifth root of the twelfth power of a fraction.
    numerator, denominator = 1000 * level + 55 * 255, 1055 * 255
    power = (numerator**12 << (5 * _ROOT_BITS)) // denominator**12
    return _fifth_root(power) / (1 << _ROOT_BITS)


def _fifth_root(number: int) -> int:
    """Return the largest integer whose fifth power is at most `number`, by Newton's method from above."""
    root = 1 << (number.bit_length() // 5 + 1)
    while True:
        nearer = (4 * root + number // root**4) // 5
        if nearer >= root:
            return root
        root = nearer
