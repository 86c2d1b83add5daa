"""Invariant 10: JIT-compiled and plain Python runs (`NUMBA_DISABLE_JIT=1`) agree on small inputs."""

import pytest

from tests.helpers import digests
from tests.helpers.digests import digest_under


def test_few_kernels_and_plain_python_agree():
    compiled = digest_under(digests.FEW_KERNELS, 8)
    assert digest_under(digests.FEW_KERNELS, 8, NUMBA_DISABLE_JIT="1") == compiled


def test_clusters_of_compiled_and_plain_python_agree():
    compiled = digest_under(digests.CLUSTERS, 60)
    assert digest_under(digests.CLUSTERS, 60, NUMBA_DISABLE_JIT="1") == compiled
    assert digest_under(digests.CLUSTERS, 61) != compiled


@pytest.mark.slow
def test_compiled_and_plain_python_agree():
    assert digest_under(digests.IMAGES, 12, NUMBA_DISABLE_JIT="1") == digest_under(digests.IMAGES, 12)


@pytest.mark.slow
def test_rows_of_compiled_and_plain_python_agree():
    assert digest_under(digests.ROWS, 14, NUMBA_DISABLE_JIT="1") == digest_under(digests.ROWS, 14)
