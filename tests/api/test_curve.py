"""`fastkq.curve`: error and size at several k."""

import math

import numpy as np
import pytest

import fastkq
from fastkq.errors import ArgumentError, ArgumentTypeError
from fastkq.metrics import mse, psnr
from tests.helpers.images import noise, photograph_like

KS = [7, 2, 64, 1, 30]


@pytest.mark.parametrize("shape", [(20, 25), (20, 25, 1), (20, 25, 3), (20, 25, 4), (20, 25, 2), (20, 25, 5)])
def test_curve_points_match_compress(shape):
    image = noise(*shape)
    if shape[-1] in (2, 4):
        image[..., -1] |= 1
    for point in fastkq.curve(image, KS):
        compressed = fastkq.compress(image, point.k)
        assert point.mse == pytest.approx(mse(image, compressed.decompress()), rel=1e-12)
        assert point.psnr == pytest.approx(psnr(image, compressed.decompress()), rel=1e-12)
        assert point.nbytes == compressed.nbytes


def test_points_keep_the_order_of_ks_on_any_thread_count():
    image = photograph_like(60, 80)
    points = fastkq.curve(image, KS, threads=1)
    assert [point.k for point in points] == KS
    assert points == fastkq.curve(image, KS, threads=3)


def test_k_of_all_colors_is_lossless():
    (point,) = fastkq.curve(np.arange(40, dtype=np.uint8).reshape(5, 8), [40])
    assert (point.mse, point.psnr) == (0, math.inf)


def test_fixed_and_effort_are_passed_on():
    image = photograph_like(40, 40)
    fixed = [[255, 0, 0], [0, 0, 255]]
    (point,) = fastkq.curve(image, [5], fixed=fixed, effort="fast")
    expected = fastkq.compress(image, 5, fixed=fixed, effort="fast").decompress()
    assert point.mse == pytest.approx(mse(image, expected))


def test_empty_or_invalid_ks_are_refused():
    image = noise(4, 4, 3)
    with pytest.raises(ArgumentError, match="at least one k, got none"):
        fastkq.curve(image, [])
    with pytest.raises(ArgumentTypeError, match="ks to be a list of integers, got 4"):
        fastkq.curve(image, 4)
    with pytest.raises(ArgumentError, match="k from 1 to 65536, got 0"):
        fastkq.curve(image, [4, 0])
    with pytest.raises(ArgumentError, match="k to be at least 2, the number of fixed colors, got 1"):
        fastkq.curve(image, [9, 1], fixed=[[0, 0, 0], [1, 1, 1]])
