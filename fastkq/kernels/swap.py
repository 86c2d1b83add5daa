"""What it would cost to dissolve each cluster."""

import numpy as np

from fastkq.kernels._jit import kernel


@kernel
def cheapest_merges(means, weights, cost, partner):
    """The other cluster that each can be merged with at the least growth of the squared error.

    means (k, C) and weights (k,) float64, in; cost (k,) float64 and partner (k,) int64, out. Merging two
    clusters adds their weights' harmonic sum times the squared distance of their means (Ward, 1963).
    """
    k, dims = means.shape
    for i in range(k):
        cost[i] = np.inf
        partner[i] = i
    for i in range(k):
        for j in range(i + 1, k):
            distance = 0.0
            for d in range(dims):
                difference = means[i, d] - means[j, d]
                distance += difference * difference
            merge = distance * weights[i] * weights[j] / (weights[i] + weights[j])
            if merge < cost[i]:
                cost[i], partner[i] = merge, j
            if merge < cost[j]:
                cost[j], partner[j] = merge, i
