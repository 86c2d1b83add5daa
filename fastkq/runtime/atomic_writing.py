"""Atomic file writing."""

import contextlib
import errno
import os
import stat
from pathlib import Path

from fastkq.runtime.progress import checkpoint, last_checkpoint

_BYTES_PER_WRITE = 1 << 22  # bytes per write call; there is a checkpoint before each


def write_atomically(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file, whole or not at all.

    The bytes go to a temporary file in the same folder. Once they are on disk (fsync), it is renamed to the
    target. A replaced file keeps its permissions. A symbolic link stays a link, and the file that it points
    to is replaced. A path that is not a regular file (a pipe, /dev/stdout) is written to directly.

    If the process is killed during the call, the old or the new file is there, and possibly the temporary
    file `.NAME.*.tmp`, which is never read and is safe to delete. The temporary file needs a name, because no
    system call replaces a file by an unnamed one (O_TMPFILE).

    Raises
    ------
    FileNotFoundError
        If the folder does not exist.
    IsADirectoryError
        If the path is a folder.
    OSError
        If the file cannot be written. The error names `path`, not the temporary file.
    Cancelled
        If a `progress` callable returned False.
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
            for start in range(0, len(data), _BYTES_PER_WRITE):
                checkpoint()
                file.write(data[start : start + _BYTES_PER_WRITE])
            file.flush()
            os.fsync(file.fileno())
        last_checkpoint()
        if status is not None:
            os.chmod(temporary, stat.S_IMODE(status.st_mode))
        os.replace(temporary, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError) and error.errno:  # name the path, not the temporary file
            raise OSError(error.errno, error.strerror, os.fspath(path)) from error
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Flush the folder, so that the new name survives a power loss; no effect on Windows.

    Windows cannot open a folder as a file.
    """
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
