"""Choose indices such that the blurred result is close to the blurred image: an eye averages a few pixels."""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inlined, kernel
from fastkq.kernels.quantization.cell_index import cell_of, clip, list_cell, nearest_listed

MARGIN = 2  # pixels: the blur reaches this far on each side

WEIGHT_0, WEIGHT_1, WEIGHT_2 = np.float32(16), np.float32(11), np.float32(3)
"""Weights of the blur along a line: of the pixel, of each neighbor, and of each pixel at distance two. They
are those of a Gaussian of 0.8 pixels convolved with itself, since an eye blurs both of the compared images.
"""

OWN_WEIGHT = 256
"""Weight of a pixel itself in two dimensions: WEIGHT_0 * WEIGHT_0."""


@inlined
def _blur(errors, row, vertical, blurred):
    """Compute the part of the blurred errors of a row that comes from the two rows above and the two below.

    errors (H + 2 * MARGIN, 3 * (W + 2 * MARGIN)) float32, in; row: the first of the five rows;
    vertical (3 * (W + 2 * MARGIN),) float32, scratch; blurred (3 * W,) float32, out.
    """
    a, b, c, d = errors[row], errors[row + 1], errors[row + 3], errors[row + 4]
    for i in range(vertical.shape[0]):
        vertical[i] = WEIGHT_2 * (a[i] + d[i]) + WEIGHT_1 * (b[i] + c[i])
    left, right, right_2 = vertical[3:], vertical[9:], vertical[12:]
    center = vertical[6:]
    for i in range(blurred.shape[0]):
        blurred[i] = (
            WEIGHT_0 * center[i] + WEIGHT_1 * (left[i] + right[i]) + WEIGHT_2 * (vertical[i] + right_2[i])
        )


@inlined
def _blur_within_row(errors, row, i):
    """Return the part of the blurred error at i + 6 that comes from the other pixels of the same row."""
    near, far = errors[row, i + 3] + errors[row, i + 9], errors[row, i] + errors[row, i + 12]
    return WEIGHT_0 * (WEIGHT_1 * near + WEIGHT_2 * far)


class Canvas(NamedTuple):
    """An image, the current indices of its pixels, and the error of each pixel under them.

    Attributes
    ----------
    image : (H, W, C) uint8
    errors : (H + 2 * MARGIN, 3 * (W + 2 * MARGIN)) float32
        Coordinates of each pixel's palette row minus those of the pixel; 0 in the margin, which saves the
        blur a test for the border, and where there is no index yet.
    indices : (H, W)
    """

    image: Any
    errors: Any
    indices: Any


@kernel
def update_indices(canvas, cells, own_weight, first, band_distance, rows, sums):
    """Give each pixel of two bands of rows the index with the least blurred error, given all other indices.

    Each pixel depends on the one before it, so the CPU would wait for each result. Therefore two bands, too
    far apart to influence each other, are processed alternately, pixel by pixel.

    canvas, a `Canvas`, in and out; cells, a `fastkq.kernels.quantization.cell_index.CellIndex`, in and out;
    own_weight: weight of a pixel's own error, at least OWN_WEIGHT; first: first row of the first band;
    band_distance: number of rows from there to the second band; rows: rows per band, of which those below the
    image are skipped; sums (k, 4) int64, in and out: for each palette row, the sum of the blurred errors at
    its pixels, and the number of these pixels.
    """
    image, errors, indices = canvas.image, canvas.errors, canvas.indices
    height, width, last = image.shape[0], image.shape[1], image.shape[2] - 1
    green, blue, with_alpha = min(last, 1), min(last, 2), last == 3
    palette, memory = cells.palette, cells.memory
    fine, lists, colors = memory.fine, memory.lists, palette.coordinates
    shift, bits, opaque, alpha_weight = palette.shift, palette.bits, palette.opaque, palette.alpha_weight
    vertical, blurred = np.empty(errors.shape[1], np.float32), np.empty((2, 3 * width), np.float32)
    middle, own_weight = 255 * opaque, np.float32(own_weight)
    share = np.float32(1) / own_weight
    for top in range(first, min(first + rows, height)):
        bands = 1 if top + band_distance >= height else 2
        for band in range(bands):
            _blur(errors, top + band * band_distance, vertical, blurred[band])
        for column in range(width):
            i = 3 * column
            for band in range(bands):
                row = top + band * band_distance
                alpha = np.int64(image[row, column, 3]) if with_alpha else np.int64(opaque)
                r = (2 * np.int64(image[row, column, 0]) - 255) * alpha
                g = (2 * np.int64(image[row, column, green]) - 255) * alpha
                b = (2 * np.int64(image[row, column, blue]) - 255) * alpha
                line = row + MARGIN
                sr = blurred[band, i] + _blur_within_row(errors, line, i)
                sg = blurred[band, i + 1] + _blur_within_row(errors, line, i + 1)
                sb = blurred[band, i + 2] + _blur_within_row(errors, line, i + 2)
                x = clip(r - np.int64(sr * share), alpha, opaque)
                y = clip(g - np.int64(sg * share), alpha, opaque)
                z = clip(b - np.int64(sb * share), alpha, opaque)
                a = alpha_weight * alpha
                cell = cell_of(x, y, z, a, shift, bits, with_alpha)
                entry = fine[cell]
                if entry == 0:
                    entry = list_cell(palette, memory, cell)
                number = nearest_listed(lists, entry, x, y, z, a, with_alpha)
                indices[row, column] = number
                if alpha > 0:
                    er = np.float32(np.int64(colors[number, 0]) - middle - r)
                    eg = np.float32(np.int64(colors[number, 1]) - middle - g)
                    eb = np.float32(np.int64(colors[number, 2]) - middle - b)
                    errors[line, i + 6], errors[line, i + 7], errors[line, i + 8] = er, eg, eb
                    sums[number, 0] += np.int64(sr + own_weight * er)
                    sums[number, 1] += np.int64(sg + own_weight * eg)
                    sums[number, 2] += np.int64(sb + own_weight * eb)
                    sums[number, 3] += 1
