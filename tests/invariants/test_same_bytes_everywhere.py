"""Invariant 2: same image, arguments and version give the same bytes on any number of threads and any CPU."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from tests.helpers import digests
from tests.helpers.digests import digest_under
from tests.helpers.images import images, images_of_any_kind


@given(images(side=60), st.sampled_from([2, 16, 300]), st.integers(2, 6))
def test_same_bytes_on_any_thread_count(image, k, threads):
    assert fastkq.compress(image, k, threads=threads) == fastkq.compress(image, k, threads=1)


@pytest.mark.parametrize("k", [3, 64, 256])
@pytest.mark.parametrize("threads", [2, 3, 8])
def test_same_bytes_on_any_thread_count_for_a_photograph(china, k, threads):
    assert (
        fastkq.compress(china, k, threads=threads).to_bytes()
        == fastkq.compress(china, k, threads=1).to_bytes()
    )


@given(images_of_any_kind(), st.integers(1, 12))
def test_same_result_on_any_thread_count_and_after_a_round_trip(image, k):
    compressed = fastkq.compress(image, k, threads=1)
    assert compressed == fastkq.compress(image, k, threads=3)
    for coding in ("packed", "context"):
        assert fastkq.CompressedImage.from_bytes(compressed.to_bytes(coding=coding)) == compressed


GENERIC = {"NUMBA_CPU_NAME": "generic"}
WITHOUT_WIDE_VECTORS = {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512_SKX"}
CPUS = pytest.mark.parametrize(
    "environment",
    [GENERIC, WITHOUT_WIDE_VECTORS, {"NUMBA_CPU_NAME": "generic", "NUMBA_OPT": "1"}],
    ids=["any CPU", "numpy without wide vectors", "hardly optimized"],
)


def dispatched(environment):
    """Return the environment without the CPU features that this NumPy build cannot disable.

    NumPy reports an error on import if NPY_DISABLE_CPU_FEATURES names one of them.
    """
    from numpy._core._multiarray_umath import __cpu_dispatch__

    features = environment.get("NPY_DISABLE_CPU_FEATURES", "").split()
    named = " ".join(name for name in features if name in __cpu_dispatch__)
    return environment | ({"NPY_DISABLE_CPU_FEATURES": named} if features else {})


@pytest.mark.parametrize("environment", [GENERIC, WITHOUT_WIDE_VECTORS])
def test_few_kernels_give_the_same_bytes_on_any_cpu(environment):
    # All runs share a cache: Numba's cache keys contain the name of the CPU.
    expected = digest_under(digests.FEW_KERNELS, 40)
    assert digest_under(digests.FEW_KERNELS, 40, **dispatched(environment)) == expected


@pytest.fixture(scope="module")
def digest_of_images():
    return digest_under(digests.IMAGES, 90)


@pytest.mark.slow
@CPUS
def test_same_bytes_on_any_cpu(digest_of_images, environment, tmp_path):
    found = digest_under(digests.IMAGES, 90, NUMBA_CACHE_DIR=str(tmp_path), **dispatched(environment))
    assert found == digest_of_images


@pytest.mark.slow
def test_same_rows_on_any_cpu(tmp_path):
    generic = {"NUMBA_CPU_NAME": "generic", "NUMBA_CACHE_DIR": str(tmp_path)}
    assert digest_under(digests.ROWS, 3000, **generic) == digest_under(digests.ROWS, 3000)


@pytest.mark.slow
def test_digests_of_different_images_differ():
    assert digest_under(digests.IMAGES, 12) != hashlib.sha256(b"").hexdigest()
    assert digest_under(digests.IMAGES, 12) != digest_under(digests.IMAGES, 13)
    assert digest_under(digests.ROWS, 14) != digest_under(digests.ROWS, 15)
    assert digest_under(digests.FEW_KERNELS, 8) != digest_under(digests.FEW_KERNELS, 9)
