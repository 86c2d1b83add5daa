"""Accelerated Lloyd iterations on vectors, compared with brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastkq.kmeans import accelerated_lloyd, hamerly

DTYPES = [np.float32, np.float64]


def squares(vectors, centroids):
    """Return squared distances (n, k), summed in the order of the dimensions in the dtype of the vectors."""
    total = np.zeros((len(vectors), len(centroids)), vectors.dtype)
    for d in range(vectors.shape[1]):
        total += (vectors[:, d, None] - centroids[None, :, d]) ** 2
    return total


def means(vectors, weights, labels, centroids):
    """Return the centroids after a step; empty clusters take the vectors farthest from their centroids."""
    k, wide = len(centroids), vectors.astype(np.float64)
    sums, mass = np.zeros(centroids.shape), np.zeros(k)
    np.add.at(sums, labels, wide * weights[:, None])
    np.add.at(mass, labels, weights)
    far = ((wide - centroids[labels]) ** 2).sum(axis=1) * (weights > 0)
    for j in np.flatnonzero(mass == 0):
        i = int(far.argmax())
        if far[i] > 0:
            sums[j], mass[j] = wide[i] * weights[i], weights[i]
            sums[labels[i]] -= sums[j]
            mass[labels[i]] -= mass[j]
        far[i] = 0
    moved = sums / np.where(mass > 0, mass, 1)[:, None]
    moved[mass <= 0] = moved[mass.argmax()]
    return moved


def assert_close(centroids, expected, vectors):
    share = 8 * np.finfo(vectors.dtype).eps + len(vectors) * np.finfo(np.float64).eps  # sums are in float64
    tolerance = share * float(np.abs(vectors).max())
    np.testing.assert_allclose(centroids, expected, rtol=0, atol=tolerance)


@st.composite
def problems(draw):
    """Draw vectors, weights or None, and centroids: clouds, clusters, grids with ties, large offsets."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n, dims = draw(st.integers(1, 700)), draw(st.one_of(st.integers(1, 9), st.integers(10, 130)))
    k, dtype = draw(st.integers(1, min(n, 70))), draw(st.sampled_from(DTYPES))
    kind = draw(st.sampled_from(["cloud", "grid", "clusters"]))
    vectors = generator.normal(size=(n, dims))
    if kind == "grid":
        vectors = generator.integers(0, 3, (n, dims)) * 0.1
    elif kind == "clusters":
        vectors = 20 * vectors[generator.integers(0, min(n, 5), n)] + vectors
    scale, offset = draw(st.sampled_from([(1, 0), (1, 1000), (1e-3, 0), (1e-22, 0), (1e15, 0)]))
    vectors = (vectors * scale + offset).astype(dtype)
    weights = draw(st.sampled_from([None, generator.random(n), generator.integers(0, 3, n) * 1.0]))
    if weights is not None:
        weights[generator.integers(n)] = 1
    centroids = vectors[generator.integers(0, n, k)]
    if draw(st.booleans()):  # centroids that no vector is near to
        centroids = centroids * dtype(2)
    return vectors, weights, centroids


@given(problems(), st.integers(1, 3), st.integers(1, 9))
def test_each_step_is_a_lloyd_iteration(problem, threads, steps):
    vectors, weights, centroids = problem
    lloyd, labels = accelerated_lloyd.Lloyd(vectors, weights, centroids, threads), None
    ones = np.ones(len(vectors)) if weights is None else weights
    for _ in range(steps):
        before = lloyd.centroids.copy()
        step = lloyd.step()
        expected = squares(vectors, before).argmin(axis=1)
        np.testing.assert_array_equal(lloyd.labels, expected)
        assert step.changed == (labels is None or (expected != labels).any())
        labels = expected
        if (np.bincount(expected, ones, len(before)) > 0).all():  # else rounding may decide the farthest
            assert_close(lloyd.centroids, means(vectors, ones, expected, before), vectors)
        assert lloyd.centroids.dtype == vectors.dtype
        shift = ((lloyd.centroids.astype(np.float64) - before) ** 2).sum()
        assert step.shift == pytest.approx(shift, rel=1e-9)
    lloyd.settle()
    settled = squares(vectors, lloyd.centroids).argmin(axis=1)
    np.testing.assert_array_equal(lloyd.labels, settled)
    np.testing.assert_array_equal(hamerly.nearest(vectors, lloyd.centroids, threads), settled)
    own = lloyd.centroids[settled].astype(np.float64)
    assert lloyd.inertia() == pytest.approx(float(ones @ ((vectors - own) ** 2).sum(axis=1)), rel=1e-9)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dims", [1, 3, 8, 40])
