"""Mean squared error and peak signal-to-noise ratio."""

import numpy as np
import pytest

from fastkq.errors import ArgumentError, ArgumentTypeError
from fastkq.metrics import mse, psnr
from tests.helpers.images import noise

IMAGE = noise(6, 8, 3)


def test_metrics_need_equal_shapes():
    with pytest.raises(ArgumentError, match=r"same shape, got \(6, 8, 3\) and \(6, 8\)"):
        mse(IMAGE, IMAGE[:, :, 0])


def test_metrics_are_exact():
    other = noise(6, 8, 3, seed=9)
    expected = ((IMAGE.astype(int) - other) ** 2).mean()
    assert mse(IMAGE, other) == expected
    assert psnr(IMAGE, other) == pytest.approx(10 * np.log10(255**2 / expected))
    assert psnr(IMAGE, IMAGE) == np.inf


def test_metrics_of_large_images_do_not_overflow():
    white, black = np.full((3000, 3000), 255, np.uint8), np.zeros((3000, 3000), np.uint8)
    assert mse(white, black, threads=2) == 255**2


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "float32", "float64"])
def test_mse_is_exact_on_any_thread_count(dtype):
    generator = np.random.default_rng(1)
    scale = {"bool": 1, "uint8": 255, "uint16": 65535}.get(dtype, 3e5)
    a, b = (np.rint(generator.random((1100, 1000)) * scale).astype(dtype) for _ in range(2))
    exact = ((a.astype(float) - b.astype(float)) ** 2).mean()
    assert {mse(a, b, threads=threads) for threads in (1, 2, 5)} == {exact}
    peak = scale if dtype in ("bool", "uint8", "uint16") else float(a.max()) - float(a.min())
    assert psnr(a, b) == pytest.approx(10 * np.log10(peak**2 / exact))
    assert psnr(a, a) == np.inf


@pytest.mark.parametrize("magnitude", [1e-310, 1e-200, 1.0, 1e200, 1.7e308])
def test_psnr_does_not_depend_on_scale(magnitude):
    a, b = np.array([[-1.0, 0.5]]), np.array([[-0.75, 0.5]])
    expected = 10 * np.log10(1.5**2 / 0.03125)
    assert psnr(a * magnitude, b * magnitude) == pytest.approx(expected, abs=1e-3)
    assert psnr(a * magnitude, b * magnitude, peak=magnitude) == pytest.approx(
        -10 * np.log10(0.03125), abs=1e-3
    )


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"peak": 0}, ArgumentError, "peak to be above 0, got 0"),
        ({"peak": np.inf}, ArgumentError, "peak to be at least 0, got inf"),
        ({"peak": "1"}, ArgumentTypeError, "peak to be a number, got '1'"),
        ({}, ArgumentError, "an image of several values or a peak=, got 1.0 alone"),
        ({"other": np.zeros((2, 2), np.float32)}, ArgumentError, "same dtype, got float64 and float32"),
    ],
)
def test_invalid_arguments_of_psnr_raise(arguments, error, message):
    with pytest.raises(error, match=message):
        psnr(**{"image": np.ones((2, 2)), "other": np.zeros((2, 2)), **arguments})
