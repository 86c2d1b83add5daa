"""Invariant 8: a file is written whole or not at all."""

import errno
import os
import subprocess
import sys

import pytest

import fastkq
from tests.helpers.images import noise


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_failed_write_leaves_old_file_unchanged(tmp_path, monkeypatch, call):
    path = tmp_path / "image.fkq"
    old = fastkq.compress(noise(9, 9, 3), 4)
    old.save(path)

    def disk_full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, disk_full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        fastkq.compress(noise(9, 9, 3, seed=1), 4).save(path)
    assert caught.value.filename == str(path), "the error names the file, not the temporary file"
    assert list(tmp_path.iterdir()) == [path]
    assert fastkq.load(path) == old


WRITE_UNTIL_KILLED = """
import itertools, os, random, signal, sys, time
from fastkq.runtime.atomic_writing import write_atomically

path, kills = sys.argv[1], int(sys.argv[2])
contents = {b"old" * 70000: "old", b"new" * 70000: "new"}
write_atomically(path, b"old" * 70000)
moments = random.Random(0)
for _ in range(kills):
    child = os.fork()
    if not child:
        for data in itertools.cycle(contents):
            write_atomically(path, data)
    time.sleep(moments.uniform(0.002, 0.05))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    print(contents.get(open(path, "rb").read(), "broken"))
"""


def test_process_killed_at_any_time_leaves_the_old_or_the_new_file(tmp_path):
    path, kills = tmp_path / "image.fkq", 60
    program = [sys.executable, "-c", WRITE_UNTIL_KILLED, path, str(kills)]
    outcomes = subprocess.run(program, capture_output=True, text=True, check=True, timeout=120).stdout.split()
    assert len(outcomes) == kills
    assert set(outcomes) <= {"old", "new"}
    for left in tmp_path.iterdir():
        assert left == path or (left.name.startswith(".image.fkq.") and left.suffix == ".tmp")


@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("suffix", [".png", ".webp", ".gif", ".tif", ".bmp", ".npz"])
def test_failed_write_of_any_format_leaves_folder_unchanged(tmp_path, monkeypatch, call, suffix):
    image, path = noise(9, 9, 3), tmp_path / f"image{suffix}"
    written = fastkq.count_colors(image) if suffix == ".npz" else fastkq.compress(image, 4)

    def disk_full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, disk_full)
    for old in ([], [b"old"]):
        if old:
            path.write_bytes(*old)
        with pytest.raises(OSError, match="No space left on device"):
            written.save(path)
        assert [file.read_bytes() for file in tmp_path.iterdir()] == old
