"""The `fastkq` command. Nothing heavier than argparse is imported before the arguments are understood."""

import argparse
import errno
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from fastkq.errors import ArgumentError, FastKQError

_DEFAULT_K = 64
_EXAMPLES = """\
examples:
  fastkq compress photo.jpg                    photo.fkq, 64 colours
  fastkq compress photo.jpg -k 16 -o photo.png
  fastkq decompress photo.fkq                  photo.png
  fastkq compare photo.jpg -k 8,16,32 -o sheet.png
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code: 0, 1 for an error, 130 when interrupted."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], None] = options.run
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            run(options)
        for warning in caught:
            _say(f"warning: {warning.message}")
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
    _say(message)
    return code


def _say(message: str) -> None:
    print(f"fastkq: {' '.join(message.split())}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    from fastkq import __version__

    parser = argparse.ArgumentParser(
        prog="fastkq",
        description="Palette image compression by k-means.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fastkq {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    compress = _command(commands, "compress", _compress, "reduce an image to k colours")
    compress.add_argument(
        "-k",
        type=_colours,
        help=f"number of colours, 1 to 65536 (default {_DEFAULT_K}; an image that has a palette keeps it)",
    )
    _add_output(compress, "OUT.fkq, .png, .webp, .gif, .tif or .bmp (default: IN.fkq beside IN)")
    _add_strip(compress)
    compress.add_argument(
        "--optimize", action="store_true", help="make OUT.png smaller, for seconds (needs fastkq[png])"
    )
    _add_effort(compress)
    _add_threads(compress)

    decompress = _command(commands, "decompress", _decompress, "write a .fkq file as an ordinary image")
    _add_output(decompress, "OUT.png, .webp, .gif, .tif or .bmp; none loses anything (default: IN.png)")
    _add_strip(decompress)
    _add_threads(decompress)

    _command(commands, "info", _info, "tell what a .fkq or image file holds")

    compare = _command(commands, "compare", _compare, "table of sizes and quality at several k")
    compare.add_argument(
        "-k",
        type=_list_of_colours,
        default=[2, 4, 8, 16, 32, 64, 128, 256],
        help="numbers of colours, separated by commas (default 2,4,8,...,256)",
    )
    _add_output(compare, "contact sheet to write (default: none)")
    _add_threads(compare)
    return parser


def _command(commands: Any, name: str, run: Callable[..., None], summary: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=summary, description=summary)
    parser.add_argument("input", type=Path, metavar="IN.fkq" if name == "decompress" else "IN")
    parser.set_defaults(run=run)
    return parser


def _add_output(parser: argparse.ArgumentParser, summary: str) -> None:
    parser.add_argument("-o", "--output", type=Path, metavar="OUT", help=summary)
    parser.add_argument("--force", action="store_true", help="replace OUT if it exists")


def _add_strip(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--strip", action="store_true", help="leave out ICC profile, EXIF and DPI")


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


def _list_of_colours(text: str) -> list[int]:
    return [_colours(part) for part in text.split(",")]


def _compress(options: argparse.Namespace) -> None:
    from fastkq import io

    output = _output_for(options, ".fkq", (".fkq", *io.FORMATS))
    from fastkq.inputs import read_input
    from fastkq.metrics import psnr
    from fastkq.pipeline import compress

    given = read_input(options.input, threads=options.threads)
    if options.k is None and given.as_it_is:
        compressed, quality = given.as_it_is(), "as they were"
    else:
        k = options.k or _DEFAULT_K
        compressed = compress(given.pixels, k, effort=options.effort, threads=options.threads)
        quality = f"PSNR {psnr(given.pixels, compressed.decompress()):.2f} dB"
    compressed.with_metadata(given.metadata).save(
        output, metadata=not options.strip, optimize=options.optimize
    )
    before, after = options.input.stat().st_size, output.stat().st_size
    print(f"{options.input} -> {output}: {before:,} -> {after:,} bytes, {compressed.k} colours, {quality}")
    if after > before:
        _say(f"note: {output} ({after:,} bytes) is larger than its source ({before:,} bytes)")


def _decompress(options: argparse.Namespace) -> None:
    from fastkq import io
    from fastkq.pipeline import load

    output = _output_for(options, ".png", tuple(io.FORMATS))
    compressed = load(options.input, threads=options.threads)
    metadata = None if options.strip else compressed.metadata
    palette, indices = compressed.palette, compressed.indices
    data = io.encode_indexed(palette, indices, output.suffix, metadata, whole=True)
    io.write_atomically(output, data)
    height, width = compressed.indices.shape
    print(f"{options.input} -> {output}: {width} x {height} pixels, {compressed.k} colours")


def _output_for(options: argparse.Namespace, suffix: str, suffixes: tuple[str, ...]) -> Path:
    """Where to write, checked before any work is done."""
    if options.input.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(options.input))
    output: Path = options.output or options.input.with_suffix(suffix)
    if output.suffix.lower() not in suffixes:
        raise ArgumentError(f"expected an output that ends in {', '.join(suffixes)}, got {str(output)!r}")
    if output.exists():
        if options.input.exists() and output.samefile(options.input):
            raise ArgumentError(f"expected an output other than the input, got {str(output)!r} for both")
        if not options.force:
            raise ArgumentError(f"{output} exists already; --force replaces it")
    return output


def _info(options: argparse.Namespace) -> None:
    from fastkq import io
    from fastkq.container import MAGIC

    path: Path = options.input
    with path.open("rb") as file:
        is_fkq = file.read(len(MAGIC)) == MAGIC
    if is_fkq or path.suffix.lower() == ".fkq":
        _info_of_fkq(path)
        return
    from fastkq import histogram

    image = io.read_image(path)
    _print_facts(path, image.shape, len(histogram.count(image).counts))


def _info_of_fkq(path: Path) -> None:
    from fastkq.pipeline import load

    compressed = load(path)
    _print_facts(path, compressed.shape, compressed.k)
    print(f"bits per index  {compressed.bits_per_index}")
    print("palette")
    colours = [bytes(colour).hex() for colour in compressed.palette]
    for start in range(0, len(colours), 8):
        print("  " + " ".join(colours[start : start + 8]))


def _print_facts(path: Path, shape: tuple[int, ...], colours: int) -> None:
    size = path.stat().st_size
    pixels = shape[0] * shape[1]
    kind = {1: "gray", 3: "RGB", 4: "RGBA"}[shape[2] if len(shape) == 3 else 1]
    print(f"file            {path}")
    print(f"pixels          {shape[1]} x {shape[0]}, {kind}, 8 bits a channel")
    print(f"colours         {colours:,}")
    print(f"bytes           {size:,}")
    print(f"bits per pixel  {8 * size / pixels:.3f}")


def _compare(options: argparse.Namespace) -> None:
    output = _output_for(options, ".png", (".png",)) if options.output else None
    from fastkq import io
    from fastkq.report.comparison import compare, table

    image = io.read_image(options.input)
    rows = compare(image, options.k, threads=options.threads)
    print(table(rows, options.input.stat().st_size))
    if output is not None:
        import numpy as np

        from fastkq.report.sheet import contact_sheet

        sheet = np.asarray(contact_sheet(image, rows))
        io.write_atomically(output, io.encode_image(sheet, output.suffix))
        print(f"contact sheet   {output}")


if __name__ == "__main__":
    sys.exit(main())
