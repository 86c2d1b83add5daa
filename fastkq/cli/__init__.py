"""The `fastkq` command. Nothing heavier than argparse is imported before the arguments are understood."""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence

from fastkq.cli.arguments import parser
from fastkq.cli.console import say
from fastkq.errors import FastKQError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code: 0, 1 for an error, 130 when interrupted."""
    options = parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            run(options)
        for warning in caught:
            say(f"warning: {warning.message}")
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _fail("interrupted", 130)
    except MemoryError:
        return _fail("expected enough memory for the image, got too little")
    except FastKQError as error:
        return _fail(str(error))
    except OSError as error:
        reason = error.strerror or str(error)
        return _fail(f"{error.filename}: {reason}" if error.filename else reason)
    except Exception as error:  # a defect of ours, still no traceback for whoever runs the command
        return _fail(f"unexpected {type(error).__name__}: {error}; please report this")
    return 0


def _fail(message: str, code: int = 1) -> int:
    say(message)
    return code
