"""Messages of the command on standard output and standard error."""

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from typing import TextIO

from fastkq.errors import ArgumentError, ArgumentTypeError, FastKQError


class UsageError(Exception):
    """Conflict or error in the command line, found before any work: exit code 2."""


@contextlib.contextmanager
def before_any_work() -> Iterator[None]:
    """Turn errors of the ``with`` block into a `UsageError`: the command line is at fault, not a file."""
    try:
        yield
    except (FastKQError, OSError) as error:
        raise UsageError(reason(error)) from error


def print_message(message: str) -> None:
    """Write a message as one line to standard error."""
    print_line(printable(f"fastkq: {' '.join(message.split())}"), sys.stderr)


def print_line(line: str, stream: TextIO | None = None) -> None:
    """Write a line to standard output or another stream, above the progress bar if there is one.

    Characters that the encoding of the stream cannot represent, for example in file names that are not valid
    UTF-8, are written as backslash escapes.
    """
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    line = line.encode(encoding, "backslashreplace").decode(encoding)
    tqdm = sys.modules.get("tqdm")
    if tqdm is None:
        stream.write(f"{line}\n")  # one call: several threads may write
    else:
        tqdm.tqdm.write(line, file=stream)
    stream.flush()


def printable(text: str) -> str:
    """Escape control characters, which file names can contain and terminals interpret, as \\xNN."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda match: f"\\x{ord(match[0]):02x}", text)


def number_of(things: str, number: int) -> str:
    """Return a count with its noun: "1 color" or "2 colors" for "color"."""
    return f"{number} {things}{'s' * (number != 1)}"


def reason(error: BaseException) -> str:
    """Return the message for an error in terms of the command line, without traceback."""
    if isinstance(error, ArgumentError | ArgumentTypeError):
        return error.command_line
    if isinstance(error, FastKQError):
        text, cause = str(error), error.__cause__
        if isinstance(cause, ArgumentError):  # the message repeats that of the cause
            text = text.replace(str(cause), cause.command_line)
        return text.replace("(max_pixels)", "(--max-pixels)")
    if isinstance(error, MemoryError):
        return "expected enough memory for the image, got too little"
    if isinstance(error, OSError):
        text = error.strerror or str(error)
        return f"{error.filename}: {text}" if error.filename else text
    return f"unexpected {type(error).__name__}: {error}; please report this"


def has_colors(stream: TextIO) -> bool:
    """Return whether to write ANSI colors: on a terminal or with FORCE_COLOR, but not with NO_COLOR."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
