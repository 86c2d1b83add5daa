"""Dither by error diffusion with the weights of Floyd and Steinberg."""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inlined, kernel
from fastkq.kernels.quantization.cell_index import cell_of, clip, list_cell, nearest_listed

FULL_STRENGTH = 256  # the strength at which errors are diffused completely

ERROR_LIMIT = 0.8
"""Largest error that is diffused, relative to the distance of the chosen row from the nearest other row.
Measured: SSIMULACRA2 on Kodak is highest with 0.7 to 1.0."""


@inlined
def _target(level, alpha, opaque, received, strength):
    """Return the coordinate to search for: a pixel's coordinate plus the received error, clipped.

    level: 0 to 255; alpha and opaque: see `fastkq.kernels.quantization.cell_index.Palette`; received: error
    in sixteenths of a coordinate; strength: 0 to 256. The result is within the range of levels.
    """
    value = (2 * np.int64(level) - 255) * alpha + ((received * strength + (FULL_STRENGTH << 3)) >> 12)
    return clip(value, alpha, opaque)


@inlined
def limit_error(x, y, z, gap, limit):
    """Shorten the error (x, y, z) to at most `limit` times the square root of `gap`.

    gap: the squared distance of the chosen row from the nearest other row. An error that no mixture of rows
    can show would otherwise add up until it appears as a speck of a far-off color.
    """
    length = np.float64(x * x + y * y + z * z)
    if length > limit * limit * np.float64(gap):
        share = limit * np.sqrt(np.float64(gap) / length)
        x = np.int64(np.float64(x) * share)
        y = np.int64(np.float64(y) * share)
        z = np.int64(np.float64(z) * share)
    return x, y, z


class Errors(NamedTuple):
    """Errors that pixels pass on, in sixteenths of a coordinate.

    Attributes
    ----------
    below : (W, 3) int32
        In each column the error that the row above passes down; it is replaced by the error that the current
        row passes down.
    sent : (rows, 9) int32
        For each row of a band, three errors that the columns done so far pass on: to the next column, to the
        row below in the last column done, and to the row below in the next column.
    """

    below: Any
    sent: Any


@kernel
def diffuse(image, cells, strength, top, left, right, errors, indices):
    """Diffuse errors over a slanted block: row i below the top has the columns left - i .. right - i - 1.

    image (H, W, C) uint8, in; cells, a `fastkq.kernels.quantization.cell_index.CellIndex`, in and out;
    strength: 0 to 256; top: first row of the band; errors, an `Errors`, in and out: the block has as many
    rows as `errors.sent`, without those below the image; indices (H, W), out.
    """
    height, width, last = image.shape[0], image.shape[1], image.shape[2] - 1
    green, blue, with_alpha = min(last, 1), min(last, 2), last == 3
    # Fields are read before the loop, one by one: reading them in the loop, or unpacking `errors` in one
    # statement, costs 5 to 30 ns per pixel, because references to the arrays are counted.
    palette, memory = cells.palette, cells.memory
    fine, lists, colors, gaps = memory.fine, memory.lists, palette.coordinates, palette.gaps
    shift, bits, opaque, alpha_weight = palette.shift, palette.bits, palette.opaque, palette.alpha_weight
    below, sent = errors.below, errors.sent
    rows = min(sent.shape[0], height - top)
    for i in range(rows):
        line, out = image[top + i], indices[top + i]
        ax, ay, az = np.int64(sent[i, 0]), np.int64(sent[i, 1]), np.int64(sent[i, 2])
        bx, by, bz = np.int64(sent[i, 3]), np.int64(sent[i, 4]), np.int64(sent[i, 5])
        cx, cy, cz = np.int64(sent[i, 6]), np.int64(sent[i, 7]), np.int64(sent[i, 8])
        for column in range(max(left - i, 0), min(right - i, width)):
            alpha = np.int64(line[column, 3]) if with_alpha else opaque
            x = _target(line[column, 0], alpha, opaque, ax + below[column, 0], strength)
            y = _target(line[column, green], alpha, opaque, ay + below[column, 1], strength)
            z = _target(line[column, blue], alpha, opaque, az + below[column, 2], strength)
            a = alpha_weight * alpha
            cell = cell_of(x, y, z, a, shift, bits, with_alpha)
            entry = fine[cell]
            if entry == 0:
                entry = list_cell(palette, memory, cell)
            number = nearest_listed(lists, entry, x, y, z, a, with_alpha)
            out[column] = number
            visible = np.int64(alpha > 0)
            x = (x - np.int64(colors[number, 0])) * visible
            y = (y - np.int64(colors[number, 1])) * visible
            z = (z - np.int64(colors[number, 2])) * visible
            x, y, z = limit_error(x, y, z, gaps[number], ERROR_LIMIT)
            if column > 0:
                below[column - 1, 0] = bx + 3 * x
                below[column - 1, 1] = by + 3 * y
                below[column - 1, 2] = bz + 3 * z
            ax, ay, az = 7 * x, 7 * y, 7 * z
            bx, by, bz = cx + 5 * x, cy + 5 * y, cz + 5 * z
            cx, cy, cz = x, y, z
        if left - i < width <= right - i:
            below[width - 1, 0], below[width - 1, 1], below[width - 1, 2] = bx, by, bz
        sent[i, 0], sent[i, 1], sent[i, 2] = ax, ay, az
        sent[i, 3], sent[i, 4], sent[i, 5] = bx, by, bz
        sent[i, 6], sent[i, 7], sent[i, 8] = cx, cy, cz
