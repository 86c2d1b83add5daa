"""`fastkq compress`: reduce images to palettes and indices."""

import argparse
from functools import partial
from typing import TYPE_CHECKING, get_args

from fastkq.cli.console import before_any_work, number_of, print_message
from fastkq.cli.shared_options import (
    APPEARANCE,
    PALETTE_COLORS,
    add_inputs,
    add_options,
    add_outputs,
    add_running,
    add_strip,
    table_options,
)
from fastkq.errors import ArgumentError
from fastkq.runtime.options import FileFormat, check_conflicts

if TYPE_CHECKING:
    from fastkq.cli import batch
    from fastkq.cli.color_arguments import ColorFiles

SUMMARY = "reduce images to k colors"
EXAMPLES = """\
examples:
  fastkq compress photo.jpg                               photo.fkq, 64 colors
  fastkq compress photo.jpg -k 16 --dither -o small.png
  fastkq compress photo.jpg --palette black,white,red --dither -o epaper.png
  fastkq compress photo.jpg --psnr 35                     the fewest colors that reach 35 dB
  fastkq compress photo.jpg --bytes 50000 -o photo.png    the most colors in a PNG of 50,000 bytes
  fastkq compress 'photos/*.jpg' -o out/ --format png     out/a.png, out/b.png, ...
  fastkq compress photos -r -o out/ --keep-going          the tree below photos, as .fkq files
  fastkq compress *.png --format png --suffix -small --skip-if-larger
  curl -s https://example.org/a.jpg | fastkq compress - --format png > a.png

Exit code: 0 when all files were written or skipped; 1 when a file failed; 2 for conflicting options,
inputs or outputs, found before any work; 130 when interrupted. Files are written whole or not at all.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fastkq compress``."""
    add_inputs(parser, "IN", "images")
    add_options(parser, "k", "effort")
    add_strip(parser)
    add_options(parser, "alpha", "depth", "max_pixels", "coding", "optimize")
    group = parser.add_argument_group("color choice and dithering")
    add_options(group, "target_psnr", "target_bytes", "palette", "fixed", *PALETTE_COLORS)
    add_options(group, "weights", "mask", "max_error", "min_share")
    add_options(group, *APPEARANCE)
    add_outputs(parser, get_args(FileFormat), "fkq")
    parser.add_argument(
        "--skip-if-larger", action="store_true", help="do not write OUT if it would not be smaller than IN"
    )
    add_running(parser)


def run(options: argparse.Namespace) -> int:
    """Compress every input and return the exit code."""
    from fastkq import formats
    from fastkq.cli import batch
    from fastkq.cli.color_arguments import ColorFiles, check_fixed_colors
    from fastkq.cli.pillow_plugins import readable_suffixes

    with before_any_work():
        check_conflicts(table_options(options), allow_ignored=False)
        check_fixed_colors(options)
        jobs = batch.plan(options, batch.Kinds(readable_suffixes(), formats.SUFFIXES, ".fkq"))
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
    import numpy as np

    from fastkq import formats
    from fastkq.api.compress import compress
    from fastkq.api.inputs import read_input
    from fastkq.api.options import common_kind
    from fastkq.cli import batch
    from fastkq.cli.color_arguments import color_arguments
    from fastkq.cli.pillow_plugins import register_plugin
    from fastkq.color.metadata import Metadata
    from fastkq.runtime.progress import stage

    with stage("reading", 0.1):
        register_plugin(job_input.source)
        given = read_input(
            job_input.source,
            depth=options.depth,
            alpha=options.alpha,
            mask=files.mask,
            weights=files.weights,
            max_pixels=options.max_pixels,
            threads=job_input.threads,
        )
    arguments, psnr = color_arguments(options, files), None
    given = given.of_kind(common_kind(arguments, given.kind))
    is_reduced, kind = options.value_range is not None and job.suffix != ".fkq", given.kind
    formats.check_values(job.suffix, *(kind._replace(dtype=np.dtype(np.uint8)) if is_reduced else kind))
    encoding = {"coding": options.coding, "optimize": options.optimize, "threads": job_input.threads}
    if not arguments and given.stored_image:
        compressed, quality = given.stored_image(), "palette unchanged"
    else:
        arguments["format"] = "tif" if job.suffix == ".tiff" else job.suffix[1:]
        source = given._replace(metadata=Metadata()) if options.strip else given
        with stage(None, 0.4):
            compressed = compress(source, effort=options.effort, **arguments, **encoding)
        with stage("measuring", 0.1):
            psnr = compressed.report(given.pixels, ssim=False, threads=job_input.threads).psnr
        quality = f"PSNR {psnr:.2f} dB"
    with stage("coding"):
        image, bytes_before = compressed.with_metadata(None) if options.strip else compressed, job_input.size
        if is_reduced:
            image = image.to_8bit(options.value_range)
        data = formats.encode(image, job.suffix, name=job.target, **encoding)
    text = f"{bytes_before:,} -> {len(data):,} bytes, {number_of('color', compressed.k)}, {quality}"
    skip = ""
    if options.skip_if_larger and len(data) >= bytes_before:
        skip = f"it would have {len(data):,} bytes, its source has {bytes_before:,}"
    elif len(data) > bytes_before and not options.quiet:
        print_message(
            f"note: {job.target} ({len(data):,} bytes) is larger than its source ({bytes_before:,} bytes)"
        )
    return batch.EncodedOutput(data, bytes_before, compressed.k, text, psnr, skip)