def test_labels_are_exact_until_convergence(dims, dtype):
    """Bounds are updated over many iterations: rounding errors would add up."""
    generator = np.random.default_rng(dims)
    vectors = generator.normal(size=(6000, dims)).astype(dtype)
    lloyd = accelerated_lloyd.Lloyd(vectors, None, vectors[:20], 2)
    for iteration in range(300):
        before = lloyd.centroids.copy()
        changed = lloyd.step().changed
        if iteration % 10 == 0 or not changed:
            np.testing.assert_array_equal(lloyd.labels, squares(vectors, before).argmin(axis=1))
        if not changed:
            break
    assert not changed
    assert lloyd.step() == (0.0, False)


@pytest.mark.parametrize("dims", [3, 17])
@pytest.mark.parametrize("weighted", [False, True])
def test_same_bits_on_any_thread_count(dims, weighted):
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(70_000, dims)).astype(np.float32)
    weights = generator.random(70_000) if weighted else None
    results = []
    for threads in (1, 2, 5):
        lloyd = accelerated_lloyd.Lloyd(vectors, weights, vectors[:50], threads)
        steps = [lloyd.step() for _ in range(5)]
        lloyd.settle()
        results.append((steps, lloyd.labels.tobytes(), lloyd.centroids.tobytes(), lloyd.inertia()))
    assert results[0] == results[1] == results[2]


@np.errstate(all="ignore")
@pytest.mark.parametrize(
    "kind", ["normal", "grid", "one value", "powers", "sorted", "vanishing", "overflowing"]
)
@pytest.mark.parametrize("dims", [1, 2, 4])
def test_labels_of_the_kd_tree_are_exact(dims, kind):
    """There are enough vectors for the k-d tree; it must split nodes of any content."""
    generator = np.random.default_rng(dims)
    weights = generator.random(9000)
    for dtype in DTYPES:
        vectors = of_kind(kind, dims, generator, dtype)
        lloyd = accelerated_lloyd.Lloyd(vectors, weights, generator.permutation(vectors)[:31], 2)
        for _ in range(4):
            before = lloyd.centroids.copy()
            lloyd.step()
            expected = squares(vectors, before).argmin(axis=1)
            np.testing.assert_array_equal(lloyd.labels, expected)
            if (np.bincount(expected, weights, 31) > 0).all():
                assert_close(lloyd.centroids, means(vectors, weights, expected, before), vectors)


def of_kind(kind, dims, generator, dtype):
    """Return vectors (9000, dims) of a kind; the squares of some kinds underflow or overflow."""
    vectors = generator.normal(size=(9000, dims))
    if kind == "grid":
        vectors = vectors.round()
    elif kind == "one value":
        vectors[50:] = 1.5
    elif kind == "powers":
        vectors = 2.0 ** generator.integers(-60, 60, (9000, dims))
    elif kind == "sorted":
        vectors.sort(axis=0)
    elif kind == "vanishing":
        vectors *= float(np.finfo(dtype).tiny) ** 0.57
    elif kind == "overflowing":
        vectors *= float(np.finfo(dtype).max) ** 0.55
    return vectors.astype(dtype)


def test_change_of_all_labels_of_a_leaf_is_reported():
    vectors = np.repeat([[0.0], [10.0]], 4500, axis=0)  # the tree keeps one label for each of its leaves
    lloyd = accelerated_lloyd.Lloyd(vectors, None, np.array([[0.0], [1000.0]]), 1)
    assert [lloyd.step().changed for _ in range(4)] == [True, True, False, False]
    assert lloyd.labels.tolist() == [0] * 4500 + [1] * 4500


