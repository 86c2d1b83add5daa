"""Swaps of centroids that come from a finite set of candidates.

E. Schubert and P. J. Rousseeuw, "Fast and eager k-medoids clustering", Information Systems 101, 2021: one
pass over the points gives the change of the error for a swap of one candidate with every centroid. Here only
the clusters near the candidate are visited.
"""

from typing import NamedTuple

import numpy as np

from fastkq.kernels.jit import inlined, inner_kernel, kernel

_NOWHERE = 4e18  # squared distance of a centroid that does not exist; above all others


class Points(NamedTuple):
    """Weighted points; the first `group` of them are the group, see `fastkq.kmeans.points`.

    vectors (n, d), weights (n,).
    """

    vectors: np.ndarray
    weights: np.ndarray
    group: int


class Places(NamedTuple):
    """Centroids or candidates (m, d): as all points see them, and as the points of the group do."""

    plain: np.ndarray
    for_group: np.ndarray


class Clusters(NamedTuple):
    """Assignment of n points to k centroids.

    nearest, second (n,) int32: the two nearest centroids; distances, second_distances (n,) float64: squared;
    starts (k + 1,) int64: cluster j has the points members[starts[j] : starts[j + 1]]; members (n,) int32;
    losses (k,) float64: increase of the squared error if the centroid is removed; radii (k,) float64: a
    centroid at least this far from centroid j is not among the two nearest of any of its points; changes
    (k,) float64: scratch; error (1,) float64: squared error.
    """

    nearest: np.ndarray
    second: np.ndarray
    distances: np.ndarray
    second_distances: np.ndarray
    starts: np.ndarray
    members: np.ndarray
    losses: np.ndarray
    radii: np.ndarray
    changes: np.ndarray
    error: np.ndarray


@inlined
def _squared_distance(a, i, b, j):
    total = 0.0
    for d in range(a.shape[1]):
        difference = a[i, d] - b[j, d]
        total += difference * difference
    return total


@inner_kernel
def _find_two_nearest(points, i, centroids, k, clusters):
    """Find the two nearest of the first k centroids of point i; the lowest indices among equals."""
    vectors = centroids.for_group if i < points.group else centroids.plain
    first, second, first_distance, second_distance = 0, 0, _NOWHERE, _NOWHERE
    for j in range(k):
        distance = _squared_distance(points.vectors, i, vectors, j)
        if distance < first_distance:
            second, second_distance = first, first_distance
            first, first_distance = j, distance
        elif distance < second_distance:
            second, second_distance = j, distance
    clusters.nearest[i], clusters.second[i] = first, second
    clusters.distances[i], clusters.second_distances[i] = first_distance, second_distance


@kernel
def assign(points, centroids, k, start, stop, clusters):
    """Find the two nearest of the first k centroids for the points start .. stop - 1."""
    for i in range(start, stop):
        _find_two_nearest(points, i, centroids, k, clusters)


@kernel
def gather(points, k, clusters):
    """List the members of each of k clusters, and compute losses, radii and error."""
    starts, nearest = clusters.starts, clusters.nearest
    starts[: k + 1] = 0
    clusters.losses[:k] = 0.0
    clusters.radii[:k] = 0.0
    total = 0.0
    for i in range(nearest.shape[0]):
        j, weight = nearest[i], points.weights[i]
        near, far = clusters.distances[i], clusters.second_distances[i]
        starts[j] += 1
        clusters.losses[j] += weight * (far - near)
        clusters.radii[j] = max(clusters.radii[j], np.sqrt(near) + np.sqrt(far))
        total += weight * near
    clusters.error[0] = total
    end = 0
    for j in range(k + 1):
        end += starts[j]
        starts[j] = end
    for i in range(nearest.shape[0] - 1, -1, -1):
        starts[nearest[i]] -= 1
        clusters.members[starts[nearest[i]]] = i


@inner_kernel
def _evaluate(points, candidates, c, centroids, k, clusters):
    """Return the change of the squared error if candidate c is added; 0 if it is a centroid already.

    If centroid j is then removed, the change is this number plus losses[j] + changes[j].
    """
    shared = 0.0
    for j in range(k):
        clusters.changes[j] = 0.0
        distance = _squared_distance(candidates.plain, c, centroids.plain, j)
        if distance == 0.0:
            return 0.0
        if distance >= clusters.radii[j] * clusters.radii[j]:
            continue
        own = 0.0
        for place in range(clusters.starts[j], clusters.starts[j + 1]):
            i = clusters.members[place]
            vectors = candidates.for_group if i < points.group else candidates.plain
            distance = _squared_distance(points.vectors, i, vectors, c)
            near, far = clusters.distances[i], clusters.second_distances[i]
            if distance < near:
                shared += points.weights[i] * (distance - near)
                own += points.weights[i] * (near - far)
            elif distance < far:
                own += points.weights[i] * (distance - far)
        clusters.changes[j] = own
    return shared


@kernel
def gains(points, candidates, start, stop, centroids, k, clusters, out):
    """Compute the decrease of the squared error by the addition of each candidate start .. stop - 1.

    out (m,) float64, out.
    """
    for c in range(start, stop):
        out[c] = -_evaluate(points, candidates, c, centroids, k, clusters)


@inner_kernel
def _replace(points, candidates, c, centroids, k, j, clusters):
    """Replace centroid j by candidate c."""
    centroids.plain[j] = candidates.plain[c]
    centroids.for_group[j] = candidates.for_group[c]
    for i in range(points.vectors.shape[0]):
        if clusters.nearest[i] == j or clusters.second[i] == j:
            _find_two_nearest(points, i, centroids, k, clusters)
            continue
        vectors = centroids.for_group if i < points.group else centroids.plain
        distance = _squared_distance(points.vectors, i, vectors, j)
        if distance < clusters.distances[i]:
            clusters.second[i], clusters.second_distances[i] = clusters.nearest[i], clusters.distances[i]
            clusters.nearest[i], clusters.distances[i] = j, distance
        elif distance < clusters.second_distances[i]:
            clusters.second[i], clusters.second_distances[i] = j, distance


@kernel
def swap(points, candidates, start, stop, centroids, n_fixed, k, min_gain, clusters):
    """Swap each candidate start .. stop - 1 with the best centroid if the error falls by this share.

    The first `n_fixed` of k centroids stay. `centroids` and `clusters` are changed in place. Returns the
    number of swaps.
    """
    swaps = 0
    for c in range(start, stop):
        shared = _evaluate(points, candidates, c, centroids, k, clusters)
        if shared >= 0.0:
            continue
        best, best_change = -1, -min_gain * clusters.error[0]
        for j in range(n_fixed, k):
            change = shared + clusters.losses[j] + clusters.changes[j]
            if change < best_change:
                best, best_change = j, change
        if best >= 0:
            _replace(points, candidates, c, centroids, k, best, clusters)
            gather(points, k, clusters)
            swaps += 1
    return swaps
