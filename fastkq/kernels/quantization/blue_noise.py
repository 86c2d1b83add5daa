"""Dither by an ordered blue-noise mask.

The mask holds a rank for each of its pixels. For any n, the pixels of the n lowest ranks are spread evenly
without a pattern. Each color has a plan: up to 4 palette rows and their shares of the ranks.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel, kernel
from fastkq.kernels.kmeans.candidates import first_smallest

SIDE = 64
"""Pixels along a side of the mask, a power of two. The mask is tiled over the image."""

RANKS = SIDE * SIDE

_INITIAL_POINTS = SIDE * SIDE // 10  # number of points of the initial pattern
_MAX_SWAPS = 4096  # maximum number of moves that spread the initial pattern evenly


@inner_kernel
def _add_density(place, sign, gaussian, density):
    """Add (sign 1) or subtract (sign -1) the density around a point.

    gaussian (SIDE^2,), in: the density around point 0; density (SIDE^2,), in and out.
    """
    top, left = place // SIDE, place % SIDE
    for y in range(SIDE):
        row = ((y - top) & (SIDE - 1)) * SIDE
        for x in range(SIDE):
            density[y * SIDE + x] += sign * gaussian[row + ((x - left) & (SIDE - 1))]


@inner_kernel
def _extreme(density, taken, sign):
    """Return the point in the largest cluster (sign 1), or the place in the largest void (sign -1).

    density (SIDE^2,), in: the density of points; taken (SIDE^2,) bool, in: whether a place has a point. Among
    equals the first is returned.
    """
    best = -1
    for place in range(density.shape[0]):
        if taken[place] == (sign > 0) and (best < 0 or sign * density[place] > sign * density[best]):
            best = place
    return best


@kernel
def void_and_cluster(ranks):
    """Write the ranks (SIDE^2,) int32, out, of a mask by the void-and-cluster method.

    R. Ulichney, "The void-and-cluster method for dither array generation", Proc. SPIE 1913, 1993. A few
    random points are spread evenly: the point in the largest cluster moves to the largest void, until it
    would move to its own place. Then points are removed, always from the largest cluster; they get the first
    ranks in reverse order of removal. The other ranks go to the places that are filled one by one, always in
    the largest void.
    """
    size = SIDE * SIDE
    gaussian, density, taken = np.ones(size), np.zeros(size), np.zeros(size, np.bool_)
    for place in range(size):
        y, x = place // SIDE, place % SIDE
        y, x = min(y, SIDE - y), min(x, SIDE - x)
        for _ in range(y * y + x * x):  # 0.8^(distance^2): a Gaussian of 1.5 pixels, without libm
            gaussian[place] *= 0.8
    random = np.int64(1)
    for _ in range(_INITIAL_POINTS):
        random = (random * 1664525 + 1013904223) & 0xFFFFFFFF
        place = random >> 20
        while taken[place]:
            place = (place + 1) & (size - 1)
        taken[place] = True
        _add_density(place, 1.0, gaussian, density)
    for _ in range(_MAX_SWAPS):
        crowded = _extreme(density, taken, 1)
        taken[crowded] = False
        _add_density(crowded, -1.0, gaussian, density)
        void = _extreme(density, taken, -1)
        taken[void] = True
        _add_density(void, 1.0, gaussian, density)
        if void == crowded:
            break
    initial, initial_density = taken.copy(), density.copy()
    for rank in range(_INITIAL_POINTS - 1, -1, -1):
        crowded = _extreme(density, taken, 1)
        taken[crowded] = False
        _add_density(crowded, -1.0, gaussian, density)
        ranks[crowded] = rank
    for rank in range(_INITIAL_POINTS, size):
        void = _extreme(initial_density, initial, -1)
        initial[void] = True
        _add_density(void, 1.0, gaussian, initial_density)
        ranks[void] = rank


MAX_ROWS = 4  # of a plan: a point of space is in a tetrahedron of rows
EXACT = float(1 << 20)  # the largest stiffness: the error of the mean is below 0.01 levels

FIRST_DEPTH, FULL_DEPTH = 6.0, 8.0
"""Levels below the surface of the hull. From `FULL_DEPTH` the mean is right whatever variance that takes.
Near the surface and outside, plans of exact mean contain rows that are far off: specks. Measured with
palettes that are near the colors of an image, k = 256: SSIMULACRA2 is 2 lower with 4 and 8 than with 7 and
8; with the palettes of displays and old computers the blurred error hardly changes."""

_MEAN_ERROR = 0.5
"""Levels: largest error of the mean of a plan where it has to be right. A smaller one takes more variance."""

_COHERENCE = 0.01
"""Reward for the variance of luminance, relative to the squared distance. Among plans of equal variance, as
there are many in palettes on a lattice, it selects the one whose rows differ most in luminance: as the mask
chooses by luminance, each channel then follows the mask. Measured: with 0, the blurred error of photographs
with the web-safe palette is half as large again."""

_TOLERANCE = 1e-3  # squared levels: a row that saves less is not added
_MAX_STEPS = 64  # of the search for a plan; 2 to 15 are usual

_MAX_SEARCHED = 512  # rows: of more, those near a color are selected first
_MIN_SELECTED = 128  # rows that are near
_CELL, _RADIUS = 32.0, 48.0  # levels: width of the cells that share a selection, and its least radius


class Rows(NamedTuple):
    """The distinct rows of a palette, in the order of their values.

    Coordinates are in levels: three in the space in which mean colors are right, and a fourth one, a multiple
    of alpha, which is 0 without alpha.

    Attributes
    ----------
    points : (4, n) float64
        Their coordinates.
    luminances : (n,) float64
    direction : (3,) float64
        Luminance is the dot product of this and a point.
    costs : (n,) float64
        Half of the squared length of each point, less half of `_COHERENCE` times the squared luminance.
    names : (n,) int64
        Index of each row in the palette of the image.
    is_vertex : (n,) bool
        Whether a row is on the surface of the hull.
    stiffness : float
        Weight of the squared error of the mean, relative to the variance, where the mean may be wrong.
    """

    points: Any
    luminances: Any
    direction: Any
    costs: Any
    names: Any
    is_vertex: Any
    stiffness: Any


def row_costs(points, luminances):
    """Return `Rows.costs`."""
    x, y, z, a = points
    return 0.5 * (x * x + y * y + z * z + a * a - _COHERENCE * luminances * luminances)


class _Plan(NamedTuple):
    """A plan in the making: `MAX_ROWS` rows, and one more while it is changed; and buffers."""

    rows: Any  # (MAX_ROWS + 1,) int64
    weights: Any  # (MAX_ROWS + 1,) float64
    direction: Any  # (MAX_ROWS + 1,) float64: change of the weights
    matrix: Any  # (MAX_ROWS, MAX_ROWS + 1) float64
    values: Any  # (n,) float64: one per row of the palette


@inner_kernel
def _first_step(points, costs, color, center, stiffness, plan, count):
    """Write the change of the weights that leads to the least cost of the first `count` rows of a plan.

    Returns the largest step along it: 1, or infinity if the cost falls along a line, because the rows are
    affinely dependent.
    """
    rows, weights, direction, matrix = plan.rows, plan.weights, plan.direction, plan.matrix
    edges, base = count - 1, rows[0]
    for i in range(edges):
        row = rows[i + 1]
        for j in range(i + 1):
            other = rows[j + 1]
            product = 0.0
            for d in range(3):
                product += (points[d, row] - points[d, base]) * (points[d, other] - points[d, base])
            matrix[i, j] = matrix[j, i] = product
        error = 0.0
        for d in range(3):
            error += (points[d, row] - points[d, base]) * (points[d, base] - color[d])
        matrix[i, edges] = -error - _excess(points, costs, center, row, base) / stiffness
    for i in range(edges):
        row, length = rows[i + 1], 0.0
        for d in range(3):
            length += (points[d, row] - points[d, base]) * (points[d, row] - points[d, base])
        if matrix[i, i] <= 1e-9 * length:
            return _first_step_along_line(points, costs, center, plan, count, i)
        for j in range(i + 1, edges):
            factor = matrix[j, i] / matrix[i, i]
            for m in range(i, edges + 1):
                matrix[j, m] -= factor * matrix[i, m]
    total = 0.0
    for i in range(edges - 1, -1, -1):
        weight = matrix[i, edges]
        for j in range(i + 1, edges):
            weight -= matrix[i, j] * (weights[j + 1] + direction[j + 1])
        weight /= matrix[i, i]
        direction[i + 1] = weight - weights[i + 1]
        total += weight
    direction[0] = 1.0 - total - weights[0]
    return 1.0


@inner_kernel
def _first_step_along_line(points, costs, center, plan, count, edge):
    """Write the change of the weights that keeps the mean and lowers the variance; see `_first_step`.

    The edge with this number from row 0 depends on those before it, which are eliminated in `plan.matrix`.
    """
    rows, direction, matrix = plan.rows, plan.direction, plan.matrix
    direction[:count] = 0.0
    direction[0], direction[edge + 1] = -1.0, 1.0
    slope = _excess(points, costs, center, rows[edge + 1], rows[0])
    for i in range(edge - 1, -1, -1):
        share = matrix[i, edge]
        for j in range(i + 1, edge):
            share += matrix[i, j] * direction[j + 1]
        share /= matrix[i, i]
        direction[i + 1] = -share
        direction[0] += share
        slope -= share * _excess(points, costs, center, rows[i + 1], rows[0])
    if slope > 0.0:
        for i in range(count):
            direction[i] = -direction[i]
    return np.inf


@inner_kernel
def _excess(points, costs, center, row, base):
    """Return by how much the cost of a row is above that of another one, both halved."""
    excess = costs[row] - costs[base]
    for d in range(4):
        excess -= (points[d, row] - points[d, base]) * center[d]
    return excess


@inner_kernel
def _settle(points, costs, color, center, stiffness, plan, count):
    """Change the weights of a plan to those of least cost; rows of weight 0 are dropped.

    Returns the number of rows that are left.
    """
    rows, weights, direction = plan.rows, plan.weights, plan.direction
    while count > 1:
        step, dropped = _first_step(points, costs, color, center, stiffness, plan, count), -1
        for i in range(count):
            if direction[i] < 0.0 and weights[i] < -direction[i] * step:
                step, dropped = weights[i] / -direction[i], i
        for i in range(count):
            weights[i] += step * direction[i]
        if dropped < 0:
            break
        count -= 1
        for i in range(dropped, count):
            rows[i], weights[i] = rows[i + 1], weights[i + 1]
    return count


@inner_kernel
def _nearest(points, costs, number, target, values):
    """Return the row of least cost for a target, the first among equals."""
    x, y, z, a = target[0], target[1], target[2], target[3]
    for i in range(number):
        values[i] = costs[i] - points[0, i] * x - points[1, i] * y - points[2, i] * z - points[3, i] * a
    return first_smallest(values, number)


@inner_kernel
def _solve(points, costs, number, color, center, stiffness, plan, count):
    """Improve a plan of `count` rows until it is the best one for a color, and return its number of rows.

    It minimizes the variance around the color plus `stiffness` times the squared error of the mean. A row
    lowers this cost if it is nearer to a target than the rows of the plan, which are equally near. The target
    is the color minus `stiffness` times the error of the mean. With infinite stiffness the rows of a plan are
    the corners of the Delaunay simplex that contains the color.
    """
    rows, weights = plan.rows, plan.weights
    target = np.empty(4)
    count = _settle(points, costs, color, center, stiffness, plan, count)
    for _ in range(_MAX_STEPS):
        size = 0.0
        target[3] = center[3]
        for d in range(3):
            error = 0.0
            for i in range(count):
                error += weights[i] * (points[d, rows[i]] - color[d])
            target[d] = center[d] - stiffness * error
            size = max(size, abs(target[d]))
        best = _nearest(points, costs, number, target, plan.values)
        level, is_new = 0.0, True
        for i in range(count):
            level += weights[i] * plan.values[rows[i]]
            is_new = is_new and rows[i] != best
        if not is_new or plan.values[best] >= level - _TOLERANCE - 1e-9 * size:
            break
        rows[count], weights[count] = best, 0.0
        count = _settle(points, costs, color, center, stiffness, plan, count + 1)
    return count


@inner_kernel
def _largest_stiffness(facets, color, least):
    """Return `EXACT` for a color deep in the hull, `least` for one outside.

    From `FIRST_DEPTH` to `FULL_DEPTH` the value rises steadily.
    """
    if facets.shape[0] == 0:
        return least
    depth = np.inf
    for i in range(facets.shape[0]):
        x, y, z = facets[i, 0] * color[0], facets[i, 1] * color[1], facets[i, 2] * color[2]
        depth = min(depth, facets[i, 3] - (x + y + z))
    share = (FULL_DEPTH - max(depth, FIRST_DEPTH)) / (FULL_DEPTH - FIRST_DEPTH)
    if share <= 0.0:
        return EXACT
    return min(EXACT, least / (share * share * share * share))


@inner_kernel
def _mean_error(points, color, plan, count):
    """Return the distance of the mean of a plan from a color, without alpha."""
    total = 0.0
    for d in range(3):
        error = 0.0
        for i in range(count):
            error += plan.weights[i] * (points[d, plan.rows[i]] - color[d])
        total += error * error
    return np.sqrt(total)


class _Selection(NamedTuple):
    """The rows that are searched for the colors of one cell."""

    points: Any  # (4, n) float64
    costs: Any  # (n,) float64
    chosen: Any  # (n,) int64: their numbers in `Rows`
    cell: Any  # (3,) float64


@inner_kernel
def _everything(rows):
    """Return the selection of all rows."""
    number, points, costs = rows.costs.shape[0], rows.points, rows.costs
    if number > _MAX_SEARCHED:
        points, costs = points.copy(), costs.copy()
    return _Selection(points, costs, np.arange(number), np.full(3, np.inf))


@inner_kernel
def _select(rows, color, selection, count):
    """Return the number of rows that are searched for a color, `count` being that for the color before it.

    They are all rows; or the rows near the cell of the color, and the vertices of the hull.
    """
    number, cell = rows.costs.shape[0], selection.cell
    x, y, z = np.floor(color[0] / _CELL), np.floor(color[1] / _CELL), np.floor(color[2] / _CELL)
    if number <= _MAX_SEARCHED or (cell[0] == x and cell[1] == y and cell[2] == z):
        return count
    cell[0], cell[1], cell[2] = x, y, z
    radius = _RADIUS
    while True:
        near = count = 0
        for i in range(number):
            u = rows.points[0, i] - (x + 0.5) * _CELL
            v = rows.points[1, i] - (y + 0.5) * _CELL
            w = rows.points[2, i] - (z + 0.5) * _CELL
            is_near = u * u + v * v + w * w <= radius * radius
            near += np.int64(is_near)
            if is_near or rows.is_vertex[i]:
                selection.chosen[count] = i
                count += 1
        if near >= _MIN_SELECTED:
            break
        radius *= 1.5
    for i in range(count):
        for d in range(4):
            selection.points[d, i] = rows.points[d, selection.chosen[i]]
        selection.costs[i] = rows.costs[selection.chosen[i]]
    return count


@kernel
def find_nearest(colors, start, stop, rows, nearest):
    """Find the nearest row of the colors start .. stop - 1.

    colors (n, 4) float64, in; rows, a `Rows`, in; nearest (n,) int32, out: numbers in `rows`.
    """
    count = rows.costs.shape[0]
    selection, values, center = _everything(rows), np.empty(count), np.empty(4)
    for i in range(start, stop):
        count = _select(rows, colors[i], selection, count)
        _center(rows.direction, colors[i], center)
        nearest[i] = selection.chosen[_nearest(selection.points, selection.costs, count, center, values)]


@kernel
def sum_errors(colors, counts, nearest, rows, sums):
    """Add up the errors of the colors of each row, in sixteenths of a level.

    colors (n, 4) float64, counts (n,) int64, nearest (n,) int32, in: the nearest row of each color; rows, a
    `Rows`, in; sums (k, 6) int64, out: the number of pixels, their errors, and their squared errors.
    """
    for i in range(colors.shape[0]):
        row, square = nearest[i], np.int64(0)
        sums[row, 0] += counts[i]
        for d in range(4):
            error = np.int64(np.floor((colors[i, d] - rows.points[d, row]) * 16.0 + 0.5))
            sums[row, 1 + d] += counts[i] * error
            square += error * error
        sums[row, 5] += counts[i] * square


@kernel
def find_plans(colors, start, stop, rows, facets, strength, plan_rows, limits):
    """Find the plans of the colors start .. stop - 1.

    The rows of a plan are ordered by luminance, so that evenly spread ranks spread brightness evenly. With a
    strength below 1, a plan shows the color that divides the way from the nearest row to the color in this
    proportion.

    colors (n, 4) float64, in; rows, a `Rows`, in; facets (f, 4) float64, in: outward unit normals and offsets
    of the facets of the convex hull; none if no mean has to be right; strength: 0 to 1; plan_rows (n,
    MAX_ROWS), out: indices of palette rows; limits (n, MAX_ROWS - 1) uint16, out: the first rank that does
    not get a row, for all but the last one.

    C. Lawson and R. Hanson, "Solving Least Squares Problems", 1974, chapter 23, for the active sets.
    """
    count = rows.costs.shape[0]
    plan = _Plan(
        np.zeros(MAX_ROWS + 1, np.int64),
        np.zeros(MAX_ROWS + 1),
        np.zeros(MAX_ROWS + 1),
        np.zeros((MAX_ROWS, MAX_ROWS + 1)),
        np.empty(count),
    )
    selection, center, color = _everything(rows), np.empty(4), np.empty(4)
    points, costs, chosen = selection.points, selection.costs, selection.chosen
    for i in range(start, stop):
        color[:] = colors[i]
        count = _select(rows, color, selection, count)
        _center(rows.direction, color, center)
        first = _nearest(points, costs, count, center, plan.values)
        stiffness, largest = rows.stiffness, _largest_stiffness(facets, color, rows.stiffness)
        if strength < 1.0:
            for d in range(4):
                color[d] = points[d, first] + strength * (color[d] - points[d, first])
            _center(rows.direction, color, center)
        plan.rows[0], plan.weights[0] = first, 1.0
        length = _solve(points, costs, count, color, center, stiffness, plan, 1)
        while stiffness < largest:
            error = _mean_error(points, color, plan, length)
            if error <= _MEAN_ERROR:
                break
            stiffness = min(largest, stiffness * max(2.0, 1.1 * error / _MEAN_ERROR))
            length = _solve(points, costs, count, color, center, stiffness, plan, length)
        for j in range(length):
            plan.rows[j] = chosen[plan.rows[j]]
        _sort(plan, rows.luminances, length)
        share = 0.0
        for j in range(MAX_ROWS):
            plan_rows[i, j] = rows.names[plan.rows[min(j, length - 1)]]
            share += plan.weights[j] if j < length else 0.0
            if j < MAX_ROWS - 1:
                limits[i, j] = np.int64(share * RANKS + 0.5) if j < length - 1 else RANKS


@inner_kernel
def _center(direction, color, center):
    """Write the point from which squared distances, with `Rows.costs`, are the costs of rows for a color."""
    luminance = color[0] * direction[0] + color[1] * direction[1] + color[2] * direction[2]
    for d in range(3):
        center[d] = color[d] - _COHERENCE * luminance * direction[d]
    center[3] = color[3]


@inner_kernel
def _sort(plan, luminances, length):
    """Sort the rows of a plan by luminance; rows of equal luminance keep the order of their values."""
    rows, weights = plan.rows, plan.weights
    for j in range(1, length):
        row, weight, place = rows[j], weights[j], j
        while place > 0 and (luminances[rows[place - 1]], rows[place - 1]) > (luminances[row], row):
            rows[place], weights[place] = rows[place - 1], weights[place - 1]
            place -= 1
        rows[place], weights[place] = row, weight


@kernel
def choose(numbers, first_row, last_row, ranks, plan_rows, limits, indices):
    """Write the indices of the rows first_row .. last_row - 1: each pixel gets a row of its color's plan.

    numbers (H, W) int32, in: the color of each pixel; ranks (RANKS,) int32, in: the mask; plan_rows, limits,
    in: see `find_plans`; indices (H, W), out.
    """
    for line in range(first_row, last_row):
        for column in range(indices.shape[1]):
            rank = ranks[(line & (SIDE - 1)) * SIDE + (column & (SIDE - 1))]
            number, place = numbers[line, column], 0
            for j in range(MAX_ROWS - 1):
                place += np.int64(rank >= np.int32(limits[number, j]))
            indices[line, column] = plan_rows[number, place]
