"""Differences between images."""

import numpy as np

from fastkq.kernels._jit import kernel


@kernel
def squared_error(a, b, start, stop):
    """Sum of squared differences of two flat uint8 arrays over [start, stop), an exact integer."""
    total = np.int64(0)
    for i in range(start, stop):
        difference = np.int32(a[i]) - np.int32(b[i])
        total += np.int64(difference * difference)
    return total
