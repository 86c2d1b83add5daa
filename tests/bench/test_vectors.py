"""Suite `vectors`: the table."""

from bench.suites import vectors
from bench.suites.vectors import Problem, Row, Run


def test_table_shows_speedup_and_target() -> None:
    row = Row(*Problem(1000, 3, 64, target=8), fastkq=0.5, sklearn=5.0, inertia=1.0)
    lines = vectors.table(Run({"machine": {}, "rows": [row._asdict()]})).splitlines()
    assert lines[2] == "| 1,000 | 3 | 64 | float32 | 0.5 s | 5 s | 10 | 8 | 1.000000 |"
