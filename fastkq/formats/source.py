"""Read bytes by offset from memory, a file at a path, or a file object."""

import array
import contextlib
import io
import mmap
import os
import re
import stat
import threading
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, TypeAlias

from fastkq.errors import ArgumentTypeError, FormatError
from fastkq.runtime.progress import checkpoint

_READ_SIZE = 1 << 22  # bytes read between two checkpoints


class Source:
    """Bytes that can be read by offset.

    Attributes
    ----------
    length : int
        Number of bytes.
    name : str or None
        Name in messages, usually the path; None if there is none.
    """

    def __init__(self, length: int, name: str | None) -> None:
        self.length = length
        self.name = name

    def read(self, offset: int, length: int) -> memoryview:
        """Return `length` bytes from `offset`; any thread may call this.

        Raises
        ------
        FormatError
            If the source ends earlier; nothing is allocated in this case.
        """
        if offset + length > self.length:
            raise FormatError(
                f"expected {length} bytes at byte {offset}, the file has {self.length} bytes: truncated"
            )
        return self._read(offset, length)

    def view(self, offset: int, length: int) -> memoryview:
        """Return bytes as `read`, memory-mapped if the source is a file that was opened by its path."""
        return self.read(offset, length)

    def _read(self, offset: int, length: int) -> memoryview:
        raise NotImplementedError


if TYPE_CHECKING:
    BytesLike: TypeAlias = bytes | bytearray | memoryview | mmap.mmap | array.array[int]
else:  # array.array takes no type at run time before Python 3.12
    BytesLike = bytes | bytearray | memoryview | mmap.mmap | array.array
SourceLike: TypeAlias = BytesLike | str | os.PathLike[str] | IO[bytes] | Source


class InMemory(Source):
    """Bytes as a source, without a copy where that is possible; messages begin with `name`."""

    def __init__(self, data: BytesLike, name: str | None = None) -> None:
        view = memoryview(data)
        try:
            self._view = view.cast("B")
        except (TypeError, ValueError):  # not contiguous, empty with several axes, or not of native numbers
            self._view = memoryview(view.tobytes())
        super().__init__(len(self._view), name)

    def _read(self, offset: int, length: int) -> memoryview:
        return self._view[offset : offset + length]


class _File(Source):
    """A seekable file, from its current position to its end."""

    def __init__(self, file: IO[bytes], name: str | None = None) -> None:
        self._file = file
        self._start = file.tell()
        self._lock = threading.Lock()
        super().__init__(max(0, file.seek(0, os.SEEK_END) - self._start), name)

    def view(self, offset: int, length: int) -> memoryview:
        """Return bytes, memory-mapped if the file was opened by its path."""
        if self.name is None or self._start or offset + length > self.length:
            return self.read(offset, length)
        mapped = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return memoryview(mapped)[offset : offset + length]

    def _read(self, offset: int, length: int) -> memoryview:
        pieces: list[bytes] = []
        missing = length
        with self._lock:
            self._file.seek(self._start + offset)
            # A read may return fewer bytes than requested.
            while missing and (piece := self._file.read(min(missing, _READ_SIZE))):
                checkpoint()
                pieces.append(piece)
                missing -= len(piece)
        if missing:
            raise FormatError(
                f"expected {length} bytes at byte {offset}, got {length - missing}: "
                "the file was cut while it was read"
            )
        return memoryview(pieces[0] if len(pieces) == 1 else b"".join(pieces))


@contextlib.contextmanager
def opened(source: SourceLike) -> Iterator[Source]:
    """Open bytes, a path or a file object as a `Source`; a `Source` is returned as it is.

    A file that is opened here is closed when the context ends.

    Parameters
    ----------
    source : bytes-like, path or binary file object
        A file object is read from its current position to its end. One that cannot seek (a pipe, a socket) is
        read as a whole at once.

    Raises
    ------
    ArgumentTypeError
        If the source has another type.
    OSError
        If it cannot be read.
    """
    if isinstance(source, Source):
        yield source
    elif isinstance(source, bytes | bytearray | memoryview | mmap.mmap | array.array):
        yield InMemory(source)
    elif isinstance(source, str | os.PathLike):
        with _opened_path(source) as file:
            seekable = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            yield _from_file(file, seekable, os.fspath(source))
    elif is_binary_file(source):
        yield _from_file(source, source.seekable(), None)
    else:
        raise ArgumentTypeError(
            "expected a path, bytes, bytearray, memoryview or a binary file object, "
            f"got {type(source).__module__}.{type(source).__qualname__}"
        )


def _opened_path(path: str | os.PathLike[str]) -> IO[bytes]:
    try:
        return open(path, "rb")
    except OSError as error:
        if isinstance(path, str) and is_url(path):
            error.strerror = URL_HINT
        raise


URL_HINT = "it is a URL, not a path: download it and pass the bytes or the file"
_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def is_url(path: str) -> bool:
    """Return whether a path looks like a URL; a file can have such a name nevertheless."""
    return _URL.match(path) is not None


def is_bytes(source: object) -> bool:
    """Return whether an object is the bytes of a file: a buffer of one axis of bytes, no NumPy array."""
    if isinstance(source, memoryview):
        return source.ndim == 1 and source.itemsize == 1
    return isinstance(source, bytes | bytearray | memoryview | mmap.mmap | array.array) and not (
        isinstance(source, array.array) and source.itemsize > 1
    )


def is_binary_file(source: object) -> bool:
    """Return whether an object can be read like a binary file."""
    return callable(getattr(source, "read", None)) and not isinstance(source, io.TextIOBase)


def _from_file(file: IO[bytes], seekable: bool, name: str | None) -> Source:
    """Return a source over a file; one that cannot seek is read into memory."""
    return _File(file, name) if seekable else InMemory(file.read(), name)
