"""Input files by the names, folders and patterns of the command line."""

import fnmatch
import glob
import itertools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from fastkq.errors import ArgumentError
from fastkq.formats.source import is_url


class InputFile(NamedTuple):
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


class FileFilter(NamedTuple):
    """Filter of the files found in folders and by patterns; files given by name are always taken.

    Attributes
    ----------
    suffixes : tuple of str
        Accepted suffixes, in lower case.
    recursive : bool
        Whether folders are searched and patterns may contain `**`.
    excluded_ending : str
        Files whose names end with this are skipped: they are outputs of an earlier run. Empty: skip none.
    excluded_folder : Path or None
        Folder that is skipped, because outputs are written there.
    """

    suffixes: tuple[str, ...]
    recursive: bool
    excluded_ending: str = ""
    excluded_folder: Path | None = None

    def accepts(self, path: Path) -> bool:
        """Return whether a file in a folder, or one that matches a pattern, is an input."""
        is_output = bool(self.excluded_ending) and path.name.endswith(self.excluded_ending)
        return path.suffix.lower() in self.suffixes and not is_output and path.is_file()

    def searches(self, folder: Path) -> bool:
        """Return whether a subfolder is searched."""
        is_excluded = (
            self.excluded_folder is not None
            and self.excluded_folder.is_dir()
            and folder.samefile(self.excluded_folder)
        )
        return not folder.name.startswith(".") and not is_excluded


def find(arguments: Iterable[str], file_filter: FileFilter) -> list[InputFile]:
    """Find the input files, each once: in the order of the arguments, and sorted by name within an argument.

    Hidden files and folders are found only by their names. Links to folders are not followed: they may form
    cycles.

    Parameters
    ----------
    arguments : iterable of str
        Names, folders and patterns of the command line.
    file_filter : FileFilter

    Returns
    -------
    list of InputFile

    Raises
    ------
    ArgumentError
        When a folder or a pattern has no accepted file, or a pattern has `**` without `recursive`.
    OSError
        When a folder cannot be read.
    """
    found: dict[str, InputFile] = {}
    for argument in arguments:
        files = list(_files_of(argument, file_filter))
        if not files:
            suffixes = ", ".join(file_filter.suffixes)
            raise ArgumentError(f"expected files to read ({suffixes}), got none from {argument!r}")
        for file in files:
            found.setdefault(os.path.normcase(os.path.abspath(file.path)), file)
    return list(found.values())


def _files_of(argument: str, file_filter: FileFilter) -> Iterator[InputFile]:
    path = Path(argument)
    if path.is_dir() and file_filter.recursive:
        yield from _files_below(path, path, file_filter)
    elif not os.path.lexists(argument) and is_url(argument):
        message = "expected a file, got the URL {}: download it first, as curl -s URL | fastkq compress -"
        raise ArgumentError(message, argument)
    elif os.path.lexists(argument) or not glob.has_magic(argument):  # photo[1].jpg can be the name of a file
        yield InputFile(path, Path(path.name), is_named=True)
    else:
        yield from _files_matching(argument, file_filter)


def _files_matching(pattern: str, file_filter: FileFilter) -> Iterator[InputFile]:
    parts = Path(pattern).parts
    base = Path(*itertools.takewhile(lambda part: not glob.has_magic(part), parts))
    if "**" in parts:
        if not file_filter.recursive:
            raise ArgumentError(f"expected -r with the ** of {pattern!r}, got none")
        below = parts[len(base.parts) :]
        yield from (
            file for file in _files_below(base, base, file_filter) if _matches(file.place.parts, below)
        )
        return
    for path in map(Path, sorted(glob.glob(pattern))):
        if path.is_dir() and file_filter.recursive and file_filter.searches(path):
            yield from _files_below(path, base, file_filter)
        elif file_filter.accepts(path):
            yield InputFile(path, path.relative_to(base), is_named=False)


def _matches(parts: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    """Return whether the parts of a path match those of a pattern; `**` matches any number of parts."""
    if not pattern:
        return not parts
    if pattern[0] == "**" and _matches(parts, pattern[1:]):
        return True
    rest = pattern if pattern[0] == "**" else pattern[1:]
    return bool(parts) and fnmatch.fnmatch(parts[0], pattern[0]) and _matches(parts[1:], rest)


def _files_below(folder: Path, base: Path, file_filter: FileFilter) -> Iterator[InputFile]:
    for parent, folders, names in os.walk(folder, onerror=_reraise):
        folders[:] = sorted(name for name in folders if file_filter.searches(Path(parent, name)))
        for path in (Path(parent, name) for name in sorted(names) if not name.startswith(".")):
            if file_filter.accepts(path):
                yield InputFile(path, path.relative_to(base), is_named=False)


def _reraise(error: OSError) -> None:
    """Raise the error of a folder that cannot be read: `os.walk` would skip the folder."""
    raise error
