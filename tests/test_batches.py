"""One command for many files."""

import json
import signal
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from tests.conftest import noise, photograph_like
from tests.test_cli import run


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def images(*names):
    for seed, name in enumerate(names):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(12, 16, 3, seed=seed)).save(name)


def files(below="."):
    return sorted(str(path) for path in Path(below).rglob("*") if path.is_file() and not path.is_symlink())


def test_each_output_is_beside_its_input(capsys):
    images("a.png", "b/c d.png", "b/ü.png")
    code, output, _ = run(capsys, "compress", "b/ü.png", "a.png", "b/c d.png", "-k", 4)
    assert code == 0
    assert [line.split(": ")[0] for line in output.splitlines()] == [
        "b/ü.png -> b/ü.fkq",
        "a.png -> a.fkq",
        "b/c d.png -> b/c d.fkq",
    ]
    for name in ("a", "b/c d", "b/ü"):
        assert fastkq.load(f"{name}.fkq") == fastkq.compress(f"{name}.png", 4)


@pytest.mark.parametrize("output", ["out/", "there"])
def test_a_folder_takes_the_outputs(capsys, output):
    images("a.png", "b/c.png")
    Path("there").mkdir()
    assert run(capsys, "compress", "a.png", "b/c.png", "-o", output, "--format", "gif", "-k", 4)[0] == 0
    assert files(output) == [str(Path(output, "a.gif")), str(Path(output, "c.gif"))]
    assert run(capsys, "compress", "a.png", "-o", output, "-k", 4)[0] == 0
    assert Path(output, "a.fkq").exists()


def test_a_folder_is_taken_whole_with_r_and_its_tree_is_kept(capsys):
    images("in/z.png", "in/a.JPG", "in/b/c/d.webp", "in/.hidden.png", "in/.git/x.png", "in/e.png/f.png")
    Path("in/notes.txt").write_text("no image")
    Path("in/b/round").symlink_to("../..", target_is_directory=True)
    code, output, _ = run(capsys, "compress", "in", "-r", "-o", "out", "-k", 4)
    assert code == 0
    assert [line.split(" -> ")[0] for line in output.splitlines()] == [
        "in/a.JPG",
        "in/z.png",
        "in/b/c/d.webp",
        "in/e.png/f.png",
    ]
    assert files("out") == ["out/a.fkq", "out/b/c/d.fkq", "out/e.png/f.fkq", "out/z.fkq"]


def test_outputs_are_not_read_again(capsys):
    images("a.png", "b/c.png")
    for these in (".", ".", "*", "**/*"):
        command = ["compress", these, "-r", "-o", "out", "--format", "png", "-k", 4, "--force"]
        assert run(capsys, *command)[0] == 0
        assert files("out") == ["out/a.png", "out/b/c.png"]
    for _ in range(2):
        command = ["compress", "[ab]*", "--suffix", "-small", "--format", "png", "-k", 4, "--force"]
        assert run(capsys, *command)[0] == 0
        assert [name for name in files() if "small" in name] == ["a-small.png"]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        (["in/*.png"], ["a", "b"]),
        (["in/*"], ["a", "b", "d"]),
        (["in/[!a].png"], ["b"]),
        (["*/*/*.png"], ["in/c/a", "in/c/e"]),
        (["in/*/?.png", "in/*.png"], ["c/a", "c/e", "a", "b"]),
        (["in/*", "-r"], ["a", "b", "c/a", "c/e", "d"]),
        (["in/**/a.*", "-r"], ["a", "c/a"]),
        (["**/c/*", "-r"], ["in/c/a", "in/c/e"]),
        (["in/**", "-r"], ["a", "b", "d", "c/a", "c/e"]),
    ],
)
def test_a_quoted_pattern_stands_for_the_images_that_match(capsys, pattern, expected):
    images("in/b.png", "in/a.png", "in/d.gif", "in/c/e.png", "in/c/a.png")
    Path("in/notes.txt").write_text("no image")
    Path("in/c/round").symlink_to("..", target_is_directory=True)
    _, output, errors = run(capsys, "compress", *pattern, "-o", "out/", "--dry-run")
    assert [line.split(" -> ")[1] for line in output.splitlines()] == [f"out/{x}.fkq" for x in expected], (
        errors
    )


