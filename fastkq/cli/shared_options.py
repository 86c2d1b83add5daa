"""Options that several commands share: parsers of values, and arguments."""

import argparse
import math
import sys
from collections.abc import Sequence

from fastkq.errors import ArgumentError


def positive(text: str) -> int:
    """Parse an integer of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, got {text!r}")
    return number


def colors(text: str) -> int:
    """Parse a number of colors, 1 to 65536."""
    from fastkq.runtime.validation import check_k

    try:
        return check_k(int(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected an integer from 1 to 65536, got {text!r}") from None


def strength(text: str) -> float:
    """Parse a strength of dithering, 0 to 1."""
    number = _number(text)
    if number is None or not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a strength from 0 to 1 or nothing, got {text!r}")
    return number


def share(text: str) -> float:
    """Parse a share of the pixels, 0 to 1."""
    number = _number(text)
    if number is None or not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return number


def finite(text: str) -> float:
    """Parse a finite number of at least 0."""
    number = _number(text)
    if number is None or not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a finite number of at least 0, got {text!r}")
    return number


def is_number(text: str) -> bool:
    """Return whether the text is a number."""
    return _number(text) is not None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def color(text: str) -> tuple[int, ...]:
    """Parse a color in CSS notation: R, G, B and, if given, alpha, each 0 to 255."""
    from fastkq.formats.pil import parse_color

    try:
        return parse_color(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a color such as '#ff8000', '#ff8000ff' or 'orange', got {text!r}"
        ) from None


def region(text: str) -> tuple[int, ...]:
    """Parse top, left, height and width of a region, in pixels."""
    try:
        numbers = tuple(map(int, text.split(",")))
    except ValueError:
        numbers = ()
    if len(numbers) != 4:
        raise argparse.ArgumentTypeError(f"expected four integers separated by commas, got {text!r}")
    return numbers


def list_of_colors(text: str) -> list[int]:
    """Parse numbers of colors separated by commas."""
    return [colors(part) for part in text.split(",")]


STREAM = "-"
"""Name that stands for standard input or output."""


def check_stdin() -> None:
    """Refuse a terminal as standard input: an image cannot be typed."""
    if sys.stdin.isatty():
        raise ArgumentError(
            f"expected standard input to be a file or a pipe, got a terminal: use {STREAM} < FILE"
        )


def add_inputs(parser: argparse.ArgumentParser, metavar: str, kind: str) -> None:
    """Add the input files and ``--recursive``."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar=metavar,
        help=f"{kind}, folders (with -r), quoted patterns such as 'photos/*', or - for standard input",
    )
    parser.add_argument(
        "-r",
        "--recursive",
        action="store_true",
        help="search folders and their subfolders; allow ** in patterns",
    )


def add_outputs(parser: argparse.ArgumentParser, formats: Sequence[str], default: str) -> None:
    """Add the options on output files."""
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        metavar="OUT",
        help="a file, - for standard output, or a folder: OUT is a folder if it exists as one, ends in / or "
        "is for several IN; files found by -r keep their subfolders in it "
        f"(default: a file beside IN, with the suffix .{default})",
    )
    group.add_argument(
        "--format", choices=formats, help=f"format of outputs that -o does not name (default {default})"
    )
    group.add_argument(
        "--suffix",
        default="",
        metavar="-NEW",
        help="ending of output names: photo.jpg becomes photo-NEW.FORMAT",
    )
    existing = group.add_mutually_exclusive_group()
    existing.add_argument("--force", action="store_true", help="replace existing outputs")
    existing.add_argument("--skip-existing", action="store_true", help="skip inputs whose output exists")


def add_running(parser: argparse.ArgumentParser) -> None:
    """Add the options on running and reporting several jobs."""
    group = parser.add_argument_group("many files")
    group.add_argument(
        "-j",
        "--jobs",
        type=positive,
        metavar="N",
        help="files processed in parallel (default: one per core, at most 4)",
    )
    group.add_argument(
        "--keep-going", action="store_true", help="continue with the other files when one fails or is refused"
    )
    group.add_argument(
        "-n", "--dry-run", action="store_true", help="list the inputs and outputs, and write nothing"
    )
    group.add_argument(
        "--json",
        action="store_true",
        help="print a line with a JSON object per file, for scripts; psnr is null if infinite or unknown",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="print only errors and warnings")
    add_threads(group, "number of threads per file (default: cores divided by --jobs)")


def add_effort(parser: argparse.ArgumentParser) -> None:
    """Add ``--effort``."""
    parser.add_argument(
        "--effort",
        choices=("fast", "balanced", "best"),
        default="balanced",
        help="how long to search for better palettes (default balanced)",
    )


def add_appearance(group: argparse._ArgumentGroup) -> None:
    """Add the options on color distance and dithering."""
    group.add_argument(
        "--space",
        choices=("rgb", "oklab"),
        default="rgb",
        help="color space of distances; oklab is closer to what people see (default rgb)",
    )
    group.add_argument(
        "--dither",
        type=strength,
        nargs="?",
        const=1.0,
        default=0.0,
        metavar="STRENGTH",
        help="dither with a strength from 0 to 1; 1 if no number follows (default: no dithering)",
    )
    group.add_argument(
        "--dither-method",
        choices=("diffusion", "blue-noise"),
        default="diffusion",
        help="diffusion (default) looks best, blue-noise is the fastest and stable between frames",
    )
    group.add_argument(
        "--preset",
        choices=("visual",),
        help="visual: choose colors and dithering together for the best look; about 10 times slower",
    )


def add_strip(parser: argparse.ArgumentParser) -> None:
    """Add ``--strip``."""
    parser.add_argument("--strip", action="store_true", help="leave out ICC profile, EXIF and DPI")


def add_depth(parser: argparse.ArgumentParser) -> None:
    """Add ``--depth``."""
    parser.add_argument(
        "--depth",
        type=int,
        choices=(8,),
        help="reduce IN to 8 bits per channel, for formats that hold no more (default: the depth of IN)",
    )


def add_threads(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup,
    summary: str = "number of threads (default: all cores)",
) -> None:
    """Add ``--threads``."""
    parser.add_argument("--threads", type=positive, metavar="N", help=summary)
