"""`fastkq palette`: one palette for many images, as a file that `--palette` takes."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.formats import palette_files
from tests.helpers.command_line import files, on_a_terminal, run
from tests.helpers.images import noise, photograph_like


def read_palette(name):
    """Return the palette (k, C) of a palette file, a `.fkq` file or a palette image."""
    path = Path(name)
    if path.suffix not in palette_files.SUFFIXES:
        return fastkq.load(path).palette
    return palette_files.decode(path.read_bytes(), path.suffix, name)


@pytest.fixture(autouse=True)
def images(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arrays = [photograph_like(20, 30), photograph_like(20, 30, seed=1)[:, :, 0]]
    for name, array in zip("ab", arrays, strict=True):
        Image.fromarray(array).save(f"{name}.png")
    return arrays


@pytest.mark.parametrize("suffix", [".gpl", ".hex", ".pal", ".act", ".json", ".png", ".fkq"])
def test_a_palette_is_written_and_used(images, capsys, suffix):
    assert run(capsys, "palette", "a.png", "b.png", "-k", 12, "-o", f"both{suffix}") == (
        0,
        f"both{suffix}: 12 colors for 2 images\n",
        "",
    )
    palette = fastkq.fit_palette(images, 12)
    np.testing.assert_array_equal(read_palette(f"both{suffix}"), palette)
    assert run(capsys, "compress", "b.png", "--palette", f"both{suffix}", "-o", "b.fkq")[0] == 0
    assert fastkq.load("b.fkq") == fastkq.apply_palette(images[1], palette)


def test_options_are_those_of_fit_palette(images, capsys):
    def palette(*options):
        assert run(capsys, "palette", "a.png", "-o", "a.json", "--force", "-q", *options) == (0, "", "")
        return read_palette("a.json").tolist()

    image = images[0]
    assert palette() == fastkq.fit_palette(image).tolist()
    fixed = palette("-k", 5, "--fixed", "red", "--fixed", "#0000ff")
    assert fixed == fastkq.fit_palette(image, 5, fixed=[[255, 0, 0], [0, 0, 255]]).tolist()
    oklab = palette("-k", 5, "--space", "oklab", "--effort", "fast", "--threads", 1)
    assert oklab == fastkq.fit_palette(image, 5, space="oklab", effort="fast").tolist()
    bounded = palette("-k", 200, "--max-error", 30, "--min-share", 0.01)
    assert bounded == fastkq.fit_palette(image, 200, max_error=30, min_share=0.01).tolist()
    lattice = palette("-k", 5, "--bits", "5,6,5", "--keep-black-white")
    assert lattice == fastkq.fit_palette(image, 5, bits=(5, 6, 5), keep_black_white=True).tolist()
    assert palette("-k", 3, "--fixed", "#ff000080")[0] == [255, 0, 0, 128]


def test_a_last_channel_that_is_no_alpha_stays_one(images, capsys):
    image = noise(20, 30, 4)
    np.save("four.npy", image)
    arguments = ["palette", "four.npy", "--alpha", "no", "-k", 4]
    assert run(capsys, *arguments, "-o", "four.fkq")[0] == 0
    written = fastkq.load("four.fkq")
    assert (written.has_alpha, written.palette.tolist()) == (
        False,
        fastkq.fit_palette(image, 4, alpha=False).tolist(),
    )
    for name in ("four.json", "four.png"):
        code, _, errors = run(capsys, *arguments, "-o", name)
        assert (code, "with 4 channels, the last of which is no alpha: save as .fkq" in errors) == (1, True)
    assert (
        "or 4 channels for --alpha yes, got"
        in run(capsys, "palette", "a.png", "--alpha", "yes", "-o", "a.gpl")[2]
    )


def test_the_image_at_fault_is_named(images, capsys):
    np.save("deep.npy", images[1].astype(np.uint16))
    np.save("nan.npy", np.full((3, 3), np.nan))
    for name, fault in (("deep.npy", "images of one kind"), ("nan.npy", "an image of finite values")):
        code, _, errors = run(capsys, "palette", "a.png", name, "b.png", "-k", 4, "-o", "x.gpl")
        assert (code, errors.startswith(f"fastkq: {name}: expected {fault}")) == (1, True)
    errors = run(capsys, "palette", "a.png", "b.png", "-k", 4, "--bits", "5,6", "-o", "x.gpl")[2]
    assert errors.startswith("fastkq: expected --bits")


def test_floats_have_a_range_of_values(images, capsys):
    np.save("floats.npy", images[0] / 255)
    arguments = ["palette", "floats.npy", "-k", 4, "--space", "oklab"]
    assert "expected --value-range" in run(capsys, *arguments, "-o", "a.fkq")[2]
    arguments += ["--value-range", 0, 1]
    expected = fastkq.fit_palette(images[0] / 255, 4, space="oklab", value_range=(0, 1))
    assert run(capsys, *arguments, "-o", "a.fkq")[0] == run(capsys, *arguments, "-o", "a.gpl")[0] == 0
    np.testing.assert_array_equal(fastkq.load("a.fkq").palette, expected)
    np.testing.assert_array_equal(read_palette("a.gpl"), np.rint(expected * 255))
    advice = run(capsys, "palette", "floats.npy", "-k", 4, "-o", "b.gpl")[2]
    assert "with 3 channels: reduce it with --value-range BLACK WHITE, or save as .fkq" in advice


def test_images_come_from_folders_patterns_and_standard_input(images, capsys, monkeypatch):
    Path("deep/er").mkdir(parents=True)
    Path("a.png").rename("deep/a.png")
    Path("b.png").rename("deep/er/b.png")
    Path("deep/notes.txt").write_text("no image")
    expected = fastkq.fit_palette(images, 7).tolist()
    for name in ("deep", "deep/**/*.png"):
        assert run(capsys, "palette", name, "-r", "-k", 7, "-o", "out.hex", "--force")[0] == 0
        assert read_palette("out.hex").tolist() == expected
    piped = io.TextIOWrapper(io.BytesIO(Path("deep/a.png").read_bytes()))
    monkeypatch.setattr(sys, "stdin", piped)
    assert run(capsys, "palette", "-", "-k", 7, "-o", "out.hex", "--force")[0] == 0
    assert read_palette("out.hex").tolist() == fastkq.fit_palette(images[0], 7).tolist()


def test_dry_run_writes_nothing(capsys):
    expected = "a.png -> c.gpl: to be written\nb.png -> c.gpl: to be written\n"
    assert run(capsys, "palette", "a.png", "b.png", "-n", "-o", "c.gpl") == (0, expected, "")
    assert files() == ["a.png", "b.png"]


def test_16_bits_are_written_as_fkq_or_reduced(capsys):
    deep = noise(9, 9).astype(np.uint16) * 257
    Image.fromarray(deep).save("deep.png")
    code, _, errors = run(capsys, "palette", "deep.png", "-k", 4, "-o", "x.gpl")
    assert (code, errors.count("\n"), Path("x.gpl").exists()) == (1, 1, False)
    assert "got uint16 with 1 channels: reduce it with --depth 8, or save as .fkq" in errors
    assert run(capsys, "palette", "deep.png", "-k", 4, "-o", "x.fkq")[0] == 0
    assert read_palette("x.fkq").tolist() == fastkq.fit_palette(deep, 4).tolist()
    assert run(capsys, "palette", "deep.png", "-k", 4, "-o", "x.gpl", "--depth", 8)[0] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            "a.png -o a.txt",
            "expected an output that ends in .gpl, .hex, .pal, .act, .json, .png, .fkq, got 'a.t",
        ),
        ("a.png -o nowhere/a.gpl", "nowhere: No such file or directory"),
        ("a.png -o old.gpl", "old.gpl exists already; --force replaces it"),
        ("*.png -o a.png --force", "expected an output other than the input, got 'a.png' for both"),
        ("c.png -o a.gpl", "c.png: No such file or directory"),
        (". -o a.gpl", ".: Is a directory; -r takes the files in it"),
        ("*.jpg -o a.gpl", "expected files to read (.avif"),
        ("- a.png -o a.gpl", "expected - (standard input) alone, got 2 inputs"),
        ("- -o a.gpl", "expected standard input to be a file or a pipe"),
        ("a.png -o a.gpl --min-share 0.1", "expected --max-error with --min-share, got --min-share alone"),
        ("a.png -o a.gpl --fixed red --fixed #f00", "expected --fixed colors that differ"),
        (
            "a.png -o a.gpl -k 1 --fixed red --fixed blue",
            "expected -k to be at least 2, the number of --fixed",
        ),
    ],
)
def test_conflicts_are_refused_before_any_work(capsys, monkeypatch, options, message):
    on_a_terminal(monkeypatch)
    monkeypatch.setattr(sys, "stdin", sys.stdout)
    monkeypatch.setattr("fastkq.api.palettes.fit_palette", lambda *_, **__: pytest.fail("it began"))
    Path("old.gpl").write_bytes(b"old")
    code, output, errors = run(capsys, "palette", *options.split())
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert message in errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("damaged.png", "damaged.png: expected an image file"),
        (
            "a.png deep.png",
            "expected images of one kind, got uint8 with 3 channels and uint16 with 1 channel",
        ),
        ("a.png -k 2 --max-error 1", "-k "),
        ("a.png --fixed #0008", "expected opaque colors for .gpl, got others"),
    ],
)
def test_a_failure_leaves_the_old_file(capsys, options, message):
    Path("damaged.png").write_bytes(Path("a.png").read_bytes()[:200])
    Image.fromarray(noise(4, 4).astype(np.uint16)).save("deep.png")
    Path("out.gpl").write_bytes(b"old")
    code, output, errors = run(capsys, "palette", *options.split(), "-o", "out.gpl", "--force")
    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert message in errors
    assert Path("out.gpl").read_bytes() == b"old"


def test_inline_colors_of_the_command(images, capsys):
    assert run(capsys, "compress", "a.png", "--palette", "#000,#fff,red,rgb(0,0,255)", "-o", "a.fkq")[0] == 0
    colors = [[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 0, 255]]
    assert fastkq.load("a.fkq") == fastkq.apply_palette(images[0], colors)
    Path("red").write_bytes(Path("a.fkq").read_bytes())  # a file of that name comes first
    assert run(capsys, "compress", "b.png", "--palette", "red", "-o", "b.fkq")[0] == 0
    assert fastkq.load("b.fkq").palette.tolist() == colors


@pytest.mark.parametrize(
    ("palette", "message"),
    [
        (
            "#000,no-color",
            "expected --palette to be colors such as '#ff8000', '#ff8000ff' or 'orange', or a file",
        ),
        ("nowhere.gpl", "nowhere.gpl: No such file or directory"),
        ("bad.gpl", "bad.gpl: line 2: expected R, G and B from 0 to 255, got '1 2'"),
        ("a.png", "a.png: expected a .fkq file or an image with a palette"),
    ],
)
def test_palettes_that_cannot_be_read_are_refused_before_any_work(capsys, palette, message):
    Path("bad.gpl").write_bytes(b"GIMP Palette\n1 2\n")
    code, output, errors = run(capsys, "compress", "a.png", "-o", "x.png", "--palette", palette)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert message in errors


def test_the_best_of_given_colors_are_chosen(images, capsys):
    names = "#000,#fff,red,#0a0,blue,#a98,#345"
    colors = [
        [0, 0, 0],
        [255, 255, 255],
        [255, 0, 0],
        [0, 170, 0],
        [0, 0, 255],
        [170, 153, 136],
        [51, 68, 85],
    ]
    assert run(capsys, "palette", "a.png", "b.png", "--palette", names, "-k", 3, "-o", "best.gpl")[0] == 0
    chosen = fastkq.fit_palette(images, 3, palette=colors)
    np.testing.assert_array_equal(read_palette("best.gpl"), chosen)
    assert run(capsys, "compress", "a.png", "--palette", names, "-k", 3, "-o", "a.fkq")[0] == 0
    assert fastkq.load("a.fkq") == fastkq.compress(images[0], 3, palette=colors)
    code, _, errors = run(capsys, "palette", "a.png", "--palette", names, "--fixed", "red", "-o", "x.gpl")
    assert (code, errors) == (2, "fastkq: expected --palette without --fixed, got both\n")
