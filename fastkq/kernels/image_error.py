"""Squared differences between images, and the squared error of each palette row."""

import numpy as np

from fastkq.kernels.jit import kernel


@kernel
def squared_error(a, b, start, stop):
    """Return the sum of squared differences of a[start:stop] and b[start:stop], an exact integer.

    a and b (n,) uint8 or uint16, in.
    """
    total = np.int64(0)
    for i in range(start, stop):
        difference = np.int64(a[i]) - np.int64(b[i])
        total += difference * difference
    return total


@kernel
def squared_error_of_floats(a, b, scale, start, stop):
    """Return the sum of squared differences of scale * a[start:stop] and scale * b[start:stop].

    a and b (n,) float32 or float64, in. The sum is taken in float64 from first to last.
    """
    total = 0.0
    for i in range(start, stop):
        difference = np.float64(a[i]) * scale - np.float64(b[i]) * scale
        total += difference * difference
    return total


@kernel
def counted_error(colors, counts, palette, labels, channels):
    """Return the weighted sum of squared differences between colors and their palette rows, an exact integer.

    colors (M, C) and palette (k, C) unsigned, in; counts (M,) int64, in: the weights; labels (M,), in: the
    palette row of each color; channels (c,), in: the channels that are summed.

    Returns two integers: the sum is 2^16 times the first plus the second. Neither overflows: squared
    differences are below 2^38, and the counts sum up to at most 2^31.
    """
    high = low = np.int64(0)
    for i in range(colors.shape[0]):
        error = np.int64(0)
        for c in channels:
            difference = np.int64(colors[i, c]) - np.int64(palette[labels[i], c])
            error += difference * difference
        high += (error >> 16) * counts[i]
        low += (error & 0xFFFF) * counts[i]
    return high, low


@kernel
def counted_error_of_floats(colors, counts, palette, labels, scale, total):
    """Return `total` plus the weighted sum of squared differences of scaled colors from their palette rows.

    colors (M, C) and palette (k, C) float32 or float64, in, both times scale; counts (M,) int64, in: the
    weights; labels (M,), in: the palette row of each color. The sum over all channels is taken in float64
    from first to last.
    """
    for i in range(colors.shape[0]):
        error = 0.0
        for c in range(colors.shape[1]):
            difference = np.float64(colors[i, c]) * scale - np.float64(palette[labels[i], c]) * scale
            error += difference * difference
        total += error * np.float64(counts[i])
    return total


@kernel
def add_errors(pixels, indices, palette, start, stop, errors, counts):
    """Add the squared distance of each pixel start .. stop - 1 from its palette row to the error of that row.

    pixels (N, C) and indices (N,) of any dtype, palette (k, C) float64, in; errors (k,) float64 and counts
    (k,) int64, in and out. Returns the largest squared distance, and the number of the first pixel that has
    it.
    """
    largest, place = -1.0, start
    for i in range(start, stop):
        label = indices[i]
        distance = 0.0
        for c in range(palette.shape[1]):
            difference = np.float64(pixels[i, c]) - palette[label, c]
            distance += difference * difference
        errors[label] += distance
        counts[label] += 1
        if distance > largest:
            largest, place = distance, i
    return largest, place
