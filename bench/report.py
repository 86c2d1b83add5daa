"""The README's tables, written from the last runs."""

from importlib.util import find_spec

from bench import picture, screenshot, side_by_side, tables
from bench.cases import ROOT
from bench.coding import tables as coding_tables
from bench.coding.results import Coded
from bench.results import Results

README = ROOT / "README.md"


def write(results: Results | None, coded: Coded | None) -> None:
    """The README's tables of what was measured, and its pictures, as far as what draws them is installed."""
    if results is None:
        print("the methods were not measured: their tables and pictures stay as they were")
    else:
        _draw(results)
        rewrite_readme("bench", markdown(results))
    if coded is None:
        print("the coding was not measured: its tables stay as they were")
    else:
        rewrite_readme("coding", coding_tables.markdown(coded))


def _draw(results: Results) -> None:
    if find_spec("matplotlib") is None:
        print("matplotlib is not installed: its pictures stay as they were")
    else:
        picture.draw_photograph()
        if "kodak" in results.sets():
            picture.draw_time_against_error(results)
    if all(map(find_spec, side_by_side.PACKAGES)):
        side_by_side.draw()
    else:
        print(f"{' or '.join(side_by_side.PACKAGES)} is not installed: that picture stays as it was")
    if screenshot.is_possible():
        screenshot.draw()
    else:
        print("Chromium or selenium is not installed: the picture of the page stays as it was")


def rewrite_readme(section: str, tables_of_section: str) -> None:
    """Replace what stands between the section's markers, and nothing else."""
    start, end = f"<!-- {section}:start -->", f"<!-- {section}:end -->"
    before, rest = README.read_text().split(start)
    after = rest.split(end)[1]
    README.write_text(before + start + "\n" + tables_of_section + end + after)


def markdown(results: Results) -> str:
    """The picture and all tables."""
    parts = [
        _picture(),
        tables.comparison(results),
        tables.literature(results),
        tables.scaling(results),
        tables.parallelism(results),
        tables.startup(results),
    ]
    lines = [line for part in parts if part for line in (*part, "")]
    return "\n".join([*lines, "Measured on " + "; ".join(results.machine.values()) + ".", ""])


def _picture() -> list[str]:
    path = picture.TIME_AGAINST_ERROR
    if not path.exists():
        return []
    words = "Time against error on the Kodak images at k = 16, 64 and 256, a point a method"
    return [
        f"![{words}]({path.relative_to(ROOT).as_posix()})",
        "",
        "The 24 Kodak images: further left is faster, further down better. The axis of the error is a",
        "logarithm that spreads what is near 1. OpenCV is placed by its ratio to fastkq on the images it was",
        "run on.",
    ]
