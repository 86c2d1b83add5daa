"""Help texts and usage errors."""

import argparse
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from fastkq import cli
from fastkq.cli import compress, decompress
from fastkq.cli.parser import parse
from fastkq.formats.registry import FORMATS

CALL = r"^{indent}fastkq (.+?)(?:  .*| [#|<>].*)?$"
COMMANDS = ("compress", "decompress", "palette", "info", "compare", "completion")


def calls_in(text, indent=""):
    return [shlex.split(call) for call in re.findall(CALL.format(indent=indent), text, re.MULTILINE)]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_examples_in_the_help_parse(capsys, command):
    with pytest.raises(SystemExit) as exit_:
        cli.main([*command, "--help"])
    assert exit_.value.code == 0
    calls = calls_in(capsys.readouterr().out, "  ")
    assert calls or command == ["compare"]
    for call in calls:
        assert parse(call).run


def test_commands_in_the_readme_parse():
    readme = Path(__file__).parents[2] / "README.md"
    for call in calls_in(readme.read_text(encoding="utf-8")) if readme.exists() else ():
        assert parse(call).run


def test_help_imports_no_slow_modules():
    code = """
import sys
from fastkq.cli import main
for command in sys.argv[1:]:
    try:
        main([command, "--help"])
    except SystemExit:
        pass
print([name for name in ("numpy", "numba", "PIL", "tqdm", "concurrent.futures") if name in sys.modules])
"""
    program = [sys.executable, "-c", code, *COMMANDS]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["paint"],
        ["compress"],
        ["compress", "photo.png", "-k", "0"],
        ["compress", "photo.png", "-k", "65537"],
        ["compress", "photo.png", "-k", "many"],
        ["compress", "photo.png", "--threads", "0"],
        ["compress", "photo.png", "-k", "4", "other.png"],
        ["compress", "photo.png", "--tidy"],
        ["compare", "photo.png", "-k", "2,,4"],
    ],
)
def test_usage_errors_exit_2(capsys, arguments):
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments)
    assert exit_.value.code == 2
    errors = capsys.readouterr().err
    assert (errors.startswith("fastkq: "), errors.count("\n")) == (True, 1)
    assert errors.endswith("--help says more)\n")


@pytest.mark.parametrize("command", [compress, decompress])
def test_every_output_format_can_be_chosen(command):
    command_parser = argparse.ArgumentParser()
    command.add_arguments(command_parser)
    (choices,) = (action.choices for action in command_parser._actions if action.dest == "format")
    chosen = {FORMATS[f".{name}"].name for name in choices if name != "fkq"}
    assert chosen == {image_format.name for image_format in FORMATS.values()}
