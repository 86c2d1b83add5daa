"""Look up the colors of palette indices."""

import numpy as np

from fastkq.kernels.jit import kernel


@kernel
def paint(palette, indices, start, stop, out):
    """Write the color of each index start .. stop - 1: out[i] = palette[indices[i]].

    palette (k, C) unsigned and indices (N,) unsigned, in; out (N, C), out.
    """
    channels = palette.shape[1]
    if channels == 3:  # unrolled: 0.6 ns per pixel, against 1.9 ns
        for i in range(start, stop):
            row = np.intp(indices[i])
            out[i, 0] = palette[row, 0]
            out[i, 1] = palette[row, 1]
            out[i, 2] = palette[row, 2]
        return
    for i in range(start, stop):
        row = np.intp(indices[i])
        for channel in range(channels):
            out[i, channel] = palette[row, channel]
