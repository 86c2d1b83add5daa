"""Input files by the names, folders and patterns of the command line."""

import fnmatch
import glob
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fastkq.errors import ArgumentError


class Found(NamedTuple):
    """An input file and its place in the output folder.

    Attributes
    ----------
    path : Path
        Path of the file.
    place : Path
        Its path relative to the folder or to the fixed part of the pattern by which it was found; its name
        alone if the command line names it.
    is_named : bool
        Whether the command line names the file itself.
    """

    path: Path
    place: Path
    is_named: bool


class Wanted(NamedTuple):
    """Filter of the files found in folders and by patterns; files given by name are always taken.

    Attributes
    ----------
    suffixes : tuple of str
        Accepted suffixes, in lower case.
    recursive : bool
        Whether folders are searched and patterns may contain `**`.
    ending : str
        Files whose names end so are skipped: they are outputs of an earlier run. Empty: skip none.
    apart : Path or None
        Folder that is skipped, because outputs are written there.
    """

    suffixes: tuple[str, ...]
    recursive: bool
    ending: str = ""
    apart: Path | None = None

    def takes(self, path: Path) -> bool:
        """Return whether a file in a folder, or one that matches a pattern, is an input."""
        is_ours = bool(self.ending) and path.name.endswith(self.ending)
        return path.suffix.lower() in self.suffixes and not is_ours and path.is_file()

    def enters(self, folder: Path) -> bool:
        """Return whether a subfolder is searched."""
        is_apart = self.apart is not None and self.apart.is_dir() and folder.samefile(self.apart)
        return not folder.name.startswith(".") and not is_apart


def find(arguments: Iterable[str], wanted: Wanted) -> list[Found]:
    """Find the input files, each once: in the order of the arguments, and sorted by name within an argument.

    Hidden files and folders are found only by their names. Links to folders are not followed: they may form
    cycles.

    Parameters
    ----------
    arguments : iterable of str
        Names, folders and patterns of the command line.
    wanted : Wanted

    Returns
    -------
    list of Found

    Raises
    ------
    ArgumentError
        When a folder or a pattern has no such file, or a pattern has `**` without `recursive`.
    OSError
        When a folder cannot be read.
    """
    found: dict[str, Found] = {}
    for argument in arguments:
        some = list(_meant(argument, wanted))
        if not some:
            suffixes = ", ".join(wanted.suffixes)
            raise ArgumentError(f"expected files to read ({suffixes}), got none from {argument!r}")
        for one in some:
            found.setdefault(os.path.normcase(os.path.abspath(one.path)), one)
    return list(found.values())


def _meant(argument: str, wanted: Wanted) -> Iterator[Found]:
    path = Path(argument)
    if path.is_dir() and wanted.recursive:
        yield from _all_in(path, path, wanted)
    elif os.path.lexists(argument) or not _is_pattern(argument):  # photo[1].jpg can be the name of a file
        yield Found(path, Path(path.name), is_named=True)
    else:
        yield from _matching(argument, wanted)


def _is_pattern(text: str) -> bool:
    return any(letter in text for letter in "*?[")


def _matching(pattern: str, wanted: Wanted) -> Iterator[Found]:
    parts = Path(pattern).parts
    base = Path(*itertools.takewhile(lambda part: not _is_pattern(part), parts))
    if "**" in parts:
        if not wanted.recursive:
            raise ArgumentError(f"expected -r with the ** of {pattern!r}, got none")
        below = parts[len(base.parts) :]
        yield from (one for one in _all_in(base, base, wanted) if _fits(one.place.parts, below))
        return
    for path in map(Path, sorted(glob.glob(pattern))):
        if path.is_dir():
            yield from _all_in(path, base, wanted) if wanted.recursive and wanted.enters(path) else ()
        elif wanted.takes(path):
            yield Found(path, path.relative_to(base), is_named=False)


def _fits(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Return whether the parts of a path match those of a pattern; `**` matches any number of parts."""
    if not pattern:
        return not parts
    if pattern[0] == "**" and _fits(parts, pattern[1:]):
        return True
    rest = pattern if pattern[0] == "**" else pattern[1:]
    return bool(parts) and fnmatch.fnmatch(parts[0], pattern[0]) and _fits(parts[1:], rest)


def _all_in(folder: Path, base: Path, wanted: Wanted) -> Iterator[Found]:
    for place, folders, files in os.walk(folder, onerror=_fail):
        folders[:] = sorted(name for name in folders if wanted.enters(Path(place, name)))
        for path in (Path(place, name) for name in sorted(files) if not name.startswith(".")):
            if wanted.takes(path):
                yield Found(path, path.relative_to(base), is_named=False)


def _fail(error: OSError) -> None:
    """Raise the error of a folder that cannot be read: `os.walk` would skip the folder."""
    raise error
