"""The map for contributors: the tuned constants that it lists stand in the files that it names."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

import fastkq

CONTRIBUTING = Path(__file__).parents[1] / ".github" / "CONTRIBUTING.md"
HEAD = "| constant | file | value | decided on | suite |"
TABLE = CONTRIBUTING.read_text().partition(HEAD)[2].split("\n\n")[0].splitlines()[2:]
ROWS = [tuple(cell.strip() for cell in line.strip("|").split("|")[:2]) for line in TABLE]


def test_the_table_of_tuned_constants_is_found():
    assert len(ROWS) > 40


@pytest.mark.parametrize(("constants", "places"), ROWS)
def test_tuned_constants_stand_where_the_map_says(constants, places):
    paths = [files(fastkq).joinpath(place) for place in re.findall(r"`([a-z_]+(?:/\w+)+|metrics)`", places)]
    assert paths
    source = "".join(
        (path / "__init__.py" if path.is_dir() else Path(f"{path}.py")).read_text() for path in paths
    )
    for name in re.findall(r"`[\w.]*?(\w+)`", constants):
        assert re.search(rf"\b{name}\b", source), name