def test_a_name_that_looks_like_a_pattern_or_an_option_is_a_name_where_there_is_such_a_file(capsys):
    images("a[1].png", "a1.png", "-k.png")
    assert run(capsys, "compress", "a[1].png", "-k", 4)[0] == 0
    assert run(capsys, "compress", "-k", 4, "--", "-k.png")[0] == 0
    assert sorted(Path().glob("*.fkq")) == [Path("-k.fkq"), Path("a[1].fkq")]


def test_a_file_that_is_meant_twice_is_read_once(capsys):
    images("in/a.png")
    _, output, _ = run(capsys, "compress", "in/a.png", "./in/../in/a.png", "in/*.png", "in", "-r", "-k", 4)
    assert output.count("\n") == 1


def refused(capsys, *arguments):
    before = files()
    code, output, errors = run(capsys, "compress", *arguments)
    assert (code, output, errors.count("\n"), files()) == (1, "", 1, before)
    return errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.png", "nowhere.png"], "nowhere.png: No such file or directory"),
        (["a.png", "in"], "in: Is a directory; -r takes what is in it"),
        (["in/**"], "expected -r with the ** of 'in/**', got none"),
        (["*.qoi"], "expected files to read (.avif, .bmp, "),
        (["empty", "-r"], "), got none from 'empty'"),
        (["a.png", "a.gif"], "expected an output for each input, got 'a.fkq' for both a.png and a.gif"),
        (["in", "a.png", "-r", "-o", "out"], "got 'out/a.fkq' for both in/a.png and a.png"),
        (
            ["a.png", "in/a.png", "-o", "x.fkq"],
            "expected a folder for what comes of 2 files, got the file 'x.fkq'",
        ),
        (
            ["a.png", "in/a.png", "-o", "notes"],
            "expected a folder for what comes of 2 files, got the file 'notes'",
        ),
        (["in/a.png", "-o", "notes/"], "expected a folder for what comes of 1 files, got the file 'notes/'"),
        (
            ["a.png", "in/b.png"],
            "1 of 2 outputs exist already, the first is in/b.fkq; --force replaces them, ",
        ),
        (["a.png", "a.gif", "--format", "gif", "--force"], "expected an output other than the input, got"),
        (["a.png", "--suffix", "/x"], "expected a --suffix within a file's name, got '/x'"),
        (["a.png", "--suffix", "-x", "-o", "b.fkq"], "expected a folder for outputs with a --suffix, got"),
        (["a.png", "--format", "gif", "-o", "b.fkq"], "expected an output that ends in .gif, got 'b.fkq'"),
        (["a.png", "in/a.png", "-o", "-"], "expected one input for standard output, got 2"),
        (["a.png", "-o", "-", "--json"], "expected -o OUT with --json, got standard output for both"),
        (["-", "a.png"], "expected - (standard input) alone, got 2 inputs"),
        (["-", "-o", "in"], "expected a file for standard input, got the folder 'in'"),
        (["-", "-o", "in/b.fkq"], "in/b.fkq exists already; --force replaces it"),
    ],
)
def test_what_does_not_go_together_is_refused_before_any_work(capsys, monkeypatch, arguments, message):
    monkeypatch.setattr("fastkq.pipeline.compress", lambda *_, **__: pytest.fail("it compressed"))
    images("a.png", "a.gif", "in/a.png", "in/b.png")
    Path("in/b.fkq").write_bytes(b"there already")
    Path("notes").write_text("no folder")
    Path("empty").mkdir()
    assert message in refused(capsys, *arguments)


def test_what_exists_is_skipped_when_it_is_to_be(capsys):
    images("a.png", "b.png", "c.png")
    Path("b.fkq").write_bytes(b"as it was")
    code, output, errors = run(capsys, "compress", "*.png", "-k", 4, "--skip-existing")
    assert (code, Path("b.fkq").read_bytes()) == (0, b"as it was")
    assert output.splitlines()[1] == "b.png: skipped, b.fkq exists already"
    assert errors == "fastkq: 2 written, 1 skipped\n"


