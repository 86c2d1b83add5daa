"""`bits=` and `binary_alpha=`: palettes with few bits per channel, in API and command."""

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.errors import ArgumentError, ArgumentTypeError, UnreachableError
from fastkq.metrics import psnr
from tests.helpers.command_line import run
from tests.helpers.images import noise, photograph_like
from tests.reference import lattice as brute

PHOTO = photograph_like(60, 80)


def assert_on_lattice(palette, bits):
    for channel, depth in enumerate(bits):
        assert set(palette[:, channel].tolist()) <= set(brute.levels(depth, np.iinfo(palette.dtype).max))


def soft_edge(height=60, width=80):
    alpha = np.clip(200 - 4 * np.hypot(*(np.mgrid[:height, :width] - 40)), 0, 255)
    return np.dstack((photograph_like(height, width), alpha.astype(np.uint8)))


@pytest.mark.parametrize(
    ("image", "bits", "expected"),
    [
        (PHOTO, (5, 6, 5), (5, 6, 5)),
        (PHOTO, [3, 3, 2], (3, 3, 2)),
        (PHOTO, 4, (4, 4, 4)),
        (PHOTO[:, :, 0], 3, (3,)),
        (PHOTO[:, :, :1], (3,), (3,)),
        (soft_edge(), (5, 5, 5), (5, 5, 5, 8)),
        (soft_edge(), (4, 4, 4, 4), (4, 4, 4, 4)),
        (soft_edge(), 4, (4, 4, 4, 8)),
        (soft_edge()[:, :, [0, 3]], (4, 2), (4, 2)),
        (soft_edge()[:, :, [0, 3]], 4, (4, 8)),
        (np.dstack((PHOTO, np.full((60, 80), 255, np.uint8))), (5, 6, 5), (5, 6, 5, 1)),
        (PHOTO.astype(np.uint16) * 257, (5, 6, 5), (5, 6, 5)),
        (PHOTO.astype(np.uint16) * 257, (9, 9, 12), (9, 9, 12)),
        (soft_edge().astype(np.uint16) * 257, (4, 4, 4, 4), (4, 4, 4, 4)),
        (PHOTO[:, :, 0].astype(np.uint16) * 257, 4, (4,)),
        (PHOTO[:, :, 0].astype(np.uint16) * 257, 12, (12,)),
        (noise(20, 20, 6), (3, 2, 1, 4, 8, 2), (3, 2, 1, 4, 8, 2)),
    ],
)
@pytest.mark.parametrize("k", [2, 16])
def test_palettes_have_few_bits_per_channel(image, bits, expected, k):
    compressed = fastkq.compress(image, k, bits=bits)
    assert compressed.palette.dtype == image.dtype
    assert_on_lattice(compressed.palette, expected)
    assert len(np.unique(compressed.palette, axis=0)) == compressed.k
    assert len(np.unique(compressed.indices)) == compressed.k
    if len(expected) > 1 or sum(expected) > 4:
        assert compressed.k == k
    nearest = fastkq.apply_palette(image, compressed.palette)
    np.testing.assert_array_equal(compressed.indices, nearest.indices)
    np.testing.assert_array_equal(compressed.palette, fastkq.fit_palette(image, k, bits=bits))


def test_all_bits_change_nothing():
    assert fastkq.compress(PHOTO, 16, bits=8) == fastkq.compress(PHOTO, 16)
    deep = PHOTO.astype(np.uint16) * 257
    assert fastkq.compress(deep, 16, bits=(16, 16, 16)) == fastkq.compress(deep, 16)


def test_image_of_few_colors_on_the_lattice_is_unchanged():
    image = np.array([[[0, 0, 0], [8, 4, 255]], [[255, 255, 255], [0, 0, 0]]], np.uint8)
    np.testing.assert_array_equal(fastkq.compress(image, 4, bits=(5, 6, 5)).decompress(), image)


def test_fixed_colors_are_kept_off_the_lattice():
    fixed = [[1, 2, 3], [255, 0, 7]]
    palette = fastkq.compress(PHOTO, 16, bits=(5, 6, 5), fixed=fixed).palette
    assert palette[:2].tolist() == fixed
    assert_on_lattice(palette[2:], (5, 6, 5))


@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3), (4, 5, 5)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_fixed_colors_that_leave_no_error_are_the_palette(shape, dtype):
    image = np.full(shape, 8, dtype)
    fixed = image.reshape(20, -1)[:1]
    np.testing.assert_array_equal(fastkq.compress(image, 3, bits=4, fixed=fixed).palette, fixed)


@pytest.mark.parametrize("bits", [5, np.int64(5), np.array(5), np.array([5, 5, 5]), [5] * 3])
def test_bits_are_any_integers(bits):
    assert fastkq.compress(PHOTO, 4, bits=bits) == fastkq.compress(PHOTO, 4, bits=(5, 5, 5))


def test_weights_and_shared_palettes():
    weights = np.zeros((60, 80))
    weights[:30] = 1
    palette = fastkq.compress(PHOTO, 16, bits=(4, 4, 4), weights=weights).palette
    upper = fastkq.compress(PHOTO[:30], 16, bits=(4, 4, 4)).palette
    np.testing.assert_array_equal(palette, upper)
    assert_on_lattice(fastkq.fit_palette([PHOTO, 255 - PHOTO], 32, bits=(5, 5, 5)), (5, 5, 5))


def test_dithering_uses_the_palette_on_the_lattice():
    compressed = fastkq.compress(PHOTO, 16, bits=(3, 3, 2), dither=True)
    np.testing.assert_array_equal(compressed.palette, fastkq.fit_palette(PHOTO, 16, bits=(3, 3, 2)))


