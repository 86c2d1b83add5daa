"""Masked pixels: `mask=`, masked arrays, NaN, and values under weight 0 do not count."""

import pickle

import numpy as np
import pytest

import fastkq
from fastkq import CompressedImage
from fastkq.errors import ArgumentError, ArgumentTypeError

KINDS = [
    (np.uint8, ()), (np.uint8, (2,)), (np.uint8, (3,)), (np.uint8, (4,)), (np.uint16, ()), (np.uint16, (4,)),
    (np.float32, ()), (np.float32, (3,)), (np.float64, (5,)),
]  # fmt: skip


def image_and_mask(dtype=np.float32, channels=(), *, seed=0, height=19, width=23):
    """Return an image with a mask, under which it has values that occur nowhere else."""
    generator = np.random.default_rng(seed)
    image = generator.integers(0, 200, (height, width, *channels)) * (257 if dtype == np.uint16 else 1)
    mask = generator.random((height, width)) < 0.3
    image = image.astype(dtype)
    image[mask] = np.nan if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max
    return image, mask


def alone(image, mask):
    """Return the pixels that are not masked, as an image of one row."""
    return np.ascontiguousarray(image[~mask][np.newaxis])


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
@pytest.mark.parametrize("k", [2, 3, 17])
def test_palette_is_that_of_the_other_pixels_with_one_color_less(dtype, channels, k):
    image, mask = image_and_mask(dtype, channels)
    compressed = fastkq.compress(image, k, mask=mask)
    others = fastkq.compress(alone(image, mask), k - 1)
    np.testing.assert_array_equal(compressed.palette[:-1], others.palette)
    assert not compressed.palette[-1].any()
    np.testing.assert_array_equal(compressed.indices[~mask], others.indices[0])
    assert (compressed.indices[mask] == k - 1).all()
    assert (compressed.k, compressed.masked_index) == (k, k - 1)
    np.testing.assert_array_equal(compressed.mask, mask)


@pytest.mark.parametrize(
    "options", [{"effort": "fast"}, {"target_psnr": 30}, {"weights": True}, {"fixed": True}]
)
def test_options_hold_for_the_pixels_that_count(options):
    image, mask = image_and_mask(np.uint8, (3,))
    weights = np.random.default_rng(2).random(mask.shape)
    given, expected = dict(options), dict(options)
    if "weights" in options:
        given["weights"], expected["weights"] = weights, weights[~mask][np.newaxis]
    if "fixed" in options:
        given["fixed"] = expected["fixed"] = [[1, 2, 3]]
    if "target_psnr" not in options:
        given["k"], expected["k"] = 9, 8
    compressed = fastkq.compress(image, mask=mask, **given)
    np.testing.assert_array_equal(
        compressed.palette[:-1], fastkq.compress(alone(image, mask), **expected).palette
    )


def test_few_colors_come_back_unchanged():
    image, mask = image_and_mask(np.uint8, (3,))
    compressed = fastkq.compress(image, 4096, mask=mask)
    assert compressed.k == 1 + len(np.unique(image[~mask], axis=0))
    np.testing.assert_array_equal(compressed.decompress()[~mask], image[~mask])


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_every_source_of_a_mask_gives_the_same(dtype, channels):
    image, mask = image_and_mask(dtype, channels)
    expected = fastkq.compress(image, 7, mask=mask)
    whole = np.broadcast_to(mask.reshape(*mask.shape, *(1,) * len(channels)), image.shape)
    assert fastkq.compress(np.ma.MaskedArray(image, whole), 7) == expected
    half = mask & (np.arange(mask.shape[1]) < 9)
    half_of_array = whole & (np.arange(mask.shape[1]) >= 9).reshape(-1, *(1,) * len(channels))
    assert fastkq.compress(np.ma.MaskedArray(image, half_of_array), 7, mask=half) == expected
    if np.dtype(dtype).kind == "f":
        weighted = fastkq.compress(image, 7, weights=(~mask).astype(np.float32))
        assert weighted == expected


def test_a_pixel_is_masked_if_any_of_its_channels_is():
    image, mask = image_and_mask(np.float32, (3,))
    one = np.zeros(image.shape, bool)
    one[..., 1] = mask
    assert fastkq.compress(np.ma.MaskedArray(image, one), 7) == fastkq.compress(image, 7, mask=mask)