def test_what_would_be_larger_than_its_source_is_skipped_when_it_is_to_be(capsys):
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (64, 1))).save("ramp.png", optimize=True)
    Image.fromarray(noise(40, 40, 3)).save("noise.bmp")
    options = [
        "--format",
        "png",
        "--suffix",
        "-s",
        "--skip-if-larger",
        "-k",
        64,
        "--dither",
        "--fixed",
        "red",
    ]
    code, output, errors = run(capsys, "compress", "noise.bmp", "ramp.png", *options[:-2])
    assert (code, errors) == (0, "fastkq: 1 written, 1 skipped\n")
    assert output.splitlines()[1].startswith("ramp.png: skipped, it would have ")
    assert files() == ["noise-s.png", "noise.bmp", "ramp.png"]


def broken(*names):
    for name in names:
        Path(name).write_text("no image")


def test_the_first_failure_stops_and_what_was_written_stays(capsys):
    images("a.png", "c.png", "d.png")
    broken("b.png")
    code, output, errors = run(capsys, "compress", "*.png", "-k", 4, "--jobs", 1)
    assert (code, output.count("\n")) == (1, 1)
    first, summary = errors.splitlines()
    assert first.startswith("fastkq: b.png: expected an image file")
    assert summary.startswith("fastkq: 1 written, 1 failed, ")
    assert Path("a.fkq").exists()


def test_the_others_are_done_when_it_is_to_keep_going(capsys):
    images("a.png", "c.png", "in/d.png")
    broken("b.png", "e.png")
    names = ["a.png", "b.png", "c.png", "e.png", "in", "nowhere.png"]
    code, output, errors = run(capsys, "compress", *names, "-k", 4, "--keep-going", "--jobs", 2)
    assert (code, output.count("\n")) == (1, 2)
    assert [line.split(": ")[1] for line in errors.splitlines()[:-1]] == [
        "b.png",
        "e.png",
        "in",
        "nowhere.png",
    ]
    assert errors.splitlines()[-1] == "fastkq: 2 written, 4 failed"
    assert files(".") == ["a.fkq", "a.png", "b.png", "c.fkq", "c.png", "e.png", "in/d.png"]