def test_ties_go_to_the_first_of_equal_centroids():
    vectors = np.array([[0.0, 0.0], [1.0, 0.0], [4.0, 4.0]])
    assert hamerly.nearest(vectors, np.array([[1.0, 0.0], [9.0, 9.0], [1.0, 0.0]]), 1).tolist() == [0, 0, 0]


def test_empty_clusters_take_the_farthest_vectors_in_turn():
    vectors = np.array([[0.0], [0.0], [7.0], [0.0], [-5.0], [0.0]])
    lloyd = accelerated_lloyd.Lloyd(vectors, None, np.array([[0.0], [100.0], [50.0]]), 1)
    lloyd.step()
    assert lloyd.centroids.tolist() == [[0.0], [7.0], [-5.0]]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dims", [2, 11])
def test_relocated_vectors_leave_the_sums_of_their_old_clusters(dims, dtype):
    generator = np.random.default_rng(dims)
    vectors = generator.normal(size=(5000, dims)).astype(dtype)
    weights = generator.random(5000) * (generator.random(5000) < 0.5)
    centroids = np.concatenate((vectors[:3], np.full((4, dims), 100), vectors[3:6])).astype(dtype)
    lloyd = accelerated_lloyd.Lloyd(vectors, weights, centroids, 2)
    lloyd.step()
    assert_close(lloyd.centroids, means(vectors, weights, lloyd.labels, centroids), vectors)


def test_empty_cluster_takes_no_vector_of_weight_0():
    vectors, weights = np.array([[0.0], [7.0], [-5.0]]), np.array([1.0, 0.0, 1.0])
    lloyd = accelerated_lloyd.Lloyd(vectors, weights, np.array([[0.0], [100.0]]), 1)
    lloyd.step()
    assert lloyd.centroids.tolist() == [[0.0], [-5.0]]


def test_cluster_emptied_by_relocation_moves_to_the_heaviest():
    vectors, weights = np.array([[0.0], [0.1], [9.0], [12.0]]), np.array([1.0, 1.0, 0.1, 0.3])
    lloyd = accelerated_lloyd.Lloyd(vectors, weights, np.array([[0.05], [10.0], [50.0], [60.0]]), 1)
    lloyd.step()
    np.testing.assert_allclose(lloyd.centroids, [[0.05], [0.05], [12.0], [9.0]])


def test_surplus_centroids_move_to_the_heaviest_cluster():
    vectors = np.array([[1.0], [3.0], [3.0]])
    lloyd = accelerated_lloyd.Lloyd(vectors, None, np.array([[1.0], [3.0], [8.0]]), 1)
    assert lloyd.step() == (25.0, True)
    assert lloyd.centroids.tolist() == [[1.0], [3.0], [3.0]]


def test_settle_between_steps_changes_nothing():
    vectors = np.random.default_rng(1).normal(size=(3000, 5))
    plain, settled = (accelerated_lloyd.Lloyd(vectors, None, vectors[:9], 1) for _ in range(2))
    for _ in range(6):
        plain.step()
        settled.step()
        settled.settle()
    np.testing.assert_array_equal(plain.centroids, settled.centroids)


@pytest.mark.parametrize("scale", [1e-45, 1e-30, 1e18, 1e30])
def test_labels_are_exact_when_squares_underflow_or_overflow(scale):
    vectors = (np.random.default_rng(2).normal(size=(500, 3)) * scale).astype(np.float32)
    lloyd = accelerated_lloyd.Lloyd(vectors, None, vectors[:7], 1)
    with np.errstate(all="ignore"):
        for _ in range(4):
            before = lloyd.centroids.copy()
            lloyd.step()
            np.testing.assert_array_equal(lloyd.labels, squares(vectors, before).argmin(axis=1))


def test_inputs_are_unchanged():
    vectors, weights = np.random.default_rng(3).normal(size=(5000, 3)), np.ones(5000)
    centroids = vectors[:4].copy()
    copies = [array.copy() for array in (vectors, weights, centroids)]
    lloyd = accelerated_lloyd.Lloyd(vectors, weights, centroids, 1)
    lloyd.step()
    lloyd.settle()
    hamerly.nearest(vectors, centroids, 1)
    for array, copy in zip((vectors, weights, centroids), copies, strict=True):
        np.testing.assert_array_equal(array, copy)
