"""Dither by error diffusion."""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inlined, inner_kernel, kernel
from fastkq.kernels.quantization.cell_index import cell_of, list_cell, nearest_listed

FULL_STRENGTH = 256  # the strength at which errors are diffused completely

GAP_LIMIT = 0.8
"""The limit for translucent pixels, relative to the distance of the chosen row from the nearest other row."""


@inlined
def limit_error(x, y, z, gap, limit):
    """Shorten the error (x, y, z) to at most `limit` times the square root of `gap`, a squared distance."""
    length = np.float64(x * x + y * y + z * z)
    if length > limit * limit * np.float64(gap):
        share = limit * np.sqrt(np.float64(gap) / length)
        x = np.int64(np.float64(x) * share)
        y = np.int64(np.float64(y) * share)
        z = np.int64(np.float64(z) * share)
    return x, y, z


class Weights(NamedTuple):
    """Sixteenths of an error that a pixel passes on.

    To the next column and the one after it; in the row below to the last, the same and the next column; and
    to the same column two rows below.
    """

    right: Any
    second_right: Any
    below_left: Any
    below: Any
    below_right: Any
    second_below: Any


class Errors(NamedTuple):
    """Errors that pixels pass on, in sixteenths of a coordinate.

    Attributes
    ----------
    below : (W, 3) int32
        In each column the error that the row above passes down; it is replaced by the error that the current
        row passes down.
    second_below : (W, 3) int32
        The same for the errors that are passed to the second row below.
    sent : (rows, 15) int32
        For each row of a band, the errors that the columns done so far pass on: to the next column, to the
        one after it, to the row below in the last column done and in the next column; and the error of the
        last column done, in coordinates.
    """

    below: Any
    second_below: Any
    sent: Any


class Rows(NamedTuple):
    """The palette rows that may be chosen.

    Attributes
    ----------
    names : (k,) int32
        The index in the image's palette of each row of the cell index. Among equally near rows the first in
        the order of the cell index is chosen.
    opaque : (n,) int32
        The rows of the cell index that an opaque pixel may get; empty if it may get any.
    full_alpha : int
        The fourth coordinate of opaque colors, 0 if there is no alpha.
    middle : int
        The other coordinates of colors with alpha 0, in the cell index.
    """

    names: Any
    opaque: Any
    full_alpha: Any
    middle: Any


@inner_kernel
def _nearest(colors, x, y, z, a, with_alpha):
    """Return the row that is nearest to a point, the first among equals."""
    best, least = np.int64(0), np.int64(1) << 62
    for row in range(colors.shape[0]):
        u, v, w = x - np.int64(colors[row, 0]), y - np.int64(colors[row, 1]), z - np.int64(colors[row, 2])
        distance = u * u + v * v + w * w
        if with_alpha:
            t = a - np.int64(colors[row, 3])
            distance += t * t
        if distance < least:
            best, least = np.int64(row), distance
    return best


@inner_kernel
def _nearest_opaque(colors, opaque, x, y, z):
    """Return the opaque row that is nearest to the color of an opaque pixel, the first among equals."""
    best, least = np.int64(0), np.int64(1) << 62
    for i in range(opaque.shape[0]):
        row = np.int64(opaque[i])
        u, v, w = x - np.int64(colors[row, 0]), y - np.int64(colors[row, 1]), z - np.int64(colors[row, 2])
        distance = u * u + v * v + w * w
        if distance < least:
            best, least = row, distance
    return best