def test_a_failure_names_its_file_even_where_the_reason_does_not(capsys, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    images("a.png", "b.png")
    monkeypatch.setattr("fastkq.pipeline.compress", fail)
    _, _, errors = run(capsys, "compress", "*.png", "--keep-going")
    assert errors.startswith("fastkq: a.png: expected enough memory for the image, got too little\n")


def test_an_output_that_appears_meanwhile_is_not_replaced(capsys, monkeypatch):
    def compress(*arguments, **options):
        Path("a.fkq").write_bytes(b"someone else's")
        return fastkq.apply_palette(noise(12, 16, 3), noise(2, 3))

    images("a.png")
    monkeypatch.setattr("fastkq.pipeline.compress", compress)
    code, _, errors = run(capsys, "compress", "a.png")
    assert (code, errors) == (1, "fastkq: a.fkq exists already; --force replaces it\n")
    assert Path("a.fkq").read_bytes() == b"someone else's"


def test_neither_bytes_nor_lines_depend_on_the_jobs(capsys):
    for seed in range(7):
        Image.fromarray(photograph_like(30 + 40 * (seed % 3), 50, seed)).save(f"{seed}.png")
    told = {}
    for jobs in (1, 2, 5):
        code, output, _ = run(capsys, "compress", "*.png", "-k", 9, "-o", f"{jobs}/", "--jobs", jobs)
        told[jobs] = (
            code,
            output.replace(f"{jobs}/", ""),
            [Path(name).read_bytes() for name in files(str(jobs))],
        )
    assert told[1] == told[2] == told[5]
    assert len(told[1][2]) == 7


def test_a_dry_run_says_what_would_be_done_and_does_nothing(capsys, monkeypatch):
    monkeypatch.setattr("fastkq.pipeline.compress", lambda *_, **__: pytest.fail("it compressed"))
    images("in/a.png", "in/b.png")
    Path("in/b.fkq").write_bytes(b"there already")
    before = files()
    code, output, errors = run(capsys, "compress", "in", "-r", "--skip-existing", "-n")
    assert output == "in/a.png -> in/a.fkq\nin/b.png: skipped, in/b.fkq exists already\n"
    assert (code, errors) == (0, "fastkq: 1 to be written, 1 skipped\n")
    assert run(capsys, "compress", "in", "-r", "-o", "out/", "--dry-run")[0] == 0
    assert files() == before
    assert not Path("out").exists()


def test_json_is_an_object_on_a_line_for_each_file(capsys):
    Image.fromarray(photograph_like(40, 50)).save("a.png")
    Image.new("RGB", (9, 9)).save("c.png")
    broken("b.png")
    options = ["--json", "--keep-going", "-o", "out/"]
    code, output, _ = run(capsys, "compress", "a.png", "b.png", "c.png", "-k", 9, *options)
    a, b, c = map(json.loads, output.splitlines())
    image = fastkq.load("out/a.fkq")
    assert code == 1
    assert a.pop("seconds") > 0
    assert a == {
        "input": "a.png",
        "output": str(Path("out/a.fkq")),
        "status": "written",
        "reason": None,
        "bytes_before": Path("a.png").stat().st_size,
        "bytes_after": Path("out/a.fkq").stat().st_size,
        "k": 9,
        "psnr": image.report(photograph_like(40, 50)).psnr,
    }
    assert (b["status"], b["bytes_after"], b["k"]) == ("failed", None, None)
    assert b["reason"].startswith("b.png: expected an image file")
    assert (c["status"], c["k"], c["psnr"]) == ("written", 1, None)
    code, output, _ = run(capsys, "decompress", "out", "-r", "--json", "--skip-existing", "--dry-run")
    assert [json.loads(line)["status"] for line in output.splitlines()] == ["planned", "planned"]


def test_quiet_says_only_what_went_wrong(capsys):
    images("a.png", "b.png")
    assert run(capsys, "compress", "*.png", "-k", 300, "--quiet") == (0, "", "")
    broken("c.png")
    code, output, errors = run(capsys, "compress", "*.png", "-o", "out/", "-q", "--keep-going")
    assert (code, output) == (1, "")
    assert errors.endswith("fastkq: 2 written, 1 failed\n")


def test_decompress_takes_several_fkq_files(capsys):
    images("in/a.png", "in/b/c.png")
    run(capsys, "compress", "in", "-r", "-k", 4)
    code, output, errors = run(capsys, "decompress", "in", "-r", "-o", "back", "--format", "tif")
    assert (code, errors) == (0, "fastkq: 2 written\n")
    assert output == (
        "in/a.fkq -> back/a.tif: 16 x 12 pixels, 4 colours\n"
        "in/b/c.fkq -> back/b/c.tif: 16 x 12 pixels, 4 colours\n"
    )
    for name in ("a", "b/c"):
        assert fastkq.load(f"back/{name}.tif").shape == (12, 16, 3)


def on_a_terminal(monkeypatch):
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)


def test_there_is_a_progress_bar_for_several_files_on_a_terminal_that_has_tqdm(capsys, monkeypatch):
    images("a.png", "b.png")
    on_a_terminal(monkeypatch)
    command = ["compress", "*.png", "-k", 4, "--force"]
    _, output, errors = run(capsys, *command)
    assert "0/2" in errors
    assert output.count("\n") == 2
    assert errors.endswith("fastkq: 2 written\n")
    assert "0/1" not in run(capsys, "compress", "a.png", "-k", 4, "--force")[2]
    assert run(capsys, *command, "--quiet")[2] == ""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    assert run(capsys, *command)[::2] == (0, "fastkq: 2 written\n")


def test_elsewhere_there_is_no_progress_bar(capsys):
    images("a.png", "b.png")
    assert run(capsys, "compress", "*.png", "-k", 4)[2] == "fastkq: 2 written\n"


