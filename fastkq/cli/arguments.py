"""What can be asked of the command, by argparse."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fastkq.cli import commands

_EXAMPLES = """\
examples:
  fastkq compress photo.jpg                    photo.fkq, 64 colours
  fastkq compress photo.jpg -k 16 -o photo.png
  fastkq decompress photo.fkq                  photo.png
  fastkq info photo.fkq                        what it holds
  fastkq compare photo.jpg -k 8,16,32 -o sheet.png
"""


def parser() -> argparse.ArgumentParser:
    """Everything that can be asked for."""
    from fastkq import __version__

    whole = argparse.ArgumentParser(
        prog="fastkq",
        description="Palette image compression by k-means.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"fastkq {__version__}")
    subcommands = whole.add_subparsers(required=True, metavar="COMMAND")

    compress = _command(subcommands, "compress", commands.compress, "reduce an image to k colours")
    compress.add_argument(
        "-k",
        type=_colours,
        help="number of colours, 1 to 65536 (default 64, or the palette that IN has)",
    )
    _add_choice_of_colours(compress)
    _add_output(compress, "OUT.fkq, .png, .webp, .gif, .tif or .bmp (default: IN.fkq beside IN)")
    _add_strip(compress)
    _add_depth(compress)
    compress.add_argument(
        "--coding",
        choices=("packed", "context"),
        default="context",
        help="of OUT.fkq: context is smallest (default), packed is fastest and leaves out what --strip does",
    )
    compress.add_argument(
        "--optimize", action="store_true", help="make OUT.png smaller, for seconds (needs fastkq[png])"
    )
    _add_effort(compress)
    _add_threads(compress)

    decompress = _command(
        subcommands, "decompress", commands.decompress, "write a .fkq file as an ordinary image"
    )
    _add_output(decompress, "OUT.png, .webp, .gif, .tif or .bmp; none loses anything (default: IN.png)")
    _add_strip(decompress)
    decompress.add_argument(
        "--region",
        type=_region,
        metavar="TOP,LEFT,HEIGHT,WIDTH",
        help="only these pixels; of a large .fkq only the parts that hold them are read",
    )
    decompress.add_argument(
        "--salvage",
        action="store_true",
        help="write what is intact of a damaged .fkq, the rest in its first colour, and warn of what is not",
    )
    _add_depth(decompress)
    _add_threads(decompress)

    info = _command(subcommands, "info", commands.info, "tell what a .fkq or image file holds")
    info.add_argument("--json", action="store_true", help="all of it on one line, for scripts")

    compare = _command(subcommands, "compare", commands.compare, "table of sizes and quality at several k")
    compare.add_argument(
        "-k",
        type=_list_of_colours,
        default=[2, 4, 8, 16, 32, 64, 128, 256],
        help="numbers of colours, separated by commas (default 2,4,8,...,256)",
    )
    _add_output(compare, "contact sheet to write (default: none)")
    _add_threads(compare)
    return whole


def _command(subcommands: Any, name: str, run: Callable[..., None], summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = subcommands.add_parser(name, help=summary, description=summary)
    parser.add_argument("input", type=Path, metavar="IN.fkq" if name == "decompress" else "IN")
    parser.set_defaults(run=run)
    return parser


def _add_choice_of_colours(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("which colours, and where")
    group.add_argument("--psnr", type=float, metavar="DB", help="in place of -k: the fewest that reach it")
    group.add_argument(
        "--bytes", type=_positive, metavar="N", help="in place of -k: the most whose .fkq has at most N bytes"
    )
    group.add_argument(
        "--palette", type=Path, metavar="FILE", help="those of a .fkq file or of an image with a palette"
    )
    group.add_argument(
        "--fixed",
        type=_colour,
        action="append",
        metavar="COLOUR",
        help="a colour that must be there, as '#ff8000', '#ff8000ff' or 'orange'; can be repeated",
    )
    group.add_argument(
        "--weights", type=Path, metavar="MASK", help="a gray image as large as IN: what is light matters more"
    )
    group.add_argument(
        "--max-error", type=float, metavar="D", help="no colour is further than this from what it becomes"
    )
    group.add_argument(
        "--min-share",
        type=float,
        default=0.0,
        metavar="S",
        help="... if it fills more than this share of the pixels (default 0)",
    )
    group.add_argument(
        "--space", choices=("rgb", "oklab"), default="rgb", help="where distances are measured (default rgb)"
    )
    group.add_argument(
        "--dither",
        type=_strength,
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


def _add_output(parser: argparse.ArgumentParser, summary: str) -> None:
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help=summary)
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")


def _add_strip(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strip", action="store_true", help="leave out ICC profile, EXIF and DPI")


def _add_depth(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--depth",
        type=int,
        choices=(8,),
        help="bits a channel that IN is reduced to, for an OUT that holds no more (default: all that IN has)",
    )


def _add_effort(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--effort",
        choices=("fast", "balanced", "best"),
        default="balanced",
        help="how long to search for better palettes (default balanced)",
    )


def _add_threads(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--threads", type=_positive, metavar="N", help="number of threads (default: all cores)"
    )


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, got {text!r}")
    return number


def _colours(text: str) -> int:
    from fastkq.checks import check_k

    try:
        return check_k(int(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected an integer from 1 to 65536, got {text!r}") from None


def _strength(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a strength from 0 to 1 or nothing, got {text!r}: IN stands before --dither"
        ) from None


def _colour(text: str) -> tuple[int, ...]:
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a colour as '#ff8000', '#ff8000ff' or 'orange', got {text!r}"
        ) from None


def _region(text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(map(int, text.split(",")))
    except ValueError:
        numbers = ()
    if len(numbers) != 4:
        raise argparse.ArgumentTypeError(f"expected four integers and commas between them, got {text!r}")
    return numbers


def _list_of_colours(text: str) -> list[int]:
    return [_colours(part) for part in text.split(",")]
