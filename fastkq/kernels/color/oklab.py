"""Convert colors to Oklab with +, -, *, / and comparisons only: the results are the same on every CPU.

The matrices are those of B. Ottosson, "A perceptual color space for image processing", 2020.
"""

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel

SCALE = 65536.0
"""Coordinate units per unit of Oklab, in which L is from 0 to 1."""

ALPHA_WEIGHT = 26755.0
"""Coordinate units per step of alpha: SCALE / sqrt(6), rounded; see `fastkq.color.spaces.oklab`."""

COLORS_PER_RUN = 128  # measured: 5.7 ns per color in runs, whose loops are vectorized; 19 ns without runs

_TWO_THIRDS_OF_ONE = 682 << 20
"""Two thirds of the high 32 bits of 1.0 as a float64. A third of the high bits of a number, plus this, is an
estimate of the high bits of its cube root."""
_SMALLEST = 2.0**-60
"""Linear light: lower values are raised to this, whose cube root is below half a coordinate. It is far below
the linear light of the darkest blue."""


@inner_kernel
def buffers():
    """Return the buffers for the conversion of one run of colors.

    responses (3, COLORS_PER_RUN) float64: linear R, G and B, then cone responses; roots (3, COLORS_PER_RUN)
    float64: the cube roots of the responses; bits: an int64 view of roots.
    """
    responses, roots = np.empty((3, COLORS_PER_RUN)), np.empty((3, COLORS_PER_RUN))
    return responses, roots, roots.view(np.int64)


@inner_kernel
def _cube_roots(values, roots, bits):
    """Compute cube roots with an error of at most 1e-9.

    values (n,) from 0 to 1, in and out: raised to at least _SMALLEST; roots (n,), out; bits (n,) int64: a
    view of roots. Exponent and mantissa, read as one integer, approximate the logarithm, so a third of it
    gives the estimate from which two of Halley's iterations start.
    """
    for i in range(values.shape[0]):
        values[i] = max(values[i], _SMALLEST)
        roots[i] = values[i]
    for i in range(values.shape[0]):
        third = ((bits[i] >> 32) * 0x55555556) >> 32
        bits[i] = (third + _TWO_THIRDS_OF_ONE) << 32
    for i in range(values.shape[0]):
        x, root = values[i], roots[i]
        for _ in range(2):
            cube = root * root * root
            root = root * (cube + 2.0 * x) / (2.0 * cube + x)
        roots[i] = root


@inner_kernel
def convert(responses, roots, bits, number, out):
    """Convert a run of colors to coordinates: integers, SCALE times L, a and b.

    responses (3, >= number), in: linear R, G and B from 0 to 1, overwritten; roots (3, >= number) and bits,
    its int64 view: scratch, see `buffers`; out (3, >= number), out.
    """
    long, medium, short = responses[0, :number], responses[1, :number], responses[2, :number]
    for i in range(number):
        r, g, b = long[i], medium[i], short[i]
        long[i] = 0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b
        medium[i] = 0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b
        short[i] = 0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b
    for d in range(3):
        _cube_roots(responses[d, :number], roots[d, :number], bits[d, :number])
    long, medium, short = roots[0, :number], roots[1, :number], roots[2, :number]
    lightness, red_green, yellow_blue = out[0, :number], out[1, :number], out[2, :number]
    for i in range(number):
        u, v, w = SCALE * long[i], SCALE * medium[i], SCALE * short[i]
        lightness[i] = np.floor(0.2104542553 * u + 0.7936177850 * v - 0.0040720468 * w + 0.5)
        red_green[i] = np.floor(1.9779984951 * u - 2.4285922050 * v + 0.4505937099 * w + 0.5)
        yellow_blue[i] = np.floor(0.0259040371 * u + 0.7827717662 * v - 0.8086757660 * w + 0.5)


@inner_kernel
def weigh_by_alpha(coordinates, i, alpha):
    """Weigh the coordinates of point i by alpha, 0 to 255: coordinates (4, >= i + 1), in and out.

    In: SCALE times L, a and b. Out: the four coordinates of RGBA in `fastkq.color.spaces.oklab`.
    """
    coordinates[0, i] = (coordinates[0, i] - SCALE / 2.0) * alpha
    coordinates[1, i] *= alpha
    coordinates[2, i] *= alpha
    coordinates[3, i] = ALPHA_WEIGHT * alpha


@kernel
def coordinates_of(colors, linear, out):
    """Convert colors to coordinates.

    colors (M, C) uint8, C = 1, 3 or 4, in; linear (256,), in: the linear light of each level, 0 to 1;
    out (C, M) float64, out.
    """
    channels = colors.shape[1]
    green, blue = min(1, channels - 1), min(2, channels - 1)
    responses, roots, bits = buffers()
    run = np.empty((4, COLORS_PER_RUN))
    for start in range(0, colors.shape[0], COLORS_PER_RUN):
        number = min(COLORS_PER_RUN, colors.shape[0] - start)
        for i in range(number):
            responses[0, i] = linear[colors[start + i, 0]]
            responses[1, i] = linear[colors[start + i, green]]
            responses[2, i] = linear[colors[start + i, blue]]
        convert(responses, roots, bits, number, run)
        if channels == 4:
            for i in range(number):
                weigh_by_alpha(run, i, np.float64(colors[start + i, 3]))
        for d in range(channels):
            out[d, start : start + number] = run[d, :number]
