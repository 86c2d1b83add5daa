"""`keep_black_white=`: pure black and white as rows where much of the image is near them."""

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import fastkq
from tests.helpers.command_line import run
from tests.helpers.images import SHARED, photograph_like, read_image


def page(ink=0, paper=255):
    """Return black text on white with smoothed edges, in gray."""
    image = Image.new("L", (600, 400), paper)
    draw = ImageDraw.Draw(image)
    for line in range(12):
        text, font = "The quick brown fox jumps over the lazy dog. " * 2, ImageFont.load_default(size=26)
        draw.text((16, 12 + 32 * line), text, fill=ink, font=font)
    return np.asarray(image.reduce(2))


PAGE = page()
SCAN = np.clip(page(25, 240) + np.random.default_rng(0).normal(0, 5, PAGE.shape), 0, 255).astype(np.uint8)


def test_least_squares_gives_grays():
    dark, light = fastkq.compress(PAGE, 2).palette.ravel().tolist()
    assert 0 < dark < 100
    assert 250 < light <= 255


@pytest.mark.parametrize("image", [PAGE, SCAN])
@pytest.mark.parametrize("k", [2, 4, 16])
def test_black_and_white_come_first(image, k):
    gray = fastkq.compress(image, k, keep_black_white=True)
    assert gray.palette[:2].ravel().tolist() == [0, 255]
    assert gray.k == k
    assert len(np.unique(gray.palette)) == k


def test_all_kinds_get_the_same_rows():
    rgb = np.repeat(PAGE[:, :, None], 3, axis=2)
    opaque = np.dstack((rgb, np.full(PAGE.shape, 255, np.uint8)))
    kinds = {
        (0, 255): [PAGE, PAGE[:, :, None]],
        (0, 65535): [PAGE.astype(np.uint16) * 257],
        ((0, 0, 0), (255, 255, 255)): [rgb],
        ((0, 0, 0, 255), (255, 255, 255, 255)): [opaque],
        ((0, 255), (255, 255)): [opaque[:, :, 2:]],
        ((0, 65535), (65535, 65535)): [opaque[:, :, 2:].astype(np.uint16) * 257],
    }
    for rows, images in kinds.items():
        for image in images:
            palette = fastkq.compress(image, 2, keep_black_white=True).palette
            np.testing.assert_array_equal(palette, np.array(rows).reshape(2, -1))


def test_palette_is_that_of_fixed_colors():
    expected = fastkq.compress(PAGE, 8, fixed=[[0], [255]])
    assert fastkq.compress(PAGE, 8, keep_black_white=True) == expected
    np.testing.assert_array_equal(fastkq.fit_palette(PAGE, 8, keep_black_white=True), expected.palette)
    (point,) = fastkq.curve(PAGE, [8], keep_black_white=True)
    assert point.psnr == pytest.approx(expected.report(PAGE).psnr)


@pytest.mark.parametrize(
    ("k", "fixed", "expected"), [(3, [255], [255, 0]), (2, [9, 99], [9, 99]), (2, [99], [99, 255])]
)
def test_fixed_colors_come_first_and_are_not_repeated(k, fixed, expected):
    compressed = fastkq.compress(PAGE, k, fixed=[[level] for level in fixed], keep_black_white=True)
    assert compressed.palette[:2].ravel().tolist() == expected


def test_one_color_is_the_more_frequent_one():
    assert fastkq.compress(PAGE, 1, keep_black_white=True).palette.tolist() == [[255]]
    assert fastkq.compress(255 - PAGE, 1, keep_black_white=True).palette.tolist() == [[0]]


def shares(black, white):
    """Return 1000 gray pixels with these numbers of near black and near white ones."""
    pixels = np.linspace(60, 190, 1000).astype(np.uint8)
    pixels[:black], pixels[black : black + white] = 32, 223
    return pixels.reshape(20, 50)


