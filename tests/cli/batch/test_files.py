"""The files that a command reads, and the path of each output."""

import subprocess
import sys
from pathlib import Path

import pytest

import fastkq
from tests.helpers.command_line import files, run, write_images


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_each_output_is_beside_its_input(capsys):
    write_images("a.png", "b/c d.png", "b/ü.png")
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
def test_outputs_go_into_a_given_folder(capsys, output):
    write_images("a.png", "b/c.png")
    Path("there").mkdir()
    assert run(capsys, "compress", "a.png", "b/c.png", "-o", output, "--format", "gif", "-k", 4)[0] == 0
    assert files(output) == [str(Path(output, "a.gif")), str(Path(output, "c.gif"))]
    assert run(capsys, "compress", "a.png", "-o", output, "-k", 4)[0] == 0
    assert Path(output, "a.fkq").exists()


def test_recursion_keeps_the_tree_of_folders(capsys):
    write_images("in/z.png", "in/a.JPG", "in/b/c/d.webp", "in/.hidden.png", "in/.git/x.png", "in/e.png/f.png")
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


def test_outputs_are_not_taken_as_inputs(capsys):
    write_images("a.png", "b/c.png")
    for pattern in (".", ".", "*", "**/*"):
        command = ["compress", pattern, "-r", "-o", "out", "--format", "png", "-k", 4, "--force"]
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
def test_quoted_patterns_match_images(capsys, pattern, expected):
    write_images("in/b.png", "in/a.png", "in/d.gif", "in/c/e.png", "in/c/a.png")
    Path("in/notes.txt").write_text("no image")
    Path("in/c/round").symlink_to("..", target_is_directory=True)
    _, output, errors = run(capsys, "compress", *pattern, "-o", "out/", "--dry-run")
    assert [line.split(" -> ")[1] for line in output.splitlines()] == [f"out/{x}.fkq" for x in expected], (
        errors
    )


def test_files_may_be_named_like_a_pattern_or_an_option(capsys):
    write_images("a[1].png", "a1.png", "-k.png")
    assert run(capsys, "compress", "a[1].png", "-k", 4)[0] == 0
    assert run(capsys, "compress", "-k", 4, "--", "-k.png")[0] == 0
    assert sorted(Path().glob("*.fkq")) == [Path("-k.fkq"), Path("a[1].fkq")]


def test_file_given_twice_is_read_once(capsys):
    write_images("in/a.png")
    _, output, _ = run(capsys, "compress", "in/a.png", "./in/../in/a.png", "in/*.png", "in", "-r", "-k", 4)
    assert output.count("\n") == 1


def refused(capsys, *arguments):
    before = files()
    code, output, errors = run(capsys, "compress", *arguments)
    assert (code, output, errors.count("\n"), files()) == (2, "", 1, before)
    return errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["a.png", "nowhere.png"], "nowhere.png: No such file or directory"),
        (["a.png", "in"], "in: Is a directory; -r takes the files in it"),
        (["in/**"], "expected -r with the ** of 'in/**', got none"),
        (["*.qoi"], "expected files to read (.avif, .bmp, "),
        (["empty", "-r"], "), got none from 'empty'"),
        (["a.png", "a.gif"], "expected an output for each input, got 'a.fkq' for both a.png and a.gif"),
        (["in", "a.png", "-r", "-o", "out"], "got 'out/a.fkq' for both in/a.png and a.png"),
        (
            ["a.png", "in/a.png", "-o", "x.fkq"],
            "expected a folder for the outputs of 2 files, got the file 'x.fkq'",
        ),
        (
            ["a.png", "in/a.png", "-o", "notes"],
            "expected a folder for the outputs of 2 files, got the file 'notes'",
        ),
        (["in/a.png", "-o", "notes/"], "expected a folder for the outputs of 1 file, got the file 'notes/'"),
        (
            ["a.png", "in/b.png"],
            "1 of 2 outputs exist already, the first is in/b.fkq; --force replaces them, ",
        ),
        (["a.png", "a.gif", "--format", "gif", "--force"], "expected an output other than the input, got"),
        (["a.png", "--suffix", "/x"], "expected a --suffix without path separators, got '/x'"),
        (["a.png", "--suffix", "-x", "-o", "b.fkq"], "expected a folder for outputs with a --suffix, got"),
        (["a.png", "--format", "gif", "-o", "b.fkq"], "expected an output that ends in .gif, got 'b.fkq'"),
        (["a.png", "in/a.png", "-o", "-"], "expected one input for standard output, got 2"),
        (["a.png", "-o", "-", "--json"], "expected -o OUT with --json, got standard output for both"),
        (["-", "a.png"], "expected - (standard input) alone, got 2 inputs"),
        (["-", "-o", "in"], "expected a file for standard input, got the folder 'in'"),
        (["-", "-o", "in/b.fkq"], "in/b.fkq exists already; --force replaces it"),
    ],
)
def test_conflicting_inputs_and_outputs_are_refused_before_any_work(capsys, monkeypatch, arguments, message):
    monkeypatch.setattr("fastkq.api.compress.compress", lambda *_, **__: pytest.fail("it compressed"))
    write_images("a.png", "a.gif", "in/a.png", "in/b.png")
    Path("in/b.fkq").write_bytes(b"there already")
    Path("notes").write_text("no folder")
    Path("empty").mkdir()
    assert message in refused(capsys, *arguments)


def test_failure_to_create_the_output_folder_is_one_line_of_error(capsys):
    write_images("a.png")
    Path("file").write_text("no folder")
    code, _, errors = run(capsys, "compress", "a.png", "-o", "file/out/")
    assert (code, errors.count("\n")) == (1, 1)
    assert errors.startswith("fastkq: file")


NUMBA_AT_THE_POOL = """
import sys
from fastkq.cli import main
from fastkq.cli.batch import running
def pool(*_, **__):
    sys.exit("numba" in sys.modules)
running.ThreadPoolExecutor = pool
main(sys.argv[1:])
"""


def test_numba_is_imported_before_the_thread_pool_starts():
    write_images("a.png", "b.png")
    command = [
        sys.executable,
        "-c",
        NUMBA_AT_THE_POOL,
        "compress",
        "a.png",
        "b.png",
        "-k",
        "2",
        "--jobs",
        "2",
    ]
    assert subprocess.run(command).returncode == 1  # True
