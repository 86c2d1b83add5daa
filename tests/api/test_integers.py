"""Images of signed integers and of integers of 32 bits: label maps, elevations and other measurements."""

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.errors import ArgumentError, UnreachableError

INTEGERS = [np.int8, np.int16, np.int32, np.uint32]


def labels(dtype, n=20):
    """Return a label map (12, 15) of n labels; signed labels begin with -1, which often means no label."""
    values = np.random.default_rng(0).integers(0, n, (12, 15)) * 3
    return (values - (np.dtype(dtype).kind == "i")).astype(dtype)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_label_map_of_few_labels_comes_back(dtype):
    image = labels(dtype)
    compressed = fastkq.compress(image, 20)
    assert compressed.palette.ravel().tolist() == np.unique(image).tolist()
    assert compressed.decompress().dtype == dtype
    assert np.array_equal(compressed.decompress(), image)
    assert fastkq.count_colors(image).colors.ravel().tolist() == np.unique(image).tolist()


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("k", [1, 2, 5])
def test_palette_of_gray_integers_is_that_of_the_shifted_8_bit_image(dtype, k):
    """The palette of least squared error does not depend on where zero is."""
    plain = labels(np.uint8)
    shift = np.iinfo(dtype).min if dtype != np.uint32 else (1 << 32) - 256
    shifted = (plain.astype(np.int64) + shift).astype(dtype)
    found = fastkq.compress(shifted, k)
    assert (found.palette.astype(np.int64) - shift).tolist() == fastkq.compress(plain, k).palette.tolist()
    assert np.array_equal(found.indices, fastkq.compress(plain, k).indices)


def test_elevations_of_a_wide_range_have_a_palette_near_the_best():
    image = np.random.default_rng(1).normal(0, 4e8, (40, 40)).astype(np.int32)
    ours = fastkq.compress(image, 8).report(image, ssim=False).mse
    as_floats = fastkq.compress(image.astype(np.float64), 8).report(image.astype(np.float64), ssim=False).mse
    assert ours == pytest.approx(as_floats, rel=0.01)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_fixed_palette_weights_and_targets_take_integers(dtype):
    image = labels(dtype)
    assert fastkq.compress(image, 4, fixed=[[2], [8]]).palette[:2].tolist() == [[2], [8]]
    applied = fastkq.apply_palette(image, np.array([[0], [30]], dtype))
    distances = np.abs(image.astype(np.int64)[..., None] - [0, 30])
    assert np.array_equal(applied.indices, distances.argmin(axis=2))
    weights = (image == image.max()).astype(float)
    assert fastkq.compress(image, 1, weights=weights).palette[0, 0] == image.max()
    assert fastkq.compress(image, target_psnr=1000).k == 20
    with pytest.raises(UnreachableError):
        fastkq.compress(image, target_bytes=10)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_psnr_has_the_range_of_the_image_as_its_peak(dtype):
    image = labels(dtype)
    compressed = fastkq.compress(image, 5)
    difference = image.astype(float) - compressed.decompress()
    expected = 10 * np.log10(np.ptp(image.astype(float)) ** 2 / np.mean(difference**2))
    assert fastkq.metrics.psnr(image, compressed.decompress()) == pytest.approx(expected)
    assert compressed.report(image, ssim=False).psnr == pytest.approx(expected)
    (point,) = fastkq.curve(image, [5])
    assert point.psnr == pytest.approx(expected)


def test_squared_error_of_32_bit_integers_does_not_overflow():
    low, high = (np.full((3, 3), limit, np.int32) for limit in (-(1 << 31), (1 << 31) - 1))
    assert fastkq.metrics.mse(low, high) == pytest.approx(float((1 << 32) - 1) ** 2)


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_signed_integers_are_mode_i_of_pillow_and_int32_in_tiff(tmp_path, dtype):
    image = labels(dtype)
    compressed = fastkq.compress(image, 20)
    assert compressed.to_pil().mode == "I"
    assert np.array_equal(np.asarray(compressed.to_pil()), image)
    compressed.save(tmp_path / "labels.tif")
    with Image.open(tmp_path / "labels.tif") as read:
        assert np.array_equal(np.asarray(read), image)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_formats_that_cannot_hold_integers_say_so(tmp_path, dtype):
    compressed = fastkq.compress(labels(dtype), 20)
    with pytest.raises(ArgumentError, match=rf"8 bits for .*PNG, got {np.dtype(dtype)}: scale to 0\.\.255"):
        compressed.save(tmp_path / "labels.png")
    with pytest.raises(
        ArgumentError, match=rf"expected value_range, .* black and white, to dither {np.dtype(dtype)}"
    ):
        fastkq.compress(labels(dtype), 3, dither=True)


def test_unsigned_integers_of_32_bits_have_no_mode_of_pillow():
    with pytest.raises(ArgumentError, match="a mode of Pillow holds, got uint32 with 1 channel: "):
        fastkq.compress(labels(np.uint32), 3).to_pil()


@pytest.mark.parametrize("dtype", INTEGERS)
def test_notebook_shows_integers_from_black_to_white(dtype):
    compressed = fastkq.compress(labels(dtype), 20)
    assert b"PNG" in compressed._repr_png_()
    assert "#000000" in compressed._repr_html_()
    assert "#ffffff" in compressed._repr_html_()