def test_values_under_a_mask_and_under_weight_0_do_not_count():
    image, mask = image_and_mask(np.float64, (2,))
    first = fastkq.compress(image, 9, mask=mask)
    image[mask] = 1e300
    assert fastkq.compress(image, 9, mask=mask) == first
    weights = (~mask).astype(float)
    palettes = []
    for value in (0.0, -7.5, 1e300, np.nan, np.inf):
        image[mask] = value
        palettes.append(fastkq.compress(image, 8 + (not np.isfinite(value)), weights=weights).palette[:8])
    for palette in palettes:
        np.testing.assert_array_equal(palette, first.palette[:8])


def test_nan_elsewhere_is_an_error_that_names_the_mask():
    image, mask = image_and_mask(np.float32)
    with pytest.raises(ArgumentError, match=r"of finite values, .*: mask them with mask=$"):
        fastkq.compress(image, 8)
    mask[tuple(np.argwhere(mask)[0])] = False
    with pytest.raises(ArgumentError, match="got 1 that are not"):
        fastkq.compress(image, 8, mask=mask)
    with pytest.raises(ArgumentError, match="got 1 that are not"):
        fastkq.compress(image, 8, weights=1.0 * ~mask)


@pytest.mark.parametrize("mask", [None, np.zeros((19, 23), bool)])
def test_without_masked_pixels_nothing_changes(mask):
    image, _ = image_and_mask(np.uint8, (3,))
    compressed = fastkq.compress(image, 8, mask=mask)
    assert compressed == fastkq.compress(image, 8)
    assert compressed.masked_index is None
    assert compressed.mask is None
    unmasked = compressed.decompress(masked=True)
    assert isinstance(unmasked, np.ma.MaskedArray)
    assert not unmasked.mask.any()


@pytest.mark.parametrize(("dtype", "channels"), KINDS)
def test_an_image_whose_pixels_are_all_masked_has_one_color(dtype, channels):
    image = image_and_mask(dtype, channels)[0]
    compressed = fastkq.compress(image, 5, mask=np.ones(image.shape[:2], bool))
    assert (compressed.k, compressed.masked_index, compressed.shape) == (1, 0, image.shape)
    assert compressed.dtype == image.dtype
    assert not compressed.decompress().any()
    assert CompressedImage.from_bytes(compressed.to_bytes()) == compressed
    assert compressed.report(image, ssim=False).mse == 0
    applied = fastkq.apply_palette(image, compressed.palette, mask=np.ones(image.shape[:2], bool))
    assert (applied.indices == 1).all()


@pytest.mark.parametrize(
    ("dtype", "channels", "dither"),
    [*((*kind, False) for kind in KINDS), *((np.uint8, channels, True) for channels in ((), (2,), (3,)))],
)
def test_apply_palette_adds_a_row_for_masked_pixels(dtype, channels, dither):
    image, mask = image_and_mask(dtype, channels)
    palette = fastkq.fit_palette(image, 6, mask=mask)
    np.testing.assert_array_equal(palette, fastkq.compress(image, 7, mask=mask).palette[:-1])
    applied = fastkq.apply_palette(image, palette, mask=mask, dither=dither)
    np.testing.assert_array_equal(applied.palette[:-1], palette)
    assert (applied.indices[mask] == 6).all()
    assert applied.indices[~mask].max() < 6
    if not dither:
        assert applied == fastkq.compress(image, 7, mask=mask)


def test_dithering_keeps_the_mean_beside_masked_pixels():
    image = np.full((96, 96), 100, np.uint8)
    mask = np.zeros(image.shape, bool)
    mask[:, 40:56] = True
    image[mask] = 255
    dithered = fastkq.apply_palette(image, [[0], [255]], mask=mask, dither=True)
    assert abs(dithered.decompress()[32:, 60:].mean() - 100) < 3
    compressed = fastkq.compress(image, 3, fixed=[[0], [255]], mask=mask, dither=True)
    np.testing.assert_array_equal(compressed.indices, dithered.indices)


