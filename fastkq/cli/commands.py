"""What the command `compare` does."""

import argparse
import errno
import os
from pathlib import Path

from fastkq.errors import ArgumentError


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