def test_targets_are_reached_with_few_bits():
    reached = fastkq.compress(PHOTO, bits=(5, 6, 5), target_psnr=30)
    assert psnr(PHOTO, reached.decompress()) >= 30
    assert psnr(PHOTO, fastkq.compress(PHOTO, reached.k - 1, bits=(5, 6, 5)).decompress()) < 30
    assert_on_lattice(reached.palette, (5, 6, 5))
    small = fastkq.compress(PHOTO, bits=(5, 6, 5), target_bytes=1500)
    assert len(small.to_bytes()) <= 1500
    assert_on_lattice(small.palette, (5, 6, 5))


@pytest.mark.parametrize("image", [PHOTO, np.full((4, 4, 3), 100, np.uint8)])
def test_psnr_that_the_bits_do_not_allow_is_refused(image):
    with pytest.raises(UnreachableError, match="they reach") as refused:
        fastkq.compress(image, bits=(2, 2, 2), target_psnr=60)
    best = fastkq.compress(image, 64, bits=(2, 2, 2))
    assert refused.value.best == pytest.approx(psnr(image, best.decompress()))


def test_curve_has_the_error_of_compress():
    (point,) = fastkq.curve(PHOTO, [16], bits=(3, 3, 2))
    assert point.psnr == pytest.approx(psnr(PHOTO, fastkq.compress(PHOTO, 16, bits=(3, 3, 2)).decompress()))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [[0, 3], [0, 1, 2, 3]])
def test_binary_alpha_has_one_transparent_row(dtype, channels):
    image = np.ascontiguousarray(soft_edge()[:, :, channels]).astype(dtype)
    image *= np.iinfo(dtype).max // 255
    compressed = fastkq.compress(image, 16, binary_alpha=True)
    assert set(compressed.palette[:, -1].tolist()) == {0, np.iinfo(dtype).max}
    assert (compressed.palette[:, -1] == 0).sum() == 1
    assert compressed.k == len(np.unique(compressed.palette, axis=0)) == 16
    np.testing.assert_array_equal(compressed.indices, fastkq.apply_palette(image, compressed.palette).indices)


def test_binary_alpha_joins_bits():
    palette = fastkq.compress(soft_edge(), 16, bits=(5, 5, 5), binary_alpha=True).palette
    assert_on_lattice(palette, (5, 5, 5, 1))


@pytest.mark.parametrize("image", [PHOTO, PHOTO[:, :, 0], PHOTO / 255, PHOTO[:, :, 0] > 99])
def test_binary_alpha_changes_nothing_without_alpha(image):
    assert fastkq.compress(image, 8, binary_alpha=True) == fastkq.compress(image, 8)


@pytest.mark.parametrize(
    ("image", "bits", "message"),
    [
        (PHOTO, (5, 6), "bits to have 3 numbers for images of uint8 with 3 channels, got 2"),
        (PHOTO, (5, 6, 5, 1), "bits to have 3 numbers"),
        (PHOTO[:, :, 0], (5, 6, 5), "bits to have 1 numbers"),
        (soft_edge(), (5, 6), "bits to have 3 or 4 numbers"),
        (PHOTO, (5, 9, 5), "bits from 1 to 8, got 9"),
        (PHOTO, 0, "bits from 1 to 8, got 0"),
        (PHOTO.astype(np.uint16), 17, "bits from 1 to 16, got 17"),
        (PHOTO / 255, 5, "an image of uint8 or uint16 with bits, got float64 with 3 channels"),
        (PHOTO[:, :, 0] > 99, 1, "an image of uint8 or uint16"),
    ],
)
def test_wrong_bits_are_refused(image, bits, message):
    with pytest.raises(ArgumentError, match=message) as refused:
        fastkq.compress(image, 4, bits=bits)
    assert refused.value.parameter == "bits"


def test_wrong_types_and_conflicts_are_refused():
    with pytest.raises(ArgumentTypeError, match=r"bits to be an integer, got 5\.5"):
        fastkq.compress(PHOTO, 4, bits=5.5)
    with pytest.raises(ArgumentTypeError, match="binary_alpha to be True or False"):
        fastkq.compress(PHOTO, 4, binary_alpha=1)
    with pytest.raises(ArgumentError, match="palette without bits"):
        fastkq.compress(PHOTO, palette=PHOTO[0, :2], bits=4)
    with pytest.raises(ArgumentError, match="preset without bits"):
        fastkq.compress(PHOTO, 4, preset="visual", bits=4)


def test_command_refuses_wrong_bits(capsys):
    with pytest.raises(SystemExit, match="2"):
        run(capsys, "compress", "b.png", "--bits", "5,x")
    assert "an integer from 1 to 16, got 'x'" in capsys.readouterr().err


def test_command_takes_bits_and_binary_alpha(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    image = soft_edge()
    Image.fromarray(image).save("a.png")
    assert run(capsys, "compress", "a.png", "-k", 16, "--bits", "5,6,5", "--binary-alpha")[0] == 0
    assert fastkq.load("a.fkq") == fastkq.compress(image, 16, bits=(5, 6, 5), binary_alpha=True)
    Image.fromarray(image[:, :, 0]).save("b.png")
    assert run(capsys, "compress", "b.png", "-k", 16, "--bits", "4")[0] == 0
    assert fastkq.load("b.fkq") == fastkq.compress(image[:, :, 0], 16, bits=4)
    code, _, errors = run(capsys, "compress", "b.png", "--bits", "5,6,5", "--force")
    assert (code, "expected --bits to have 1 numbers" in errors) == (1, True)
    code, output, _ = run(capsys, "compare", "b.png", "-k", "4", "--bits", "1", "--json")
    assert (code, '"colors": 2' in output) == (0, True)
