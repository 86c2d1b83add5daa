"""Coordinates of the palette for the "context" coding: three per color, from 0 to 255.

This is their specification. All of it is integer arithmetic, in the notation of
`fastkq.formats.fkq.context`. A palette has k colors of C values. There are four steps:

1. *Integers.* Integers stay as they are; False becomes 0 and True 1. A float v becomes v / u
   rounded toward zero, where u is the unit in the last place (of its type) of the value with the largest
   magnitude in the palette.
2. *Alpha.* If the last channel is alpha (2 or 4 channels of uint8 or uint16), let top be 255 or 65535. Each
   other value v of a color with alpha a becomes (v*a + (top + 1) // 2 * (top - a) + top // 2) // top, that is
   v over mid-gray, and alpha is dropped.
3. *Scale.* Values of uint8 stay as they are. Others become (v - low) * 255 // max(1, high - low), where low
   and high are the least and the largest value of all colors and channels.
4. *Channels.* One channel v becomes (v, v, v); two channels v and w become (v, w, 0); three stay. Of more
   channels, three are kept, in their order, each with the largest variance that those taken before it do not
   explain. With S(i, j) = k * sum(v_i * v_j) - sum(v_i) * sum(v_j) over all colors, repeat three times: take
   the channel c with the largest S(c, c) among those not yet taken, the first among equals; then replace each
   S(i, j) by S(i, j) * S(c, c) - S(i, c) * S(c, j).
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import has_alpha

Integers = npt.NDArray[np.int64]

_MAX_COORDINATE = 255  # largest coordinate


def coordinates_of(palette: npt.NDArray[Any]) -> Integers:
    """Return coordinates (k, 3) of a palette (k, C), in which neighbors in an image are similar."""
    values = _integers(palette)
    if has_alpha(palette.dtype, palette.shape[1]):
        values = _over_mid_gray(values, int(np.iinfo(palette.dtype).max))
    if palette.dtype != np.uint8:
        low, high = values.min(), values.max()
        values = (values - low) * _MAX_COORDINATE // max(1, high - low)
    return _three_channels(values)


def _integers(palette: npt.NDArray[Any]) -> Integers:
    """Return the palette as integers, floats in fixed point.

    Floats are converted by their bits, so that no mode of the CPU for subnormal numbers changes the result.
    """
    if palette.dtype.kind != "f":
        return palette.astype(np.int64)
    nmant = np.finfo(palette.dtype).nmant
    bits = palette.view(f"i{palette.itemsize}").astype(np.int64)
    magnitudes = bits & ((1 << (8 * palette.itemsize - 1)) - 1)
    exponents = magnitudes >> nmant
    significands = (magnitudes & ((1 << nmant) - 1)) | (exponents > 0).astype(np.int64) << nmant
    exponents = np.maximum(exponents, 1)
    magnitude = significands >> np.minimum(exponents.max() - exponents, 63)
    signed: Integers = np.where(bits < 0, -magnitude, magnitude)
    return signed


def _over_mid_gray(values: Integers, top: int) -> Integers:
    """Composite colors over mid-gray, from which both black and white differ."""
    alphas = values[:, -1:]
    return (values[:, :-1] * alphas + (top + 1) // 2 * (top - alphas) + top // 2) // top


def _three_channels(values: Integers) -> Integers:
    k, channels = values.shape
    if channels == 1:
        return np.repeat(values, 3, axis=1)
    if channels == 2:
        return np.column_stack((values, np.zeros(k, np.int64)))
    return values if channels == 3 else np.ascontiguousarray(values[:, _independent_channels(values)])


def _independent_channels(values: Integers) -> list[int]:
    """Choose three channels that tell the colors apart.

    Files are up to 2 % smaller than with the three channels of the largest variance.
    """
    sums, exact = values.sum(axis=0), values.astype(np.float64)
    products = (exact.T @ exact).astype(np.int64)  # exact in any order of summation: below 2^32
    spread = (len(values) * products - np.outer(sums, sums)).astype(object)  # Python integers: up to 192 bits
    taken: list[int] = []
    for _ in range(3):
        channel = max(set(range(len(sums))) - set(taken), key=lambda c: (spread[c, c], -c))
        taken.append(channel)
        spread = spread * spread[channel, channel] - np.outer(spread[:, channel], spread[channel])
    return sorted(taken)
