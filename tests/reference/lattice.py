"""Colors of few bits per channel by brute force, as references for fits on lattices."""

from itertools import combinations, product

import numpy as np

from tests.reference import kmeans


def levels(bits, peak=255):
    """Return the levels that values of this many bits stand for."""
    return [round(v * peak / (2**bits - 1)) for v in range(2**bits)]  # no v gives a half: 2^b - 1 is odd


def colors(bits, dtype=np.uint8):
    """Return all colors whose channels have these bits; with alpha, those of alpha 0 are one color."""
    peak = np.iinfo(dtype).max
    listed = np.array(list(product(*(levels(b, peak) for b in bits))), dtype)
    if len(bits) == 4:
        listed[listed[:, 3] == 0] = 0
    return np.unique(listed, axis=0)


def distances(some, others):
    """Return the squared distances (M, n) by the documented metric; opaque colors are far from other rows."""
    between = ((kmeans.seen(some)[:, None] - kmeans.seen(others)[None]) ** 2).sum(axis=2)
    if some.shape[1] == 4:
        between[np.ix_(some[:, 3] == 255, others[:, 3] < 255)] = np.iinfo(np.int64).max // 4
    return between


def usable(some, bits, fixed):
    """Return the number of colors of the lattice that are nearest to a color, and nearer than fixed ones."""
    listed = colors(bits)
    between = distances(some, listed)
    least = between.min(axis=1)
    if len(fixed):
        between = between[least < distances(some, fixed).min(axis=1)]
    return len(np.unique(between.argmin(axis=1)))


def least_error(some, counts, k, listed, fixed=()):
    """Return the least squared error of k of the listed colors and the fixed ones, by trying all of them."""
    rows = np.concatenate((listed, fixed)) if len(fixed) else listed
    between = ((kmeans.seen(some)[:, None] - kmeans.seen(rows)[None]) ** 2).sum(axis=2)
    own = list(range(len(listed), len(rows)))
    return min(
        int((between[:, [*chosen, *own]].min(axis=1) * counts).sum())
        for chosen in combinations(range(len(listed)), k)
    )
