"""The nearest centroid of each point of a block, for Lloyd's iterations and for the mapping of pixels.

Arithmetic on integer coordinates (palettes and colors) is exact here: see `fastkq.color.spaces`.
"""

import numpy as np

from fastkq.kernels.jit import inner_kernel
from fastkq.kernels.kmeans.candidates import Subset, every

BLOCKS_PER_GROUP = 8
"""The blocks of a group select their candidates from the candidates of the group's box, which are few even
for thousands of centroids."""


@inner_kernel
def buffers(centroids):
    """Allocate the arrays that a search among centroids (C, k) needs.

    Returns the corners of a box, low and high (C,); scratch (k,); and three subsets of `candidates`: all
    centroids, and buffers for the candidates of a group and for those of a block.
    """
    dims, k = centroids.shape
    dtype = centroids.dtype
    low, high, scratch = np.empty(dims, dtype), np.empty(dims, dtype), np.empty(k, dtype)
    group = Subset(np.empty((dims, k), dtype), np.empty(k, np.int32))
    few = Subset(np.empty((dims, k), dtype), np.empty(k, np.int32))
    return low, high, scratch, every(centroids, np.empty(k, np.int32)), group, few


@inner_kernel
def nearest(coordinates, start, stop, centroids, count, best, label):
    """Find the nearest of `count` centroids for each of the points start .. stop - 1.

    Parameters
    ----------
    coordinates : (C, M), in
        C is 1, 3 or 4.
    centroids : (C, >= count), in
    best : (>= stop - start,) of the dtype of `coordinates`, out
        Squared distances.
    label : (>= stop - start,) int32, out
        Indices among the `count` centroids, the first among equals.
    """
    last = coordinates.shape[0] - 1
    number = stop - start
    for i in range(number):
        best[i] = np.inf
    x, y = coordinates[0, start:stop], coordinates[last // 2, start:stop]
    z, a = coordinates[last - last // 3, start:stop], coordinates[last, start:stop]
    if last == 2:
        # Two centroids per pass take 0.074 ns per distance, one per pass 0.101 ns.
        for j in range(0, count, 2):
            k = min(j + 1, count - 1)
            jx, jy, jz = centroids[0, j], centroids[1, j], centroids[2, j]
            kx, ky, kz = centroids[0, k], centroids[1, k], centroids[2, k]
            for i in range(number):
                u, v, w = x[i] - jx, y[i] - jy, a[i] - jz
                to_j = u * u + v * v + w * w
                u, v, w = x[i] - kx, y[i] - ky, a[i] - kz
                to_k = u * u + v * v + w * w
                closer = np.int32(j) if to_j <= to_k else np.int32(k)
                distance = to_j if to_j <= to_k else to_k
                label[i] = label[i] if best[i] <= distance else closer
                best[i] = best[i] if best[i] <= distance else distance
    else:
        on = coordinates.dtype.type(1 if last == 3 else 0)  # 1 dimension: y, z and a repeat x
        for j in range(count):
            cx, cy = centroids[0, j], centroids[last // 2, j]
            cz, ca = centroids[last - last // 3, j], centroids[last, j]
            for i in range(number):
                t, u, v, w = x[i] - cx, y[i] - cy, z[i] - cz, a[i] - ca
                distance = t * t + on * (u * u + v * v + w * w)
                label[i] = label[i] if best[i] <= distance else np.int32(j)
                best[i] = best[i] if best[i] <= distance else distance


@inner_kernel
def bounds(low, high, first, last, common_low, common_high):
    """Compute the common bounding box of the blocks first .. last - 1.

    low and high (C, B), in; common_low and common_high (C,), out.
    """
    for d in range(low.shape[0]):
        smallest = low[d, first]
        largest = high[d, first]
        for b in range(first + 1, last):
            smallest = low[d, b] if low[d, b] < smallest else smallest
            largest = high[d, b] if high[d, b] > largest else largest
        common_low[d] = smallest
        common_high[d] = largest
