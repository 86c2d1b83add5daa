"""The `fastkq` command. Nothing heavier than argparse is imported before the arguments are parsed.

One file::

    fastkq compress photo.jpg -k 64                   # photo.fkq
    fastkq compress photo.jpg --psnr 35 -o p35.fkq    # the fewest colors found that reach 35 dB
    fastkq compress photo.jpg -k 16 --dither -o p.png # --preset visual, --fixed '#c8102e', --palette p35.fkq
    fastkq compress indexed.png                       # palette and indices of a palette image, as they are
    fastkq decompress photo.fkq                       # photo.png; --region: a part, --salvage: what is intact
    fastkq info photo.fkq                             # parts, metadata, colors and their shares; --json

Many files::

    fastkq compress 'photos/*.jpg' -o out/ --format png -k 64       # out/a.png, out/b.png, ...
    fastkq compress photos -r -o tree/ --keep-going                 # the tree below photos, as .fkq files
    fastkq compress icons -r --format png --suffix -small --skip-if-larger
    fastkq compress photos -r -o tree/ --skip-existing --dry-run    # list the files that are still to do
    fastkq compress photos -r -o tree/ --force --json > done.jsonl  # one object per line: bytes, k, psnr, ...
    fastkq decompress tree -r -o images/ --format tif
    fastkq palette sprites/*.png -k 32 -o game.gpl                  # for fastkq compress --palette game.gpl
    fastkq compress - --bytes 50000 --format png < photo.jpg > small.png
    eval "$(fastkq completion bash)"                                # or zsh; fish: pipe it to source

Inputs are files, folders (with ``-r``) and quoted patterns (``**`` with ``-r``); each file is taken once.
Conflicts are refused before any work, with exit code 2: conflicting options, two inputs for one output,
outputs that exist, inputs that do not. ``--keep-going`` reports these files and processes the others.

``--jobs`` files are processed in parallel (default: one per core, at most 4), without a change in any byte,
and each is written whole or not at all. ``--bytes`` counts the file that is written, in every format.
``--optimize`` (the extra `png`) makes PNG files 8 to 28 % smaller, ``--strip`` leaves out metadata, and
``--depth 8`` reduces 16 bits per channel to 8; ``decompress`` writes 16 bits as PNG. With the extra `cli`
there is a progress bar: over several files, or within one file that takes long.

Exit codes: 0 when all files were written or, as asked, skipped; 1 when a file failed; 2 for conflicts, before
any work; 130 after Ctrl-C, with the number of files that were written. The first failure stops the run unless
``--keep-going`` is given.
"""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Sequence

from fastkq.cli.console import UsageError, print_message, reason
from fastkq.cli.parser import parse


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Parameters
    ----------
    arguments : sequence of str, optional
        The command line without the program's name; ``sys.argv[1:]`` if None.

    Returns
    -------
    int
        0 on success; 1 when a file failed; 2 for conflicts found before any work; 130 when interrupted.

    Raises
    ------
    SystemExit
        From argparse: code 2 for a usage error, 0 after ``--help`` and ``--version``.
    """
    options = parse(arguments)
    run: Callable[[argparse.Namespace], int | None] = options.run
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.simplefilter("ignore", DeprecationWarning)  # from dependencies: users cannot act on them
            warnings.showwarning = lambda message, *_: print_message(f"warning: {message}")
            code = run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the output has closed the pipe, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt as interrupt:
        print_message(str(interrupt) or "interrupted")
        return 130
    except UsageError as refusal:
        print_message(str(refusal))
        return 2
    except Exception as error:
        print_message(reason(error))
        return 1
    return code or 0
