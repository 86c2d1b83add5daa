"""Parts of Lloyd's iterations on vectors that do not depend on how the nearest centroids are found."""

import numpy as np

from fastkq.kernels.jit import inlined, kernel, reassociated


@inlined
def squared_distance(vector, centroid):
    """Return the squared distance in float64.

    Four running sums are used: an addition to a single one waits for the previous addition.
    """
    a = b = c = d = 0.0
    dims = vector.shape[0]
    whole = dims - dims % 4
    for i in range(0, whole, 4):
        p = np.float64(vector[i]) - np.float64(centroid[i])
        q = np.float64(vector[i + 1]) - np.float64(centroid[i + 1])
        r = np.float64(vector[i + 2]) - np.float64(centroid[i + 2])
        s = np.float64(vector[i + 3]) - np.float64(centroid[i + 3])
        a, b, c, d = a + p * p, b + q * q, c + r * r, d + s * s
    for i in range(whole, dims):
        p = np.float64(vector[i]) - np.float64(centroid[i])
        a += p * p
    return (a + b) + (c + d)


@reassociated
def approximate_squared_distance(vector, centroid):
    """Return the squared distance in the dtype of the vectors, with an error below the margin of the bounds.

    In 16 dimensions it takes half the time of `squared_distance`.
    """
    total = vector.dtype.type(0)
    for d in range(vector.shape[0]):
        off = vector[d] - centroid[d]
        total += off * off
    return total


@kernel
def update_centroids(totals, centroids):
    """Move the centroids to the means of their clusters; return the sum of the squared distances moved.

    A cluster of zero weight takes the mean of the heaviest cluster. totals (k, d + 1), weighted sums and
    weights, in; centroids (k, d), in and out.
    """
    k, dims = centroids.shape
    dtype = centroids.dtype
    heaviest = 0
    for j in range(k):
        if totals[j, dims] > totals[heaviest, dims]:
            heaviest = j
    shift = 0.0
    for j in range(k):
        total = totals[j] if totals[j, dims] > 0 else totals[heaviest]
        for d in range(dims):
            mean = dtype.type(total[d] / total[dims])
            difference = np.float64(mean) - np.float64(centroids[j, d])
            centroids[j, d] = mean
            shift += difference * difference
    return shift


@kernel
def distances(vectors, start, stop, centroids, labels, squares):
    """Compute the squared distances of the vectors start .. stop - 1 from their own centroids.

    vectors (n, d), centroids (k, d) and labels (n,), in; squares (n,) float64, out.
    """
    for i in range(start, stop):
        squares[i] = squared_distance(vectors[i], centroids[labels[i]])


@kernel
def inertia(vectors, weights, start, stop, centroids, labels):
    """Return the weighted sum of the squared distances of vectors start .. stop - 1 from their own centroids.

    vectors (n, d), weights (n,) float64 or empty, centroids (k, d) and labels (n,), in.
    """
    total = 0.0
    for i in range(start, stop):
        square = squared_distance(vectors[i], centroids[labels[i]])
        total += square * weights[i] if weights.shape[0] > 0 else square
    return total
