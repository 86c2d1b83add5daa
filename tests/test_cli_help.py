"""What the command says of itself."""

import re
import shlex
import subprocess
import sys

import pytest

from fastkq import cli
from fastkq.cli.arguments import parse

COMMANDS = ("compress", "decompress", "info", "compare", "completion")


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_the_examples_in_the_help_can_be_called(capsys, command):
    with pytest.raises(SystemExit) as exit_:
        cli.main([*command, "--help"])
    assert exit_.value.code == 0
    examples = re.findall(r"^  fastkq (.+?)(?:  .*| [|<>].*)?$", capsys.readouterr().out, re.MULTILINE)
    assert examples or command == ["compare"]
    for example in examples:
        assert parse(shlex.split(example)).run, example


def test_help_imports_nothing_that_takes_time():
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
