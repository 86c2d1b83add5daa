"""How the command speaks to a terminal."""

import os
import sys
from typing import TextIO

from fastkq.errors import FastKQError


def say(message: str) -> None:
    """One line on standard error."""
    put(f"fastkq: {' '.join(message.split())}", sys.stderr)


def put(line: str, stream: TextIO | None = None) -> None:
    """One line on standard output or another stream, above a progress bar if there is one.

    Characters that the stream does not have, as in names that are no UTF-8, are written by their numbers.
    """
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    line = line.encode(encoding, "backslashreplace").decode(encoding)
    tqdm = sys.modules.get("tqdm")
    if tqdm is None:
        stream.write(f"{line}\n")  # at once: threads may speak side by side
    else:
        tqdm.tqdm.write(line, file=stream)
    stream.flush()


def reason(error: BaseException) -> str:
    """What an error means to whoever runs the command; never a traceback."""
    if isinstance(error, FastKQError):
        return str(error)
    if isinstance(error, MemoryError):
        return "expected enough memory for the image, got too little"
    if isinstance(error, OSError):
        text = error.strerror or str(error)
        return f"{error.filename}: {text}" if error.filename else text
    return f"unexpected {type(error).__name__}: {error}; please report this"


def has_colours(stream: TextIO) -> bool:
    """Whether to write ANSI colours: to terminals, and where FORCE_COLOR is set; never where NO_COLOR is."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
