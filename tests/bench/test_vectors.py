"""The suite of vectors: its table."""

from bench.suites import vectors
from bench.suites.vectors import Problem, Row, Run


def test_the_table_tells_how_many_times_as_fast_and_the_target() -> None:
    row = Row(*Problem(1000, 3, 64, target=8), fastkq=0.5, sklearn=5.0, inertia=1.0)
    lines = vectors.table(Run({"machine": {}, "rows": [row._asdict()]})).splitlines()
    assert lines[2] == "| 1,000 | 3 | 64 | float32 | 0.5 s | 5 s | 10 | 8 | 1.000000 |"
