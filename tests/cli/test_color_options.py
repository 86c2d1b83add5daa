"""Options of `fastkq compress` that choose colors: targets, palettes, weights, dithering."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.metrics import psnr
from tests.helpers.command_line import run
from tests.helpers.images import noise, photograph_like


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = photograph_like(40, 56)
    Image.fromarray(image).save("photo.png")
    return image


def compressed(capsys, *options):
    code, _, errors = run(capsys, "compress", "photo.png", "--force", *options)
    assert (code, errors) == (0, "")
    return fastkq.load("photo.fkq")


def test_psnr_and_bytes_replace_k(photo, capsys):
    reached = compressed(capsys, "--psnr", 33)
    assert reached == fastkq.compress(photo, target_psnr=33)
    assert psnr(photo, reached.decompress()) >= 33
    fitting = compressed(capsys, "--bytes", 2000)
    assert fitting == fastkq.compress(photo, target_bytes=2000)


def test_bytes_limit_the_written_file(photo, capsys, tmp_path):
    Image.fromarray(photo).save("photo.png", dpi=(300, 300), pnginfo=None, icc_profile=bytes(3000))
    assert (tmp_path / "photo.fkq").exists() is False
    stripped = compressed(capsys, "--bytes", 2000, "--strip")
    assert (tmp_path / "photo.fkq").stat().st_size <= 2000
    packed = compressed(capsys, "--bytes", 2000, "--coding", "packed")
    assert (tmp_path / "photo.fkq").stat().st_size <= 2000
    assert stripped.k > packed.k


@pytest.mark.parametrize("suffix", [".png", ".gif", ".tif", ".bmp", ".webp"])
def test_bytes_limit_holds_in_every_format(photo, capsys, suffix):
    code, output, _ = run(capsys, "compress", "photo.png", "--bytes", 3000, "-o", f"small{suffix}")
    k = int(output.split(" colors")[0].split()[-1])
    assert (code, k > 8) == (0, True)
    assert Path(f"small{suffix}").stat().st_size <= 3000
    fastkq.compress(photo, k + 1).save(f"more{suffix}")
    assert k == 256 or Path(f"more{suffix}").stat().st_size > 3000, "one more color would fit"


@pytest.mark.parametrize("name", ["fkq", "png", "gif", "webp", "tif", "tiff", "bmp"])
def test_bytes_give_the_result_of_the_function(photo, capsys, name):
    assert run(capsys, "compress", "photo.png", "--bytes", 3000, "-o", f"small.{name}")[0] == 0
    suffix = "tif" if name == "tiff" else name
    fastkq.compress(photo, target_bytes=3000, format=suffix).save(f"function.{name}")
    assert Path(f"small.{name}").read_bytes() == Path(f"function.{name}").read_bytes()


def test_bytes_bound_an_optimized_png(photo, capsys):
    pytest.importorskip("oxipng")
    assert run(capsys, "compress", "photo.png", "--bytes", 2500, "--optimize", "-o", "small.png")[0] == 0
    assert Path("small.png").stat().st_size <= 2500
    k = fastkq.compress(photo, target_bytes=2500, format="png", optimize=True).k
    assert fastkq.load("small.png").k == k > fastkq.compress(photo, target_bytes=2500, format="png").k


def test_a_palette_comes_from_a_file(photo, capsys):
    fastkq.compress(noise(9, 9, 3), 6).save("palette.png")
    expected = fastkq.load("palette.png").palette
    assert np.array_equal(compressed(capsys, "--palette", "palette.png").palette, expected)


def test_palette_is_converted_to_the_kind_of_the_image(photo, capsys):
    gray = np.array([[0], [90], [255]], np.uint8)
    fastkq.apply_palette(noise(4, 4), gray).save("gray.fkq")
    assert compressed(capsys, "--palette", "gray.fkq").palette.tolist() == np.repeat(gray, 3, 1).tolist()
    fastkq.compress(noise(4, 4, 4), 4).save("alpha.png")
    rows = fastkq.load("alpha.png").palette
    mapped = compressed(capsys, "--palette", "alpha.png")
    assert mapped == fastkq.apply_palette(np.dstack((photo, np.full(photo.shape[:2], 255, np.uint8))), rows)
    Image.fromarray(noise(6, 6, 4)).save("photo.png")
    assert compressed(capsys, "--palette", "gray.fkq").palette[1].tolist() == [90, 90, 90, 255]


def test_palette_of_8_bits_is_scaled_for_16_bit_images(tmp_path, capsys, photo):
    fastkq.apply_palette(photo, noise(5, 3)).save("palette.png")
    levels = noise(6, 6).astype(np.uint16) * 257
    fastkq.compress(levels, 65536).save("deep.fkq")
    fastkq.apply_palette(noise(4, 4), [[0], [90], [255]]).save("gray.fkq")
    code, _, errors = run(capsys, "compress", "deep.fkq", "-o", "out.fkq", "--palette", "gray.fkq")
    assert (code, errors) == (0, "")
    assert fastkq.load("out.fkq").palette.ravel().tolist() == [0, 90 * 257, 65535]


def test_printed_psnr_ignores_colors_under_alpha_0(capsys, photo):
    image = noise(12, 12, 4)
    image[:6, :, 3] = 0
    Image.fromarray(image).save("photo.png")
    code, output, _ = run(capsys, "compress", "photo.png", "--psnr", 200)
    assert (code, "PSNR inf dB" in output) == (0, True)


def test_fixed_colors_have_css_names(photo, capsys):
    palette = compressed(capsys, "-k", 5, "--fixed", "orange", "--fixed", "#010203").palette
    assert palette[:2].tolist() == [[255, 165, 0], [1, 2, 3]]
    Image.fromarray(noise(6, 6)).save("photo.png")
    assert compressed(capsys, "-k", 5, "--fixed", "white").palette[0] == 255
    red = compressed(capsys, "-k", 5, "--fixed", "red")
    assert red.palette[0].tolist() == [255, 0, 0]
    assert red == fastkq.compress(np.repeat(noise(6, 6, 1), 3, axis=2), 5, fixed=[[255, 0, 0]])


def test_weights_come_from_a_mask_image(photo, capsys):
    mask = np.zeros((40, 56), np.uint8)
    mask[:, :20] = 255
    Image.fromarray(mask).save("mask.png")
    assert compressed(capsys, "-k", 6, "--weights", "mask.png") == fastkq.compress(photo, 6, weights=mask)
    Image.fromarray(np.repeat(mask[:, :, None], 3, axis=2)).save("mask.png")
    assert compressed(capsys, "-k", 6, "--weights", "mask.png") == fastkq.compress(photo, 6, weights=mask)


def test_weights_leave_out_the_alpha_of_their_image(photo, capsys):
    gray = noise(40, 56)
    Image.fromarray(np.dstack((gray, noise(40, 56, seed=1)))).save("weights.png")
    assert compressed(capsys, "-k", 6, "--weights", "weights.png") == fastkq.compress(photo, 6, weights=gray)


def test_a_mask_comes_from_an_image_or_an_array(photo, capsys):
    mask = np.zeros((40, 56), bool)
    mask[5:20, :20] = True
    expected = fastkq.compress(photo, 6, mask=mask)
    Image.fromarray(mask).save("bits.png")
    Image.fromarray(np.where(mask, 1, 0).astype(np.uint8)).save("gray.png")
    blue = np.zeros((40, 56, 4), np.uint8)
    blue[mask, 2], blue[:, :, 3] = 9, 255
    Image.fromarray(blue).save("color.png")
    np.save("array.npy", mask)
    for name in ("bits.png", "gray.png", "color.png", "array.npy"):
        assert compressed(capsys, "-k", 6, "--mask", name) == expected
    rows = [[0, 0, 0], [255, 255, 255]]
    mapped = compressed(capsys, "--palette", "black,white", "--mask", "bits.png")
    assert mapped == fastkq.apply_palette(photo, rows, mask=mask)


def test_a_palette_image_with_a_mask_is_fitted(photo, capsys):
    fastkq.compress(photo, 9).save("photo.png")
    mask = np.arange(40 * 56).reshape(40, 56) < 900
    np.save("mask.npy", mask)
    assert compressed(capsys, "--mask", "mask.npy").masked_index == 9


def test_weights_under_a_mask_are_named_by_their_option(photo, capsys):
    mask = np.zeros((40, 56), bool)
    mask[:9] = True
    np.save("mask.npy", mask)
    errors = run(capsys, "compress", "photo.png", "--mask", "mask.npy", "--weights", "mask.npy")[2]
    assert "expected --weights that are not all 0 where no pixel is masked" in errors


def test_values_that_are_not_finite_can_be_masked(photo, capsys):
    image = photo[:, :, 0] / 255.0
    image[3:9, 3:9] = np.nan
    np.save("image.npy", image)
    np.save("mask.npy", np.isnan(image))
    np.save("weights.npy", np.isfinite(image).astype(float))
    for option in ("--mask", "--weights"):
        name = f"{option[2:]}.npy"
        assert run(capsys, "compress", "image.npy", "-k", 4, option, name, "-o", "a.fkq", "--force")[0] == 0
        assert fastkq.load("a.fkq") == fastkq.compress(image, 4, mask=np.isnan(image))
    code, _, errors = run(capsys, "compress", "image.npy", "-k", 4, "-o", "a.fkq", "--force")
    assert (code, errors.rstrip().endswith("(3, 3): fastkq compress --mask masks them")) == (1, True)


def test_dithering_takes_a_strength_and_a_method(photo, capsys):
    assert compressed(capsys, "-k", 4, "--dither") == fastkq.compress(photo, 4, dither=True)
    assert compressed(capsys, "-k", 4, "--dither", 0.5) == fastkq.compress(photo, 4, dither=0.5)
    assert run(capsys, "compress", "-k", 4, "-o", "before.fkq", "--dither", "photo.png")[0] == 0
    assert fastkq.load("before.fkq") == fastkq.compress(photo, 4, dither=True)
    mask = compressed(capsys, "-k", 4, "--dither", "--dither-method", "blue-noise")
    assert mask == fastkq.compress(photo, 4, dither=True, dither_method="blue-noise")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--bytes", "20"], "expected --bytes of at least"),
        (
            ["--fixed", "no-color"],
            "expected a color such as '#ff8000', '#ff8000ff' or 'orange', got 'no-color'",
        ),
        (["-o", "nowhere/x.fkq"], "nowhere: No such file or directory"),
        (["--dither=much"], "expected a strength from 0 to 1 or nothing, got 'much'"),
        (["--bytes", "20", "-o", "x.png"], "expected --bytes of at least"),
        (["-k", "2", "--max-error", "3"], ": -k "),
    ],
)
def test_errors_are_one_line_without_traceback(photo, capsys, options, message):
    try:
        code, output, errors = run(capsys, "compress", "photo.png", *options)
    except SystemExit as stop:  # argparse
        code, output, errors = stop.code, "", capsys.readouterr().err
    assert code != 0
    assert output == ""
    assert message in errors
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("-k 4 --psnr 30", "expected --psnr without -k, got both"),
        ("-k 4 --bytes 900 -o x.png", "expected --bytes without -k, got both"),
        ("--bytes 900 --psnr 30", "expected --psnr without --bytes, got both"),
        ("--bytes 900 --max-error 3", "expected --bytes without --max-error, got both"),
        ("--psnr 30 --dither", "expected --psnr without --dither, got both"),
        ("--palette red --psnr 30", "expected --palette without --psnr, got both"),
        ("--palette red --weights photo.png", "expected -k with --palette and --weights, got none"),
        ("--palette photo.png --effort best", "expected --palette without --effort, got both"),
        ("--palette nowhere.fkq", "nowhere.fkq: No such file or directory"),
        ("--palette photo.png", "photo.png: expected a .fkq file or an image with a palette"),
        ("--weights nowhere.png", "nowhere.png: No such file or directory"),
        ("--mask nowhere.png", "nowhere.png: No such file or directory"),
        ("--preset visual --space oklab", "expected --preset without --space, got both"),
        ("--min-share 0.1", "expected --max-error with --min-share, got --min-share alone"),
        ("--dither-method blue-noise", "expected --dither with --dither-method, got --dither-method alone"),
        (
            "--fixed red --fixed #f00",
            "expected --fixed colors that differ, got [[255, 0, 0, 255], [255, 0, 0, 255]]",
        ),
        (
            "-k 1 --fixed red --fixed blue",
            "expected -k to be at least 2, the number of --fixed colors, got 1",
        ),
        ("--coding packed -o x.png", "expected an OUT that ends in .fkq with --coding packed, got .png"),
        ("--dither 3", "expected a strength from 0 to 1 or nothing, got '3'"),
        ("--psnr nan", "expected a finite number of at least 0, got 'nan'"),
        ("--max-error -1", "expected a finite number of at least 0, got '-1'"),
        ("--max-error 1 --min-share 1.1", "expected a number from 0 to 1, got '1.1'"),
    ],
)
def test_conflicting_options_are_refused_before_any_file_is_read(
    photo, capsys, monkeypatch, options, message
):
    monkeypatch.setattr("fastkq.cli.batch.run", lambda *_, **__: pytest.fail("it began"))
    try:
        code, output, errors = run(capsys, "compress", "photo.png", "-n", *options.split())
    except SystemExit as stop:  # argparse
        code, output, errors = stop.code, "", capsys.readouterr().err
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert message in errors


def test_advice_names_command_line_options(photo, capsys):
    Image.fromarray(noise(6, 6).astype(np.uint16) * 257).save("deep.png")
    for options, advice in (
        (["-o", "x.png"], "got uint16: reduce them with --depth 8, or save as .fkq or .tif"),
        (["--max-error", "2"], "at most 4 channels for --max-error, got uint16"),
        (["--weights", "photo.png"], "expected --weights of shape (6, 6) as the image, got (40, 56)"),
        (["--mask", "photo.png"], "expected --mask of shape (6, 6) as the image, got (40, 56)"),
    ):
        assert advice in run(capsys, "compress", "deep.png", *options)[2]