@pytest.mark.parametrize(
    ("black", "white", "k", "expected"),
    [
        (5, 495, 2, [0, 255]),  # half of the pixels are near, and black has 0.5 %
        (4, 496, 2, [255]),
        (5, 494, 2, []),  # less than half, and less than 1/k each
        (10, 250, 4, [255]),  # 1/k
        (10, 249, 4, []),
        (10, 20, 64, [255]),  # 1/64 is 1.6 %
        (5, 4, 1000, [0]),
    ],
)
def test_shares_decide(black, white, k, expected):
    palette = fastkq.compress(shares(black, white), k, keep_black_white=True).palette.ravel()
    assert palette[: len(expected)].tolist() == expected
    assert len(expected) == np.isin([0, 255], palette).sum()


def test_colors_farther_than_32_levels_are_not_near():
    image = shares(100, 800)
    image[image == 32] = 33
    assert 0 not in fastkq.compress(image, 4, keep_black_white=True).palette
    image = np.repeat(shares(100, 800)[:, :, None], 3, axis=2)
    image[:, :, 1][image[:, :, 1] == 223] = 222
    palette = fastkq.compress(image, 4, keep_black_white=True).palette.tolist()
    assert ([0, 0, 0] in palette, [255, 255, 255] in palette) == (False, False)


def test_pixels_that_are_not_opaque_do_not_count():
    image = np.dstack((PAGE, PAGE, PAGE, np.where(PAGE > 200, 254, 255).astype(np.uint8)))
    palette = fastkq.compress(image, 8, keep_black_white=True).palette.tolist()
    assert [255, 255, 255, 255] not in palette


def test_weights_replace_the_number_of_pixels():
    image, weights = shares(4, 496), np.ones((20, 50))
    assert 0 not in fastkq.compress(image, 2, weights=weights, keep_black_white=True).palette
    weights[image == 32] = 2
    assert 0 in fastkq.compress(image, 2, weights=weights, keep_black_white=True).palette


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_values_of_black_and_white_decide_for_other_dtypes(dtype):
    image = (PAGE.astype(dtype) - 100) * 4
    palette = fastkq.compress(image, 4, keep_black_white=True, value_range=(-400, 620)).palette
    assert palette[:2].ravel().tolist() == [-400, 620]
    gray = fastkq.compress(PAGE, 4, keep_black_white=True).palette.ravel()
    np.testing.assert_allclose(palette.ravel()[2:] / 4 + 100, gray[2:], atol=0.6)


@pytest.mark.parametrize(
    ("dtype", "value_range", "expected"),
    [
        (np.int16, (-0.25, 255.25), [0, 255]),
        (np.int8, (0, 130), [0, 127]),
        (np.uint16, (0, 70000), [0, 65535]),
    ],
)
def test_integers_get_the_nearest_values_to_black_and_white(dtype, value_range, expected):
    levels = PAGE.astype(np.float64) / 255 * expected[1]
    image = np.rint(levels).astype(dtype)
    palette = fastkq.compress(image, 4, keep_black_white=True, value_range=value_range).palette
    assert palette[:2].ravel().tolist() == expected


@pytest.mark.parametrize("image", [PAGE / 255, PAGE > 128, photograph_like(40, 40)])
def test_other_images_are_unchanged(image):
    assert fastkq.compress(image, 2, keep_black_white=True) == fastkq.compress(image, 2)


def test_targets_count_black_and_white():
    reached = fastkq.compress(PAGE, target_psnr=30, keep_black_white=True)
    assert reached.palette[:2].ravel().tolist() == [0, 255]
    assert reached.report(PAGE).psnr >= 30


@pytest.mark.parametrize("name", ["windows95.png", "imac_g3.png"])
def test_screenshots_keep_black_and_white(name):
    path = SHARED / "images/gb82-screens" / name
    if not path.exists():
        pytest.skip("needs the test images")
    image = read_image(path)[..., :3]
    palette = fastkq.compress(image, 16, keep_black_white=True).palette
    assert palette[:2].tolist() == [[0, 0, 0], [255, 255, 255]]


def test_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(PAGE).save("page.png")
    assert run(capsys, "compress", "page.png", "-k", 2, "--keep-black-white")[0] == 0
    assert fastkq.load("page.fkq").palette.ravel().tolist() == [0, 255]
