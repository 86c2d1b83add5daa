"""`fastkq compare`."""

import io
import json
import sys
import webbrowser

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.compare.comparison import Original, compare
from tests.compare.html.document import Parsed, embedded
from tests.helpers.command_line import run
from tests.helpers.images import noise, read_image


@pytest.fixture
def photo(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.fromarray(noise(12, 16, 3)).save("photo.png")
    return tmp_path / "photo.png"


def written(folder):
    return {path.name for path in folder.iterdir()} - {"photo.png"}


def test_a_sheet_and_a_page_are_written_beside_the_table(photo, capsys):
    arguments = ["compare", "photo.png", "-k", "2,5", "-o", "sheet.png", "--html", "page.html"]
    code, output, errors = run(capsys, *arguments)
    assert (code, errors) == (0, "")
    assert [line.split()[0] for line in output.splitlines()] == ["k", "2", "5"]
    assert written(photo.parent) == {"sheet.png", "page.html"}
    assert (photo.parent / "page.html").read_text("utf-8").startswith("<!doctype html>")
    with Image.open("sheet.png") as sheet:
        assert sheet.size[0] > 900


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--preset visual --dither", "expected --preset without --dither, got both"),
        ("--preset visual --space oklab", "expected --preset without --space, got both"),
        ("--dither-method blue-noise", "expected --dither with --dither-method, got --dither-method alone"),
    ],
)
def test_conflicting_options_are_refused_before_any_work(photo, capsys, options, message):
    expected = (2, "", f"fastkq: {message}\n")
    assert run(capsys, "compare", "nowhere.png", *options.split()) == expected


@pytest.mark.parametrize(("name", "magic"), [("a.PDF", b"%PDF"), ("a.svg", b"<?xml")])
def test_a_sheet_has_the_format_of_its_suffix(photo, capsys, name, magic):
    assert run(capsys, "compare", "photo.png", "-k", "2", "-o", name)[0] == 0
    assert (photo.parent / name).read_bytes().startswith(magic)


@pytest.mark.parametrize(
    ("channels", "dtype", "options"),
    [
        (2, np.uint8, ["--alpha", "no"]),
        (4, np.uint8, ["--alpha", "no"]),
        (5, np.uint8, []),
        (2, np.float32, []),
        (4, np.int16, []),
    ],
)
def test_channels_that_are_no_colors_are_shown_by_the_first(photo, capsys, channels, dtype, options):
    image = noise(9, 13, channels)
    image[0, 0], image[0, 1], image[:, :, 3:] = 0, 255, image[:, :, 3:] // 2
    np.save("image.npy", image.astype(dtype))
    arguments = ["compare", "image.npy", "-k", "300", "-o", "sheet.png", "--html", "page.html", *options]
    assert run(capsys, *arguments)[0] == 0
    document = Parsed((photo.parent / "page.html").read_text("utf-8"))
    first = image[:, :, : 3 if channels > 2 else 1]
    for picture in document.all("img"):
        assert (read_image(embedded(picture)).reshape(9, 13, -1) == first).all()
    assert f"{channels} channels" in document.all("p")[0][2] or dtype == np.float32
    with Image.open("sheet.png") as sheet:
        shown = np.asarray(sheet.convert("RGB"))[16 : 16 + 9 * 27 : 27, 16 : 16 + 13 * 27 : 27]
    assert (shown == first).all()


def test_each_k_is_compared_once_in_the_order_given(photo, capsys):
    _, output, _ = run(capsys, "compare", "photo.png", "-k", "5,2,5")
    assert [line.split()[0] for line in output.splitlines()] == ["k", "5", "2"]


def test_json_has_one_line_per_k(photo, capsys):
    code, output, errors = run(capsys, "compare", "photo.png", "-k", "2,256", "--json", "--html", "page.html")
    assert (code, errors) == (0, "")
    original = Original.read(photo)
    for line, row in zip(output.splitlines(), compare(original.pixels, [2, 256]), strict=True):
        expected = {"input": "photo.png", "source_bytes": original.nbytes, **row.as_json()}
        assert json.loads(line) | {"milliseconds": 0} == expected | {"milliseconds": 0}


