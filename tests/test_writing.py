"""A file is written whole or not at all."""

import errno
import os
import stat
import subprocess
import sys

import pytest

import fastkq
from fastkq.runtime.atomic_writing import write_atomically
from tests.conftest import noise


def test_writing_replaces_the_file_and_keeps_its_permissions(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_new_file_has_the_usual_permissions(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_as_it_was(tmp_path, monkeypatch, call):
    path = tmp_path / "image.fkq"
    old = fastkq.compress(noise(9, 9, 3), 4)
    old.save(path)

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        fastkq.compress(noise(9, 9, 3, seed=1), 4).save(path)
    assert caught.value.filename == str(path), "the temporary file's name says nothing to anyone"
    assert list(tmp_path.iterdir()) == [path]
    assert fastkq.load(path) == old


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_a_folder_is_not_written_over(tmp_path):
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, b"new")


def test_what_is_no_regular_file_is_written_to(tmp_path):
    reader, writer = os.pipe()
    write_atomically(f"/dev/fd/{writer}", b"through a pipe")
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"through a pipe"


SAVES_FOR_EVER = """
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


def test_a_process_killed_at_any_moment_leaves_the_old_file_or_the_new_one(tmp_path):
    path, kills = tmp_path / "image.fkq", 60
    program = [sys.executable, "-c", SAVES_FOR_EVER, path, str(kills)]
    outcomes = subprocess.run(program, capture_output=True, text=True, check=True, timeout=120).stdout.split()
    assert len(outcomes) == kills
    assert set(outcomes) <= {"old", "new"}
    for left in tmp_path.iterdir():
        assert left == path or (left.name.startswith(".image.fkq.") and left.suffix == ".tmp")
