"""Completion of commands, options and values in bash, zsh and fish, each if it is installed."""

import shutil
import subprocess
import sys

import pytest

from tests.helpers.command_line import run

TRY_IN_BASH = """
eval "$1"
complete -p fastkq
shift
COMP_WORDS=(fastkq "$@")
COMP_CWORD=$#
_fastkq
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="session")
def scripts():
    def script(shell):
        program = [sys.executable, "-m", "fastkq", "completion", shell]
        return subprocess.run(program, capture_output=True, text=True, check=True).stdout

    return {shell: script(shell) for shell in ("bash", "zsh", "fish")}


CASES = [
    ([""], {"compress", "decompress", "palette", "info", "compare", "completion"}, {"-k"}),
    (["comp"], {"compress", "compare", "completion"}, {"info"}),
    (["compress", "--eff"], {"--effort"}, {"--help"}),
    (["compress", "--effort", ""], {"fast", "balanced", "best"}, {"compress"}),
    (["decompress", "a.fkq", "--format", "w"], {"webp"}, {"fkq", "png"}),
    (["compress", "a.png", "--dither", "--ke"], {"--keep-going"}, {"--dither"}),
    (["palette", "a.png", "--space", ""], {"rgb", "oklab"}, {"fast"}),
    (["palette", "--fo"], {"--force"}, {"--format"}),
    (["completion", ""], {"bash", "zsh", "fish"}, {"compress"}),
]
IN_BASH = [  # bash splits words at =
    (["compress", "--effort", "=", "b"], {"balanced", "best"}, {"fast", "blue-noise"}),
    (["compress", "--effort", "="], {"fast", "balanced", "best"}, {"compress"}),
]


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(("words", "offered", "missing"), [*CASES, *IN_BASH])
def test_bash_offers_commands_options_and_their_values(scripts, words, offered, missing):
    program = ["bash", "--norc", "-c", TRY_IN_BASH, "bash", scripts["bash"], *words]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    registered, *replies = done.stdout.splitlines()
    assert (registered, done.stderr) == ("complete -o default -F _fastkq fastkq", "")
    assert offered <= set(replies)
    assert not missing & set(replies)


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash")
@pytest.mark.parametrize(
    "words", [["compress", "ph"], ["compress", "-o", ""], ["compress", "--palette", "-"]]
)
def test_bash_completes_file_names(scripts, words):
    program = ["bash", "--norc", "-c", TRY_IN_BASH, "bash", scripts["bash"], *words]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout.split("\n", 1)[1].strip() == "", "expected no words, so that bash completes file names"


@pytest.mark.skipif(not shutil.which("fish"), reason="there is no fish")
@pytest.mark.parametrize(("words", "offered", "missing"), CASES)
def test_fish_offers_commands_options_and_their_values(scripts, words, offered, missing):
    program = ["fish", "--no-config", "-c", "echo $argv[1] | source; complete -C $argv[2]"]
    line = " ".join(["fastkq", *words])
    done = subprocess.run([*program, scripts["fish"], line], capture_output=True, text=True, check=True)
    replies = {reply.split("\t")[0] for reply in done.stdout.splitlines()}
    assert offered <= replies
    assert not missing & replies


@pytest.mark.skipif(not shutil.which("zsh"), reason="there is no zsh")
def test_zsh_loads_the_bash_script(scripts, tmp_path):
    program = [
        "zsh",
        "-f",
        "-c",
        'ZDOTDIR=$2; eval "$1"; print $_comps[fastkq]',
        "zsh",
        scripts["zsh"],
        tmp_path,
    ]
    done = subprocess.run(program, capture_output=True, text=True, check=True)
    assert done.stdout == "_bash_complete -o default -F _fastkq\n"
    assert scripts["zsh"].endswith(scripts["bash"])


def test_unknown_shell_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as stopped:
        run(capsys, "completion", "tcsh")
    assert stopped.value.code == 2
