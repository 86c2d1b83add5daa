"""The `fastkq` command. Nothing heavier than argparse is imported before the arguments are understood."""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence

from fastkq.cli.console import Refusal, reason, say
from fastkq.cli.parser import parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; the exit code: 0, 1 when a file failed, 2 when asked wrongly, 130 when interrupted."""
    options = parse(arguments)
    run: Callable[[argparse.Namespace], int | None] = options.run
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.simplefilter("ignore", DeprecationWarning)  # of a library of ours: no user's business
            warnings.showwarning = lambda message, *_: say(f"warning: {message}")
            code = run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt as interrupt:
        say(str(interrupt) or "interrupted")
        return 130
    except Refusal as refusal:
        say(str(refusal))
        return 2
    except Exception as error:
        say(reason(error))
        return 1
    return code or 0
