"""Naive references for dithering with a blue-noise mask: all planes and simplices of rows are tried."""

from itertools import combinations

import numpy as np


def depth(color, rows):
    """Return how far a color is below the surface of the convex hull of rows (n, 3); negative outside.

    A plane through three rows is part of the surface if all rows are on one side of it.
    """
    rows, color, depths = rows.astype(float), np.asarray(color, float), []
    for a, b, c in combinations(rows, 3):
        normal = np.cross(b - a, c - a)
        length = np.linalg.norm(normal)
        if length > 0:
            sides = (rows - a) @ normal / length
            own = (color - a) @ normal / length
            if sides.max() < 1e-9:
                depths.append(-own)
            if sides.min() > -1e-9:
                depths.append(own)
    return min(depths)


def least_variance(color, rows):
    """Return the least mean squared distance from a color of any mixture of rows whose mean is the color."""
    rows, color, best = rows.astype(float), np.asarray(color, float), np.inf
    for places in combinations(range(len(rows)), 4):
        corners = rows[list(places)]
        matrix = np.vstack((corners.T, np.ones(4)))
        if abs(np.linalg.det(matrix)) > 1e-6:
            shares = np.linalg.solve(matrix, np.append(color, 1.0))
            if shares.min() > -1e-9:
                best = min(best, float(shares @ ((corners - color) ** 2).sum(axis=1)))
    return best
