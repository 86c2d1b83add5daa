"""Convex hull of a palette: its vertices, and its preparation for error diffusion."""

from itertools import product
from math import gcd
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import kernels

Points = npt.NDArray[np.float64]

_MAX_VERTICES = 256
"""Of more rows, only those farthest in one of `_directions()` are vertices: the hull of 65,536 random colors
then lacks at most a level of 8 bits."""
_LARGEST_STEP = 3  # of the directions along a dimension: 290 directions


def prepare(rows: npt.NDArray[np.int32], bits: int, level: float, threads: int) -> list[Any]:
    """Return a `fastkq.kernels.quantization.hull.Hull` of palette rows (n, 3) for each thread.

    `bits` is the number of bits of a coordinate, `level` a level of 8 bits in coordinates.
    """
    distinct = np.unique(rows, axis=0).astype(np.float64)
    kernel = kernels.quantization.hull
    side, cells = (1 << kernel.CELL_BITS) + 1, 1 << 3 * kernel.CELL_BITS
    by_cell, starts = _by_cell(distinct, bits - kernel.CELL_BITS, kernel.CELL_BITS)
    return [
        kernel.Hull(
            rows=distinct,
            vertices=vertices(distinct),
            by_cell=by_cell,
            starts=starts,
            shift=bits - kernel.CELL_BITS,
            level=level,
            offsets=np.zeros((side**3, 3)),
            is_known=np.zeros(side**3, np.uint8),
            reaches=np.zeros(cells, np.int64),
        )
        for _ in range(threads)
    ]


def _by_cell(rows: Points, shift: int, bits: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the rows, ordered by cell, and the place of each cell's first row."""
    x, y, z = (rows.astype(np.int64) >> shift).T
    numbers = ((x << bits) | y) << bits | z
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], np.arange((1 << 3 * bits) + 1))
    return rows[order].astype(np.int64), starts.astype(np.int64)


def vertices(points: Points) -> Points:
    """Return those of distinct points (n, 3) that make their hull: all, or a few of many."""
    if len(points) <= _MAX_VERTICES:
        return points
    x, y, z = points.T
    farthest = [int(np.argmax(x * a + y * b + z * c)) for a, b, c in _directions()]
    chosen: Points = points[np.unique(farthest)]
    return chosen


def _directions() -> list[tuple[int, ...]]:
    """Return directions in space that differ, as small integers: products with coordinates are exact."""
    steps = range(-_LARGEST_STEP, _LARGEST_STEP + 1)
    return [step for step in product(steps, repeat=3) if gcd(*step) == 1]
