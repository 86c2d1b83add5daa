"""Batches of files: written, skipped and failed files, and the reports about them."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fastkq
from tests.helpers.command_line import files, on_a_terminal, run, write_images
from tests.helpers.images import noise, photograph_like


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_skip_existing_keeps_existing_outputs(capsys):
    write_images("a.png", "b.png", "c.png")
    Path("b.fkq").write_bytes(b"as it was")
    code, output, errors = run(capsys, "compress", "*.png", "-k", 4, "--skip-existing")
    assert (code, Path("b.fkq").read_bytes()) == (0, b"as it was")
    assert output.splitlines()[1] == "b.png: skipped, b.fkq exists already"
    assert errors == "fastkq: 2 written, 1 skipped\n"


def test_skip_if_larger_skips_outputs_larger_than_their_source(capsys):
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


def test_first_failure_stops_and_keeps_written_files(capsys):
    write_images("a.png", "c.png", "d.png")
    broken("b.png")
    code, output, errors = run(capsys, "compress", "*.png", "-k", 4, "--jobs", 1)
    assert (code, output.count("\n")) == (1, 1)
    first, summary = errors.splitlines()
    assert first.startswith("fastkq: b.png: expected an image file")
    assert summary.startswith("fastkq: 1 written, 1 failed, ")
    assert Path("a.fkq").exists()


def test_keep_going_does_the_other_files(capsys):
    write_images("a.png", "c.png", "in/d.png")
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


def test_every_failure_names_its_file(capsys, monkeypatch):
    def fail(*_, **__):
        raise MemoryError

    write_images("a.png", "b.png")
    monkeypatch.setattr("fastkq.api.compress.compress", fail)
    _, _, errors = run(capsys, "compress", "*.png", "--keep-going")
    assert errors.startswith("fastkq: a.png: expected enough memory for the image, got too little\n")


def test_output_created_meanwhile_is_not_replaced(capsys, monkeypatch):
    def compress(*arguments, **options):
        Path("a.fkq").write_bytes(b"someone else's")
        return fastkq.apply_palette(noise(12, 16, 3), noise(2, 3))

    write_images("a.png")
    monkeypatch.setattr("fastkq.api.compress.compress", compress)
    code, _, errors = run(capsys, "compress", "a.png")
    assert (code, errors) == (1, "fastkq: a.fkq exists already; --force replaces it\n")
    assert Path("a.fkq").read_bytes() == b"someone else's"


def test_same_bytes_and_lines_on_any_number_of_jobs(capsys):
    for seed in range(7):
        Image.fromarray(photograph_like(30 + 40 * (seed % 3), 50, seed)).save(f"{seed}.png")
    results = {}
    for jobs in (1, 2, 5):
        code, output, _ = run(capsys, "compress", "*.png", "-k", 9, "-o", f"{jobs}/", "--jobs", jobs)
        results[jobs] = (
            code,
            output.replace(f"{jobs}/", ""),
            [Path(name).read_bytes() for name in files(str(jobs))],
        )
    assert results[1] == results[2] == results[5]
    assert len(results[1][2]) == 7


def test_dry_run_lists_outputs_and_writes_nothing(capsys, monkeypatch):
    monkeypatch.setattr("fastkq.api.compress.compress", lambda *_, **__: pytest.fail("it compressed"))
    write_images("in/a.png", "in/b.png")
    Path("in/b.fkq").write_bytes(b"there already")
    before = files()
    code, output, errors = run(capsys, "compress", "in", "-r", "--skip-existing", "-n")
    assert output == "in/a.png -> in/a.fkq\nin/b.png: skipped, in/b.fkq exists already\n"
    assert (code, errors) == (0, "fastkq: 1 to be written, 1 skipped\n")
    assert run(capsys, "compress", "in", "-r", "-o", "out/", "--dry-run")[0] == 0
    assert files() == before
    assert not Path("out").exists()


def test_json_has_one_line_per_file(capsys):
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


def test_quiet_prints_only_errors(capsys):
    write_images("a.png", "b.png")
    assert run(capsys, "compress", "*.png", "-k", 300, "--quiet") == (0, "", "")
    broken("c.png")
    code, output, errors = run(capsys, "compress", "*.png", "-o", "out/", "-q", "--keep-going")
    assert (code, output) == (1, "")
    assert errors.endswith("fastkq: 2 written, 1 failed\n")


def test_decompress_takes_several_fkq_files(capsys):
    write_images("in/a.png", "in/b/c.png")
    run(capsys, "compress", "in", "-r", "-k", 4)
    code, output, errors = run(capsys, "decompress", "in", "-r", "-o", "back", "--format", "tif")
    assert (code, errors) == (0, "fastkq: 2 written\n")
    assert output == (
        "in/a.fkq -> back/a.tif: 16 x 12 pixels, 4 colors\n"
        "in/b/c.fkq -> back/b/c.tif: 16 x 12 pixels, 4 colors\n"
    )
    for name in ("a", "b/c"):
        assert fastkq.load(f"back/{name}.tif").shape == (12, 16, 3)


def test_undecodable_names_are_printed_escaped(capsys):
    name = os.fsdecode(b"caf\xe9.png")
    write_images("a.png")
    Path("a.png").rename(name)
    code, output, _ = run(capsys, "compress", name, "-k", 4)
    assert (code, output.split(": ")[0]) == (0, "caf\\udce9.png -> caf\\udce9.fkq")
    assert sorted(os.listdir(b".")) == [b"caf\xe9.fkq", b"caf\xe9.png"]
    assert json.loads(run(capsys, "compress", name, "--json", "--force")[1])["input"] == name
    assert run(capsys, "info", name)[0] == 0


def test_progress_bar_needs_several_files_a_terminal_and_tqdm(capsys, monkeypatch):
    write_images("a.png", "b.png")
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


def test_no_progress_bar_without_a_terminal(capsys):
    write_images("a.png", "b.png")
    assert run(capsys, "compress", "*.png", "-k", 4)[2] == "fastkq: 2 written\n"
