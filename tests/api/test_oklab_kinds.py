"""`space="oklab"` for images of 16 bits and of floats, and `value_range=`."""

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.color.oklab_embedding import OklabEmbedding
from fastkq.color.value_range import ValueRange
from fastkq.errors import ArgumentError, ArgumentTypeError
from tests.helpers.command_line import run
from tests.helpers.images import photograph_like, visible_pixels
from tests.reference import oklab as reference
from tests.reference.lattice import levels

PHOTO = photograph_like(50, 70)
DEEP = PHOTO.astype(np.uint16) * 257
UNIT = (PHOTO / 255).astype(np.float32)
ALPHA = np.dstack((PHOTO, np.arange(70, dtype=np.uint8)[None].repeat(50, axis=0) * 3))
KINDS = {
    "uint16": (DEEP, None),
    "uint16 gray": (DEEP[:, :, 0], None),
    "uint16 alpha": (ALPHA.astype(np.uint16) * 257, None),
    "uint16 gray with alpha": (ALPHA[:, :, 2:].astype(np.uint16) * 257, None),
    "uint16 range": (DEEP // 16, (0, 4095)),
    "float32": (UNIT, (0, 1)),
    "float64 gray": (UNIT[:, :, 0].astype(np.float64), (0, 1)),
    "float64 shifted": (UNIT.astype(np.float64) * 80 - 40, (-40, 40)),
    "int16": (PHOTO.astype(np.int16) - 128, (-128, 127)),
}


def vectors_of(colors, value_range):
    used = ValueRange(*(value_range or (0, 65535)))
    return OklabEmbedding(colors.dtype, colors.shape[1], used).embed(colors)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("k", [1, 8, 64])
def test_each_index_is_the_nearest_row_in_oklab(name, k):
    image, value_range = KINDS[name]
    compressed = fastkq.compress(image, k, space="oklab", value_range=value_range)
    palette, channels = compressed.palette, compressed.palette.shape[1]
    assert palette.dtype == image.dtype
    assert len(np.unique(palette, axis=0)) == len(np.unique(compressed.indices)) == compressed.k == k
    pixels, rows = vectors_of(image.reshape(-1, channels), value_range), vectors_of(palette, value_range)
    distances = ((pixels[:, None] - rows[None]) ** 2).sum(axis=2)
    chosen = np.take_along_axis(distances, compressed.indices.reshape(-1, 1).astype(int), axis=1)[:, 0]
    np.testing.assert_allclose(chosen, distances.min(axis=1), rtol=1e-12, atol=1e-6)
    mapped = fastkq.apply_palette(image, palette, space="oklab", value_range=value_range)
    np.testing.assert_array_equal(mapped.indices, compressed.indices)
    shared = fastkq.fit_palette(image, k, space="oklab", value_range=value_range)
    np.testing.assert_array_equal(shared, palette)


def oklab_error(image, decompressed):
    one, other = (reference.of_ottosson(pixels.reshape(-1, 3)) for pixels in (image, decompressed))
    return ((one - other) ** 2).sum()


@pytest.mark.parametrize("k", [4, 16, 64])
def test_error_is_that_of_8_bits(k):
    expected = oklab_error(PHOTO, fastkq.compress(PHOTO, k, space="oklab").decompress())
    deep = fastkq.compress(DEEP, k, space="oklab").decompress()
    unit = fastkq.compress(UNIT, k, space="oklab", value_range=(0, 1)).decompress()
    assert oklab_error(PHOTO, deep / 257) < 1.01 * expected
    assert oklab_error(PHOTO, unit.astype(float) * 255) < 1.01 * expected
    in_rgb = fastkq.compress(DEEP, k).decompress()
    assert oklab_error(PHOTO, deep / 257) < 0.97 * oklab_error(PHOTO, in_rgb / 257)


@pytest.mark.parametrize("name", KINDS)
def test_image_of_few_colors_is_unchanged(name):
    image, value_range = KINDS[name]
    few = image[:3, :3]
    compressed = fastkq.compress(few, 9, space="oklab", value_range=value_range)
    np.testing.assert_array_equal(visible_pixels(compressed.decompress()), visible_pixels(few))


def test_values_beyond_the_range_are_kept():
    image = UNIT.astype(np.float64) * 3 - 1
    compressed = fastkq.compress(image, 32, space="oklab", value_range=(0, 1))
    assert compressed.palette.min() < -0.2
    assert compressed.palette.max() > 1.3


def test_curve_and_targets_measure_the_result():
    (point,) = fastkq.curve(DEEP, [16], space="oklab")
    assert point.psnr == pytest.approx(fastkq.compress(DEEP, 16, space="oklab").report(DEEP).psnr)
    reached = fastkq.compress(DEEP, target_psnr=32, space="oklab")
    assert reached.report(DEEP).psnr >= 32


def test_fixed_colors_weights_and_bits_work_in_oklab():
    palette = fastkq.compress(DEEP, 8, space="oklab", fixed=[[0, 0, 65535]]).palette
    assert palette[0].tolist() == [0, 0, 65535]
    weights = np.zeros(DEEP.shape[:2])
    weights[:20] = 1
    weighted = fastkq.compress(DEEP, 8, space="oklab", weights=weights).palette
    np.testing.assert_array_equal(weighted, fastkq.compress(DEEP[:20], 8, space="oklab").palette)
    coarse = fastkq.compress(DEEP, 8, space="oklab", bits=(3, 3, 2)).palette
    for channel, depth in enumerate((3, 3, 2)):
        assert set(coarse[:, channel].tolist()) <= set(levels(depth, 65535))


def test_default_range_is_that_of_the_dtype():
    assert fastkq.compress(DEEP, 8, space="oklab") == fastkq.compress(
        DEEP, 8, space="oklab", value_range=(0, 65535)
    )
    assert fastkq.compress(PHOTO, 8, space="oklab") == fastkq.compress(
        PHOTO, 8, space="oklab", value_range=(0, 255)
    )


def test_result_does_not_depend_on_threads():
    palettes = [fastkq.fit_palette(DEEP, 32, space="oklab", threads=threads) for threads in (1, 3)]
    np.testing.assert_array_equal(*palettes)


@pytest.mark.parametrize("image", [UNIT, PHOTO.astype(np.int16)])
@pytest.mark.parametrize("call", [fastkq.compress, fastkq.fit_palette])
def test_images_without_a_range_need_one(image, call):
    with pytest.raises(ArgumentError, match="expected value_range, the values of black and white") as refused:
        call(image, 4, space="oklab")
    assert refused.value.parameter == "value_range"
    assert "--value-range" in refused.value.command_line


@pytest.mark.parametrize(
    ("value_range", "error", "message"),
    [
        ((0, 0), ArgumentError, "two different finite numbers"),
        ((0, 1, 2), ArgumentError, "two different finite numbers"),
        ((0, np.inf), ArgumentError, "value_range"),
        ((0, np.nan), ArgumentError, "value_range"),
        (1.0, ArgumentTypeError, "value_range to be two numbers, got 1.0"),
        ("01", ArgumentTypeError, "value_range to be two numbers"),
        ((0, "1"), ArgumentTypeError, "value_range to be two numbers"),
    ],
)
def test_wrong_ranges_are_refused(value_range, error, message):
    with pytest.raises(error, match=message):
        fastkq.compress(UNIT, 4, space="oklab", value_range=value_range)


def test_range_of_8_bits_is_that_of_the_dtype():
    with pytest.raises(ArgumentError, match="only for more than 8 bits"):
        fastkq.compress(PHOTO, 4, value_range=(0, 1))


@pytest.mark.parametrize("image", [UNIT[:, :, :2], np.dstack((UNIT, UNIT)), PHOTO[:, :, 0] > 99])
def test_images_without_colors_are_refused(image):
    with pytest.raises(ArgumentError, match="expected gray or RGB, with or without alpha, for oklab"):
        fastkq.compress(image, 4, space="oklab", value_range=(0, 1) if image.dtype != bool else None)


def test_command_takes_oklab_for_16_bits(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(DEEP[:, :, 0]).save("deep.png")
    options = ("-k", 8, "--space", "oklab", "--value-range", 0, 60000)
    assert run(capsys, "compress", "deep.png", *options)[0] == 0
    expected = fastkq.compress(DEEP[:, :, 0], 8, space="oklab", value_range=(0, 60000))
    assert fastkq.load("deep.fkq") == expected
