"""`fastkq palette`: one palette for many images, as a palette file."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastkq.cli.console import before_any_work, number_of, print_line, printable
from fastkq.cli.shared_options import (
    PALETTE_COLORS,
    STREAM,
    add_inputs,
    add_options,
    check_output,
    check_stdin,
    table_options,
)
from fastkq.errors import ArgumentError
from fastkq.runtime.options import DEFAULT_K, check_conflicts

if TYPE_CHECKING:
    import numpy.typing as npt

    from fastkq.api.inputs import Input
    from fastkq.formats.source import Source

SUMMARY = "fit one palette to many images"
EXAMPLES = """\
examples:
  fastkq palette sprites/*.png -k 32 -o game.gpl
  fastkq compress sprites/*.png --palette game.gpl --format png --suffix -32
  fastkq palette photos -r -k 16 --fixed '#c8102e' --fixed white -o brand.json
  fastkq palette a.png b.png -k 256 --space oklab -o both.act
  fastkq palette photo.jpg -k 12 --palette threads.gpl -o chosen.gpl       the 12 best threads

Exit code: 0 when the palette was written; 1 when an image cannot be read or OUT cannot hold the colors; 2
for conflicting options, inputs or outputs, found before any work; 130 when interrupted.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fastkq palette``."""
    add_inputs(parser, "IN", "images, of which gray, RGB and RGBA can be mixed")
    add_options(parser, "k", help=f"number of colors (default {DEFAULT_K})")
    add_options(parser, "effort", "alpha", "depth", "max_pixels")
    group = parser.add_argument_group("color choice")
    add_options(group, "palette", help="choose the best -k of these colors: a file or a list, as in compress")
    add_options(group, "fixed", *PALETTE_COLORS, "max_error", "min_share", "space", "value_range")
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="the palette: .gpl (GIMP), .hex (Lospec), .pal (JASC), .act (Adobe), .json (CSS colors), .png "
        "(a pixel per color) or .fkq (also 16 bits and floats)",
    )
    group.add_argument("--force", action="store_true", help="replace OUT if it exists")
    group.add_argument(
        "-n", "--dry-run", action="store_true", help="list the inputs and the output, and write nothing"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="print only errors and warnings")
    add_options(parser, "threads")


def run(options: argparse.Namespace) -> None:
    """Fit the palette and write it."""
    from fastkq.api.given_colors import GivenColors
    from fastkq.api.palettes import fit_palette
    from fastkq.cli.batch.reporting import Reporter
    from fastkq.cli.color_arguments import check_fixed_colors
    from fastkq.color.kinds import as_8bit
    from fastkq.formats import palette_files
    from fastkq.runtime.atomic_writing import write_atomically

    suffix = options.output.suffix.lower()
    with before_any_work():
        check_conflicts(table_options(options), allow_ignored=False)
        check_fixed_colors(options)
        given = GivenColors.read(options.palette, "palette")
        sources = _sources(options)
        suffixes = (*palette_files.SUFFIXES, ".png", ".fkq")
        check_output(options.output, suffixes, list(map(_name, sources)), force=options.force)
    if options.dry_run:
        for source in sources:
            print_line(printable(f"{_name(source)} -> {options.output}: to be written"))
        return
    arguments = table_options(options) | {"k": options.k or DEFAULT_K, "palette": given}
    del arguments["depth"]
    with Reporter(options, 1) as reporter:
        images = _Images(sources, options)
        try:
            palette = fit_palette(images, **arguments, progress=reporter.show)
        except ArgumentError as error:
            if images.current is None:
                raise
            raise ArgumentError(f"{_name(images.current)}: {error.command_line}") from error
        if options.value_range is not None and suffix != ".fkq":
            palette = as_8bit(palette, options.value_range)
        write_atomically(options.output, _encode(palette, images.is_plain, suffix))
    if not options.quiet:
        text = f"{number_of('color', len(palette))} for {number_of('image', len(sources))}"
        print_line(printable(f"{options.output}: {text}"))


def _sources(options: argparse.Namespace) -> "list[Path | Source]":
    """Return the files to read, or standard input."""
    import sys

    from fastkq.cli.batch.files import FileFilter, find
    from fastkq.cli.batch.planning import input_fault
    from fastkq.cli.pillow_plugins import readable_suffixes
    from fastkq.formats.source import InMemory

    if STREAM in options.inputs:
        if options.inputs != [STREAM]:
            raise ArgumentError(f"expected {STREAM} (standard input) alone, got {len(options.inputs)} inputs")
        check_stdin()
        return [InMemory(sys.stdin.buffer.read(), STREAM)]
    paths = [one.path for one in find(options.inputs, FileFilter(readable_suffixes(), options.recursive))]
    for fault in filter(None, map(input_fault, paths)):
        raise ArgumentError(fault)
    return list(paths)


def _name(source: "Path | Source") -> str:
    return str(source) if isinstance(source, Path) else STREAM


class _Images:
    """The images, each read when it is counted; their number is known, which progress needs.

    Attributes
    ----------
    is_plain : bool
        Whether the last of 2 or 4 channels of an image that was read is no alpha.
    current : Path, Source or None
        The image that is read or counted; None when all are.
    """

    def __init__(self, sources: "list[Path | Source]", options: argparse.Namespace) -> None:
        self._sources, self._options = sources, options
        self.is_plain = False
        self.current: Path | Source | None = None

    def __len__(self) -> int:
        return len(self._sources)

    def __iter__(self) -> "Iterator[Input]":
        from fastkq.api.inputs import read_input
        from fastkq.cli.pillow_plugins import register_plugin

        for source in self._sources:
            self.current = source
            register_plugin(source)
            image = read_input(
                source,
                depth=self._options.depth,
                alpha=self._options.alpha,
                max_pixels=self._options.max_pixels,
                threads=self._options.threads,
            )
            self.is_plain |= image.is_plain
            yield image
        self.current = None


def _encode(palette: "npt.NDArray[Any]", is_plain: bool, suffix: str) -> bytes:
    """Return the bytes of a palette file, or of an image with one pixel per color."""
    import numpy as np

    from fastkq import formats
    from fastkq.color.indexed_image import IndexedImage
    from fastkq.color.kinds import ImageKind
    from fastkq.formats import palette_files

    if suffix not in palette_files.SUFFIXES:
        indices = np.arange(len(palette))[np.newaxis]
        return formats.encode(IndexedImage(palette, indices, alpha=False if is_plain else None), suffix)
    if is_plain:
        kind = ImageKind(palette.dtype, palette.shape[1], is_plain)
        raise ArgumentError(
            f"expected gray or RGB, with or without alpha, for {suffix}, got {kind}: save as .fkq"
        )
    return palette_files.encode(palette, suffix)
