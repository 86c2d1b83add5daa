"""Ctrl-C: only complete files are left."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

import fastkq
from tests.helpers.command_line import files, write_images


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


INTERRUPTED = """
import os, signal, sys, time
import fastkq.api.compress
from fastkq import cli

compress, calls, at = fastkq.api.compress.compress, [], int(sys.argv[1])
def interrupted(*arguments, **options):
    calls.append(1)
    if len(calls) == at:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    return compress(*arguments, **options)
fastkq.api.compress.compress = interrupted
sys.exit(cli.main(["compress", "*.png", "-k", "4", "-o", "out/", "--jobs", sys.argv[2]]))
"""


@pytest.mark.parametrize(("at", "jobs"), [(3, 1), (5, 2)])
def test_interrupt_leaves_whole_files_and_reports_their_number(at, jobs):
    write_images(*(f"{number:02}.png" for number in range(30)))
    program = [sys.executable, "-c", INTERRUPTED, str(at), str(jobs)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    written = files("out")
    assert done.returncode == 130
    assert done.stderr == f"fastkq: interrupted: {len(written)} of 30 files written\n"
    assert done.stdout.count("\n") == len(written)
    assert len(written) == at - 1 if jobs == 1 else 3 <= len(written) < 30
    for name in written:
        assert Path(name).suffix == ".fkq"
        assert fastkq.load(name).k == 4


def test_ctrl_c_stops_a_running_command():
    write_images(*(f"{number:03}.png" for number in range(400)))
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
import fastkq.api.compress
from fastkq import cli

def stuck(*arguments, **options):
    print("stuck", flush=True)
    time.sleep(600)
fastkq.api.compress.compress = stuck
sys.exit(cli.main(["compress", "a.png"]))
"""


def test_second_ctrl_c_does_not_wait_for_the_current_file():
    write_images("a.png")
    with subprocess.Popen([sys.executable, "-c", STUCK], stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=0.5)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    assert files() == ["a.png"]
