"""The best k of n candidates, compared with all subsets."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.kmeans import k_medoids


def error(distances, weights, subset):
    return int((distances[list(subset)].min(axis=0) * weights).sum())


def best(distances, weights, k):
    """Return the first subset, in lexicographic order, of the least error."""
    subsets = itertools.combinations(range(len(distances)), k)
    return min(subsets, key=lambda subset: error(distances, weights, subset))


@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(1, 30), st.sampled_from([1, 3, 1000, 1 << 26]))
def test_few_candidates_are_chosen_exactly(seed, n, points, largest):
    generator = np.random.default_rng(seed)
    distances = generator.integers(0, largest, (n, points), endpoint=True)
    weights = generator.integers(1, 1 << 20, points)
    for k in range(1, n):
        assert tuple(k_medoids.choose(distances, weights, k)) == best(distances, weights, k)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_many_candidates_are_chosen_well_and_no_swap_helps(k):
    generator = np.random.default_rng(k)
    points, candidates = generator.integers(0, 256, (2, 300)), generator.integers(0, 256, (2, 24))
    distances = ((points[:, np.newaxis] - candidates[:, :, np.newaxis]) ** 2).sum(axis=0)
    weights = generator.integers(1, 100, 300)
    chosen = k_medoids.choose(distances, weights, k)
    assert (np.diff(chosen) > 0).all()
    least = error(distances, weights, best(distances, weights, k))
    assert error(distances, weights, chosen) <= 1.02 * least
    for place, other in itertools.product(range(k), set(range(24)) - set(chosen)):
        swapped = [other if index == place else row for index, row in enumerate(chosen)]
        assert error(distances, weights, swapped) >= error(distances, weights, chosen)


def test_a_start_never_makes_the_choice_worse():
    generator = np.random.default_rng(0)
    distances, weights = generator.integers(0, 1000, (40, 60)), generator.integers(1, 9, 60)
    without = error(distances, weights, k_medoids.choose(distances, weights, 6))
    for size in (1, 4, 6):
        start = np.sort(generator.permutation(40)[:size])
        chosen = k_medoids.choose(distances, weights, 6, start)
        assert len(set(chosen.tolist())) == 6
        assert error(distances, weights, chosen) <= without


@pytest.mark.parametrize("n", [5, 30])
def test_equal_candidates_are_chosen_in_their_order(n):
    distances = np.repeat(np.array([[3, 9, 0], [1, 0, 7]]), n, axis=0)[::n].repeat(n, axis=0)
    chosen = k_medoids.choose(distances, np.ones(3, np.int64), 3)
    assert {chosen[0], chosen[1] if n == 5 else chosen[0]} <= set(range(2 * n))
    assert error(distances, np.ones(3, np.int64), chosen) == 1
    if n == 5:
        assert chosen.tolist() == [0, 1, 5]


def test_zero_distances_end():
    assert len(k_medoids.choose(np.zeros((30, 4), np.int64), np.ones(4, np.int64), 7)) == 7
