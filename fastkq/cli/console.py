"""How the command speaks to a terminal."""

import os
import sys
from typing import TextIO


def say(message: str) -> None:
    """One line on standard error."""
    print(f"fastkq: {' '.join(message.split())}", file=sys.stderr)


def has_colours(stream: TextIO) -> bool:
    """Whether to write ANSI colours: to terminals, and where FORCE_COLOR is set; never where NO_COLOR is."""
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
