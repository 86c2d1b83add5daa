"""Convert pixels of any dtype to the integer coordinates in which they are dithered."""

import numpy as np

from fastkq.kernels.color import oklab
from fastkq.kernels.jit import kernel


@kernel
def convert(levels, light, in_oklab, extent, alpha_extent, points):
    """Convert levels (H, W, C), C = 1, 3 or 4, to coordinates: points (H, W, 4) int32, out.

    levels uint8 or uint16, in; light (n,) float64, in: the value of each level of a color channel, 0 to 1;
    in_oklab: whether these values are linear light, to be converted to Oklab; extent, alpha_extent: see
    `fastkq.quantization.coordinates`. The fourth coordinate is 0 if there is no alpha.
    """
    height, width, last = levels.shape[0], levels.shape[1], levels.shape[2] - 1
    green, blue, with_alpha = min(last, 1), min(last, 2), last == 3
    top = np.float64(light.shape[0] - 1)
    responses, roots, bits = oklab.buffers()
    run = np.empty((3, oklab.COLORS_PER_RUN))
    for line in range(height):
        for start in range(0, width, oklab.COLORS_PER_RUN):
            number = min(oklab.COLORS_PER_RUN, width - start)
            values = responses if in_oklab else run
            for i in range(number):
                values[0, i] = light[levels[line, start + i, 0]]
                values[1, i] = light[levels[line, start + i, green]]
                values[2, i] = light[levels[line, start + i, blue]]
            if in_oklab:
                oklab.convert(responses, roots, bits, number, run)
                for i in range(number):
                    run[0, i] = run[0, i] / oklab.SCALE
                    run[1, i] = run[1, i] / oklab.SCALE + 0.5
                    run[2, i] = run[2, i] / oklab.SCALE + 0.5
            for i in range(number):
                share = np.float64(levels[line, start + i, 3]) / top if with_alpha else 1.0
                for d in range(3):
                    value = extent * ((run[d, i] - 0.5) * share + 0.5)
                    points[line, start + i, d] = np.int32(np.floor(value + 0.5))
                alpha = np.floor(alpha_extent * share + 0.5) if with_alpha else 0.0
                points[line, start + i, 3] = np.int32(alpha)