@pytest.mark.parametrize(
    "options",
    [
        {"effort": "fast", "space": "oklab", "dither": 0.5},
        {"dither": 1.0, "dither_method": "blue-noise"},
        {"preset": "visual"},
    ],
)
def test_options_of_compress_are_passed_on(photo, capsys, options):
    spelled = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", value)]
    _, output, _ = run(capsys, "compare", "photo.png", "-k", "8", "--json", *spelled)
    assert json.loads(output)["fkq_bytes"] == len(fastkq.compress("photo.png", 8, **options).to_bytes())


def test_fkq_files_and_standard_input_are_compared_too(photo, capsys, monkeypatch):
    compressed = fastkq.compress(photo, 20)
    compressed.save("photo.fkq")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(photo.read_bytes())))
    for name, pixels in (("photo.fkq", compressed.decompress()), ("-", np.asarray(Image.open(photo)))):
        code, output, errors = run(capsys, "compare", name, "-k", "8", "--json")
        assert (code, errors) == (0, "")
        assert json.loads(output)["fkq_bytes"] == len(fastkq.compress(pixels, 8).to_bytes())


def test_terminal_shows_progress_with_tqdm(photo, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert "| 0/2 [" in run(capsys, "compare", "photo.png", "-k", "2,3")[2]
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert run(capsys, "compare", "photo.png", "-k", "2,3")[::2] == (0, "")


def test_open_shows_the_page_in_the_browser(photo, capsys, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) or True)
    run(capsys, "compare", "photo.png", "-k", "2", "--html", "my page.html")
    assert opened == []
    again = ["compare", "photo.png", "-k", "2", "--html", "my page.html", "--open", "--force"]
    assert run(capsys, *again)[2] == ""
    assert opened == [(photo.parent / "my page.html").as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda address: False)
    code, _, errors = run(capsys, *again)
    assert (code, errors) == (0, "fastkq: no browser could be opened; the page is my page.html\n")


def test_unwritable_folder_is_refused_before_the_work(photo, capsys, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: path != photo.parent.resolve())
    code, output, errors = run(capsys, "compare", "photo.png", "--html", "page.html")
    assert (code != 0, output) == (True, "")
    assert "Permission denied" in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--open"], "expected --html PAGE with --open"),
        (["-o", "sheet.jpg"], "expected an output that ends in .png, .pdf, .svg, got 'sheet.jpg'"),
        (["--html", "page.png"], "expected an output that ends in .html, .htm, got 'page.png'"),
        (["-o", "photo.png"], "expected an output other than the input, got 'photo.png' for both"),
        (["-o", "there.png"], "there.png exists already; --force replaces it"),
        (["--html", "there.html"], "there.html exists already; --force replaces it"),
        (["--html", "nowhere/page.html"], "nowhere: No such file or directory"),
    ],
)
def test_invalid_outputs_are_refused_before_the_work(photo, capsys, arguments, message):
    (photo.parent / "there.png").write_bytes(b"old")
    (photo.parent / "there.html").write_bytes(b"old")
    code, output, errors = run(capsys, "compare", "photo.png", *arguments)
    assert (code, output) == (2, "")
    assert message in errors
    assert (photo.parent / "there.png").read_bytes() == (photo.parent / "there.html").read_bytes() == b"old"
    assert written(photo.parent) == {"there.png", "there.html"}


def test_without_matplotlib_a_sheet_is_refused_before_the_work(photo, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.delitem(sys.modules, "fastkq.compare.sheet", raising=False)
    code, output, errors = run(capsys, "compare", "photo.png", "-o", "sheet.png")
    assert (code, output) == (1, "")
    assert "from a clone, pip install '.[report]'" in errors
    assert run(capsys, "compare", "photo.png", "-k", "2", "--html", "page.html")[0] == 0