def test_no_terminal_is_given_bytes(capsys, monkeypatch):
    images("a.png")
    on_a_terminal(monkeypatch)
    expected = "fastkq: expected standard output to be a file or a pipe, got a terminal: -o OUT\n"
    for arguments in (["a.png", "-o", "-"], ["-"]):
        assert run(capsys, "compress", *arguments) == (1, "", expected)


def piped(data, *arguments):
    program = [sys.executable, "-m", "fastkq", *arguments]
    return subprocess.run(program, input=data, capture_output=True, check=True)


def test_standard_input_and_output_are_a_file_each():
    images("a.png")
    compressed = piped(Path("a.png").read_bytes(), "compress", "-", "-k", "5")
    assert compressed.stdout == fastkq.compress("a.png", 5).to_bytes()
    assert compressed.stderr == b""
    picture = piped(compressed.stdout, "decompress", "-", "--format", "webp")
    Path("a.webp").write_bytes(picture.stdout)
    with Image.open("a.webp") as image:
        np.testing.assert_array_equal(np.asarray(image), fastkq.decompress(compressed.stdout))


def given(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(data)))


def test_info_tells_what_standard_input_holds(capsys, monkeypatch):
    data = fastkq.compress(noise(12, 16, 3), 5).to_bytes()
    given(monkeypatch, data)
    code, output, _ = run(capsys, "info", "-", "--json")
    assert (code, json.loads(output)["file"], json.loads(output)["bytes"]) == (0, "-", len(data))


@pytest.mark.parametrize("name", ["compress", "decompress", "info"])
def test_what_is_no_image_on_standard_input_is_one_line_of_error(capsys, monkeypatch, name):
    given(monkeypatch, b"text")
    code, output, errors = run(capsys, name, "-")
    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert errors.startswith("fastkq: -: expected an image file")


INTERRUPTED = """
import os, signal, sys, time
import fastkq.pipeline
from fastkq import cli

compress, calls, at = fastkq.pipeline.compress, [], int(sys.argv[1])
def interrupted(*arguments, **options):
    calls.append(1)
    if len(calls) == at:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    return compress(*arguments, **options)
fastkq.pipeline.compress = interrupted
sys.exit(cli.main(["compress", "*.png", "-k", "4", "-o", "out/", "--jobs", sys.argv[2]]))
"""


@pytest.mark.parametrize(("at", "jobs"), [(3, 1), (5, 2)])
def test_an_interrupt_leaves_whole_files_and_says_how_many(at, jobs):
    images(*(f"{number:02}.png" for number in range(30)))
    program = [sys.executable, "-c", INTERRUPTED, str(at), str(jobs)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    written = files("out")
    assert done.returncode == 130
    assert done.stderr == f"fastkq: interrupted: {len(written)} of 30 files written\n"
    assert done.stdout.count("\n") == len(written)
    assert len(written) == at - 1 if jobs == 1 else 4 <= len(written) < 30
    for name in written:
        assert Path(name).suffix == ".fkq"
        assert fastkq.load(name).k == 4


def test_ctrl_c_ends_a_command_that_runs():
    images(*(f"{number:03}.png" for number in range(400)))
    program = [sys.executable, "-m", "fastkq", "compress", "*.png", "-o", "out/", "--jobs", "2"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    written = files("out")
    assert (process.returncode, errors) == (
        130,
        f"fastkq: interrupted: {len(written)} of 400 files written\n",
    )
    assert 0 < len(written) < 400
    assert all(fastkq.load(name).k == 64 for name in written)


STUCK = """
import sys, time
import fastkq.pipeline
from fastkq import cli

def stuck(*arguments, **options):
    print("stuck", flush=True)
    time.sleep(600)
fastkq.pipeline.compress = stuck
sys.exit(cli.main(["compress", "a.png"]))
"""


def test_a_second_ctrl_c_does_not_wait_for_what_is_under_way():
    images("a.png")
    with subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    assert files() == ["a.png"]


def test_an_output_folder_that_cannot_be_made_is_one_line_of_error(capsys):
    images("a.png")
    Path("file").write_text("no folder")
    code, _, errors = run(capsys, "compress", "a.png", "-o", "file/out/")
    assert (code, errors.count("\n")) == (1, 1)
    assert errors.startswith("fastkq: file")
