"""`fastkq compare`: one image at several k."""

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path

from fastkq.cli.console import before_any_work, print_message
from fastkq.cli.shared_options import (
    APPEARANCE,
    PALETTE_COLORS,
    STREAM,
    add_options,
    check_output,
    list_of_colors,
    table_options,
)
from fastkq.errors import ArgumentError
from fastkq.runtime.options import check_conflicts

SUMMARY = "compare an image at several numbers of colors: file sizes, quality and looks"
EXAMPLES = """\
examples:
  fastkq compare photo.jpg                             a table of sizes and quality
  fastkq compare photo.jpg --html page.html --open     a page in the browser
  fastkq compare photo.jpg -k 8,16,32 -o sheet.png     a contact sheet, also .pdf or .svg
  fastkq compare photo.jpg --dither --json             a line with a JSON object for each k
"""
_KS = [2, 4, 8, 16, 32, 64, 128, 256]
_SHEETS, _PAGES = (".png", ".pdf", ".svg"), (".html", ".htm")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fastkq compare``."""
    parser.add_argument("input", metavar="IN", help="an image or .fkq file, or - for standard input")
    parser.add_argument(
        "-k",
        dest="ks",
        metavar="K",
        type=list_of_colors,
        default=_KS,
        help=f"numbers of colors, separated by commas (default {','.join(map(str, _KS))})",
    )
    add_options(parser, "effort")
    add_options(parser.add_argument_group("color choice and dithering"), *PALETTE_COLORS, *APPEARANCE)
    group = parser.add_argument_group("output")
    group.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="SHEET",
        help="write a contact sheet (images, plot and table) as .png, .pdf or .svg (needs the extra report)",
    )
    group.add_argument(
        "--html",
        type=Path,
        metavar="PAGE",
        help="write an HTML page, one file, that compares source and result with a slider",
    )
    group.add_argument("--open", action="store_true", help="open PAGE in the browser")
    group.add_argument("--force", action="store_true", help="replace SHEET and PAGE if they exist")
    group.add_argument(
        "--json",
        action="store_true",
        help="print a line with a JSON object for each k instead of the table, for scripts",
    )
    add_options(parser, "alpha", "max_pixels", "threads")


def run(options: argparse.Namespace) -> None:
    """Compare the image at each k, print the table and write the sheet and the page."""
    with before_any_work():
        _check(options)
    from fastkq.cli.pillow_plugins import register_plugin
    from fastkq.compare.comparison import Original, compare, table
    from fastkq.formats.source import InMemory
    from fastkq.runtime.atomic_writing import write_atomically

    if options.output:
        from fastkq.compare.sheet import contact_sheet  # raises before the work if matplotlib is missing
    is_stream = options.input == STREAM
    source = InMemory(sys.stdin.buffer.read(), "standard input") if is_stream else options.input
    register_plugin(source)
    original = Original.read(
        source, alpha=options.alpha, max_pixels=options.max_pixels, threads=options.threads
    )
    ks = _with_bar(dict.fromkeys(options.ks))
    rows = compare(original.source or original.pixels, ks, **table_options(options))
    if options.json:
        for row in rows:
            print(json.dumps({"input": options.input, "source_bytes": original.nbytes, **row.as_json()}))
    else:
        print(table(rows, original.nbytes))
    if options.output:
        write_atomically(options.output, contact_sheet(original, rows, options.output.suffix.lower()))
    if options.html:
        from fastkq.compare.html import page

        write_atomically(options.html, page(original, rows))
    if options.open:
        import webbrowser

        if not webbrowser.open(options.html.resolve().as_uri()):
            print_message(f"no browser could be opened; the page is {options.html}")


def _with_bar(ks: Iterable[int]) -> Iterable[int]:
    """Wrap `ks` in a progress bar if standard error is a terminal and tqdm is installed."""
    try:
        from tqdm import tqdm
    except ImportError:
        return ks
    bar: Iterable[int] = tqdm(ks, unit="k", leave=False, disable=None)
    return bar


def _check(options: argparse.Namespace) -> None:
    """Refuse outputs that cannot be written, before any work."""
    check_conflicts(table_options(options), allow_ignored=False)
    if options.open and not options.html:
        raise ArgumentError("expected --html PAGE with --open, got --open alone")
    for path, suffixes in ((options.output, _SHEETS), (options.html, _PAGES)):
        if path is not None:
            check_output(path, suffixes, [options.input], force=options.force)
