"""Indices that are right on the mean of a few pixels, as an eye sees them."""

import numpy as np

from fastkq.kernels._jit import inlined, kernel
from fastkq.kernels.cells import cell_of, list_cell, nearest_listed

MARGIN = 2
"""Pixels that are seen on each side of one."""

HERE, BESIDE, BEYOND = np.float32(16), np.float32(11), np.float32(3)
"""What is seen along a line of a pixel, of the one beside it and of the next: a Gaussian of 0.8 pixels with
itself, as an eye blurs both what is there and what it compares that with."""

WHOLE = 256
"""What is seen of a pixel itself: HERE across, HERE down."""


@inlined
def _blur(errors, row, width, across, seen):
    """What is seen at each place of a row of the errors in the two rows above and below: seen, out."""
    a, b, c, d = errors[row - 2], errors[row - 1], errors[row + 1], errors[row + 2]
    for i in range(3 * (width + 2 * MARGIN)):
        across[i] = BEYOND * (a[i] + d[i]) + BESIDE * (b[i] + c[i])
    for i in range(3 * MARGIN, 3 * (width + MARGIN)):
        near, far = across[i - 3] + across[i + 3], across[i - 6] + across[i + 6]
        seen[i] = HERE * across[i] + BESIDE * near + BEYOND * far


@inlined
def _beside(line, i):
    """What is seen at a place of the errors left and right of it."""
    return HERE * (BESIDE * (line[i - 3] + line[i + 3]) + BEYOND * (line[i - 6] + line[i + 6]))


@inlined
def _bounded(value, reach):
    return min(max(value, -reach), reach)


@kernel
def settle(image, palette, memory, own, first_row, last_row, errors, indices, sums):
    """Give each pixel of some rows the index that looks best beside the others' as they are by then.

    image (H, W, C) uint8, in; indices (H, W), out; errors (H + 2 * MARGIN, 3 * (W + 2 * MARGIN)) float32, in
    and out: how far the coordinates of each pixel are off, 0 in a margin and where nothing is known yet. own:
    what a pixel's own error counts, WHOLE or more. sums (k, 4) int64, in and out: what is seen of the errors
    at the pixels of each row, and how many these are.
    """
    width, last = image.shape[1], image.shape[2] - 1
    green, blue, with_alpha = min(last, 1), min(last, 2), last == 3
    fine, lists, colours = memory.fine, memory.lists, palette.coordinates
    shift, bits, opaque, alpha_weight = palette.shift, palette.bits, palette.opaque, palette.alpha_weight
    across, seen = np.empty(errors.shape[1], np.float32), np.empty(errors.shape[1], np.float32)
    middle, own = 255 * opaque, np.float32(own)
    share = np.float32(1) / own
    for row in range(first_row, last_row):
        _blur(errors, row + MARGIN, width, across, seen)
        line, out, off = image[row], indices[row], errors[row + MARGIN]
        for column in range(width):
            i = 3 * (column + MARGIN)
            alpha = np.int64(line[column, 3]) if with_alpha else np.int64(opaque)
            red = (2 * np.int64(line[column, 0]) - 255) * alpha
            grn = (2 * np.int64(line[column, green]) - 255) * alpha
            blu = (2 * np.int64(line[column, blue]) - 255) * alpha
            sx, sy, sz = (
                seen[i] + _beside(off, i),
                seen[i + 1] + _beside(off, i + 1),
                seen[i + 2] + _beside(off, i + 2),
            )
            x = _bounded(red - np.int64(sx * share), 255 * alpha) + middle
            y = _bounded(grn - np.int64(sy * share), 255 * alpha) + middle
            z = _bounded(blu - np.int64(sz * share), 255 * alpha) + middle
            a = alpha_weight * alpha
            cell = cell_of(x, y, z, a, shift, bits, with_alpha)
            listed = fine[cell]
            if listed == 0:
                listed = list_cell(palette, memory, cell)
            number = nearest_listed(lists, listed, x, y, z, a, with_alpha)
            out[column] = number
            if alpha > 0:
                ex = np.float32(np.int64(colours[number, 0]) - middle - red)
                ey = np.float32(np.int64(colours[number, 1]) - middle - grn)
                ez = np.float32(np.int64(colours[number, 2]) - middle - blu)
                off[i], off[i + 1], off[i + 2] = ex, ey, ez
                sums[number, 0] += np.int64(sx + own * ex)
                sums[number, 1] += np.int64(sy + own * ey)
                sums[number, 2] += np.int64(sz + own * ez)
                sums[number, 3] += 1
