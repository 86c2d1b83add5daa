"""`fastkq info`: describe the content of a file."""

import argparse
import json
import sys

from fastkq.cli.console import before_any_work, has_colors, print_line, printable
from fastkq.cli.shared_options import STREAM, add_options, check_stdin

SUMMARY = "show format, size, metadata and palette of a .fkq or image file"
EXAMPLES = """\
examples:
  fastkq info photo.fkq
  fastkq info photo.png --json
  fastkq compress photo.jpg -o - | fastkq info -
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``fastkq info``."""
    parser.add_argument("input", metavar="IN", help="a .fkq or image file, or - for standard input")
    parser.add_argument(
        "--json", action="store_true", help="print everything as one JSON object on one line, for scripts"
    )
    add_options(parser, "max_pixels")


def run(options: argparse.Namespace) -> None:
    """Print the facts of the file."""
    from fastkq.api.facts import read_facts
    from fastkq.cli.info_text import listing
    from fastkq.cli.pillow_plugins import register_plugin
    from fastkq.formats.source import InMemory

    is_stream = options.input == STREAM
    if is_stream:
        with before_any_work():
            check_stdin()
    source = InMemory(sys.stdin.buffer.read(), STREAM) if is_stream else options.input
    register_plugin(source)
    facts = read_facts(source, max_pixels=options.max_pixels)
    if options.json:
        print_line(json.dumps(facts.as_json()))
        return
    for line in listing(facts._replace(path=printable(facts.path)), colored=has_colors(sys.stdout)):
        print_line(line)
