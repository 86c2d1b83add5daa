"""Differences between images."""

import numpy as np

from fastkq.kernels._jit import kernel


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
