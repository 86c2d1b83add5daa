"""Error diffusion, written for clarity, not for speed."""

import itertools
import math

import numpy as np

EXTENT, EXTENT_WITH_ALPHA, ALPHA_WEIGHT = 257 * 255, 2 * 255 * 255, 361

FLOYD_STEINBERG = ((0, 1, 7), (1, -1, 3), (1, 0, 5), (1, 1, 1))
ATKINSON = ((0, 1, 2), (0, 2, 2), (1, -1, 2), (1, 0, 2), (1, 1, 2), (2, 0, 2))
"""Rows down, columns to the right, sixteenths of the error."""

CELLS, SNAP, FLAT_CHANGE, GAP_LIMIT = 32, 0.25, 0.1, 0.8
REACH_LIMIT, SHORT_REACH_LIMIT, LONG_REACH = 1.2, 0.9, 128
UNSNAPPED, UNMOVED, INSIDE = 16, 2, 0.25  # levels of 8 bits


def diffused(image, palette, strength, weights=FLOYD_STEINBERG):
    """Return indices by error diffusion, in the integers of `fastkq.kernels.quantization.error_diffusion`."""
    height, width = image.shape[:2]
    order = sorted(range(len(palette)), key=lambda j: (palette[j].tolist() if strength else 0, j))
    rows = [coordinates(palette[j].tolist()) for j in order]
    points = [[coordinates(color) for color in line] for line in image.reshape(height, width, -1).tolist()]
    with_alpha = len(palette[0]) == 4
    opaque = [j for j in order if with_alpha and palette[j][3] == 255] if len(palette) >= 3 else []
    allowed = [order.index(j) for j in opaque]
    hull = Hull([rows[j][:3] for j in allowed] or [row[:3] for row in rows], with_alpha)
    errors = {}
    indices = []
    for y, line in enumerate(points):
        indices.append([])
        for x, point in enumerate(line):
            target, limit, choices = list(point), None, range(len(rows))
            alpha = point[3] / (255 * ALPHA_WEIGHT) if with_alpha else 1
            if alpha == 1:
                left, above = line[max(x - 1, 0)], points[max(y - 1, 0)][x]
                target[:3], limit = hull.target(point, left, above, strength)
                choices = allowed or choices
            for channel in range(3):
                received = errors.get((y, x, channel), 0) * round(256 * strength)
                target[channel] += received + 2048 >> 12
                if alpha < 1:
                    middle, half = EXTENT_WITH_ALPHA // 2, round(EXTENT_WITH_ALPHA / 2 * alpha)
                    target[channel] = max(middle - half, min(middle + half, target[channel]))
            index = min(choices, key=lambda j: (squared(target, rows[j]), j))
            indices[-1].append(order[index])
            if alpha == 0:
                continue
            if limit is None:
                limit = GAP_LIMIT * math.sqrt(gap(rows, index))
            residual = shortened([target[c] - rows[index][c] for c in range(3)], limit)
            for down, right, share in weights:
                for channel in range(3):
                    place = (y + down, x + right, channel)
                    errors[place] = errors.get(place, 0) + share * residual[channel]
    return indices


def coordinates(color):
    """Return the coordinates of a color of 8 bits in RGB: 257 per level; with alpha those of
    `fastkq.color.spaces.rgb`, plus 65025."""
    shades = color * 3 if len(color) == 1 else color[:3]
    if len(color) < 4:
        return [257 * shade for shade in shades]
    return [(2 * shade - 255) * color[3] + 255 * 255 for shade in shades] + [ALPHA_WEIGHT * color[3]]


def squared(a, b):
    """Return the squared distance of two points."""
    return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))


def gap(rows, index):
    """Return the squared distance of a row from the nearest different row, 2^56 if there is none."""
    return min((squared(rows[index], row) for row in rows if row != rows[index]), default=1 << 56)


def shortened(error, limit):
    """Shorten an error to at most `limit`."""
    length = math.sqrt(squared(error, [0, 0, 0]))
    return error if length <= limit else [int(value * (limit / length)) for value in error]


class Hull:
    """The convex hull of palette rows, by trying all their points, segments and triangles."""

    def __init__(self, rows, with_alpha=False):
        self.rows = [np.array(row, float) for row in sorted(set(map(tuple, rows)))]
        self.white = EXTENT_WITH_ALPHA if with_alpha else EXTENT
        self.width = (131072 if with_alpha else 65536) // CELLS
        self.offsets = {}

    def target(self, point, left, above, strength):
        """Return the color that replaces a color, as integers, and the largest error that is diffused."""
        color = np.array(point[:3], float)
        place, part = np.divmod(color, self.width)
        corners = np.array([self._offset(tuple(place + np.array(turn))) for turn in TURNS])
        shares = np.array([np.where(turn, part, self.width - part).prod() for turn in TURNS]) / self.width**3
        offset = shares @ corners
        middle = (place + 0.5) * self.width + corners.mean(axis=0)
        reach = math.floor(self.reach(middle))
        change = max(abs(point[c] - other[c]) for other in (left, above) for c in range(3))
        length, level = np.linalg.norm(offset), self.white / 255
        is_free = length < INSIDE * level and change < FLAT_CHANGE * reach
        reach = 1 << 20 if is_free else reach
        limit = min(REACH_LIMIT, SHORT_REACH_LIMIT + reach / (LONG_REACH * level)) * reach
        is_row = any((color == row).all() for row in self.rows)
        share = strength * max(0, 1 - UNMOVED * level / length) if length and not is_row else 0
        return [int(v) for v in color + np.floor(share * offset + 0.5)], float(np.float32(limit))

    def _offset(self, place):
        if place not in self.offsets:
            corner = np.minimum(np.array(place) * self.width, self.white)
            self.offsets[place] = self.replaced(corner) - corner
        return self.offsets[place]

    def replaced(self, color):
        """Return the color itself in the hull, else its nearest point of the hull, moved toward a row."""
        point = self.nearest(color)
        distance = np.linalg.norm(point - color)
        if distance < self.white / 255 * 0.02:
            return color
        row = min(self.rows, key=lambda row: ((row - point) ** 2).sum())
        length = np.linalg.norm(point - row)
        way = SNAP * max(0, distance - UNSNAPPED * self.white / 255)
        return row + (point - row) * (max(0, 1 - way / length) if length else 0)

    def nearest(self, color):
        """Return the point of the hull that is nearest to a color: the color itself in the hull."""
        found = []
        for number in range(1, min(4, len(self.rows)) + 1):
            for chosen in itertools.combinations(self.rows, number):
                base, sides = chosen[0], np.array([row - chosen[0] for row in chosen[1:]]).reshape(-1, 3)
                weights = np.linalg.lstsq(sides.T, color - base, rcond=None)[0]
                if (weights >= -1e-12).all() and weights.sum() <= 1 + 1e-12:
                    found.append(base + weights @ sides)
        return min(found, key=lambda point: ((point - color) ** 2).sum())

    def reach(self, point):
        """Return the distance from the nearest row, toward a point, to the end of the row's Voronoi cell."""
        own = min(self.rows, key=lambda row: ((row - point) ** 2).sum())
        others = [row - own for row in self.rows if row is not own]
        if not others:
            return 1
        half = min(np.linalg.norm(other) for other in others) / 2
        way = point - own
        length = np.linalg.norm(way)
        if length == 0:
            return half
        ahead = [other for other in others if other @ way > 1e-9 * (other @ other)]
        ends = [other @ other * length / (2 * (other @ way)) for other in ahead]
        return max(min(ends, default=half), half)


TURNS = list(itertools.product((0, 1), repeat=3))
