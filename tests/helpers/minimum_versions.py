"""Minimum versions of all requirements; `python -m tests.helpers.minimum_versions` prints them for pip."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
_EXTRAS = ("sklearn", "report", "cli", "png", "deep")
_REQUIREMENT = re.compile(r"(?P<name>[\w-]+)>=(?P<version>[\d.]+)")


def requirements() -> list[str]:
    """Return every requirement of fastkq and its extras, sorted, as ``name==version``."""
    project = tomllib.loads(PROJECT.read_text())["project"]
    return sorted(f"{name}=={version}" for name, version in _declared(project))


def _declared(project: dict) -> Iterator[tuple[str, str]]:
    optional = project["optional-dependencies"]
    for line in [*project["dependencies"], *(line for extra in _EXTRAS for line in optional[extra])]:
        match = _REQUIREMENT.fullmatch(line)
        if match is None:
            raise ValueError(f"expected a requirement as name>=version, got {line!r}")
        yield match["name"], match["version"]


if __name__ == "__main__":
    print(*requirements(), sep="\n")
