"""The two nearest centroids of each vector of a tile.

A tile is a set of at most VECTORS_PER_TILE vectors, stored as planes: one row per dimension, one column per
vector. `nearest_two` sums squared differences in the order of the dimensions, in the dtype of the vectors.
Every kernel that labels vectors rounds in this way, so its labels equal those of brute force.
`nearest_two_by_products` uses scalar products instead and takes three quarters of the time; its caller must
check whether rounding may have changed the result.
"""

from typing import Any, NamedTuple

import numpy as np

from fastkq.kernels.jit import inner_kernel

VECTORS_PER_TILE = 256
"""Measured: with 128 and 64, a distance takes 1.2 and 1.5 times as long, in 4 and in 128 dimensions."""
WIDTH = VECTORS_PER_TILE + 16
"""Number of columns of the planes. With a power of two, the planes would evict each other from the cache, and
loading would take twice as long."""
LANES = 4
"""A pass over the vectors of a tile or of a run handles this many dimensions at once, and in a tile this many
centroids; they are padded to a multiple of it."""
STEP = 32
"""The number of columns that are processed, in a tile that is not full, is a multiple of this."""


class Tile(NamedTuple):
    """Scores and nearest centroids of the vectors of a tile.

    Attributes
    ----------
    scores : (4, WIDTH)
        Squared distances from four centroids, or the scores of `nearest_two_by_products`.
    best, second : (WIDTH,)
        The smallest and the second smallest score over all centroids.
    label : (WIDTH,) int32
        Index of the centroid with the smallest score, the lowest index among equals.
    """

    scores: Any
    best: Any
    second: Any
    label: Any


@inner_kernel
def new_tile(dtype):
    """Return an uninitialized tile whose scores have this dtype."""
    scores, label = np.empty((LANES, WIDTH), dtype), np.empty(WIDTH, np.int32)
    return Tile(scores, np.empty(WIDTH, dtype), np.empty(WIDTH, dtype), label)


@inner_kernel
def round_up_to_step(number):
    """Return the number of columns that are processed for `number` vectors: the next multiple of STEP."""
    return -(-number // STEP) * STEP


@inner_kernel
def round_up_to_lanes(number):
    """Round up a number of dimensions or centroids to a multiple of LANES."""
    return -(-number // LANES) * LANES


@inner_kernel
def offset_planes(centroids, origin, padding, planes):
    """Write the offsets of centroids from an origin as planes, padded in both directions.

    centroids (k, d) and origin (d,), in; planes (D, K), out. The padding columns from k on hold `padding`;
    in the other columns, the padding rows from d on are zero.
    """
    k, dims = centroids.shape
    for d in range(planes.shape[0]):
        for j in range(planes.shape[1]):
            planes[d, j] = (centroids[j, d] - origin[d] if d < dims else 0) if j < k else padding


@inner_kernel
def load(vectors, places, origin, planes):
    """Write the vectors with the indices `places`, minus an origin, to the first columns of planes.

    vectors (n, d), places (<= VECTORS_PER_TILE,) and origin (d,), in; planes (D, WIDTH), in and out: the
    padding rows from d on are not written.
    """
    for i in range(places.shape[0]):
        row = vectors[places[i]]
        for d in range(row.shape[0]):
            planes[d, i] = row[d] - origin[d]


@inner_kernel
def _add_squares(planes, start, stop, d, centroids, j, scores):
    """Add the squared differences from centroids j .. j + 3 in dimensions d .. d + 3 to the scores.

    The columns start .. stop - 1 of the planes are used. The scores are overwritten if d is zero.
    """
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


@inner_kernel
def _subtract_products(planes, columns, d, centroids, j, scores):
    """Subtract the products with centroids j .. j + 3 in the dimensions d .. d + 3 from the scores."""
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


@inner_kernel
def _update_nearest(j, columns, tile):
    """Update the best, second and label of each vector with the scores of centroids j .. j + 3."""
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


@inner_kernel
def _reset(columns, tile):
    """Reset the best, second and label of the first `columns` vectors."""
    for i in range(columns):
        tile.best[i] = tile.second[i] = np.inf
        tile.label[i] = 0


@inner_kernel
def nearest_two(planes, start, columns, centroids, count, tile):
    """Find the two nearest of `count` centroids by squared distance.

    planes (D, >= start + columns), in: the vectors are the columns from `start` on; centroids (D, >= count),
    in, where `count` is a multiple of LANES; tile, out.
    """
    _reset(columns, tile)
    for j in range(0, count, LANES):
        for d in range(0, planes.shape[0], LANES):
            _add_squares(planes, start, start + columns, d, centroids, j, tile.scores)
        _update_nearest(j, columns, tile)


@inner_kernel
def nearest_two_by_products(planes, columns, centroids, halves, tile):
    """Find the two nearest centroids by scores: half the squared norm of a centroid minus the scalar product.

    A score is half the squared distance minus half the vector's squared norm. Where norms are larger than
    distances, a score loses more to rounding than a squared distance. planes (D, WIDTH), centroids (D, K) and
    halves (K,), half the squared norms of the centroids, in; tile, out.
    """
    _reset(columns, tile)
    for j in range(0, centroids.shape[1], LANES):
        for lane in range(LANES):
            row, half = tile.scores[lane], halves[j + lane]
            for i in range(columns):
                row[i] = half
        for d in range(0, planes.shape[0], LANES):
            _subtract_products(planes, columns, d, centroids, j, tile.scores)
        _update_nearest(j, columns, tile)
