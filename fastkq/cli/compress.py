"""`fastkq compress`: reduce images to palettes and indices."""

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from fastkq.cli.console import before_any_work, number_of, print_message
from fastkq.cli.shared_options import (
    add_appearance,
    add_depth,
    add_effort,
    add_inputs,
    add_option,
    add_outputs,
    add_running,
    add_strip,
    color,
    table_options,
)
from fastkq.errors import ArgumentError
from fastkq.runtime.options import DEFAULT_K, MAX_COLORS, FileFormat, check_conflicts

if TYPE_CHECKING:
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
_READABLE = (
    ".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpeg", ".jpg", ".pbm", ".pcx", ".pgm",
    ".png", ".pnm", ".ppm", ".qoi", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fastkq compress``."""
    add_inputs(parser, "IN", "images")
    add_option(
        parser,
        "k",
        f"number of colors, 1 to {MAX_COLORS} (default {DEFAULT_K}; a palette image keeps its palette)",
    )
    add_effort(parser)
    add_strip(parser)
    add_depth(parser)
    add_option(
        parser,
        "coding",
        "coding of OUT.fkq: context is the smallest (default); packed is the fastest and holds no ICC "
        "profile, EXIF and DPI",
    )
    add_option(
        parser,
        "optimize",
        "make OUT.png smaller; takes seconds (needs the extra png)",
        action="store_true",
    )
    _add_choice_of_colors(parser)
    add_outputs(parser, get_args(FileFormat), "fkq")
    parser.add_argument(
        "--skip-if-larger", action="store_true", help="do not write OUT if it would not be smaller than IN"
    )
    add_running(parser)


def _add_choice_of_colors(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("color choice and dithering")
    add_option(
        group, "target_psnr", "in place of -k: the fewest colors found that reach this PSNR", metavar="DB"
    )
    add_option(
        group,
        "target_bytes",
        "in place of -k: the most colors with which OUT has at most N bytes",
        metavar="N",
    )
    add_option(
        group,
        "palette",
        "use the palette of this .fkq file or palette image, as it is",
        type=Path,
        metavar="FILE",
    )
    add_option(
        group,
        "fixed",
        "a color that the palette must have, such as '#ff8000', '#ff8000ff' or 'orange'; repeatable",
        type=color,
        action="append",
        metavar="COLOR",
    )
    add_option(
        group,
        "weights",
        "gray image of the size of IN: the error of a pixel counts in proportion to its gray value",
        type=Path,
        metavar="MASK",
    )
    add_option(
        group,
        "max_error",
        "highest distance allowed from a color to its palette color, in levels of 8 bits or in Oklab",
        metavar="D",
    )
    add_option(
        group,
        "min_share",
        "exempt colors from --max-error whose share of the pixels, 0 to 1, is at most S (default 0)",
        metavar="S",
    )
    add_appearance(group)


def run(options: argparse.Namespace) -> int:
    """Compress every input and return the exit code."""
    from fastkq import formats
    from fastkq.cli import batch
    from fastkq.cli.color_arguments import ColorFiles, check_fixed_colors

    with before_any_work():
        check_conflicts(table_options(options), allow_ignored=False)
        check_fixed_colors(options)
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
    from fastkq.api.compress import compress
    from fastkq.api.inputs import read_input
    from fastkq.cli import batch
    from fastkq.cli.color_arguments import color_arguments
    from fastkq.color.kinds import ImageKind
    from fastkq.runtime.progress import stage

    with stage("reading", 0.1):
        given = read_input(job_input.source, depth=options.depth, threads=job_input.threads)
    formats.check_values(job.suffix, *ImageKind.of(given.pixels))
    arguments, psnr = color_arguments(options, files, given.pixels), None
    if not arguments and given.stored_image:
        compressed, quality = given.stored_image(), "palette unchanged"
    else:
        arguments |= {
            "format": "tif" if job.suffix == ".tiff" else job.suffix[1:],
            "coding": options.coding,
            "optimize": options.optimize,
            "effort": options.effort,
            "threads": job_input.threads,
        }
        with stage(None, 0.4):
            compressed = compress(given.without_metadata() if options.strip else given, **arguments)
        with stage("measuring", 0.1):
            psnr = compressed.report(given.pixels, ssim=False, threads=job_input.threads).psnr
        quality = f"PSNR {psnr:.2f} dB"
    with stage("coding"):
        image, bytes_before = compressed.with_metadata(None) if options.strip else compressed, job_input.size
        data = formats.encode(
            image, job.suffix, coding=options.coding, optimize=options.optimize, threads=job_input.threads
        )
    text = f"{bytes_before:,} -> {len(data):,} bytes, {number_of('color', compressed.k)}, {quality}"
    skip = ""
    if options.skip_if_larger and len(data) >= bytes_before:
        skip = f"it would have {len(data):,} bytes, its source has {bytes_before:,}"
    elif len(data) > bytes_before and not options.quiet:
        print_message(
            f"note: {job.target} ({len(data):,} bytes) is larger than its source ({bytes_before:,} bytes)"
        )
    return batch.EncodedOutput(data, bytes_before, compressed.k, text, psnr, skip)