def test_curve_leaves_masked_pixels_out():
    image, mask = image_and_mask(np.float32, (3,))
    (point,) = fastkq.curve(image, [8], mask=mask)
    assert point.mse == pytest.approx(fastkq.compress(image, 9, mask=mask).report(image).mse, rel=1e-6)
    other, masked = np.nan_to_num(image, posinf=0), np.ma.array(image, mask=np.dstack([mask] * 3))
    assert fastkq.curve([image, other], [8], mask=[mask, None]) == fastkq.curve([masked, other], [8])


@pytest.mark.parametrize("as_file", [False, True])
def test_row_of_masked_pixels_is_no_given_color(tmp_path, as_file):
    image, mask = image_and_mask(np.float32, (3,))
    compressed = fastkq.compress(image, 5, mask=mask)
    given = tmp_path / "a.fkq" if as_file else compressed
    compressed.save(tmp_path / "a.fkq")
    assert fastkq.apply_palette(image, given, mask=mask) == compressed
    assert (
        fastkq.compress(image, 9, fixed=given, mask=mask).palette[:4].tolist()
        == compressed.palette[:4].tolist()
    )
    dark = np.zeros((2, 2, 3), np.float32)
    np.testing.assert_array_equal(fastkq.apply_palette(dark, given).palette, compressed.palette[:4])


def test_report_leaves_masked_pixels_out():
    image, mask = image_and_mask(np.float32, (3,))
    compressed = fastkq.compress(image, 9, mask=mask)
    report = compressed.report(image)
    error = ((compressed.decompress()[~mask].astype(np.float64) - image[~mask]) ** 2).mean()
    assert report.mse == pytest.approx(error, rel=1e-6)
    span = image[~mask].max() - image[~mask].min()
    assert report.psnr == pytest.approx(10 * np.log10(span**2 / error), rel=1e-6)
    assert report.errors[8] == 0
    assert report.shares[8] == pytest.approx(mask.mean())
    assert not mask[report.worst_pixel]


def test_decompress_gives_a_masked_array_or_nodata():
    image, mask = image_and_mask(np.float32, (3,))
    compressed = fastkq.compress(image, 9, mask=mask)
    assert not compressed.decompress()[mask].any()
    masked = compressed.decompress(masked=True)
    np.testing.assert_array_equal(masked.mask, np.repeat(mask[..., np.newaxis], 3, axis=2))
    np.testing.assert_array_equal(masked.compressed(), compressed.decompress()[~mask].ravel())
    assert fastkq.compress(masked, 9).masked_index == 8
    for value in (-9999.0, np.nan):
        with_nodata = CompressedImage(compressed.palette, compressed.indices, masked_index=8, nodata=value)
        np.testing.assert_array_equal(with_nodata.decompress()[mask], np.full((mask.sum(), 3), value))
        np.testing.assert_array_equal(with_nodata.decompress(masked=True).fill_value, np.float32(value))
        assert with_nodata != compressed
        assert pickle.loads(pickle.dumps(with_nodata)) == with_nodata
        assert CompressedImage.from_bytes(with_nodata.to_bytes()) == with_nodata
        again = fastkq.compress(with_nodata.to_bytes(), 9)
        assert again == fastkq.compress(with_nodata, 9) == with_nodata


def test_nodata_needs_a_masked_index_and_a_value_of_the_dtype():
    palette, indices = np.zeros((2, 3), np.uint8), np.zeros((2, 2), int)
    for arguments, parameter in (
        ({"nodata": 3}, "nodata"), ({"masked_index": 1, "nodata": -1}, "nodata"),
        ({"masked_index": 1, "nodata": 0.5}, "nodata"), ({"masked_index": 1, "nodata": np.nan}, "nodata"),
        ({"masked_index": 2}, "masked_index"), ({"masked_index": -1}, "masked_index"),
    ):  # fmt: skip
        with pytest.raises(ArgumentError) as caught:
            CompressedImage(palette, indices, **arguments)
        assert caught.value.parameter == parameter
    assert CompressedImage(palette, indices, masked_index=1, nodata=255).nodata == 255
    assert CompressedImage(palette, indices, masked_index=1, nodata=7).to_8bit().nodata == 7


