"""Squared differences between images, and the errors of each palette color."""

import numpy as np

from fastkq.kernels.jit import kernel


@kernel
def squared_error(a, b, start, stop):
    """Sum of squared differences of two flat uint8 or uint16 arrays over [start, stop), an exact integer."""
    total = np.int64(0)
    for i in range(start, stop):
        difference = np.int64(a[i]) - np.int64(b[i])
        total += difference * difference
    return total


@kernel
def squared_error_of_floats(a, b, scale, start, stop):
    """The same of two flat float arrays times scale, summed from first to last in float64."""
    total = 0.0
    for i in range(start, stop):
        difference = np.float64(a[i]) * scale - np.float64(b[i]) * scale
        total += difference * difference
    return total


@kernel
def counted_error(colours, counts, palette, labels, channels):
    """Sum over counts (M,) of squared differences of colours (M, C) from their rows labels (M,) of a palette.

    For unsigned integers, in the channels (c,) that are asked for: two integers, the first of them in units
    of 2^16. Squared differences are below 2^38 and counts 2^31 in all, so neither sum can overflow.
    """
    high = low = np.int64(0)
    for i in range(colours.shape[0]):
        error = np.int64(0)
        for c in channels:
            difference = np.int64(colours[i, c]) - np.int64(palette[labels[i], c])
            error += difference * difference
        high += (error >> 16) * counts[i]
        low += (error & 0xFFFF) * counts[i]
    return high, low


@kernel
def counted_error_of_floats(colours, counts, palette, labels, scale, total):
    """`total` and the same of floats times scale in all channels, summed from first to last in float64."""
    for i in range(colours.shape[0]):
        error = 0.0
        for c in range(colours.shape[1]):
            difference = np.float64(colours[i, c]) * scale - np.float64(palette[labels[i], c]) * scale
            error += difference * difference
        total += error * np.float64(counts[i])
    return total


@kernel
def add_errors(pixels, indices, palette, start, stop, errors, counts):
    """Squared distances of the pixels start .. stop - 1 to their colours, by colour.

    pixels (N, C) and indices (N,) of any dtype, palette (k, C) float64, in; errors (k,) float64 and counts
    (k,) int64 are added to. Returns the largest one, and the first pixel that has it.
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
