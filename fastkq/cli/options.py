"""Options that several commands share: values, arguments, and which of them exclude each other."""

import argparse
import math
import sys
from collections.abc import Sequence

from fastkq.errors import ArgumentError


def positive(text: str) -> int:
    """An integer of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, got {text!r}")
    return number


def colours(text: str) -> int:
    """A number of colours, 1 to 65536."""
    from fastkq.runtime.validation import check_k

    try:
        return check_k(int(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected an integer from 1 to 65536, got {text!r}") from None


def strength(text: str) -> float:
    """Of dithering."""
    number = _number(text)
    if number is None or not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a strength from 0 to 1 or nothing, got {text!r}")
    return number


def share(text: str) -> float:
    """Of the pixels."""
    number = _number(text)
    if number is None or not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return number


def finite(text: str) -> float:
    """A number of at least 0 and below infinity."""
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


def colour(text: str) -> tuple[int, ...]:
    """As CSS names or writes it, of R, G, B and maybe alpha."""
    from fastkq.formats.pil import parse_color

    try:
        return parse_color(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a colour as '#ff8000', '#ff8000ff' or 'orange', got {text!r}"
        ) from None


def region(text: str) -> tuple[int, ...]:
    """Top, left, height and width."""
    try:
        numbers = tuple(map(int, text.split(",")))
    except ValueError:
        numbers = ()
    if len(numbers) != 4:
        raise argparse.ArgumentTypeError(f"expected four integers and commas between them, got {text!r}")
    return numbers


def list_of_colours(text: str) -> list[int]:
    """Numbers of colours and commas between them."""
    return [colours(part) for part in text.split(",")]


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


_APART = {
    "--palette": (
        "-k", "--psnr", "--bytes", "--fixed", "--weights", "--max-error", "--min-share", "--preset",
        "--effort",
    ),
    "--psnr": ("-k", "--bytes", "--max-error", "--dither"),
    "--bytes": ("-k", "--max-error"),
    "--preset": ("--psnr", "--bytes", "--fixed", "--weights", "--max-error", "--dither", "--space"),
}  # fmt: skip
_NEEDED = {"--min-share": "--max-error", "--dither-method": "--dither"}


def check_options(options: argparse.Namespace) -> None:
    """Refuse options of `compress` that exclude each other, or that have no effect beside another.

    Raises
    ------
    ArgumentError
        It names them as they stand on the command line.
    """
    given = _given(options)
    for name, others in _APART.items():
        for other in others:
            if {name, other} <= given:
                raise ArgumentError(f"expected {name} without {other}, got both")
    for name, needed in _NEEDED.items():
        if name in given and needed not in given:
            raise ArgumentError(f"expected {needed} with {name}, which is for it, got {name} alone")
    _check_fixed(options)


def _given(options: argparse.Namespace) -> set[str]:
    """The options that ask for something else than what is done without them."""
    values = {
        "-k": options.k is not None,
        "--psnr": options.psnr is not None,
        "--bytes": options.bytes is not None,
        "--palette": options.palette is not None,
        "--fixed": options.fixed is not None,
        "--weights": options.weights is not None,
        "--max-error": options.max_error is not None,
        "--min-share": options.min_share > 0,
        "--dither": options.dither > 0,
        "--dither-method": options.dither_method != "diffusion",
        "--space": options.space != "rgb",
        "--preset": options.preset is not None,
        "--effort": options.effort != "balanced",
    }
    return {name for name, is_given in values.items() if is_given}


def _check_fixed(options: argparse.Namespace) -> None:
    colours = [(*colour, 255)[:4] for colour in options.fixed or ()]
    for place, colour in enumerate(colours):
        if colour in colours[:place]:
            raise ArgumentError(f"expected --fixed colours that differ, got {colour} twice (R, G, B, alpha)")
    if options.k is not None and len(colours) > options.k:
        raise ArgumentError(f"expected at most as many --fixed as -k, got {len(colours)} and -k {options.k}")
