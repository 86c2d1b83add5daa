"""Kernel of greedy k-means++: the potential after each candidate is added to the centroids."""

from fastkq.kernels.jit import kernel


@kernel
def evaluate_candidates(squares, candidates, weights, closest, products, distances, potentials):
    """Compute, for each candidate, the distances and the potential after it is added to the centroids.

    Parameters
    ----------
    squares : (n,) float64, in
        Squared norms of the vectors.
    candidates : (t,) float64, in
        Squared norms of the vectors that may become the next centroid.
    weights : (n,) float64, in
    closest : (n,), in
        Squared distances from the nearest of the centroids chosen so far.
    products : (n, t) float64, in
        Scalar products of the vectors with the candidates.
    distances : (n, t), out
        Squared distances from the nearest centroid; column j is for the addition of candidate j.
    potentials : (t,) float64, out
        Weighted sums of the columns of `distances`.
    """
    for t in range(candidates.shape[0]):
        potentials[t] = 0.0
    for i in range(squares.shape[0]):
        for t in range(candidates.shape[0]):
            square = max(squares[i] + candidates[t] - 2.0 * products[i, t], 0.0)
            distances[i, t] = min(square, closest[i])
            potentials[t] += weights[i] * distances[i, t]
