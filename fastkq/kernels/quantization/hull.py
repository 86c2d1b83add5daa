"""Convex hull of a palette: the colors whose mean can be shown by mixing palette rows.

The color space is divided into cells. What is known about a cell is computed when a pixel in it is first
dithered.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inlined, inner_kernel, kernel

CELL_BITS = 5
"""There are 2^CELL_BITS cells along each dimension: about 8 levels of 8 bits each."""
_SIDE = (1 << CELL_BITS) + 1  # corners of cells along each dimension

_SNAP, _UNSNAPPED = 0.25, 16.0
"""A color outside the hull moves from its nearest point of the hull toward the nearest row, by this share of
its distance from the hull beyond `_UNSNAPPED` levels of 8 bits: the corners of the cells that the hull
crosses are nearer. Without it, rare specks of a far row show beside a color that is wrong anyway. Measured:
0.25 adds at most 3 % to the error of the mean color."""

REACH_LIMIT, SHORT_REACH_LIMIT, LONG_REACH = 1.2, 0.9, 128.0
"""Largest error that is diffused, relative to the reach of the color's cell (see `Hull.reaches`): 0.9 for the
shortest reaches, plus 1 for each 128 levels of 8 bits of the reach, at most 1.2. An error that no mixture of
rows near a color can show would otherwise add up until it appears as a speck of a far-off color. Measured
with fitted palettes on 8 CQ100 and 3 Kodak images: SSIMULACRA2 is 0.2 higher at k = 64 and 256 than with 1.2
for all. With 1.0 for all, colors of some given palettes are farther from their means than Pillow's."""

FLAT_CHANGE = 0.1
"""A color in the hull whose coordinates differ by less than this share of the reach from those of the pixels
to the left and above is diffused without a limit, so that the mean color of a field is right. Measured as
above: with 0.25, SSIMULACRA2 is 0.2 lower at k = 256 on CQ100."""

_UNLIMITED = 1 << 20  # coordinates: errors in the hull remain below it, and fit int32 in sixteenths

_TOLERANCE = 0.02  # levels of 8 bits: a point at most this far from the hull is taken as inside
_INSIDE = 0.25  # levels of 8 bits: a color with a smaller offset counts as inside
_UNMOVED = 2.0
"""Levels of 8 bits: this much of an offset is left out. In cells that the hull crosses, interpolated offsets
of colors inside the hull are up to this large."""
_MAX_STEPS = 64  # of the descent to the nearest point; 3 to 8 are usual


class Hull(NamedTuple):
    """The hull of a palette, and what one worker has computed of it.

    Attributes
    ----------
    rows : (n, 3) float64
        Coordinates of the distinct palette rows.
    vertices : (v, 3) float64
        Those rows of which the hull is made.
    by_cell : (n, 3) int64
        The rows, those of the first cell first.
    starts : (2^(3 CELL_BITS) + 1,) int64
        The rows in cell c are by_cell[starts[c] : starts[c + 1]].
    shift : int
        A cell is 2^shift coordinates wide.
    level : float
        Coordinates per level of 8 bits.
    offsets : (_SIDE^3, 3) float64
        For each corner of cells the way from it to the point that replaces it: itself if it is in the hull.
    is_known : (_SIDE^3,) uint8
        Whether the offset of a corner is computed.
    reaches : (2^(3 CELL_BITS),) int64
        0 for a cell of which nothing is known. Otherwise twice the distance from the nearest row to the end
        of its Voronoi cell, in the direction of the middle of the cell; plus 1 if the offset of one of the
        corners is not zero.
    """

    rows: Any
    vertices: Any
    by_cell: Any
    starts: Any
    shift: Any
    level: Any
    offsets: Any
    is_known: Any
    reaches: Any


