"""Standard input and output instead of files."""

import json
import subprocess
import sys
from io import BytesIO, TextIOWrapper
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from tests.helpers.command_line import on_a_terminal, run, write_images
from tests.helpers.images import noise


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_bytes_are_not_written_to_a_terminal(capsys, monkeypatch):
    write_images("a.png")
    on_a_terminal(monkeypatch)
    expected = "fastkq: expected standard output to be a file or a pipe, got a terminal: use -o OUT\n"
    for arguments in (["a.png", "-o", "-"], ["-"]):
        assert run(capsys, "compress", *arguments) == (2, "", expected)


def piped(data, *arguments):
    program = [sys.executable, "-m", "fastkq", *arguments]
    return subprocess.run(program, input=data, capture_output=True, check=True)


def test_standard_input_and_output_replace_files():
    write_images("a.png")
    compressed = piped(Path("a.png").read_bytes(), "compress", "-", "-k", "5")
    assert compressed.stdout == fastkq.compress("a.png", 5).to_bytes()
    assert compressed.stderr == b""
    picture = piped(compressed.stdout, "decompress", "-", "--format", "webp")
    Path("a.webp").write_bytes(picture.stdout)
    with Image.open("a.webp") as image:
        np.testing.assert_array_equal(np.asarray(image), fastkq.decompress(compressed.stdout))


def given(monkeypatch, data):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(data)))


def test_info_reads_standard_input(capsys, monkeypatch):
    data = fastkq.compress(noise(12, 16, 3), 5).to_bytes()
    given(monkeypatch, data)
    code, output, _ = run(capsys, "info", "-", "--json")
    assert (code, json.loads(output)["file"], json.loads(output)["bytes"]) == (0, "-", len(data))


@pytest.mark.parametrize("name", ["compress", "decompress", "info"])
def test_invalid_standard_input_is_one_line_of_error(capsys, monkeypatch, name):
    given(monkeypatch, b"text")
    code, output, errors = run(capsys, name, "-")
    assert (code, output, errors.count("\n")) == (1, "", 1)
    assert errors.startswith("fastkq: -: expected an image file")
