"""Batches with conflicting, missing or unreadable files, and the messages about them."""

import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from tests.helpers.command_line import files, on_a_terminal, run, write_images
from tests.helpers.images import noise


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_outputs_of_the_same_name_are_refused_with_advice(capsys):
    write_images("in/a.png", "in/a.webp", "in/b/c.png", "in/b/c.webp", "in/d.png")
    code, output, errors = run(capsys, "compress", "in", "-r", "-o", "out", "-k", 4)
    assert (code, output, Path("out").exists()) == (2, "", False)
    assert errors == (
        "fastkq: expected an output for each input, got 'out/a.fkq' for both in/a.png and in/a.webp"
        ": take one suffix at a time, as 'IN/**/*.jpg' -r, each with its own -o "
        "(1 more such output; --keep-going does the others)\n"
    )


def test_keep_going_writes_the_first_of_outputs_of_the_same_name(capsys):
    write_images("in/a.png", "in/a.webp", "in/d.png")
    for dry in (["--dry-run"], []):
        code, output, errors = run(capsys, "compress", "in", "-r", "-o", "out", "-k", 4, "--keep-going", *dry)
        assert code == 1
        assert [line.split(" -> ")[0] for line in output.splitlines()] == ["in/a.png", "in/d.png"]
        assert "fastkq: in/a.webp: expected an output for each input, got 'out/a.fkq' for both" in errors
    assert files("out") == ["out/a.fkq", "out/d.fkq"]
    assert fastkq.load("out/a.fkq") == fastkq.compress("in/a.png", 4)


def test_keep_going_fails_only_outputs_that_are_inputs(capsys):
    write_images("a.png", "a.gif", "b.gif")
    before = Path("a.png").read_bytes()
    code, _, errors = run(capsys, "compress", "*.gif", "a.png", "--format", "png", "--keep-going", "--force")
    assert (code, files()) == (1, ["a.gif", "a.png", "b.gif", "b.png"])
    assert errors.count("expected an output other than the input") == 2
    assert Path("a.png").read_bytes() == before


def test_missing_input_is_reported_before_its_existing_output(capsys):
    write_images("a.png")
    Path("nowhere.fkq").write_bytes(b"there already")
    code, _, errors = run(capsys, "compress", "a.png", "nowhere.png", "--keep-going")
    assert (code, errors.splitlines()[0]) == (1, "fastkq: nowhere.png: No such file or directory")
    assert Path("a.fkq").exists()


def test_dry_run_reports_missing_inputs(capsys):
    write_images("a.png")
    code, output, errors = run(capsys, "compress", "a.png", "nowhere.png", "-n", "--keep-going")
    assert (code, output) == (1, "a.png -> a.fkq\n")
    assert errors == ("fastkq: nowhere.png: No such file or directory\nfastkq: 1 to be written, 1 failed\n")


def small_ramp(name):
    Image.fromarray(np.tile(np.arange(64, dtype=np.uint8), (64, 1))).save(name, optimize=True)
    return Path(name).read_bytes()


class Stream(io.TextIOWrapper):
    """A standard stream over bytes; `terminal` is what its isatty returns."""

    def __init__(self, data=b"", terminal=False):
        super().__init__(io.BytesIO(data))
        self.terminal = terminal

    def isatty(self):
        return self.terminal


def test_skipped_standard_output_is_reported(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Stream(small_ramp("ramp.png")))
    code, output, errors = run(capsys, "compress", "-", "-o", "-", "-k", 64, "--skip-if-larger")
    assert (code, output) == (0, "")
    assert errors.startswith("fastkq: warning: -: skipped, it would have ")


def test_dry_run_reports_standard_output(capsys):
    write_images("a.png")
    assert run(capsys, "compress", "a.png", "-o", "-", "-n")[:2] == (0, "a.png -> -\n")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_size_of_a_named_pipe_is_the_number_of_bytes_read(capsys):
    Image.fromarray(noise(40, 40, 3)).save("noise.bmp")
    data = Path("noise.bmp").read_bytes()
    os.mkfifo("pipe")
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(data))
    writer.start()
    code, output, _ = run(capsys, "compress", "pipe", "-o", "x.fkq", "-k", 4, "--skip-if-larger")
    writer.join()
    assert (code, output.startswith(f"pipe -> x.fkq: {len(data):,} -> ")) == (0, True)


@pytest.mark.parametrize("command", [["compress", "-", "-o", "x.fkq"], ["info", "-"]])
def test_standard_input_from_a_terminal_is_refused(capsys, monkeypatch, command):
    monkeypatch.setattr(sys, "stdin", Stream(terminal=True))
    code, _, errors = run(capsys, *command)
    assert (code, errors.startswith("fastkq: expected standard input to be a file or a pipe, got a te")) == (
        2,
        True,
    )


def test_slow_single_file_has_a_progress_bar(capsys, monkeypatch):
    write_images("a.png")
    on_a_terminal(monkeypatch)
    assert run(capsys, "compress", "a.png", "-k", 4)[2] == ""
    compress = fastkq.api.compress.compress

    def slow(*arguments, **options):
        time.sleep(0.7)
        return compress(*arguments, **options)

    monkeypatch.setattr("fastkq.api.compress.compress", slow)
    _, output, errors = run(capsys, "compress", "a.png", "-k", 4, "--force")
    assert re.search(r"[a-z]+ +\d+% \|", errors)
    assert output.count("\n") == 1


STUCK_AFTER_ONE = """
import pathlib, sys, time
import fastkq.api.compress
from fastkq import cli

compress = fastkq.api.compress.compress
def stuck(*arguments, **options):
    if not pathlib.Path("a.fkq").exists():
        return compress(*arguments, **options)
    print("stuck", flush=True)
    time.sleep(600)
fastkq.api.compress.compress = stuck
sys.exit(cli.main(["compress", "a.png", "b.png", "-j", "1", "-q"]))
"""


def test_second_ctrl_c_reports_the_number_of_written_files():
    write_images("a.png", "b.png")
    program = [sys.executable, "-c", STUCK_AFTER_ONE]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(program, **pipes) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[1] == "fastkq: interrupted again: 1 of 2 files written\n"
    assert files() == ["a.fkq", "a.png", "b.png"]


def test_control_characters_in_a_name_do_not_reach_the_terminal(capsys):
    name = "a\x1b[31m\n.png"
    write_images(name)
    code, output, _ = run(capsys, "compress", name, "-k", 1)
    assert (code, output.split(": ")[0]) == (0, r"a\x1b[31m\x0a.png -> a\x1b[31m\x0a.fkq")
    assert ", 1 color, " in output
    assert r"a\x1b[31m" in run(capsys, "compress", name, "-k", 1)[2]
    assert "\x1b" not in run(capsys, "info", name)[1]
