"""Run the command line in this process, and make input files for it."""

import re
import sys
from pathlib import Path

from PIL import Image

from fastkq import cli
from tests.helpers.images import noise


def run(capsys, *arguments):
    """Run `fastkq` in this process; return the exit code, standard output and standard error."""
    code = cli.main(list(map(str, arguments)))
    output, errors = capsys.readouterr()
    return code, output, errors


def write_images(*names):
    """Write an image of noise to each path, each with its own seed."""
    for seed, name in enumerate(names):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(noise(12, 16, 3, seed=seed)).save(name)


def files(below="."):
    """Return the sorted paths of the regular files below a folder."""
    return sorted(str(path) for path in Path(below).rglob("*") if path.is_file() and not path.is_symlink())


def on_a_terminal(monkeypatch):
    """Make standard output and standard error report that they are terminals."""
    for stream in (sys.stdout, sys.stderr):
        monkeypatch.setattr(stream, "isatty", lambda: True)


def info(capsys, *arguments):
    """Return what `fastkq info` prints; check that it succeeds without a warning."""
    code, output, errors = run(capsys, "info", *arguments)
    assert (code, errors) == (0, "")
    return output


def info_fields(output):
    """Return the lines of `fastkq info` that have a name and a value, as {name: value}."""
    pairs = (re.match(r"(\S.*?)  +(\S.*)", line) for line in output.splitlines())
    return {pair[1]: pair[2] for pair in pairs if pair}
