"""`CompressedImage.report`: errors, shares and structural similarity against the original image."""

import math
import sys
import types

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastkq
from fastkq import metrics
from fastkq.api import quality
from fastkq.color.indexed_image import IndexedImage
from fastkq.errors import ArgumentError
from tests.helpers.images import images, noise
from tests.reference import kmeans as reference


def naive_similarity(image, other, *, win_size, data_range, channel_axis):
    """Return the mean structural similarity of two images (H, W, C).

    Wang et al., "Image quality assessment: from error visibility to structural similarity", 2004.
    """
    assert channel_axis == 2
    a, b = (
        np.lib.stride_tricks.sliding_window_view(pixels.astype(float), (win_size, win_size), axis=(0, 1))
        for pixels in (image, other)
    )
    mean_a, mean_b = a.mean(axis=(3, 4)), b.mean(axis=(3, 4))
    count = win_size**2
    covariance = ((a * b).mean(axis=(3, 4)) - mean_a * mean_b) * count / (count - 1)
    variances = a.var(axis=(3, 4), ddof=1) + b.var(axis=(3, 4), ddof=1)
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    luminance = (2 * mean_a * mean_b + c1) / (mean_a**2 + mean_b**2 + c1)
    return (luminance * (2 * covariance + c2) / (variances + c2)).mean()


@pytest.fixture
def scikit_image(monkeypatch):
    """Provide scikit-image: the installed one, or a stub with `naive_similarity`."""
    try:
        import skimage.metrics  # noqa: F401
    except ImportError:
        module = types.ModuleType("skimage.metrics")
        module.structural_similarity = naive_similarity
        monkeypatch.setitem(sys.modules, "skimage", types.ModuleType("skimage"))
        monkeypatch.setitem(sys.modules, "skimage.metrics", module)


@given(images(channels=(0, 1, 3)), st.sampled_from([1, 2, 7, 300]))
def test_errors_and_shares_of_each_color_match_its_pixels(image, k):
    compressed = fastkq.compress(image, k)
    report = compressed.report(image, ssim=False)
    difference = image.astype(float) - compressed.decompress()
    squares = (difference**2).reshape(*image.shape[:2], -1)
    for j in range(compressed.k):
        own = squares[compressed.indices == j]
        assert report.shares[j] == own.shape[0] / compressed.indices.size
        assert report.errors[j] == pytest.approx(own.mean())
    distances = np.sqrt(squares.sum(axis=2))
    assert report.max_error == distances.max()
    assert report.worst_pixel == np.unravel_index(distances.argmax(), distances.shape)


@given(images(channels=(0, 1, 3)), st.sampled_from([1, 2, 7, 300]))
def test_mse_and_psnr_match_metrics(image, k):
    compressed = fastkq.compress(image, k)
    report, back = compressed.report(image, ssim=False), compressed.decompress()
    assert report.mse == metrics.mse(image, back)
    assert report.psnr == pytest.approx(metrics.psnr(image, back))
    assert report.mse == pytest.approx((report.shares * report.errors).sum())


def test_colors_under_alpha_0_are_no_error():
    image = noise(20, 20, 4)
    image[::2, :, 3] = 0
    compressed = fastkq.compress(image, 400)
    report = compressed.report(image, ssim=False)
    assert (report.mse, report.psnr, report.max_error) == (0, math.inf, 0)
    seen = reference.as_pixels(image).reshape(image.shape)
    assert str(compressed.report(seen, ssim=False)) == str(report)


def test_constant_float_image_has_no_error():
    image = np.full((4, 5), 0.25, np.float32)
    report = fastkq.compress(image, 2).report(image, ssim=False)
    assert (report.mse, report.psnr) == (0, math.inf)


def test_unused_color_has_share_and_error_0():
    compressed = fastkq.CompressedImage(np.array([[9], [4]], np.uint8), np.zeros((3, 3), int), (3, 3))
    report = compressed.report(np.full((3, 3), 7, np.uint8))
    np.testing.assert_array_equal(report.shares, [1, 0])
    np.testing.assert_array_equal(report.errors, [4, 0])


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
def test_report_is_the_same_on_any_thread_count(monkeypatch, dtype):
    monkeypatch.setattr(quality, "check_image", np.ascontiguousarray)
    monkeypatch.setattr(quality, "_PIXELS_PER_CHUNK", 100)
    generator = np.random.default_rng(0)
    image, palette = (generator.integers(0, 200, shape).astype(dtype) for shape in ((40, 50, 5), (6, 5)))
    indices = generator.integers(0, 6, (40, 50)).astype(np.uint8)
    compressed = IndexedImage.unchecked(palette, indices)
    alone, shared = (quality.report(image, compressed, ssim=False, threads=threads) for threads in (1, 3))
    assert (alone.mse, alone.max_error, alone.worst_pixel) == (
        shared.mse,
        shared.max_error,
        shared.worst_pixel,
    )
    np.testing.assert_array_equal(alone.errors, shared.errors)
    np.testing.assert_array_equal(alone.shares, np.bincount(indices.ravel()) / 2000)
    difference = image.astype(float) - palette.astype(float)[indices]
    assert alone.mse == pytest.approx((difference**2).mean(), rel=1e-12)
    peak = {"uint8": 255, "uint16": 65535}.get(image.dtype.name, 199)
    assert alone.psnr == pytest.approx(10 * math.log10(peak**2 / alone.mse))


@pytest.mark.parametrize("shape", [(7, 9), (300, 41), (257, 20, 3)])
def test_ssim_by_bands_equals_ssim_of_the_whole(scikit_image, shape):
    image = noise(*shape)
    compressed = fastkq.compress(image, 5)
    found = [compressed.report(image, threads=threads).ssim for threads in (1, 3)]
    a, b = (pixels.reshape(*shape[:2], -1) for pixels in (image, compressed.decompress()))
    assert found[0] == found[1]
    assert found[0] == pytest.approx(
        naive_similarity(a, b, win_size=7, data_range=255, channel_axis=2), abs=1e-6
    )


def test_ssim_is_none_without_scikit_image_on_small_images_or_if_disabled(scikit_image, monkeypatch):
    image = noise(9, 9)
    compressed = fastkq.compress(image, 5)
    assert compressed.report(image).ssim is not None
    assert compressed.report(image, ssim=False).ssim is None
    assert fastkq.compress(image[:6], 5).report(image[:6]).ssim is None
    monkeypatch.setitem(sys.modules, "skimage.metrics", None)
    assert compressed.report(image).ssim is None


@pytest.mark.parametrize(
    "other", [noise(8, 9), noise(9, 8), noise(8, 9, 4), noise(8, 9, 3).astype(np.int32), np.zeros((0, 0))]
)
def test_images_of_other_shape_or_dtype_are_refused(other):
    compressed = fastkq.compress(noise(8, 9, 3), 4)
    with pytest.raises(ArgumentError, match="expected"):
        compressed.report(other)


def test_repr_is_a_table_of_the_colors_with_most_error():
    image = noise(50, 50, 3)
    report = fastkq.compress(image, 40).report(image, ssim=False)
    head, names, *rows, rest = repr(report).splitlines()
    assert head.startswith(f"mse {report.mse:.6g}, PSNR {report.psnr:.2f} dB, largest error ")
    assert names.split() == ["index", "share", "mse", "of", "all", "color"]
    assert rest.strip() == "... 24 more with less error"
    shown = [int(row.split()[0]) for row in rows]
    costs = report.shares * report.errors
    assert shown == sorted(range(40), key=lambda j: -costs[j])[:16]
    assert rows[0].split()[4:] == [str(value) for value in report.palette[shown[0]]]
