"""`fastkq compress`: reduce images to palettes and indices."""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastkq.cli.console import before_any_work, number_of, print_message
from fastkq.cli.shared_options import (
    add_appearance,
    add_depth,
    add_effort,
    add_inputs,
    add_outputs,
    add_running,
    add_strip,
    color,
    colors,
    finite,
    positive,
    share,
)
from fastkq.errors import ArgumentError

if TYPE_CHECKING:
    from fastkq.api.image import CompressedImage
    from fastkq.api.inputs import Input
    from fastkq.cli import batch
    from fastkq.cli.color_arguments import ColorFiles

SUMMARY = "reduce images to k colors"
EXAMPLES = """\
examples:
  fastkq compress photo.jpg                               photo.fkq, 64 colors
  fastkq compress photo.jpg -k 16 --dither -o small.png
  fastkq compress photo.jpg --psnr 35                     the fewest colors that reach 35 dB
  fastkq compress photo.jpg --bytes 50000 -o photo.png    the most colors in a PNG of 50,000 bytes
  fastkq compress 'photos/*.jpg' -o out/ --format png     out/a.png, out/b.png, ...
  fastkq compress photos -r -o out/ --keep-going          the tree below photos, as .fkq files
  fastkq compress *.png --format png --suffix -small --skip-if-larger
  curl -s https://example.org/a.jpg | fastkq compress - --format png > a.png

Exit code: 0 when all files were written or skipped; 1 when a file failed; 2 for conflicting options,
inputs or outputs, found before any work; 130 when interrupted. Files are written whole or not at all.
"""
_FORMATS = ("fkq", "png", "gif", "webp", "tif", "bmp")
_READABLE = (
    ".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpeg", ".jpg", ".pbm", ".pcx", ".pgm",
    ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fastkq compress``."""
    add_inputs(parser, "IN", "images")
    parser.add_argument(
        "-k",
        type=colors,
        help="number of colors, 1 to 65536 (default 64; a palette image keeps its palette)",
    )
    add_effort(parser)
    add_strip(parser)
    add_depth(parser)
    parser.add_argument(
        "--coding",
        choices=("packed", "context"),
        default="context",
        help="coding of OUT.fkq: context is the smallest (default); packed is the fastest and holds no ICC "
        "profile, EXIF and DPI",
    )
    parser.add_argument(
        "--optimize", action="store_true", help="make OUT.png smaller; takes seconds (needs the extra png)"
    )
    _add_choice_of_colors(parser)
    add_outputs(parser, _FORMATS, "fkq")
    parser.add_argument(
        "--skip-if-larger", action="store_true", help="do not write OUT if it would not be smaller than IN"
    )
    add_running(parser)


def _add_choice_of_colors(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("color choice and dithering")
    group.add_argument(
        "--psnr",
        type=finite,
        metavar="DB",
        help="in place of -k: the fewest colors found that reach this PSNR",
    )
    group.add_argument(
        "--bytes",
        type=positive,
        metavar="N",
        help="in place of -k: the most colors with which OUT has at most N bytes",
    )
    group.add_argument(
        "--palette",
        type=Path,
        metavar="FILE",
        help="use the palette of this .fkq file or palette image, as it is",
    )
    group.add_argument(
        "--fixed",
        type=color,
        action="append",
        metavar="COLOR",
        help="a color that the palette must have, such as '#ff8000', '#ff8000ff' or 'orange'; repeatable",
    )
    group.add_argument(
        "--weights",
        type=Path,
        metavar="MASK",
        help="gray image of the size of IN: the error of a pixel counts in proportion to its gray value",
    )
    group.add_argument(
        "--max-error",
        type=finite,
        metavar="D",
        help="highest distance allowed from a color to its palette color, in levels of 8 bits or in Oklab",
    )
    group.add_argument(
        "--min-share",
        type=share,
        default=0.0,
        metavar="S",
        help="exempt colors from --max-error whose share of the pixels, 0 to 1, is at most S (default 0)",
    )
    add_appearance(group)


def run(options: argparse.Namespace) -> int:
    """Compress every input and return the exit code."""
    from fastkq import formats
    from fastkq.cli import batch
    from fastkq.cli.color_arguments import ColorFiles

    with before_any_work():
        _check_options(options)
        jobs = batch.plan(options, batch.Kinds(_READABLE, formats.SUFFIXES, ".fkq"))
        formats.check_target(jobs[0].output or f"OUT{jobs[0].suffix}", optimize=options.optimize)
        if options.coding == "packed" and jobs[0].suffix != ".fkq":
            raise ArgumentError(
                f"expected an OUT that ends in .fkq with --coding packed, got {jobs[0].suffix}"
            )
        files = ColorFiles.read(options)
    return batch.run(jobs, partial(_compress_job, options, files), options)


def _compress_job(
    options: argparse.Namespace, files: "ColorFiles", job: "batch.Job", job_input: "batch.JobInput"
) -> "batch.EncodedOutput":
    from fastkq import formats
    from fastkq.api.inputs import read_input
    from fastkq.cli import batch
    from fastkq.cli.color_arguments import color_arguments
    from fastkq.color.kinds import ImageKind
    from fastkq.runtime.progress import stage

    def encode(compressed: "CompressedImage") -> bytes:
        image = compressed.with_metadata(None) if options.strip else compressed
        return formats.encode(
            image, job.suffix, coding=options.coding, optimize=options.optimize, threads=job_input.threads
        )

    with stage("reading", 0.1):
        given = read_input(job_input.source, depth=options.depth, threads=job_input.threads)
    formats.check_values(job.suffix, *ImageKind.of(given.pixels))
    arguments, psnr = color_arguments(options, files, given.pixels), None
    if not arguments and given.stored_image:
        compressed, quality = given.stored_image(), "palette unchanged"
    else:
        arguments |= {"coding": options.coding, "effort": options.effort, "threads": job_input.threads}
        source = given.without_metadata() if options.strip else given
        with stage(None, 0.4):
            compressed = _compress(source, arguments, job.suffix, encode)
        with stage("measuring", 0.1):
            psnr = compressed.report(given.pixels, ssim=False, threads=job_input.threads).psnr
        quality = f"PSNR {psnr:.2f} dB"
    with stage("coding"):
        data, bytes_before = encode(compressed), job_input.size
    text = f"{bytes_before:,} -> {len(data):,} bytes, {number_of('color', compressed.k)}, {quality}"
    skip = ""
    if options.skip_if_larger and len(data) >= bytes_before:
        skip = f"it would have {len(data):,} bytes, its source has {bytes_before:,}"
    elif len(data) > bytes_before and not options.quiet:
        print_message(
            f"note: {job.target} ({len(data):,} bytes) is larger than its source ({bytes_before:,} bytes)"
        )
    return batch.EncodedOutput(data, bytes_before, compressed.k, text, psnr, skip)


def _compress(
    source: "Input", arguments: dict[str, Any], suffix: str, encode: Callable[["CompressedImage"], bytes]
) -> "CompressedImage":
    from fastkq.api.compress import compress
    from fastkq.api.targets import largest_k
    from fastkq.formats import MAX_PALETTE

    if suffix == ".fkq" or "target_bytes" not in arguments:
        return compress(source, **arguments)
    target, least = arguments.pop("target_bytes"), len(arguments.get("fixed", [0]))

    def compress_to(k: int) -> "CompressedImage":
        return compress(source, k, **arguments)

    # Bisection: sizes of these formats jump where an index takes one more bit, which misleads a secant.
    return compress_to(largest_k(lambda k: len(encode(compress_to(k))), target, least, MAX_PALETTE))


_EXCLUSIVE = {
    "--palette": (
        "-k", "--psnr", "--bytes", "--fixed", "--weights", "--max-error", "--min-share", "--preset",
        "--effort",
    ),
    "--psnr": ("-k", "--bytes", "--max-error", "--dither"),
    "--bytes": ("-k", "--max-error"),
    "--preset": ("--psnr", "--bytes", "--fixed", "--weights", "--max-error", "--dither", "--space"),
}  # fmt: skip
"""Options that exclude each other: each key excludes its values."""
_REQUIRED = {"--min-share": "--max-error", "--dither-method": "--dither"}
"""Options that need another option: each key needs its value."""


def _check_options(options: argparse.Namespace) -> None:
    """Refuse options of ``fastkq compress`` that exclude each other or lack the option that they need.

    Raises
    ------
    ArgumentError
        When options exclude each other or lack one; the message names them as on the command line.
    """
    given = _given(options)
    for name, others in _EXCLUSIVE.items():
        for other in others:
            if {name, other} <= given:
                raise ArgumentError(f"expected {name} without {other}, got both")
    for name, needed in _REQUIRED.items():
        if name in given and needed not in given:
            raise ArgumentError(f"expected {needed} with {name}, got {name} alone")
    _check_fixed(options)


def _given(options: argparse.Namespace) -> set[str]:
    """Return the options that differ from their defaults."""
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
    fixed = [(*rgb, 255)[:4] for rgb in options.fixed or ()]
    for place, rgba in enumerate(fixed):
        if rgba in fixed[:place]:
            raise ArgumentError(f"expected distinct --fixed colors, got {rgba} twice (R, G, B, alpha)")
    if options.k is not None and len(fixed) > options.k:
        raise ArgumentError(f"expected at most as many --fixed as -k, got {len(fixed)} and -k {options.k}")
