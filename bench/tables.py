"""The README's tables of a run, each as lines of Markdown; empty where nothing was measured for one."""

import math
from pathlib import Path

from bench.cases import COLOURS
from bench.literature import ONLINE_K_MEANS, SOURCE
from bench.methods import METHODS
from bench.results import Results
from bench.scaling import COLOURS as SCALED_COLOURS
from bench.scaling import EFFORTS
from bench.targets import KNEE, nanoseconds_per_further_pixel

_METHODS = (
    "fastkq fast",
    "fastkq",
    "fastkq best",
    "scikit-learn",
    "MiniBatchKMeans",
    "KMeans on a sample",
    "OpenCV",
    "faiss",
    "imagequant",
    "FASTOCTREE",
    "MEDIANCUT",
    "MEDIANCUT+kmeans",
)


def comparison(results: Results) -> list[str]:
    """Methods by image set, one cell a k."""
    lines = [
        "Time (geometric mean over the images of the median; in brackets its ratio to that of fastkq at its",
        'default effort, "balanced"), SE/px, the squared error of the stored palette, undithered (summed',
        "over R, G, B, mean over pixels and images; lower is better), and PSNR in dB (mean over the images):",
        "",
        "| images | method | " + " | ".join(f"k = {k}" for k in COLOURS) + " |",
        "| --- | --- |" + " --- |" * len(COLOURS),
    ]
    notes = []
    for name in results.sets():
        count = len(results.of(name, COLOURS[0], "fastkq"))
        label = f"{name} ({count} images)" if count > 1 else name
        for method in _METHODS:
            done = results.of(name, COLOURS[0], method)
            if not done:
                continue
            mark = "\\*" if len(done) < count else ""
            cells = (_cell(results, name, k, method) for k in COLOURS)
            lines.append(f"| {label} | {METHODS[method].label}{mark} | {' | '.join(cells)} |")
            if mark:
                notes.append(_note(results, name, method))
    return [*lines, "", *notes] if notes else lines


def _cell(results: Results, name: str, k: int, method: str) -> str:
    if not results.of(name, k, method):
        return "-"
    milliseconds = 1000 * results.time(name, k, method)
    ratio = "" if method == "fastkq" else f" ({_rounded(results.ratio(name, k, method))} x)"
    error, psnr = _rounded(results.error(name, k, method)), results.psnr(name, k, method)
    return f"{_rounded(milliseconds)} ms{ratio}, {error}, {psnr:.2f}"


def _note(results: Results, name: str, method: str) -> str:
    names = ", ".join(Path(image).stem for image in results.of(name, COLOURS[0], method))
    ours = (
        [results.of(name, k, "fastkq")[image].error for image in results.of(name, k, method)] for k in COLOURS
    )
    errors = " / ".join(_rounded(sum(errors) / len(errors)) for errors in ours)
    return f"\\* {METHODS[method].label} on {names}, where fastkq's SE/px is {errors}."


def _rounded(value: float) -> str:
    """Three digits, without an exponent."""
    digits = max(0, 2 - math.floor(math.log10(value)))
    return f"{round(value, 2 - math.floor(math.log10(value))):,.{digits}f}"


def literature(results: Results) -> list[str]:
    """fastkq beside what a paper reports."""
    if not results.literature:
        return []
    ks = list(next(iter(ONLINE_K_MEANS.values())))
    lines = [
        f"SE/px of incremental online k-means as its authors report it ({SOURCE}),",
        "its palettes not rounded, and of fastkq's best effort, its palettes rounded:",
        "",
        "| image | method | " + " | ".join(f"k = {k}" for k in ks) + " |",
        "| --- | --- |" + " --- |" * len(ks),
    ]
    for image, ours in results.literature.items():
        theirs = ONLINE_K_MEANS[image].values()
        lines.append(f"| {image} | incremental online k-means | {' | '.join(f'{x:.2f}' for x in theirs)} |")
        lines.append(f"| {image} | fastkq, best | {' | '.join(f'{x:.2f}' for x in ours.values())} |")
    return lines


def scaling(results: Results) -> list[str]:
    """Time and memory by size."""
    by_size = {
        effort: {row.pixels: row for row in results.scaling if row[:2] == (effort, SCALED_COLOURS)}
        for effort in EFFORTS
    }
    sizes = [pixels for pixels in by_size[EFFORTS[0]] if all(pixels in rows for rows in by_size.values())]
    if not sizes:
        return []
    lines = [
        f"By size (china.jpg tiled, with noise) at k = {SCALED_COLOURS}: milliseconds, nanoseconds for each "
        f"further pixel above {KNEE / 1e6:.0f}",
        "megapixels, and megabytes at the peak above the input, the output among them:",
        "",
        "| megapixels | " + " | ".join(EFFORTS) + " |",
        "| --- |" + " --- |" * len(EFFORTS),
    ]
    for pixels in sizes:
        cells = []
        for rows in by_size.values():
            row = rows[pixels]
            slope = f", {nanoseconds_per_further_pixel(row, rows):.2f} ns" if pixels > KNEE else ""
            cells.append(f"{_rounded(1000 * row.seconds)} ms{slope}, {row.peak_bytes / 1e6:.0f} MB")
        lines.append(f"| {pixels / 1e6:.1f} | {' | '.join(cells)} |")
    others = [row for row in results.scaling if row.k != SCALED_COLOURS]
    words = (
        f"{'RGBA' if row.channels == 4 else 'RGB'} at k = {row.k:,} {row.seconds:.2f} s" for row in others
    )
    return [*lines, "", f"24 megapixels, balanced: {', '.join(words)}."]


def parallelism(results: Results) -> list[str]:
    """One thread against two, stage by stage."""
    lines = [
        "Stages on 24 megapixels (china.jpg tiled, with noise) at k = 64, milliseconds:",
        "",
        "| stage | one thread | two threads | ratio |",
        "| --- | --- | --- | --- |",
    ]
    for stage, (one, two) in results.speedups.items():
        lines.append(f"| {stage} | {one:.1f} | {two:.1f} | {one / two:.2f} |")
    return lines


def startup(results: Results) -> list[str]:
    """A whole process."""
    empty, warm = results.startup["empty cache"], results.startup["warm cache"]
    return [
        "A whole process that imports fastkq and compresses 512 x 768 pixels at k = 64 takes "
        f"{warm:.2f} s; the first one ever, which compiles, {empty:.1f} s."
    ]