@inlined
def _interpolated(offsets, x, y, z, shift):
    """Return the offset of a point by trilinear interpolation between the corners of its cell.

    A mean of points of the hull is in the hull.
    """
    part = (np.int64(1) << shift) - 1
    scale = 1.0 / np.float64(part + 1)
    u, v, w = np.float64(x & part) * scale, np.float64(y & part) * scale, np.float64(z & part) * scale
    corner = np.uint64(((x >> shift) * _SIDE + (y >> shift)) * _SIDE + (z >> shift))
    a = b = c = 0.0
    for i in range(2):
        for j in range(2):
            near = corner + np.uint64((i * _SIDE + j) * _SIDE)  # unsigned: no test for negative indices
            far = near + np.uint64(1)
            share = (u if i else 1.0 - u) * (v if j else 1.0 - v)
            p, q = share * (1.0 - w), share * w
            a += p * offsets[near, 0] + q * offsets[far, 0]
            b += p * offsets[near, 1] + q * offsets[far, 1]
            c += p * offsets[near, 2] + q * offsets[far, 2]
    return a, b, c


@inlined
def _difference(points, i, column, j, other):
    """Return the largest difference of a color coordinate between two pixels of `points`."""
    x = abs(np.int64(points[i, column, 0]) - np.int64(points[j, other, 0]))
    y = abs(np.int64(points[i, column, 1]) - np.int64(points[j, other, 1]))
    z = abs(np.int64(points[i, column, 2]) - np.int64(points[j, other, 2]))
    return max(x, max(y, z))


@inlined
def _is_row(by_cell, starts, cell, x, y, z):
    """Return whether a point of a cell is a palette row."""
    found = False
    for i in range(starts[np.uint64(cell)], starts[np.uint64(cell + 1)]):
        found |= by_cell[i, 0] == x and by_cell[i, 1] == y and by_cell[i, 2] == z
    return found


@kernel
def move_into_hull(points, hull, strength, full_alpha, targets, limits):
    """Replace the colors outside the hull by colors in the hull, and find how large their errors may be.

    Palette rows stay as they are: interpolated offsets of vertices can be larger than `_UNMOVED`.

    points (n + 1, W, 4) int32, in: coordinates of the row above a band and of the rows of the band; hull, a
    `Hull`, in and out; strength: 0 to 1, the share of the way to the hull; full_alpha: the fourth coordinate
    of opaque pixels, 0 if there is no alpha: others are not moved; targets (n, W, 4) int32, out;
    limits (n, W) float32, out: the largest error in coordinates; -1 for pixels that are not opaque.
    """
    reaches, offsets, shift = hull.reaches, hull.offsets, hull.shift
    by_cell, starts = hull.by_cell, hull.starts
    inside, unmoved, long_reach = _INSIDE * hull.level, _UNMOVED * hull.level, LONG_REACH * hull.level
    for i in range(points.shape[0] - 1):
        for column in range(points.shape[1]):
            x, y = np.int64(points[i + 1, column, 0]), np.int64(points[i + 1, column, 1])
            z, alpha = np.int64(points[i + 1, column, 2]), points[i + 1, column, 3]
            if alpha == full_alpha:
                cell = ((((x >> shift) << CELL_BITS) | (y >> shift)) << CELL_BITS) | (z >> shift)
                entry = reaches[np.uint64(cell)]
                if entry == 0:
                    entry = measure_cell(hull, cell)
                reach, is_inside = np.float64(entry >> 1), True
                if entry & 1:
                    a, b, c = _interpolated(offsets, x, y, z, shift)
                    length = np.sqrt(a * a + b * b + c * c)
                    is_inside = length < inside
                    if length > unmoved and not _is_row(by_cell, starts, cell, x, y, z):
                        share = strength * (1.0 - unmoved / length)
                        x += np.int64(np.floor(share * a + 0.5))
                        y += np.int64(np.floor(share * b + 0.5))
                        z += np.int64(np.floor(share * c + 0.5))
                change = max(
                    _difference(points, i + 1, column, i + 1, max(column - 1, 0)),
                    _difference(points, i + 1, column, i, column),
                )
                if is_inside and np.float64(change) < FLAT_CHANGE * reach:
                    reach = np.float64(_UNLIMITED)
                factor = min(REACH_LIMIT, SHORT_REACH_LIMIT + reach / long_reach)
                limits[i, column] = np.float32(factor * reach)
            else:
                limits[i, column] = np.float32(-1)
            targets[i, column, 0], targets[i, column, 1] = x, y
            targets[i, column, 2], targets[i, column, 3] = z, alpha


