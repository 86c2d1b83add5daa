"""The Markdown tables of the engine suite, and the one table of the README."""

from collections.abc import Iterator
from pathlib import Path

from bench.cases import KS
from bench.peers import METHODS
from bench.reference import ONLINE_K_MEANS, PUBLICATION
from bench.results import markdown_table, paragraph, section, three_digits
from bench.suites.engine.results import Run

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
_README_SET = "kodak"
_README_METHODS = (
    "fastkq",
    "fastkq best",
    "scikit-learn",
    "KMeans on a sample",
    "faiss",
    "imagequant",
    "MEDIANCUT",
    "FASTOCTREE",
)
_PLOT = "![Time and error on the Kodak images, one point per method](figures/time-against-error.png)"
_PLOT_CAPTION = (
    "The 24 Kodak images: methods further left are faster, methods further down have a lower error. The "
    "error axis is logarithmic in (error - 0.93), which spreads the values near 1. OpenCV was run on some "
    "of the images and is placed by its ratio to fastkq on those."
)


def table(run: Run) -> str:
    """Return the plot and all tables."""
    parts = [
        [_PLOT],
        paragraph(_PLOT_CAPTION),
        *_comparison(run),
        *_published(run),
        *_speedups(run),
        paragraph(_startup(run)),
    ]
    return section(parts, run.machine)


def readme_table(run: Run) -> str:
    """Return time and error of what people use, on the Kodak images; empty if they were not measured."""
    methods = [method for method in _README_METHODS if run.of(_README_SET, KS[0], method)]
    if not methods:
        return ""
    count = len(run.of(_README_SET, KS[0], "fastkq"))
    caption = paragraph(
        "Time (geometric mean) and SE/px (squared error summed over R, G and B, mean over pixels; lower is "
        f"better) on {count} Kodak images of 0.4 megapixels:"
    )
    names = ["method", *(f"k = {k}: time, SE/px" for k in KS)]
    rows = [[METHODS[method].label, *(_readme_cell(run, k, method) for k in KS)] for method in methods]
    return section([caption, markdown_table(names, rows)], run.machine)


def _readme_cell(run: Run, k: int, method: str) -> str:
    milliseconds = 1000 * run.time(_README_SET, k, method)
    return f"{three_digits(milliseconds)} ms, {three_digits(run.error(_README_SET, k, method))}"


def _comparison(run: Run) -> Iterator[list[str]]:
    yield paragraph(
        "Each cell holds the time (geometric mean over the images of the median; in brackets divided by the "
        'time of fastkq at its default effort, "balanced"), SE/px (squared error of the stored palette '
        "without dithering, summed over R, G and B, mean over pixels and images; lower is better) and PSNR "
        "(in dB, mean over the images):"
    )
    rows, notes = [], []
    for name in run.sets():
        count = len(run.of(name, KS[0], "fastkq"))
        label = f"{name} ({count} images)" if count > 1 else name
        for method in _METHODS:
            done = run.of(name, KS[0], method)
            if not done:
                continue
            mark = "\\*" if len(done) < count else ""
            rows.append([label, METHODS[method].label + mark, *(_cell(run, name, k, method) for k in KS)])
            if mark:
                notes.append(_note(run, name, method))
    yield markdown_table(["images", "method", *(f"k = {k}" for k in KS)], rows)
    for note in notes:
        yield paragraph(note)


def _cell(run: Run, name: str, k: int, method: str) -> str:
    if not run.of(name, k, method):
        return "-"
    milliseconds = 1000 * run.time(name, k, method)
    ratio = "" if method == "fastkq" else f" ({three_digits(run.ratio(name, k, method))} x)"
    error, psnr = three_digits(run.error(name, k, method)), run.psnr(name, k, method)
    return f"{three_digits(milliseconds)} ms{ratio}, {error}, {psnr:.2f}"


def _note(run: Run, name: str, method: str) -> str:
    names = ", ".join(Path(image).stem for image in run.of(name, KS[0], method))
    ours = ([run.of(name, k, "fastkq")[image].error for image in run.of(name, k, method)] for k in KS)
    errors = " / ".join(three_digits(sum(errors) / len(errors)) for errors in ours)
    return f"\\* {METHODS[method].label} on {names}, where fastkq's SE/px is {errors}."


def _published(run: Run) -> Iterator[list[str]]:
    if not run.published:
        return
    rows = []
    for image, ours in run.published.items():
        theirs = ONLINE_K_MEANS[image].values()
        rows.append([image, "incremental online k-means", *(f"{error:.2f}" for error in theirs)])
        rows.append([image, "fastkq, best", *(f"{error:.2f}" for error in ours.values())])
    ks = next(iter(ONLINE_K_MEANS.values()))
    yield paragraph(
        f"SE/px of incremental online k-means as its authors report it ({PUBLICATION}), without rounding of "
        "the palettes, and of fastkq's best effort, with rounded palettes:"
    )
    yield markdown_table(["image", "method", *(f"k = {k}" for k in ks)], rows)


def _speedups(run: Run) -> Iterator[list[str]]:
    if not run.speedups:
        return
    rows = [
        [stage, f"{one:.1f}", f"{two:.1f}", f"{one / two:.2f}"] for stage, (one, two) in run.speedups.items()
    ]
    yield ["Stages on 24 megapixels (china.jpg tiled, with noise) at k = 64, in milliseconds:"]
    yield markdown_table(["stage", "one thread", "two threads", "ratio"], rows)


def _startup(run: Run) -> str:
    empty, warm = run.startup["empty cache"], run.startup["warm cache"]
    return (
        f"A process that imports fastkq and compresses 512 x 768 pixels at k = 64 takes {warm:.2f} s; with "
        f"an empty cache, where it compiles all kernels first, {empty:.1f} s."
    )
