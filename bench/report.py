"""The README's tables, written from the last run."""

import math
import os
import platform
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np

import fastkq
from bench.cases import COLOURS, ROOT, scikit_learn_photograph
from bench.results import Results
from fastkq import io
from fastkq.report.comparison import compare
from fastkq.report.sheet import contact_sheet

PICTURE = ROOT / "bench" / "pictures" / "china.png"
README = ROOT / "README.md"
START, END = "<!-- bench:start -->", "<!-- bench:end -->"
_METHODS = ("fastkq", "scikit-learn", "FASTOCTREE", "MEDIANCUT")


def machine() -> dict[str, str]:
    """The machine and the versions that figures belong to."""
    packages = ("numpy", "numba", "scikit-learn", "pillow")
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "system": f"{platform.system()}, Python {platform.python_version()}",
        "packages": ", ".join(f"{package} {version(package)}" for package in packages),
        "date": date.today().isoformat(),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def draw_picture() -> None:
    """The README's picture: china.jpg as it is and at three k, itself a palette PNG by fastkq."""
    image = io.read_image(scikit_learn_photograph("china.jpg"))
    sheet = np.asarray(contact_sheet(image, compare(image, (4, 16, 64)), columns=2))
    PICTURE.parent.mkdir(exist_ok=True)
    fastkq.compress(sheet, 256).save(PICTURE)


def rewrite_readme(results: Results) -> None:
    """Replace what stands between the markers, and nothing else."""
    text = README.read_text()
    before, rest = text.split(START)
    after = rest.split(END)[1]
    README.write_text(before + START + "\n" + markdown(results) + END + after)


def markdown(results: Results) -> str:
    """All tables."""
    return "\n".join(
        [
            *_comparison(results),
            "",
            *_parallelism(results),
            "",
            *_startup(results),
            "",
            "Measured on " + "; ".join(results.machine.values()) + ".",
            "",
        ]
    )


def _comparison(results: Results) -> list[str]:
    lines = [
        "Milliseconds (geometric mean over the images of the median), and SE/px, the squared error of the",
        "stored palette, undithered (summed over R, G, B, mean over pixels and images; lower is better):",
        "",
        "| images | k | fastkq | scikit-learn KMeans | Pillow FASTOCTREE | Pillow MEDIANCUT |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in results.sets():
        count = len(results.of(name, COLOURS[0], "fastkq"))
        label = f"{name} ({count} images)" if count > 1 else name
        for k in COLOURS:
            cells = (_cell(results, name, k, method) for method in _METHODS)
            lines.append(f"| {label} | {k} | {' | '.join(cells)} |")
    return lines


def _cell(results: Results, name: str, k: int, method: str) -> str:
    rows = results.of(name, k, method).values()
    if not rows:
        return "takes minutes"
    milliseconds = 1000 * math.exp(sum(math.log(row.seconds) for row in rows) / len(rows))
    ratio = "" if method == "fastkq" else f" ({results.ratio(name, k, method):.3g} x)"
    return f"{_rounded(milliseconds)} ms{ratio}, {_rounded(results.error(name, k, method))}"


def _rounded(value: float) -> str:
    """Three digits, without an exponent."""
    digits = max(0, 2 - math.floor(math.log10(value)))
    return f"{round(value, 2 - math.floor(math.log10(value))):,.{digits}f}"


def _parallelism(results: Results) -> list[str]:
    lines = [
        "Stages on 24 megapixels (china.jpg tiled, with noise) at k = 64, milliseconds:",
        "",
        "| stage | one thread | two threads | ratio |",
        "| --- | --- | --- | --- |",
    ]
    for stage, (one, two) in results.speedups.items():
        lines.append(f"| {stage} | {one:.1f} | {two:.1f} | {one / two:.2f} |")
    return lines


def _startup(results: Results) -> list[str]:
    empty, warm = results.startup["empty cache"], results.startup["warm cache"]
    return [
        "A whole process that imports fastkq and compresses 512 x 768 pixels at k = 64 takes "
        f"{warm:.2f} s; the first one ever, which compiles, {empty:.1f} s."
    ]