@kernel
def diffuse(targets, limits, cells, rows, weights, strength, top, left, right, errors, indices):
    """Diffuse errors over a slanted block: row i below the top has the columns left - i .. right - i - 1.

    targets (n, W, 4) int32 and limits (n, W) float32, in: see
    `fastkq.kernels.quantization.hull.move_into_hull`; cells, a
    `fastkq.kernels.quantization.cell_index.CellIndex`, in and out; rows, a `Rows`, in; weights, a `Weights`;
    strength: 0 to 256; top: first row of the band; errors, an `Errors`, in and out; indices (H, W), out.

    The errors of colors in the hull are bounded: R. Adler et al., "The mathematics of halftoning", IBM
    Journal of Research and Development 47, 2003.
    """
    height, width = indices.shape
    # Fields are read before the loop, one by one: reading them in the loop, or unpacking `errors` in one
    # statement, costs 5 to 30 ns per pixel, because references to the arrays are counted.
    palette, memory = cells.palette, cells.memory
    fine, lists, colors, gaps = memory.fine, memory.lists, palette.coordinates, palette.gaps
    shift, bits = palette.shift, palette.bits
    names, opaque = rows.names, rows.opaque
    w_right, w_second_right, w_left = weights.right, weights.second_right, weights.below_left
    w_below, w_next, w_second = weights.below, weights.below_right, weights.second_below
    below, second, sent = errors.below, errors.second_below, errors.sent
    # The cells reach beyond the colors, by half their range on each side: errors carry targets there.
    outside, margin = -(np.int64(1) << (shift + bits)), np.int64(1) << (shift + bits - 2)
    middle, full_alpha = np.int64(rows.middle), np.int64(rows.full_alpha)
    with_alpha = full_alpha > 0
    for i in range(min(sent.shape[0], height - top)):
        line, line_limits, out = targets[i], limits[i], indices[top + i]
        ax, ay, az = np.int64(sent[i, 0]), np.int64(sent[i, 1]), np.int64(sent[i, 2])
        fx, fy, fz = np.int64(sent[i, 3]), np.int64(sent[i, 4]), np.int64(sent[i, 5])
        bx, by, bz = np.int64(sent[i, 6]), np.int64(sent[i, 7]), np.int64(sent[i, 8])
        cx, cy, cz = np.int64(sent[i, 9]), np.int64(sent[i, 10]), np.int64(sent[i, 11])
        lx, ly, lz = np.int64(sent[i, 12]), np.int64(sent[i, 13]), np.int64(sent[i, 14])
        for column in range(max(left - i, 0), min(right - i, width)):
            a, limit = np.int64(line[column, 3]), np.float64(line_limits[column])
            tx, ty, tz = ax + below[column, 0], ay + below[column, 1], az + below[column, 2]
            x = margin + np.int64(line[column, 0]) + ((tx * strength + (FULL_STRENGTH << 3)) >> 12)
            y = margin + np.int64(line[column, 1]) + ((ty * strength + (FULL_STRENGTH << 3)) >> 12)
            z = margin + np.int64(line[column, 2]) + ((tz * strength + (FULL_STRENGTH << 3)) >> 12)
            is_opaque = a == full_alpha
            if not is_opaque:
                half = (middle - margin) * a // full_alpha
                x = min(max(x, middle - half), middle + half)
                y = min(max(y, middle - half), middle + half)
                z = min(max(z, middle - half), middle + half)
            if (x | y | z) & outside:
                number = _nearest(colors, x, y, z, a, with_alpha)
            else:
                cell = cell_of(x, y, z, a, shift, bits, with_alpha)
                entry = fine[cell]
                if entry == 0:
                    entry = list_cell(palette, memory, cell)
                number = np.int64(nearest_listed(lists, entry, x, y, z, a, with_alpha))
            if with_alpha:
                if not is_opaque:
                    limit = GAP_LIMIT * np.sqrt(np.float64(gaps[number]))
                elif opaque.shape[0] > 0 and np.int64(colors[number, 3]) != full_alpha:
                    number = _nearest_opaque(colors, opaque, x, y, z)
            out[column] = names[number]
            visible = np.int64(a > 0 or not with_alpha)
            x = (x - np.int64(colors[number, 0])) * visible
            y = (y - np.int64(colors[number, 1])) * visible
            z = (z - np.int64(colors[number, 2])) * visible
            x, y, z = limit_error(x, y, z, 1, limit)
            if column > 0:
                below[column - 1, 0] = bx + w_left * x + second[column - 1, 0]
                below[column - 1, 1] = by + w_left * y + second[column - 1, 1]
                below[column - 1, 2] = bz + w_left * z + second[column - 1, 2]
                second[column - 1, 0] = w_second * lx
                second[column - 1, 1] = w_second * ly
                second[column - 1, 2] = w_second * lz
            ax, ay, az = fx + w_right * x, fy + w_right * y, fz + w_right * z
            fx, fy, fz = w_second_right * x, w_second_right * y, w_second_right * z
            bx, by, bz = cx + w_below * x, cy + w_below * y, cz + w_below * z
            cx, cy, cz = w_next * x, w_next * y, w_next * z
            lx, ly, lz = x, y, z
        if left - i < width <= right - i:
            below[width - 1, 0] = bx + second[width - 1, 0]
            below[width - 1, 1] = by + second[width - 1, 1]
            below[width - 1, 2] = bz + second[width - 1, 2]
            second[width - 1, 0] = w_second * lx
            second[width - 1, 1] = w_second * ly
            second[width - 1, 2] = w_second * lz
        sent[i, 0], sent[i, 1], sent[i, 2] = ax, ay, az
        sent[i, 3], sent[i, 4], sent[i, 5] = fx, fy, fz
        sent[i, 6], sent[i, 7], sent[i, 8] = bx, by, bz
        sent[i, 9], sent[i, 10], sent[i, 11] = cx, cy, cz
        sent[i, 12], sent[i, 13], sent[i, 14] = lx, ly, lz
