"""What choosing a vector as a centroid would gain."""

from fastkq.kernels.jit import kernel


@kernel
def consider(squares, candidates, weights, closest, products, distances, potentials):
    """Squared distances of vectors from their nearest centroid if each of some candidates becomes one.

    squares (n,) float64, of the vectors, candidates (t,) float64, of those that may be chosen, weights (n,)
    float64, closest (n,), the squared distances from the centroids so far, and products (n, t) float64 with
    the candidates, in; distances (n, t), out; potentials (t,) float64, out: their weighted sums.
    """
    for t in range(candidates.shape[0]):
        potentials[t] = 0.0
    for i in range(squares.shape[0]):
        for t in range(candidates.shape[0]):
            square = max(squares[i] + candidates[t] - 2.0 * products[i, t], 0.0)
            distances[i, t] = min(square, closest[i])
            potentials[t] += weights[i] * distances[i, t]
