"""Files are written whole or not at all."""

import contextlib
import errno
import os
import stat
from pathlib import Path

from fastkq.runtime.progress import checkpoint, last_checkpoint

_BLOCK = 1 << 22


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file, whole or not at all.

    The bytes go to a temporary file beside the target, which replaces it once they are on disk. The
    permissions of a replaced file are kept; a symbolic link stays and its target is replaced; what is no
    regular file (a pipe, /dev/stdout) is written to directly.

    A process that is killed meanwhile leaves the old file or the new one, and at most its temporary file,
    `.NAME.*.tmp`, which nothing reads and anyone may delete. It has a name because no system call lets a file
    without one (O_TMPFILE) take the place of another.
    """
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(target.parent))
    try:
        status = os.stat(path)
    except FileNotFoundError:
        status = None
    if status is not None and stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(f"expected a file to write to, got the folder {os.fspath(path)!r}")
    if status is not None and not stat.S_ISREG(status.st_mode):
        with open(path, "wb") as stream:
            stream.write(data)
        return
    temporary = target.with_name(f".{target.name[:200]}.{os.getpid()}.{os.urandom(4).hex()}.tmp")
    try:
        with open(temporary, "xb") as file:
            for start in range(0, len(data), _BLOCK):
                checkpoint()
                file.write(data[start : start + _BLOCK])
            file.flush()
            os.fsync(file.fileno())
        last_checkpoint()
        if status is not None:
            os.chmod(temporary, stat.S_IMODE(status.st_mode))
        os.replace(temporary, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.errno:  # the temporary file's name says nothing to anyone
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the new name last through a power cut, where a folder can be opened (not on Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
