"""The files that names, folders and patterns on the command line stand for."""

import fnmatch
import glob
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fastkq.errors import ArgumentError


class Found(NamedTuple):
    """A file, and its place in a folder of outputs: its path below the folder or pattern it was found by.

    Attributes
    ----------
    path, place : Path
    is_named : bool
        Whether the command line has its very name.
    """

    path: Path
    place: Path
    is_named: bool


class Wanted(NamedTuple):
    """What is taken of folders and patterns; a file that is named is always taken.

    Attributes
    ----------
    suffixes : tuple of str
        In small letters.
    recursive : bool
        Whether folders are taken, and `**` is.
    ending : str
        Of names that are left out, because they are outputs of ours; may be empty.
    apart : Path or None
        A folder that is left out, because outputs go there.
    """

    suffixes: tuple[str, ...]
    recursive: bool
    ending: str = ""
    apart: Path | None = None

    def takes(self, path: Path) -> bool:
        """Whether a file that was met is one of those."""
        is_ours = bool(self.ending) and path.name.endswith(self.ending)
        return path.suffix.lower() in self.suffixes and not is_ours and path.is_file()

    def enters(self, folder: Path) -> bool:
        """Whether a folder that was met is looked into."""
        is_apart = self.apart is not None and self.apart.is_dir() and folder.samefile(self.apart)
        return not folder.name.startswith(".") and not is_apart


def find(arguments: Iterable[str], wanted: Wanted) -> list[Found]:
    """Every file once, in the order of the arguments, of each argument in that of the names.

    Hidden files and folders are met only by name. Links to folders are not followed: they may lead in
    circles.

    Raises
    ------
    ArgumentError
        When a folder or a pattern has nothing that is wanted, or `**` without `recursive`.
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
    elif os.path.lexists(argument) or not _is_pattern(argument):  # photo[1].jpg may be a file's name
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
    """Whether the names of a path are those of a pattern, in which `**` stands for any number of them."""
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
    """A folder that cannot be read is not passed over."""
    raise error
