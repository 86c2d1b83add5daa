"""Arguments that several commands have."""

import argparse
import sys
from collections.abc import Sequence

from fastkq.cli.values import positive, strength
from fastkq.errors import ArgumentError

STREAM = "-"
"""Stands for standard input or output."""


def check_stdin() -> None:
    """Refuse a terminal as standard input: nobody types an image."""
    if sys.stdin.isatty():
        raise ArgumentError(
            f"expected standard input to be a file or a pipe, got a terminal: {STREAM} < FILE"
        )


def add_inputs(parser: argparse.ArgumentParser, metavar: str, kind: str) -> None:
    """The files to read."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar=metavar,
        help=f"{kind}, folders (-r), quoted patterns such as 'photos/*', or - for standard input",
    )
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="take all that is in folders; ** in patterns"
    )


def add_outputs(parser: argparse.ArgumentParser, formats: Sequence[str], usual: str) -> None:
    """Where to write."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="a file, - for standard output, or a folder: if it is one, ends in / or there are several IN; "
        f"what -r finds keeps its place below it (default: beside IN, as IN.{usual})",
    )
    group.add_argument("--format", choices=formats, help=f"of files that -o does not name (default {usual})")
    group.add_argument("--suffix", default="", metavar="-NEW", help="photo.jpg becomes photo-NEW.FORMAT")
    existing = group.add_mutually_exclusive_group()
    existing.add_argument("--force", action="store_true", help="replace what exists")
    existing.add_argument("--skip-existing", action="store_true", help="leave what exists as it is")


def add_running(parser: argparse.ArgumentParser) -> None:
    """How many files are done at once, and what is said of them."""
    group = parser.add_argument_group("many files")
    group.add_argument(
        "-j", "--jobs", type=positive, metavar="N", help="files side by side (default: all cores, at most 4)"
    )
    group.add_argument("--keep-going", action="store_true", help="go on after a file that failed")
    group.add_argument(
        "-n", "--dry-run", action="store_true", help="say what would be written where, and do nothing"
    )
    group.add_argument(
        "--json",
        action="store_true",
        help="an object on a line for each file, for scripts; psnr is null where nothing was lost",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="say nothing but errors and warnings")
    add_threads(group, "number of threads for each file (default: all cores by --jobs)")


def add_effort(parser: argparse.ArgumentParser) -> None:
    """How hard to search."""
    parser.add_argument(
        "--effort",
        choices=("fast", "balanced", "best"),
        default="balanced",
        help="how long to search for better palettes (default balanced)",
    )


def add_appearance(group: argparse._ArgumentGroup) -> None:
    """How colours are measured and placed."""
    group.add_argument(
        "--space", choices=("rgb", "oklab"), default="rgb", help="where distances are measured (default rgb)"
    )
    group.add_argument(
        "--dither",
        type=strength,
        nargs="?",
        const=1.0,
        default=0.0,
        metavar="STRENGTH",
        help="let neighbours make up for each other's errors; 0 to 1, 1 if no number follows",
    )
    group.add_argument(
        "--dither-method",
        choices=("diffusion", "blue-noise"),
        default="diffusion",
        help="diffusion looks best (default), blue-noise is fastest and stable between frames",
    )
    group.add_argument("--preset", choices=("visual",), help="visual: all of it chosen for looks")


def add_strip(parser: argparse.ArgumentParser) -> None:
    """Whether metadata goes along."""
    parser.add_argument("--strip", action="store_true", help="leave out ICC profile, EXIF and DPI")


def add_depth(parser: argparse.ArgumentParser) -> None:
    """How many bits are kept."""
    parser.add_argument(
        "--depth",
        type=int,
        choices=(8,),
        help="bits a channel that IN is reduced to, for an OUT that holds no more (default: all that IN has)",
    )


def add_threads(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup,
    summary: str = "number of threads (default: all cores)",
) -> None:
    """How many threads."""
    parser.add_argument("--threads", type=positive, metavar="N", help=summary)