def test_fixed_colors_of_an_image_of_masked_pixels_count_among_the_k():
    image = np.ma.masked_all((3, 4), np.uint8)
    assert fastkq.compress(image, 2, fixed=[[9]]).palette.tolist() == [[9], [0]]
    assert fastkq.compress(image, 1).palette.tolist() == [[0]]
    assert fastkq.compress(image, target_psnr=30, fixed=[[9]]).palette.tolist() == [[9], [0]]
    with pytest.raises(ArgumentError, match="k to be at least 2, with one for masked pixels, got 1"):
        fastkq.compress(image, 1, fixed=[[9]])


def test_too_few_colors_for_masked_pixels_are_refused():
    image, mask = image_and_mask(np.uint8)
    with pytest.raises(ArgumentError, match="expected k to be at least 2, with one for masked pixels, got 1"):
        fastkq.compress(image, 1, mask=mask)
    with pytest.raises(ArgumentError, match="k to be at least 3, with one for masked pixels, got 2"):
        fastkq.compress(image, 2, mask=mask, fixed=[[0], [9]])
    with pytest.raises(ArgumentError, match="without masked pixels for preset"):
        fastkq.compress(image, 2, mask=mask, preset="visual")
    with pytest.raises(ArgumentError, match="image of numbers with mask, got bool"):
        fastkq.compress(image > 9, 2, mask=mask)


def test_masks_are_bool_of_the_size_of_the_image():
    image, mask = image_and_mask(np.uint8)
    with pytest.raises(
        ArgumentTypeError, match="expected mask to be bool, True for masked pixels, got uint8"
    ):
        fastkq.compress(image, 4, mask=mask.astype(np.uint8))
    with pytest.raises(
        ArgumentError, match=r"expected mask of shape \(19, 23\) as the image, got \(23, 19\)"
    ):
        fastkq.compress(image, 4, mask=mask.T)


def test_packed_coding_refuses_masked_pixels():
    image, mask = image_and_mask(np.uint8)
    message = "expected coding = context for an image with masked pixels, got packed"
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(image, 4, mask=mask).to_bytes(coding="packed")
    with pytest.raises(ArgumentError, match=message):
        fastkq.compress(image, mask=mask, target_bytes=400, coding="packed")


@pytest.mark.parametrize("form", ["fkq", "png"])
def test_target_bytes_holds_with_masked_pixels(form):
    image, mask = image_and_mask(np.uint8)
    compressed = fastkq.compress(image, mask=mask, target_bytes=420, format=form)
    assert compressed.masked_index == compressed.k - 1 > 0


def test_counts_leave_masked_pixels_out():
    image, mask = image_and_mask(np.float32, (3,))
    counts = fastkq.count_colors(image, mask=mask)
    assert counts == fastkq.count_colors(alone(image, mask))
    other = np.ones((3, 3, 3), np.float32)
    both = fastkq.count_colors([image, other, image], mask=[mask, None, np.ones_like(mask)])
    assert both == counts + fastkq.count_colors(other)
    weights = np.random.default_rng(1).random(mask.shape)
    weighted = fastkq.count_colors(image, mask=mask, weights=weights)
    assert weighted == fastkq.count_colors(alone(image, mask), weights=weights[~mask][np.newaxis])
    with pytest.raises(ArgumentError, match="expected at least one image, got only masked pixels"):
        fastkq.count_colors(image, mask=np.ones_like(mask))
    with pytest.raises(ArgumentError, match="expected mask for each image, got 1"):
        fastkq.count_colors([other, other], mask=[None])
    with pytest.raises(ArgumentError, match="expected no mask for colors that are counted already"):
        fastkq.count_colors(counts, mask=mask)


def test_weights_that_are_0_where_no_pixel_is_masked_are_refused():
    image, mask = image_and_mask(np.uint8)
    with pytest.raises(ArgumentError, match="weights that are not all 0 where no pixel is masked"):
        fastkq.compress(image, 4, mask=mask, weights=1.0 * mask)


def test_inputs_are_unchanged():
    image, mask = image_and_mask(np.float32)
    copy, mask_copy = image.copy(), mask.copy()
    fastkq.compress(np.ma.MaskedArray(image, mask), 4, mask=mask)
    np.testing.assert_array_equal(image, copy)
    np.testing.assert_array_equal(mask, mask_copy)
