"""What each colour of a palette costs the pixels that have it."""

import numpy as np

from fastkq.kernels._jit import kernel


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
