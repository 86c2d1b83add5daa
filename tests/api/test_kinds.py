"""Images of every dtype and number of channels."""

import numpy as np
import pytest
from hypothesis import given

import fastkq
from fastkq.errors import ArgumentError
from fastkq.metrics import mse, psnr
from tests.helpers.images import images_of_any_kind, visible_pixels


@pytest.mark.parametrize(
    ("dtype", "channels"), [(np.uint8, 2), (np.uint8, 4), (np.uint16, 2), (np.uint16, 4)]
)
def test_opaque_alpha_does_not_change_the_colors(dtype, channels):
    top = np.iinfo(dtype).max
    image = np.random.default_rng(0).integers(0, top, (9, 9, channels), dtype)
    image[..., -1] = top
    compressed = fastkq.compress(image, 5)
    assert (compressed.palette[:, -1] == top).all()
    if channels == 4 or dtype == np.uint16:
        assert np.array_equal(compressed.palette[:, :-1], fastkq.compress(image[..., :-1], 5).palette)
    opaque, other = np.full((1, channels), top, dtype), np.zeros((1, channels), dtype)
    assert fastkq.compress(image, 5, fixed=opaque).palette[0].tolist() == opaque[0].tolist()
    for fixed in (opaque, other, np.concatenate((other, opaque))):
        with_fixed = fastkq.compress(image, 5, fixed=fixed)
        assert np.array_equal(with_fixed.palette[: len(fixed)], fixed)
        (point,) = fastkq.curve(image, [5], fixed=fixed)
        assert point.mse == pytest.approx(mse(image, with_fixed.decompress()))
    mixed = image.copy()
    mixed[0, 0, -1] = 9
    counts = [fastkq.count_colors(some) for some in (image, mixed)]
    assert (
        counts[0] + counts[1] == counts[1] + counts[0] == fastkq.count_colors(np.concatenate((image, mixed)))
    )


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparent_pixels_stay_transparent(dtype, channels):
    top = np.iinfo(dtype).max
    image = np.random.default_rng(1).integers(0, top, (12, 12, channels), dtype, endpoint=True)
    image[:4, :, -1], image[4:7, :, -1] = 0, top // 50
    for k in (3, 5, 20):
        compressed = fastkq.compress(image, k)
        assert compressed.k == k
        assert (compressed.decompress()[:4, :, -1] == 0).all()


def test_psnr_of_masks_has_peak_1():
    mask = np.zeros((8, 8), bool)
    mask[:, :3] = True
    assert fastkq.compress(mask, target_psnr=30).k == 2
    (point,) = fastkq.curve(mask, [1])
    assert point.psnr == pytest.approx(psnr(mask, fastkq.compress(mask, 1).decompress()))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_color_of_a_fixed_transparent_row_adds_no_error(dtype):
    image = np.random.default_rng(2).integers(0, 200, (9, 9, 4), dtype)
    image[:3, :, 3] = 0
    fixed = np.array([[10, 20, 30, 0]], dtype)
    compressed = fastkq.compress(image, target_psnr=120, fixed=fixed)
    assert compressed.report(image, ssim=False).mse == 0
    (point,) = fastkq.curve(image, [5], fixed=fixed)
    assert point.mse == pytest.approx(fastkq.compress(image, 5, fixed=fixed).report(image, ssim=False).mse)


@given(images_of_any_kind())
def test_two_levels_of_one_channel_have_the_least_error(image):
    pixels = visible_pixels(image)
    if pixels.shape[1] > 1 or image.dtype.kind == "f":
        return
    values, counts = np.unique(pixels.astype(np.int64), return_counts=True)
    if len(values) > 12 or values[-1] - values[0] > 65535:
        return
    compressed = fastkq.compress(image, 2)
    costs = [
        sum(_cost(values[a:b], counts[a:b]) for a, b in ((0, cut), (cut, len(values))))
        for cut in range(len(values))
    ]
    error = ((compressed.decompress().astype(np.int64) - image.astype(np.int64)) ** 2).sum()
    assert error == min(costs)


def _cost(values, counts):
    if len(values) == 0:
        return 0
    mean = (values * counts).sum() / counts.sum()
    return min((counts * (values - level) ** 2).sum() for level in (int(mean // 1), int(mean // 1) + 1))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_non_finite_values_are_refused(bad, dtype):
    image = np.zeros((3, 4, 3), dtype)
    image[1, 2, 0] = bad
    for call in (
        lambda: fastkq.compress(image, 2),
        lambda: fastkq.fit_palette([image], 2),
        lambda: fastkq.count_colors(image),
        lambda: fastkq.apply_palette(np.zeros((2, 2, 3), dtype), image[1]),
    ):
        with pytest.raises(ArgumentError, match=r"finite values, got 1 that are not, the first, -?(nan|inf)"):
            call()


@pytest.mark.parametrize("channels", [2, 4, 5])
def test_dither_needs_gray_or_rgb(channels):
    image = np.zeros((4, 4, channels), np.float32)
    message = f"gray or RGB, with or without alpha, to dither, got float32 with {channels}"
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(image, 2, dither=True, value_range=(0, 1))