@inner_kernel
def measure_cell(hull, cell):
    """Compute `Hull.reaches` of a cell, with the offsets of its corners, and return it."""
    shift, mask = hull.shift, (1 << CELL_BITS) - 1
    place = np.empty(3, np.int64)
    place[0], place[1], place[2] = cell >> (2 * CELL_BITS), (cell >> CELL_BITS) & mask, cell & mask
    point, nearest = np.empty(3), np.empty(3)
    middle = np.empty(3)
    for d in range(3):
        middle[d] = np.float64(((place[d] << 1) + 1) << shift) * 0.5
    moved = np.int64(0)
    for turn in range(8):
        corner = np.int64(0)
        for d in range(3):
            at = place[d] + ((turn >> d) & 1)
            corner = corner * _SIDE + at
            point[d] = min(np.float64(at << shift), 255.0 * hull.level)  # the last corner is white
        if hull.is_known[corner] == 0:
            _replace(hull, point, nearest)
            for d in range(3):
                hull.offsets[corner, d] = nearest[d] - point[d]
            hull.is_known[corner] = 1
        for d in range(3):
            offset = hull.offsets[corner, d]
            middle[d] += offset * 0.125
            moved |= np.int64(offset != 0.0)
    reach = max(np.int64(_reach(hull.rows, middle)), 1)
    hull.reaches[cell] = (reach << 1) | moved
    return hull.reaches[cell]


@inner_kernel
def _nearest_row(rows, point):
    """Return the row nearest to a point, the first among equals."""
    best, least = 0, np.inf
    for i in range(rows.shape[0]):
        x, y, z = rows[i, 0] - point[0], rows[i, 1] - point[1], rows[i, 2] - point[2]
        distance = x * x + y * y + z * z
        if distance < least:
            best, least = i, distance
    return best


@inner_kernel
def _reach(rows, point):
    """Return the distance from the row nearest to a point to the end of its Voronoi cell beyond the point.

    It is at least half the distance to the next row.
    """
    own = _nearest_row(rows, point)
    u, v, w = point[0] - rows[own, 0], point[1] - rows[own, 1], point[2] - rows[own, 2]
    length = np.sqrt(u * u + v * v + w * w)
    end, gap = np.inf, np.inf
    for i in range(rows.shape[0]):
        if i != own:
            x, y, z = rows[i, 0] - rows[own, 0], rows[i, 1] - rows[own, 1], rows[i, 2] - rows[own, 2]
            distance, along = x * x + y * y + z * z, x * u + y * v + z * w
            gap = min(gap, distance)
            if along > 1e-9 * distance:
                end = min(end, distance * length / (2.0 * along))
    if gap == np.inf:
        return 0.0
    half = 0.5 * np.sqrt(gap)
    return max(end, half) if end < np.inf else half


@inner_kernel
def _replace(hull, point, result):
    """Write the point that replaces a point: itself in the hull, else a point of the hull (see `_SNAP`)."""
    nearest_in_hull(hull.vertices, point, hull.level, result)
    distance = np.float64(0)
    for d in range(3):
        distance += (result[d] - point[d]) * (result[d] - point[d])
    distance = np.sqrt(distance)
    if distance <= _TOLERANCE * hull.level:
        result[:] = point
        return
    row = hull.rows[_nearest_row(hull.rows, result)]
    length = np.float64(0)
    for d in range(3):
        length += (result[d] - row[d]) * (result[d] - row[d])
    length = np.sqrt(length)
    way = _SNAP * max(distance - _UNSNAPPED * hull.level, 0.0)
    share = 1.0 - way / length if length > way else 0.0
    for d in range(3):
        result[d] = row[d] + (result[d] - row[d]) * share


