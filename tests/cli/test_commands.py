"""`fastkq compress`, `decompress`, `info` and `compare` on single files, and their errors."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from tests.helpers.command_line import run
from tests.helpers.images import noise


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noise(24, 32, 3)).save("photo.png")
    return tmp_path / "photo.png"


def test_compress_writes_beside_the_input(photo, capsys):
    code, output, errors = run(capsys, "compress", "photo.png", "-k", 5)
    assert (code, errors) == (0, "")
    assert output.startswith("photo.png -> photo.fkq: 2,")
    assert ", 5 colors, PSNR " in output
    assert fastkq.load("photo.fkq") == fastkq.compress(photo, 5)


def test_compress_takes_64_colors_by_default(photo, capsys):
    assert run(capsys, "compress", "photo.png")[0] == 0
    assert fastkq.load("photo.fkq").k == 64


@pytest.mark.parametrize(("options", "version"), [([], 2), (["--coding", "packed"], 1)])
def test_default_coding_is_context(photo, capsys, options, version):
    code, output, _ = run(capsys, "compress", "photo.png", "-k", 5, *options)
    assert code == 0
    with fastkq.open("photo.fkq") as file:
        assert file.version == version
        assert f"-> {file.nbytes:,} bytes, 5 colors" in output
        assert (file.nbytes == file.load().nbytes) == (version == 1)


def test_compress_writes_png_by_suffix(photo, capsys):
    assert run(capsys, "compress", "photo.png", "-o", "small.png", "-k", 4)[0] == 0
    with Image.open("small.png") as image:
        assert image.mode == "P"


def test_output_larger_than_its_source_is_noted(photo, capsys):
    Image.new("RGB", (64, 64)).save("flat.png")
    code, _, errors = run(capsys, "compress", "flat.png", "-k", 2)
    assert (code, errors) == (0, "")
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (64, 1))).save("ramp.png", optimize=True)
    code, _, errors = run(capsys, "compress", "ramp.png")
    assert code == 0
    size = Path("ramp.fkq").stat().st_size
    assert errors.startswith(f"fastkq: note: ramp.fkq ({size:,} bytes) is larger than its source (")
    assert errors.count("\n") == 1


def test_an_existing_output_needs_force(photo, capsys):
    run(capsys, "compress", "photo.png", "-k", 5)
    before = fastkq.load("photo.fkq")
    code, output, errors = run(capsys, "compress", "photo.png", "-k", 7)
    assert (code, output, errors) == (2, "", "fastkq: photo.fkq exists already; --force replaces it\n")
    assert fastkq.load("photo.fkq") == before
    assert run(capsys, "compress", "photo.png", "-k", 7, "--force")[0] == 0
    assert fastkq.load("photo.fkq").k == 7


def test_the_input_is_never_the_output(photo, capsys):
    before = photo.read_bytes()
    code, _, errors = run(capsys, "compress", "photo.png", "-o", "./photo.png", "--force")
    assert code == 2
    assert "expected an output other than the input" in errors
    assert photo.read_bytes() == before


def test_decompress_restores_the_image(photo, capsys):
    run(capsys, "compress", "photo.png", "-k", 300)
    for name in ("back.png", "back.tif", "back.webp"):
        assert run(capsys, "decompress", "photo.fkq", "-o", name)[0] == 0
        with Image.open(name) as image:
            np.testing.assert_array_equal(np.asarray(image), fastkq.load("photo.fkq").decompress())
    run(capsys, "compress", "photo.png", "-k", 9, "-o", "few.fkq")
    assert run(capsys, "decompress", "few.fkq")[0] == 0
    with Image.open("few.png") as image:
        assert image.mode == "P"


def test_compare_prints_a_table_and_writes_a_sheet(photo, capsys):
    code, output, errors = run(capsys, "compare", "photo.png", "-k", "2,300", "-o", "sheet.png")
    assert (code, errors) == (0, "")
    lines = output.splitlines()
    assert lines[0].split()[:4] == ["k", "bits/pixel", "source", ".fkq"]
    assert [line.split()[0] for line in lines[1:3]] == ["2", "300"]
    with Image.open("sheet.png") as sheet:
        assert sheet.size[0] > 900


def test_compare_without_output_writes_nothing(photo, capsys):
    assert run(capsys, "compare", "photo.png", "-k", "2")[0] == 0
    assert [path.name for path in photo.parent.iterdir()] == ["photo.png"]


def damaged(path):
    compressed = fastkq.compress(noise(9, 9, 3), 4).to_bytes(coding="packed")
    path.write_bytes(compressed[:-3])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compress", "nowhere.png"], "nowhere.png: No such file or directory"),
        (["compress", "."], ".: Is a directory"),
        (["compress", "photo.png", "-o", "photo.xyz"], "expected an output that ends in .fkq, .png"),
        (["compress", "photo.png", "-o", "photo"], ".bmp, or in / for a folder, got 'photo'"),
        (
            ["compress", "photo.png", "-o", "no/folder/out.fkq"],
            "no/folder: No such file or directory; -o no/folder/ creates it",
        ),
        (["decompress", "photo.png"], "expected an input that ends in .fkq, or -o for another output"),
        (["decompress", "nowhere.fkq"], "nowhere.fkq: No such file or directory"),
        (["decompress", "damaged.fkq", "-o", "x.jpg"], "expected an output that ends in .png, .webp"),
        (
            ["compress", "photo.png", "-o", "x.fkq", "--optimize"],
            "the format png with --optimize, got '.fkq'",
        ),
        (["compare", "photo.png", "--open"], "expected --html PAGE with --open"),
    ],
)
def test_usage_errors_are_one_line_and_exit_2(photo, capsys, arguments, message):
    damaged(photo.parent / "damaged.fkq")
    assert_one_line_error(photo.parent, capsys, 2, arguments, message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compress", "text.png"], "text.png: expected an image file"),
        (
            ["compress", "photo.png", "-k", "300", "-o", "out.png"],
            "at most 256 colors for a palette PNG, got 300",
        ),
        (["decompress", "damaged.fkq"], "damaged.fkq: expected 57 bytes by the header, got 54: truncated"),
        (
            ["decompress", "photo.png", "-o", "x.png"],
            "photo.png: expected a .fkq file or an image with a palette, got RGB",
        ),
        (
            ["decompress", "many.fkq", "-o", "x.gif"],
            "at most 256 colors for a palette GIF, got 300: save as",
        ),
        (["info", "damaged.fkq"], "damaged.fkq: expected 57 bytes"),
        (["info", "nowhere"], "nowhere: No such file or directory"),
        (["info", "text.png"], "text.png: expected an image file"),
        (["compare", "text.png"], "text.png: expected an image file"),
    ],
)
def test_file_errors_are_one_line_and_exit_1(photo, capsys, arguments, message):
    (photo.parent / "text.png").write_text("no image")
    damaged(photo.parent / "damaged.fkq")
    fastkq.compress(noise(20, 20, 3), 300).save("many.fkq")
    assert_one_line_error(photo.parent, capsys, 1, arguments, message)


def assert_one_line_error(folder, capsys, expected, arguments, message):
    before = {path.name for path in folder.iterdir()}
    code, output, errors = run(capsys, *arguments)
    assert (code, output) == (expected, "")
    assert errors.startswith("fastkq: ")
    assert message in errors
    assert errors.count("\n") == 1
    assert {path.name for path in folder.iterdir()} == before


def test_file_named_like_an_option_gets_advice(photo, capsys):
    photo.rename("-f.png")
    with pytest.raises(SystemExit):
        run(capsys, "compress", "-f.png", "other.png")
    assert "put ./ before a name that begins with -, or -- before all IN" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (KeyboardInterrupt(), 130, "fastkq: interrupted\n"),
        (MemoryError(), 1, "fastkq: expected enough memory for the image, got too little\n"),
        (
            ZeroDivisionError("a\ndefect"),
            1,
            "fastkq: unexpected ZeroDivisionError: a defect; please report this\n",
        ),
        (OSError(28, "No space left on device", "x.fkq"), 1, "fastkq: x.fkq: No space left on device\n"),
    ],
)
def test_unexpected_errors_have_no_traceback(photo, capsys, monkeypatch, error, code, message):
    def fail(*_, **__):
        raise error

    monkeypatch.setattr("fastkq.api.compress.compress", fail)
    assert run(capsys, "compress", "photo.png") == (code, "", message)


def test_warnings_are_one_line(photo, capsys):
    frames = [Image.new("L", (4, 4), level) for level in (0, 99)]
    frames[0].save("two.gif", save_all=True, append_images=frames[1:])
    code, _, errors = run(capsys, "compress", "two.gif")
    assert code == 0
    assert errors == "fastkq: warning: two.gif: holds several images, the first is read\n"


def command(*arguments, **options):
    program = [sys.executable, "-m", "fastkq", *arguments]
    return subprocess.run(program, capture_output=True, text=True, check=False, **options)


def test_module_runs_the_command(photo):
    assert command("compress", "photo.png", cwd=photo.parent).returncode == 0
    completed = command("compress", "nowhere.png", cwd=photo.parent)
    assert (completed.returncode, completed.stderr) == (2, "fastkq: nowhere.png: No such file or directory\n")
    assert command("--version").stdout == f"fastkq {fastkq.__version__}\n"
    assert "examples:" in command("--help").stdout


def test_broken_pipe_prints_no_error(photo):
    fastkq.compress(noise(80, 80, 3), 5000).save(photo.parent / "many.fkq")
    program = f"{sys.executable} -m fastkq info many.fkq | head -n 1"
    completed = subprocess.run(
        program, shell=True, cwd=photo.parent, capture_output=True, text=True, check=True
    )
    assert completed.stdout == "file            many.fkq\n"
    assert completed.stderr == ""
