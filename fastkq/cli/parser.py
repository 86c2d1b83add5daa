"""Argument parser of the command, by argparse."""

import argparse
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from fastkq.cli import compare, completion, compress, decompress, info, palette
from fastkq.cli.console import print_message
from fastkq.cli.shared_options import is_number

_EXAMPLES = """\
examples:
  fastkq compress photo.jpg                    photo.fkq, 64 colors
  fastkq compress photo.jpg -k 16 -o photo.png
  fastkq compress 'photos/*.jpg' -o out/ --format png
  fastkq decompress photo.fkq                  photo.png
  fastkq palette *.png -k 32 -o game.gpl       one palette for many images
  fastkq info photo.fkq                        format, size, metadata and palette
  fastkq compare photo.jpg --html page.html    file sizes, quality and looks at several k

fastkq COMMAND --help describes the options of a command.
"""


class Parser(argparse.ArgumentParser):
    """Argument parser that reports a usage error in one line, as other errors are reported."""

    def error(self, message: str) -> NoReturn:
        """Print the message and exit with code 2."""
        print_message(f"{message} ({self.prog} --help says more)")
        sys.exit(2)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; ``sys.argv[1:]`` if None.

    Returns
    -------
    argparse.Namespace
        The options; `run` is the function of the command, to be called with them.
    """
    words = _unambiguous(sys.argv[1:] if arguments is None else arguments)
    whole = parser()
    options, unknown = whole.parse_known_args(words)
    if unknown:
        is_name = any(os.path.lexists(word) for word in unknown if word.startswith("-"))
        hint = "; put ./ before a name that begins with -, or -- before all IN" if is_name else ""
        whole.error(f"expected known options, and all IN side by side, got {' '.join(unknown)}{hint}")
    return options


def _unambiguous(arguments: Sequence[str]) -> list[str]:
    """Join options with values that argparse would assign wrongly.

    argparse reads the -small of `--suffix -small` as an option, the a.png of `--dither a.png` as a strength.
    """
    words: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            return [*words, word, *rest]
        if words and words[-1] == "--suffix":
            words[-1] = f"--suffix={word}"
        elif words and words[-1] == "--dither" and not is_number(word):
            words[-1:] = ["--dither=1", word]
        else:
            words.append(word)
    return words


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    from fastkq import __version__

    whole = Parser(
        prog="fastkq",
        description="Palette image compression by k-means.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"fastkq {__version__}")
    subcommands = whole.add_subparsers(required=True, metavar="COMMAND")
    for command in (compress, decompress, palette, info, compare, completion):
        subparser = subcommands.add_parser(
            command.__name__.rpartition(".")[2],
            help=command.SUMMARY,
            description=f"{command.SUMMARY.capitalize()}.",
            epilog=command.EXAMPLES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        subparser.set_defaults(run=command.run)
        command.add_arguments(subparser)
    whole.set_defaults(parser=whole)  # `fastkq completion` generates its scripts from it
    return whole
