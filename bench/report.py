"""The README's tables, written from the last run."""

from importlib.util import find_spec

from bench import picture, tables
from bench.cases import ROOT
from bench.results import Results

README = ROOT / "README.md"
START, END = "<!-- bench:start -->", "<!-- bench:end -->"


def write(results: Results) -> None:
    """Both pictures, as far as matplotlib is installed, and the README's tables."""
    picture.draw_photograph()
    if find_spec("matplotlib") is None:
        print("matplotlib is not installed: the picture of time against error stays as it was")
    elif "kodak" in results.sets():
        picture.draw_time_against_error(results)
    rewrite_readme(results)


def rewrite_readme(results: Results) -> None:
    """Replace what stands between the markers, and nothing else."""
    text = README.read_text()
    before, rest = text.split(START)
    after = rest.split(END)[1]
    README.write_text(before + START + "\n" + markdown(results) + END + after)


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
