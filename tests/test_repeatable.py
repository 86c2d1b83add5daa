"""Same image, same arguments: same bytes, whatever the memory layout, the threads and the CPU."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from tests.conftest import images, noise


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


def layouts(image):
    padded = np.zeros((image.shape[0] + 2, image.shape[1] * 2, *image.shape[2:]), np.uint8)
    padded[1:-1, ::2] = image
    frozen = image.copy()
    frozen.flags.writeable = False
    swapped = image.astype(image.dtype.newbyteorder(">"))
    return {
        "fortran": np.asfortranarray(image),
        "strided": padded[1:-1, ::2],
        "reversed": image[::-1].copy()[::-1],
        "read-only": frozen,
        "byte-swapped": swapped,
        "list": image.tolist(),
    }


@pytest.mark.parametrize("shape", [(21, 34), (21, 34, 1), (21, 34, 3), (21, 34, 4)])
def test_any_memory_layout_gives_the_same_and_stays_as_it_was(shape):
    image = noise(*shape)
    expected = fastkq.compress(image, 12)
    for name, array in layouts(image).items():
        if name == "list":
            with pytest.raises(fastkq.errors.ArgumentError, match="float64, got int64"):
                fastkq.compress(array, 12)
            continue
        assert fastkq.compress(array, 12) == expected, name
        np.testing.assert_array_equal(array, image)


def test_a_memory_mapped_image_is_read(tmp_path):
    image = noise(31, 17, 3)
    np.save(tmp_path / "image.npy", image)
    mapped = np.load(tmp_path / "image.npy", mmap_mode="r")
    assert fastkq.compress(mapped, 9) == fastkq.compress(image, 9)


PROGRAM = """
import hashlib, sys
import numpy as np
import fastkq
from fastkq.color import packed_counting
from fastkq.quantization import fit_packed
digest = hashlib.sha256()
side = int(sys.argv[1])
WAYS = (
    {"dither": 0.9}, {"dither": True, "dither_method": "blue-noise"}, {"preset": "visual"},
    {"target_psnr": 25}, {"max_error": 200},
)
for channels in (1, 3, 4):
    for k in (2, 7, 40):
        generator = np.random.default_rng(k)
        smooth = np.cumsum(generator.integers(-9, 10, (side, side, channels)), axis=1) % 256
        smooth = smooth.astype(np.uint8)
        digest.update(fastkq.compress(smooth, k).to_bytes())
        counted = packed_counting.count(smooth)
        weights = generator.random(len(counted.keys))
        for array in fit_packed.fit(counted, k, fixed=smooth[0, :1], weights=weights, space="oklab"):
            digest.update(array.tobytes())
        for way in WAYS if k == 7 else ():
            digest.update(fastkq.compress(smooth, k if "target_psnr" not in way else None, **way).to_bytes())
print(digest.hexdigest())
"""


def digest_under(side, **environment):
    completed = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(side)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return completed.stdout.strip()


@pytest.fixture(scope="module")
def digests():
    return {side: digest_under(side) for side in (12, 90)}


@pytest.mark.parametrize(
    "environment",
    [
        {"NUMBA_CPU_NAME": "generic"},
        {"NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3 AVX512F AVX512_SKX"},
        {"NUMBA_CPU_NAME": "generic", "NUMBA_OPT": "1"},
    ],
    ids=["any CPU", "numpy without wide vectors", "hardly optimised"],
)
def test_same_bytes_on_any_cpu(digests, environment, tmp_path):
    if "NPY_DISABLE_CPU_FEATURES" in environment:
        environment = {"NPY_DISABLE_CPU_FEATURES": _dispatched(environment["NPY_DISABLE_CPU_FEATURES"])}
    assert digest_under(90, NUMBA_CACHE_DIR=str(tmp_path), **environment) == digests[90]


def _dispatched(names):
    """Those of the features that this NumPy build chooses at run time: naming another is an error."""
    from numpy._core._multiarray_umath import __cpu_dispatch__

    return " ".join(name for name in names.split() if name in __cpu_dispatch__)


def test_compiled_and_plain_python_agree(digests):
    assert digest_under(12, NUMBA_DISABLE_JIT="1") == digests[12]


def test_the_digest_sees_a_difference():
    assert digest_under(12) != hashlib.sha256(b"").hexdigest()
    assert digest_under(12) != digest_under(13)
