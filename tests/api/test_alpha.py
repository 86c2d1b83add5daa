"""The option `alpha`: the last of 2 or 4 channels as alpha or as a plain value."""

import pickle

import numpy as np
import pytest

import fastkq
from fastkq import CompressedImage
from fastkq.color.kinds import ImageKind
from fastkq.errors import ArgumentError, ArgumentTypeError
from fastkq.estimator import ColorQuantizer

PLAIN_KINDS = [(np.uint8, 2), (np.uint8, 4), (np.uint16, 2), (np.uint16, 4)]


def bands(dtype, channels, *, seed=0, height=24, width=31):
    """Return smooth bands with noise, of which the last is 0 in a part of the image."""
    generator = np.random.default_rng(seed)
    ramps = np.add.outer(np.arange(height), np.arange(width))[..., np.newaxis] * np.arange(1, channels + 1)
    image = (ramps + generator.integers(0, 90, (height, width, channels))) % 256
    image[3:9, :, -1] = 0
    return (image * (np.iinfo(dtype).max // 255)).astype(dtype)


def nearest(image, palette):
    """Return the index of the nearest row by plain squared distance in integers, the lowest of equal ones."""
    difference = image[:, :, np.newaxis].astype(object) - palette.astype(object)
    return (difference**2).sum(axis=-1).astype(np.int64).argmin(axis=-1)


@pytest.mark.parametrize(("dtype", "channels"), PLAIN_KINDS)
def test_plain_channels_are_kept_where_the_last_is_zero(dtype, channels):
    image = bands(dtype, channels)
    compressed = fastkq.compress(image, 4096, alpha=False)
    np.testing.assert_array_equal(compressed.decompress(), image)
    assert compressed.k == len(np.unique(image.reshape(-1, channels), axis=0))
    as_alpha = fastkq.compress(image, 4096).decompress()
    assert len(np.unique(as_alpha[3:9].reshape(-1, channels), axis=0)) == 1
    assert len(np.unique(image[3:9].reshape(-1, channels), axis=0)) > 9


@pytest.mark.parametrize(("dtype", "channels"), PLAIN_KINDS)
@pytest.mark.parametrize("k", [2, 9])
def test_mapping_of_plain_channels_is_exact(dtype, channels, k):
    image = bands(dtype, channels)
    compressed = fastkq.compress(image, k, alpha=False)
    assert compressed.palette.shape == (k, channels)
    np.testing.assert_array_equal(compressed.indices, nearest(image, compressed.palette))
    permuted = compressed.palette[::-1].copy()
    applied = fastkq.apply_palette(image, permuted, alpha=False)
    np.testing.assert_array_equal(applied.indices, nearest(image, permuted))


@pytest.mark.parametrize(("dtype", "channels"), PLAIN_KINDS)
def test_error_of_plain_channels_counts_every_channel(dtype, channels):
    image = bands(dtype, channels)
    compressed = fastkq.compress(image, 8, alpha=False)
    error = ((image.astype(np.float64) - compressed.decompress()) ** 2).mean()
    report = compressed.report(image, ssim=False)
    assert report.mse == pytest.approx(error, rel=1e-12)
    (point,) = fastkq.curve(image, [8], alpha=False)
    assert point.mse == pytest.approx(error, rel=1e-12)
    assert point.nbytes == compressed.nbytes
    reached = fastkq.compress(image, alpha=False, target_psnr=report.psnr - 0.01)
    assert reached.k <= 8
    assert reached.report(image, ssim=False).psnr >= report.psnr - 0.01


def test_palette_of_plain_channels_is_as_good_as_that_of_the_same_channels_as_floats():
    image = bands(np.uint8, 4)
    plain = fastkq.compress(image, 16, alpha=False).report(image, ssim=False).mse
    as_floats = image.astype(np.float64)
    reference = fastkq.compress(as_floats, 16).report(as_floats, ssim=False).mse
    assert plain <= 1.01 * reference


@pytest.mark.parametrize("alpha", [None, True])
def test_alpha_is_the_default(alpha):
    image = bands(np.uint8, 4)
    compressed = fastkq.compress(image, 8, alpha=alpha)
    assert compressed == fastkq.compress(image, 8)
    assert compressed.has_alpha
    assert compressed.to_bytes() == fastkq.compress(image, 8).to_bytes()


@pytest.mark.parametrize(
    ("image", "got"),
    [
        (np.zeros((4, 4, 3), np.uint8), "uint8 with 3 channels"),
        (np.zeros((4, 4), np.uint16), "uint16 with 1 channel"),
        (np.zeros((4, 4, 4), np.float32), "float32 with 4 channels"),
        (np.zeros((4, 4), bool), "bool with 1 channel"),
    ],
)
def test_missing_alpha_is_an_error(image, got):
    for call in (fastkq.compress, fastkq.count_colors, fastkq.fit_palette):
        with pytest.raises(ArgumentError, match=f"with 2 or 4 channels for alpha = True, got {got}$"):
            call(image, alpha=True)
    assert not fastkq.compress(image, 2, alpha=False).is_plain


def test_alpha_is_a_bool():
    for value in (1, "yes"):
        for call in (fastkq.compress, fastkq.count_colors):
            with pytest.raises(ArgumentTypeError, match="alpha to be True or False"):
                call(bands(np.uint8, 4), alpha=value)


@pytest.mark.parametrize(("dtype", "channels"), PLAIN_KINDS)
def test_compressed_images_know_their_meaning(dtype, channels):
    image = bands(dtype, channels)
    compressed = fastkq.compress(image, 8, alpha=False)
    assert (compressed.has_alpha, compressed.kind) == (False, ImageKind(np.dtype(dtype), channels, True))
    assert CompressedImage.from_bytes(compressed.to_bytes()) == compressed
    assert pickle.loads(pickle.dumps(compressed)) == compressed
    with_alpha = CompressedImage(compressed.palette, compressed.indices)
    assert with_alpha != compressed
    assert CompressedImage(compressed.palette, compressed.indices, alpha=False) == compressed
    assert fastkq.compress(compressed.to_bytes(), 4) == fastkq.compress(
        compressed.decompress(), 4, alpha=False
    )
    assert fastkq.compress(compressed, 4) == fastkq.compress(compressed.decompress(), 4, alpha=False)
    assert fastkq.compress(compressed.to_bytes(), 4, alpha=True).has_alpha
    assert compressed._repr_png_()[:4] == b"\x89PNG"
    assert not compressed.to_8bit().has_alpha


@pytest.mark.parametrize(("dtype", "channels"), PLAIN_KINDS)
def test_counts_know_their_meaning(dtype, channels):
    image = bands(dtype, channels)
    counts = fastkq.count_colors(image, alpha=False)
    colors, numbers = np.unique(image.reshape(-1, channels), axis=0, return_counts=True)
    found = {
        tuple(color): number for color, number in zip(counts.colors.tolist(), counts.counts, strict=True)
    }
    assert found == {tuple(color): number for color, number in zip(colors.tolist(), numbers, strict=True)}
    assert fastkq.ColorCounts.from_bytes(counts.to_bytes()) == counts
    assert pickle.loads(pickle.dumps(counts)) == counts
    assert counts != fastkq.count_colors(image)
    assert (counts.has_alpha, fastkq.count_colors(image).has_alpha) == (False, True)
    halves = fastkq.count_colors(image[:9], alpha=False) + fastkq.count_colors(image[9:], alpha=False)
    assert halves == counts
    np.testing.assert_array_equal(
        fastkq.fit_palette(counts, 8), fastkq.compress(image, 8, alpha=False).palette
    )
    with pytest.raises(ArgumentError, match=r"of one kind, got .*, the last of which is no alpha and"):
        counts + fastkq.count_colors(image)


def test_weights_of_plain_channels_are_summed_by_color():
    image = bands(np.uint8, 4)
    weights = np.random.default_rng(1).random(image.shape[:2])
    counts = fastkq.count_colors(image, alpha=False, weights=weights)
    color = tuple(image[5, 7])
    place = counts.colors.tolist().index(list(map(int, color)))
    assert counts.weights[place] == pytest.approx(weights[(image == color).all(axis=2)].sum())


def test_fixed_colors_of_plain_channels_are_kept():
    image, fixed = bands(np.uint8, 4), np.array([[9, 8, 7, 0], [1, 2, 3, 255]], np.uint8)
    compressed = fastkq.compress(image, 6, fixed=fixed, alpha=False)
    np.testing.assert_array_equal(compressed.palette[:2], fixed)
    np.testing.assert_array_equal(compressed.indices, nearest(image, compressed.palette))


@pytest.mark.parametrize("options", [{"space": "oklab"}, {"dither": True}, {"preset": "visual"}])
def test_options_for_colors_are_refused_for_plain_channels(options):
    (name,) = options
    with pytest.raises(ArgumentError, match=r"gray or RGB, with or without alpha, .* no alpha$") as caught:
        fastkq.compress(bands(np.uint8, 4), 8, alpha=False, **options)
    assert caught.value.parameter == name


def test_packed_coding_refuses_plain_channels():
    compressed = fastkq.compress(bands(np.uint8, 4), 8, alpha=False)
    message = "expected coding = context for an image with channels without alpha, got packed"
    with pytest.raises(ArgumentError, match=message):
        compressed.to_bytes(coding="packed")
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(bands(np.uint8, 4), alpha=False, target_bytes=900, coding="packed")


def test_target_bytes_of_plain_channels_is_reached():
    compressed = fastkq.compress(bands(np.uint8, 4), alpha=False, target_bytes=900)
    assert (
        len(compressed.to_bytes())
        <= 900
        < len(fastkq.compress(bands(np.uint8, 4), compressed.k + 1, alpha=False).to_bytes())
    )


@pytest.mark.parametrize("channels", [2, 4])
def test_plain_channels_have_no_mode_of_pillow_and_no_png(tmp_path, channels):
    compressed = fastkq.compress(bands(np.uint8, channels), 8, alpha=False)
    with pytest.raises(ArgumentError, match=r"no alpha: use the array from decompress\(\)"):
        compressed.to_pil()
    remedy = "save as .fkq or .tif$" if channels == 4 else "save as .fkq$"
    with pytest.raises(ArgumentError, match=remedy):
        compressed.save(tmp_path / "a.png")


def test_color_quantizer_takes_plain_channels():
    image = bands(np.uint8, 4)
    quantizer = ColorQuantizer(8, alpha=False).fit(image)
    expected = fastkq.compress(image, 8, alpha=False)
    np.testing.assert_array_equal(quantizer.palette_, expected.palette)
    np.testing.assert_array_equal(quantizer.transform(image), expected.decompress())


@pytest.mark.parametrize(("dtype", "channels"), PLAIN_KINDS)
def test_palettes_of_plain_channels_can_be_on_a_lattice(dtype, channels):
    compressed = fastkq.compress(bands(dtype, channels), 9, alpha=False, bits=[4] * channels)
    depth = 8 * np.dtype(dtype).itemsize
    steps = np.rint(np.arange(16) * ((1 << depth) - 1) / 15).astype(dtype)
    assert np.isin(compressed.palette, steps).all()
    np.testing.assert_array_equal(compressed.indices, nearest(bands(dtype, channels), compressed.palette))
