"""`fastkq decompress`: convert `.fkq` files to ordinary images."""

import argparse
from typing import TYPE_CHECKING, get_args

from fastkq.cli.console import before_any_work, number_of, print_message
from fastkq.cli.shared_options import add_inputs, add_options, add_outputs, add_running, add_strip, region
from fastkq.runtime.options import FileFormat

if TYPE_CHECKING:
    from fastkq.cli import batch
    from fastkq.color.indexed_image import Damage

SUMMARY = "convert .fkq files to ordinary images"
EXAMPLES = """\
examples:
  fastkq decompress photo.fkq                             photo.png
  fastkq decompress photo.fkq -o photo.webp               every format is lossless
  fastkq decompress out -r -o images/ --format tif        all .fkq files below out
  fastkq decompress large.fkq --region 0,0,256,256 -o corner.png
  fastkq decompress damaged.fkq --salvage                 the intact parts
  fastkq decompress - < photo.fkq > photo.png
"""
_FORMATS = tuple(name for name in get_args(FileFormat) if name != "fkq")
_MAX_LISTED_DAMAGE = 20
"""Entries of the damage that are listed, at most: a file may have tens of thousands. All are counted."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fastkq decompress``."""
    add_inputs(parser, "IN", ".fkq files")
    add_strip(parser)
    parser.add_argument(
        "--region",
        type=region,
        metavar="TOP,LEFT,HEIGHT,WIDTH",
        help="write only these pixels; of a large .fkq file only the parts with them are read",
    )
    parser.add_argument(
        "--salvage",
        action="store_true",
        help="write a damaged .fkq file too: damaged parts in its first color, with a warning for each",
    )
    add_options(parser, "depth")
    summary = "reduce floats, integers and 16 bits to 8: values that become black and white in OUT"
    add_options(parser, "value_range", help=summary)
    add_options(parser, "max_pixels")
    add_outputs(parser, _FORMATS, "png")
    add_running(parser)


def run(options: argparse.Namespace) -> int:
    """Decompress every input and return the exit code."""
    from fastkq import formats
    from fastkq.api.load import load
    from fastkq.cli import batch

    def make(job: "batch.Job", job_input: "batch.JobInput") -> "batch.EncodedOutput":
        compressed = load(
            job_input.source,
            region=options.region,
            strict=not options.salvage,
            max_pixels=options.max_pixels,
            threads=job_input.threads,
        )
        if options.depth is not None or options.value_range is not None:
            compressed = compressed.to_8bit(options.value_range)
        for damage in compressed.damage[:_MAX_LISTED_DAMAGE]:
            print_message(f"warning: {job.source}: {_damage_text(damage)}")
        if options.strip:
            compressed = compressed.with_metadata(None)
        data = formats.encode(compressed, job.suffix, whole=True, threads=job_input.threads, name=job.target)
        height, width = compressed.indices.shape
        text = f"{width} x {height} pixels, {number_of('color', compressed.k)}"
        return batch.EncodedOutput(data, job_input.size, compressed.k, text)

    with before_any_work():
        jobs = batch.plan(options, batch.Kinds((".fkq",), tuple(formats.FORMATS), ".png"))
    return batch.run(jobs, make, options)


def _damage_text(damage: "Damage") -> str:
    """Return the line for one entry of the damage; `load` itself warns with a summary of all."""
    place = f"byte {damage.offset}: {damage.reason}"
    if damage.box is None:
        return place
    top, left, height, width = damage.box
    return f"part {damage.part} ({width} x {height} pixels from row {top}, column {left}) at {place}"
