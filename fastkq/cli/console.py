"""How the command speaks to a terminal."""

import contextlib
import os
import re
import sys
from collections.abc import Iterator
from typing import TextIO

from fastkq.errors import FastKQError

_IN_PYTHON = (
    (r"to_8bit\(\) \(--depth 8\)", "--depth 8"),
    (r"scale to 0\.\.255 and convert with \.astype\(np\.uint8\)", "scale them to 0..255"),
    (r"\bk = (\d+) suffices", r"-k \1 suffices"),
    (r"\bcompress with k=(\d+)", r"compress with -k \1"),
    (r"\bat most k = (\d+) fixed colours", r"at most as many --fixed as -k \1"),
    (r"\ba target_(bytes|psnr) (of|that)\b", r"--\1 \2"),
    (r"\bexpected weights\b", "expected --weights"),
    (r"\bfor max_error\b", "for --max-error"),
)
"""What errors of the library advise those who call it, and how the command line has it."""


class Refusal(Exception):  # noqa: N818
    """What was asked for cannot be done, as was seen before any work."""


@contextlib.contextmanager
def before_any_work() -> Iterator[None]:
    """What goes wrong here is a `Refusal`: what was asked is at fault, no file that was worked on."""
    try:
        yield
    except (FastKQError, OSError) as error:
        raise Refusal(reason(error)) from error


def say(message: str) -> None:
    """One line on standard error."""
    put(printable(f"fastkq: {' '.join(message.split())}"), sys.stderr)


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


def printable(text: str) -> str:
    """Without control characters, which names of files can have and terminals obey: by their numbers."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f]", lambda found: f"\\x{ord(found[0]):02x}", text)


def number_of(things: str, number: int) -> str:
    """As "1 colour" and "2 colours" of "colour"."""
    return f"{number} {things}{'s' * (number != 1)}"


def reason(error: BaseException) -> str:
    """What an error means to whoever runs the command; never a traceback."""
    if isinstance(error, FastKQError):
        text = str(error)
        for in_python, here in _IN_PYTHON:
            text = re.sub(in_python, here, text)
        return text
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
