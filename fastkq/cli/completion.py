"""`fastkq completion`: shell completion scripts, generated from the argument parser."""

import argparse
import shlex
from collections.abc import Iterator

SUMMARY = "print a script with which a shell completes fastkq commands and options"
EXAMPLES = """\
examples:
  eval "$(fastkq completion bash)"                        put this line into ~/.bashrc
  eval "$(fastkq completion zsh)"                         put this line into ~/.zshrc
  fastkq completion fish > ~/.config/fish/completions/fastkq.fish
"""
_ZSH_PREFIX = """\
(( $+functions[compdef] )) || { autoload -U compinit && compinit }
autoload -U +X bashcompinit && bashcompinit
"""
_BASH_SCRIPT = """\
_fastkq() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} words=
    if [[ $word == "=" ]]; then word=  # bash splits --effort=best into three words
    elif [[ $before == "=" ]]; then before=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    case $COMP_CWORD:${{COMP_WORDS[1]}}:$before:$word in
        1:*) words='{commands}' ;;
{cases}
    esac
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F _fastkq fastkq
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the argument of ``fastkq completion``."""
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def run(options: argparse.Namespace) -> None:
    """Print the completion script of the shell."""
    whole = options.parser
    print(_fish(whole) if options.shell == "fish" else _bash(whole, options.shell == "zsh"), end="")


def _commands(whole: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    (commands,) = (action for action in whole._actions if isinstance(action, argparse._SubParsersAction))
    return dict(commands.choices)


def _bash(whole: argparse.ArgumentParser, in_zsh: bool) -> str:
    """Return the script for bash or zsh.

    Commands, options and choices are completed from word lists, other arguments as file names (`-o default`).
    """
    options = [option for option in whole._option_string_actions if option.startswith("--")]
    words = " ".join([*_commands(whole), *options])
    cases = "\n".join(f"        {case} ;;" for case in _cases(whole))
    return (_ZSH_PREFIX if in_zsh else "") + _BASH_SCRIPT.format(commands=words, cases=cases)


def _cases(whole: argparse.ArgumentParser) -> Iterator[str]:
    for name, command in _commands(whole).items():
        for action in command._actions:
            words = f" words='{_words(action)}'" if action.choices else ""
            if not action.option_strings and action.choices:
                yield f"*:{name}:{name}:*){words}"
            elif action.option_strings and action.nargs not in (0, "?"):
                yield f"{'|'.join(f'*:{name}:{option}:*' for option in action.option_strings)}){words}"
        yield f"*:{name}:*:-*) words='{' '.join(command._option_string_actions)}'"


def _words(action: argparse.Action) -> str:
    return " ".join(map(str, action.choices or ()))


def _fish(whole: argparse.ArgumentParser) -> str:
    lines = ["complete -c fastkq -n __fish_use_subcommand -f"]
    for name, command in _commands(whole).items():
        summary = shlex.quote(command.description or "")
        lines.append(f"complete -c fastkq -n __fish_use_subcommand -a {name} -d {summary}")
        prefix = f"complete -c fastkq -n '__fish_seen_subcommand_from {name}'"
        lines += [prefix + _fish_option(action) for action in command._actions]
    return "\n".join(lines) + "\n"


def _fish_option(action: argparse.Action) -> str:
    names = "".join(
        f" -{'l' if option.startswith('--') else 's'} {option.lstrip('-')}"
        for option in action.option_strings
    )
    value = " -r" if action.option_strings and action.nargs != 0 else ""
    words = f" -f -a '{_words(action)}'" if action.choices else ""
    summary = f" -d {shlex.quote(action.help)}" if action.help and names else ""
    return f"{names}{value}{words}{summary}"
