"""Oklab by its published formulas, and nearest palette rows in Oklab by brute force."""

import numpy as np

from tests.helpers.spaces import to_coordinates


def of_ottosson(colors):
    """Return L, a and b (M, 3) of sRGB colors (M, 3), by the formulas of Ottosson (2020)."""
    level = colors / 255
    linear = np.where(level <= 0.04045, level / 12.92, ((level + 0.055) / 1.055) ** 2.4)
    responses = linear @ [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ]
    return np.cbrt(responses) @ [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ]


def steps(colors):
    """Return the integer coordinates (M, C) of colors in `fastkq.color.spaces`."""
    return to_coordinates(colors, "oklab").T.astype(np.int64)


def nearest(colors, rows):
    """Return the index (M,) of the nearest row of each color, the lowest among equals, by integer arithmetic.

    Opaque colors get opaque rows if the palette has any, and at least 3 rows.
    """
    distances = ((steps(colors)[:, None] - steps(rows)[None]) ** 2).sum(axis=2)
    if rows.shape[1] == 4 and len(rows) >= 3 and (rows[:, 3] == 255).any():
        distances[np.ix_(colors[:, 3] == 255, rows[:, 3] < 255)] = np.iinfo(np.int64).max
    return distances.argmin(axis=1)
