"""Time and error of fastkq and its peers, time of the stages, and a check of fastkq's own result."""

import numpy as np
import pytest

import fastkq
from bench.cases import KS, Case, photograph
from bench.peers import METHODS
from bench.suites.engine.stages import STAGES, stages
from fastkq.metrics import mse


@pytest.mark.filterwarnings("default")  # warnings of the peers are no failure
def test_method(benchmark, case: Case, k: int, method: str) -> None:
    image, chosen = case.read(), METHODS[method]
    chosen.run(image[::16, ::16], 4)  # imports and starts threads, untimed
    rounds = chosen.rounds_on(case)
    result = benchmark.pedantic(chosen.run, args=(image, k), rounds=rounds, warmup_rounds=int(rounds > 1))
    benchmark.extra_info.update(
        set=case.set,
        image=case.image,
        k=k,
        method=method,
        pixels=image.shape[0] * image.shape[1],
        error=image.shape[2] * mse(image, chosen.image(result, image)),
        seconds=benchmark.stats.stats.median,
    )
    if isinstance(result, fastkq.CompressedImage):
        assert_nearest(image, result)


def assert_nearest(image: np.ndarray, result: fastkq.CompressedImage) -> None:
    """Assert that a sample of the pixels has the index of its nearest row, the first of equals."""
    sample = np.random.default_rng(0).integers(0, result.indices.size, 2000)
    pixels = image.reshape(-1, image.shape[2])[sample].astype(np.int64)
    distances = ((pixels[:, None] - result.palette[None].astype(np.int64)) ** 2).sum(axis=2)
    np.testing.assert_array_equal(result.indices.reshape(-1)[sample], distances.argmin(axis=1))


@pytest.mark.parametrize("k", KS)
@pytest.mark.parametrize("stage", STAGES)
def test_stage(benchmark, stage: str, k: int) -> None:
    benchmark.pedantic(stages(photograph(), k)[stage], args=(2,), rounds=7, warmup_rounds=1)
    benchmark.extra_info.update(stage=stage, k=k, seconds=benchmark.stats.stats.median)
