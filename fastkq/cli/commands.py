"""What the command does, a function for each of its commands."""

import argparse
import errno
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fastkq.cli.console import has_colours, say
from fastkq.errors import ArgumentError

if TYPE_CHECKING:
    from fastkq.container import Damage

_MOST_DAMAGE = 20
"""Lines on damage; a file may have tens of thousands of parts, and the summary counts them all."""


def compress(options: argparse.Namespace) -> None:
    from fastkq import saving

    output = _output_for(options, ".fkq", saving.SUFFIXES)
    saving.check_target(output, optimize=options.optimize)
    if options.bytes is not None and output.suffix.lower() != ".fkq":
        raise ArgumentError(f"expected an output that ends in .fkq with --bytes, got {str(output)!r}")
    from fastkq.cli.colours import asked_for
    from fastkq.inputs import read_input
    from fastkq.pipeline import compress

    given = read_input(options.input, depth=options.depth, threads=options.threads)
    saving.check_pixels(output, given.pixels)
    asked = asked_for(options, given.pixels)
    if not asked and given.as_it_is:
        compressed, quality = given.as_it_is(), "as they were"
    else:
        source = given.without_metadata() if options.strip else given
        common = {"coding": options.coding, "effort": options.effort, "threads": options.threads}
        compressed = compress(source, **asked, **common)
        report = compressed.report(given.pixels, ssim=False, threads=options.threads)
        quality = f"PSNR {report.psnr:.2f} dB"
    compressed.with_metadata(given.metadata).save(
        output,
        coding=options.coding,
        metadata=not options.strip,
        optimize=options.optimize,
        threads=options.threads,
    )
    before, after = options.input.stat().st_size, output.stat().st_size
    print(f"{options.input} -> {output}: {before:,} -> {after:,} bytes, {compressed.k} colours, {quality}")
    if after > before:
        say(f"note: {output} ({after:,} bytes) is larger than its source ({before:,} bytes)")


def decompress(options: argparse.Namespace) -> None:
    from fastkq import io
    from fastkq.loading import load

    output = _output_for(options, ".png", tuple(io.FORMATS))
    strict = not options.salvage
    compressed = load(options.input, region=options.region, strict=strict, threads=options.threads)
    if options.depth is not None:
        compressed = compressed.to_8bit()
    for found in compressed.damage[:_MOST_DAMAGE]:
        say(f"warning: {options.input}: {_described(found)}")
    metadata = None if options.strip else compressed.metadata
    palette, indices = compressed.palette, compressed.indices
    data = io.encode_indexed(palette, indices, output.suffix, metadata, whole=True)
    io.write_atomically(output, data)
    height, width = compressed.indices.shape
    print(f"{options.input} -> {output}: {width} x {height} pixels, {compressed.k} colours")


def _described(damage: "Damage") -> str:
    """The one line for one damage; the summary of all is a warning of `load`."""
    place = f"byte {damage.offset}: {damage.reason}"
    if damage.box is None:
        return place
    top, left, height, width = damage.box
    return f"part {damage.part} ({width} x {height} pixels from row {top}, column {left}) at {place}"


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


def info(options: argparse.Namespace) -> None:
    from fastkq.report.facts import read_facts
    from fastkq.report.listing import listing

    facts = read_facts(options.input)
    if options.json:
        print(json.dumps(facts.as_json()))
        return
    for line in listing(facts, coloured=has_colours(sys.stdout)):
        print(line)


def compare(options: argparse.Namespace) -> None:
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
