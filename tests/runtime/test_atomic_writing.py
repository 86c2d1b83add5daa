"""Atomic writing: permissions, links, folders, pipes."""

import os
import stat

import pytest

from fastkq.runtime.atomic_writing import write_atomically


def test_writing_replaces_the_file_and_keeps_its_permissions(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_new_file_has_default_permissions(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_symbolic_link_is_kept_and_its_target_replaced(tmp_path):
    (tmp_path / "target").write_bytes(b"old")
    (tmp_path / "link").symlink_to("target")
    write_atomically(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"new"


def test_folder_is_not_overwritten(tmp_path):
    with pytest.raises(IsADirectoryError):
        write_atomically(tmp_path, b"new")


def test_pipe_is_written_directly(tmp_path):
    reader, writer = os.pipe()
    write_atomically(f"/dev/fd/{writer}", b"through a pipe")
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        assert pipe.read() == b"through a pipe"
