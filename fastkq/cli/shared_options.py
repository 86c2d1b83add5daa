"""Options that several commands share: parsers of values, and arguments."""

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastkq.errors import ArgumentError
from fastkq.runtime.options import DEFAULT_K, MAX_COLORS, OPTIONS, Boolean, Choice, K, Range

_MAX_BITS = 16  # of a channel

Container = argparse.ArgumentParser | argparse._ArgumentGroup


def table_options(options: argparse.Namespace) -> dict[str, Any]:
    """Return the values of those options that are in the table, by their names in Python."""
    return {name: value for name, value in vars(options).items() if name in OPTIONS}


def parser_of(values: Range, alternative: str = "") -> Callable[[str], Any]:
    """Return a parser of numbers in a range, for argparse."""

    def parse(text: str) -> Any:
        try:
            return values.parse(text)
        except ValueError:
            expected = f"{values.description}{alternative}"
            raise argparse.ArgumentTypeError(f"expected {expected}, got {text!r}") from None

    return parse


def is_number(text: str) -> bool:
    """Return whether the text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True


def color(text: str) -> str:
    """Return the text of a color in CSS notation; it is checked."""
    from fastkq.formats.css_colors import parse_color

    try:
        parse_color(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def yes_or_no(text: str) -> bool:
    """Parse yes or no."""
    if text not in ("yes", "no"):
        raise argparse.ArgumentTypeError(f"expected yes or no, got {text!r}")
    return text == "yes"


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
    return list(map(parser_of(K), text.split(",")))


def list_of_bits(text: str) -> list[int] | int:
    """Parse bits of channels separated by commas; a single number is returned as it is."""
    numbers = list(map(parser_of(Range(int, 1, _MAX_BITS)), text.split(",")))
    return numbers if len(numbers) > 1 else numbers[0]


READABLE = (
    ".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpeg", ".jpg", ".pam", ".pbm", ".pcx", ".pfm", ".pgm",
    ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip
"""Suffixes of the images that are taken from folders."""

STREAM = "-"
"""Name that stands for standard input or output."""


def check_stdin() -> None:
    """Refuse a terminal as standard input: an image cannot be typed."""
    if sys.stdin.isatty():
        raise ArgumentError(
            f"expected standard input to be a file or a pipe, got a terminal: use {STREAM} < FILE"
        )


def check_output(path: Path, suffixes: Sequence[str], inputs: Sequence[str], *, force: bool) -> None:
    """Refuse an output that cannot be written, that is an input, or that exists without ``--force``."""
    if path.suffix.lower() not in suffixes:
        raise ArgumentError(f"expected an output that ends in {', '.join(suffixes)}, got {str(path)!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(path.parent))
    if not os.access(path.resolve().parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path.parent))
    if path.exists() and any(Path(name).exists() and path.samefile(name) for name in inputs):
        raise ArgumentError(f"expected an output other than the input, got {str(path)!r} for both")
    if path.exists() and not force:
        raise ArgumentError(f"{path} exists already; --force replaces it")


_HELP = {
    "k": f"number of colors, 1 to {MAX_COLORS} (default {DEFAULT_K}; a palette image keeps its palette)",
    "palette": "use these colors, or the best -k of them: a file (.gpl, .hex, .pal, .act, .json, .fkq or a "
    "palette image), or a list such as '#000,#fff,red'",
    "fixed": "a color that the palette must have, such as '#ff8000', '#ff8000ff' or 'orange'; repeatable",
    "bits": "bits per channel of the palette, such as 5,6,5 for RGB565, or one number for all color channels",
    "binary_alpha": "make colors of the palette either transparent or opaque, as in GIF",
    "keep_black_white": "keep pure black and white if much of IN is near them, as in scans and screenshots",
    "weights": "gray image of the size of IN: the error of a pixel counts in proportion to its gray value",
    "mask": "image of the size of IN: where it is not black, pixels of IN do not count, and get a color of "
    "their own, which counts among the -k",
    "max_error": "highest distance allowed from a color to its palette color, in 8-bit levels or in Oklab",
    "min_share": "exempt colors from --max-error whose share of the pixels, 0 to 1, is at most S (default 0)",
    "target_psnr": "in place of -k: the fewest colors found that reach this PSNR",
    "target_bytes": "in place of -k: the most colors with which OUT has at most N bytes",
    "space": "color space of distances; oklab is closer to what people see (default {default})",
    "value_range": "values of black and white in images of floats, integers and 16 bits: for oklab, "
    "dithering and --keep-black-white, and for outputs of 8 bits",
    "dither": "dither with a strength from 0 to 1; 1 if no number follows (default: no dithering)",
    "dither_method": "diffusion (default) looks best, atkinson has more contrast, blue-noise is stable "
    "between frames",
    "dither_space": "space in which mean colors are kept; linear is what the eye mixes at a distance "
    "(default: that of --space)",
    "preset": "visual: choose colors and dithering together for the best look; about 10 times slower",
    "effort": "how long to search for better palettes (default {default})",
    "coding": "coding of OUT.fkq: context is the smallest (default); packed is the fastest and holds no "
    "metadata",
    "optimize": "make OUT.png smaller; takes seconds (needs the extra png)",
    "alpha": "whether the last of 2 or 4 channels of IN is alpha, and not a value such as near infrared "
    "(default: as IN says)",
    "depth": "reduce IN to 8 bits per channel, for formats that hold no more (default: the depth of IN)",
    "max_pixels": "refuse inputs of more pixels than this (default 2^30 = {default})",
    "threads": "number of threads (default: all cores)",
}
"""Help texts of the options of the table in `fastkq.runtime.options`."""
_ARGUMENTS: dict[str, dict[str, Any]] = {
    "palette": {"metavar": "COLORS"},
    "fixed": {"type": color, "action": "append", "metavar": "COLOR"},
    "bits": {"type": list_of_bits, "metavar": "BITS"},
    "weights": {"metavar": "IMAGE"},
    "mask": {"metavar": "IMAGE"},
    "max_error": {"metavar": "D"},
    "min_share": {"metavar": "S"},
    "target_psnr": {"metavar": "DB"},
    "target_bytes": {"metavar": "N"},
    "value_range": {"nargs": 2, "type": float, "metavar": ("BLACK", "WHITE")},
    "dither": {"nargs": "?", "const": 1.0, "metavar": "STRENGTH"},
    "alpha": {"type": yes_or_no, "action": "store", "metavar": "{yes,no}"},
    "depth": {"type": int, "choices": (8,)},
    "max_pixels": {"metavar": "N"},
    "threads": {"metavar": "N"},
}
"""Arguments of `add_argument` beside those from the table."""
PALETTE_COLORS = ("bits", "binary_alpha", "keep_black_white")
"""Options on the colors that a palette can have."""
APPEARANCE = ("space", "value_range", "dither", "dither_method", "dither_space", "preset")
"""Options on color distance and dithering."""


def add_options(container: Container, *names: str, **arguments: Any) -> None:
    """Add options of the table in `fastkq.runtime.options`.

    Parameters
    ----------
    container : ArgumentParser or group of one
    *names : str
        Names of the options in Python.
    **arguments
        Arguments of `add_argument` in place of those from the table.
    """
    for name in names:
        option, own = OPTIONS[name], _ARGUMENTS.get(name, {})
        text = _HELP.get(name, "").format(default=option.default)
        from_table: dict[str, Any] = {"dest": name, "default": option.default, "help": text}
        if isinstance(option.kind, Range):
            from_table["type"] = parser_of(option.kind, " or nothing" * ("nargs" in own))
        elif isinstance(option.kind, Choice):
            from_table["choices"] = option.kind.words
        elif isinstance(option.kind, Boolean):
            from_table["action"] = "store_true"
        container.add_argument(option.flag, **from_table | own | arguments)


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
    summary = f"format of outputs that -o does not name (default {default})"
    add_options(group, "format", choices=formats, default=None, help=summary)
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
        type=parser_of(Range(int, 1)),
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
    add_options(group, "threads", help="number of threads per file (default: cores divided by --jobs)")


def add_strip(parser: argparse.ArgumentParser) -> None:
    """Add ``--strip``."""
    parser.add_argument(
        "--strip", action="store_true", help="leave out color space, EXIF, XMP, DPI and GeoTIFF tags"
    )
