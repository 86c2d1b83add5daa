"""The nearest two of many centroids, for the vectors of a tile.

Squared distances are summed up in the order of the dimensions, in the dtype of the vectors. That is the
metric: what rounds there rounds alike wherever a distance is taken, so that a label is the same as by brute
force. Products take three quarters of the time; whether they could mislead is for the caller to tell.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import part

VECTORS_PER_TILE = 256
"""With 128 and 64 a distance takes 1.2 and 1.5 times as long, of 4 dimensions as of 128."""
WIDTH = VECTORS_PER_TILE + 16
"""Of planes. A power of two would let them push one another out of the cache: loading takes twice as long."""
LANES = 4
"""Dimensions and centroids that a pass over a tile takes at once; both are filled up to multiples of it."""
STEP = 32
"""Of a tile that is not full so many columns are looked at, or a multiple."""


class Tile(NamedTuple):
    """What is found out about the vectors of a tile.

    Attributes
    ----------
    scores : (4, WIDTH)
        Squared distances, or what stands for them, of four centroids.
    best, second : (WIDTH,)
        The least two of all scores.
    label : (WIDTH,) int32
        The centroid of the least one, the first of equals.
    """

    scores: Any
    best: Any
    second: Any
    label: Any


@part
def new_tile(dtype):
    """A tile to be written to."""
    scores, label = np.empty((LANES, WIDTH), dtype), np.empty(WIDTH, np.int32)
    return Tile(scores, np.empty(WIDTH, dtype), np.empty(WIDTH, dtype), label)


@part
def columns_of(number):
    """How many columns are looked at for the sake of so many."""
    return -(-number // STEP) * STEP


@part
def filled_up(number):
    """The next multiple of LANES."""
    return -(-number // LANES) * LANES


@part
def spread(centroids, origin, beyond, planes):
    """Offsets of centroids (k, d) from the origin (d,), as planes (D, K), out.

    The dimensions are filled up with zeros, the centroids with those that have `beyond` for coordinates.
    """
    k, dims = centroids.shape
    for d in range(planes.shape[0]):
        for j in range(planes.shape[1]):
            planes[d, j] = (centroids[j, d] - origin[d] if d < dims else 0) if j < k else beyond


@part
def load(vectors, places, origin, planes):
    """Bring vectors at places (<= VECTORS_PER_TILE,), less the origin, into planes (D, WIDTH), in and out."""
    for i in range(places.shape[0]):
        row = vectors[places[i]]
        for d in range(row.shape[0]):
            planes[d, i] = row[d] - origin[d]


@part
def _add_squares(planes, start, stop, d, centroids, j, scores):
    """Add up squared distances from the centroids j .. j + 3, in the dimensions d .. d + 3."""
    w, x = planes[d, start:stop], planes[d + 1, start:stop]
    y, z = planes[d + 2, start:stop], planes[d + 3, start:stop]
    for lane in range(LANES):
        row = scores[lane, : stop - start]
        cw, cx = centroids[d, j + lane], centroids[d + 1, j + lane]
        cy, cz = centroids[d + 2, j + lane], centroids[d + 3, j + lane]
        if d == 0:
            for i in range(stop - start):
                p, q, r, s = w[i] - cw, x[i] - cx, y[i] - cy, z[i] - cz
                row[i] = p * p + q * q + r * r + s * s
        else:
            for i in range(stop - start):
                p, q, r, s = w[i] - cw, x[i] - cx, y[i] - cy, z[i] - cz
                row[i] = row[i] + p * p + q * q + r * r + s * s


@part
def _subtract_products(planes, columns, d, centroids, j, scores):
    """Subtract the products with the centroids j .. j + 3, in the dimensions d .. d + 3."""
    w, x, y, z = (
        planes[d, :columns],
        planes[d + 1, :columns],
        planes[d + 2, :columns],
        planes[d + 3, :columns],
    )
    to_a, to_b, to_c, to_e = (
        scores[0, :columns],
        scores[1, :columns],
        scores[2, :columns],
        scores[3, :columns],
    )
    aw, ax, ay, az = centroids[d, j], centroids[d + 1, j], centroids[d + 2, j], centroids[d + 3, j]
    j += 1
    bw, bx, by, bz = centroids[d, j], centroids[d + 1, j], centroids[d + 2, j], centroids[d + 3, j]
    j += 1
    cw, cx, cy, cz = centroids[d, j], centroids[d + 1, j], centroids[d + 2, j], centroids[d + 3, j]
    j += 1
    ew, ex, ey, ez = centroids[d, j], centroids[d + 1, j], centroids[d + 2, j], centroids[d + 3, j]
    for i in range(columns):
        p, q, r, s = w[i], x[i], y[i], z[i]
        to_a[i] -= (p * aw + q * ax) + (r * ay + s * az)
        to_b[i] -= (p * bw + q * bx) + (r * by + s * bz)
        to_c[i] -= (p * cw + q * cx) + (r * cy + s * cz)
        to_e[i] -= (p * ew + q * ex) + (r * ey + s * ez)


@part
def _compete(j, columns, tile):
    """Let the centroids j .. j + 3 compete with the best two of those before."""
    to_a, to_b = tile.scores[0, :columns], tile.scores[1, :columns]
    to_c, to_d = tile.scores[2, :columns], tile.scores[3, :columns]
    best, second, label = tile.best[:columns], tile.second[:columns], tile.label[:columns]
    at_a, at_b, at_c, at_d = np.int32(j), np.int32(j + 1), np.int32(j + 2), np.int32(j + 3)
    for i in range(columns):
        a, b, c, d = to_a[i], to_b[i], to_c[i], to_d[i]
        at_ab, ab, beyond_ab = (at_a if a <= b else at_b), (a if a <= b else b), (b if a <= b else a)
        at_cd, cd, beyond_cd = (at_c if c <= d else at_d), (c if c <= d else d), (d if c <= d else c)
        at, least = (at_ab if ab <= cd else at_cd), (ab if ab <= cd else cd)
        loser, beyond = (cd if ab <= cd else ab), (beyond_ab if ab <= cd else beyond_cd)
        next_least, old = (loser if loser <= beyond else beyond), best[i]
        loser, beyond = (least if old <= least else old), (second[i] if old <= least else next_least)
        label[i] = label[i] if old <= least else at
        best[i] = old if old <= least else least
        second[i] = loser if loser <= beyond else beyond


@part
def _begin(columns, tile):
    for i in range(columns):
        tile.best[i] = tile.second[i] = np.inf
        tile.label[i] = 0


@part
def nearest_two(planes, start, columns, centroids, count, tile):
    """Find the nearest two of `count` centroids (D, >= count), a multiple of LANES, by squared distance.

    For the vectors in the columns of planes (D, >= start + columns) from `start` on, in; tile, out.
    """
    _begin(columns, tile)
    for j in range(0, count, LANES):
        for d in range(0, planes.shape[0], LANES):
            _add_squares(planes, start, start + columns, d, centroids, j, tile.scores)
        _compete(j, columns, tile)


@part
def likely_two(planes, columns, centroids, halves, tile):
    """Find the nearest two of centroids (D, K) by half their squared norms, halves (K,), less the products.

    That is half the squared distance, less half the vector's squared norm: more is lost to rounding where
    norms are larger than distances. For the vectors in planes (D, WIDTH), in; tile, out.
    """
    _begin(columns, tile)
    for j in range(0, centroids.shape[1], LANES):
        for lane in range(LANES):
            row, half = tile.scores[lane], halves[j + lane]
            for i in range(columns):
                row[i] = half
        for d in range(0, planes.shape[0], LANES):
            _subtract_products(planes, columns, d, centroids, j, tile.scores)
        _compete(j, columns, tile)