@inner_kernel
def nearest_in_hull(vertices, point, level, result):
    """Write the point of the convex hull of some vertices that is nearest to a point.

    vertices (v, 3) float64, in; point (3,) float64, in; level: the unit of `_TOLERANCE`; result (3,), out.

    P. Wolfe, "Finding the nearest point in a polytope", Mathematical Programming 11, 1976: a few vertices are
    kept whose affine hull is nearest within their own hull; the vertex that lies farthest on the side of the
    point is added until there is none.
    """
    corral, weights, trial = np.empty((4, 3)), np.zeros(4), np.zeros(4)  # vertices relative to the point
    first = _nearest_row(vertices, point)
    x = np.empty(3)
    for d in range(3):
        corral[0, d] = x[d] = vertices[first, d] - point[d]
    weights[0] = 1.0
    number = 1
    bound = (_TOLERANCE * level) * (_TOLERANCE * level)
    for _ in range(_MAX_STEPS):
        best, least = 0, np.inf
        for i in range(vertices.shape[0]):
            product = np.float64(0)
            for d in range(3):
                product += x[d] * (vertices[i, d] - point[d])
            if product < least:
                best, least = i, product
        length = x[0] * x[0] + x[1] * x[1] + x[2] * x[2]
        if length <= bound or length - least <= bound or number == 4:
            break
        for d in range(3):
            corral[number, d] = vertices[best, d] - point[d]
        weights[number] = 0.0
        number += 1
        number = _shrink(corral, weights, trial, number)
        for d in range(3):
            x[d] = 0.0
            for i in range(number):
                x[d] += weights[i] * corral[i, d]
    for d in range(3):
        result[d] = point[d] + x[d]


@inner_kernel
def _shrink(corral, weights, trial, number):
    """Move the weights to the point of least norm in the hull of corral[:number]; return how many are left.

    Vertices whose weight falls to 0 are dropped.
    """
    while number > 1:
        if not _affine_minimum(corral, trial, number):
            return number - 1  # the newest vertex depends on the others
        step = 1.0
        for i in range(number):
            if trial[i] <= 0.0:
                step = min(step, weights[i] / max(weights[i] - trial[i], 1e-300))
        kept = 0
        for i in range(number):
            weight = weights[i] + step * (trial[i] - weights[i])
            if weight > 1e-12:
                for d in range(3):
                    corral[kept, d] = corral[i, d]
                weights[kept] = weight
                kept += 1
        if kept == number:
            break
        number = kept
    return number


@inner_kernel
def _affine_minimum(corral, trial, number):
    """Write the weights, with sum 1, of the point of least norm in the affine hull of corral[:number].

    Returns False if these points are not affinely independent.
    """
    size = number - 1
    matrix, side = np.empty((3, 4)), np.empty(3)
    for i in range(size):
        for j in range(size + 1):
            matrix[i, j] = 0.0
            for d in range(3):
                other = corral[j + 1, d] - corral[0, d] if j < size else -corral[0, d]
                matrix[i, j] += (corral[i + 1, d] - corral[0, d]) * other
        side[i] = matrix[i, i]
    for i in range(size):
        if matrix[i, i] <= 1e-9 * side[i]:
            return False
        for row in range(i + 1, size):
            factor = matrix[row, i] / matrix[i, i]
            for j in range(i, size + 1):
                matrix[row, j] -= factor * matrix[i, j]
    trial[0] = 1.0
    for i in range(size - 1, -1, -1):
        value = matrix[i, size]
        for j in range(i + 1, size):
            value -= matrix[i, j] * trial[j + 1]
        trial[i + 1] = value / matrix[i, i]
        trial[0] -= trial[i + 1]
    return True
