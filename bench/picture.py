"""The README's pictures: a photograph at several k, and time against error."""

import math
import statistics
from io import BytesIO

import numpy as np
import numpy.typing as npt
from PIL import Image

import fastkq
from bench.cases import COLOURS, ROOT, scikit_learn_photograph
from bench.methods import METHODS
from bench.reference import references
from bench.results import Results
from fastkq.compare.table import Original, compare

FOLDER = ROOT / "bench" / "pictures"
PHOTOGRAPH = FOLDER / "china.png"
TIME_AGAINST_ERROR = FOLDER / "time-against-error.png"
SET = "kodak"
_EFFORTS = ("fastkq fast", "fastkq", "fastkq best")
_MARKS = {
    "scikit-learn": ("o", "#222222"),
    "MiniBatchKMeans": ("s", "#222222"),
    "KMeans on a sample": ("^", "#222222"),
    "OpenCV": ("D", "#0072b2"),
    "faiss": ("v", "#009e73"),
    "imagequant": ("P", "#cc79a7"),
    "FASTOCTREE": ("o", "#e69f00"),
    "MEDIANCUT": ("s", "#e69f00"),
    "MEDIANCUT+kmeans": ("^", "#e69f00"),
}
_LABELS = {"fast": ((8, 1), "left"), "balanced": ((0, -16), "center"), "best": ((8, -4), "left")}
"""The efforts' offsets in points, clear of a line that falls to the right."""
_OURS = "#d7191c"
_ERROR_TICKS = (0.96, 0.97, 0.98, 1, 1.02, 1.05, 1.1, 1.2, 1.5, 2, 3, 4, 6)
_STRETCH = 0.93
"""The logarithm is taken of the ratio less this: it spreads the good methods, which differ by a few
percent, on one axis with those that are several times off."""


def draw_photograph() -> None:
    """china.jpg as it is and at three k, itself a palette PNG by fastkq."""
    from fastkq.compare.sheet import contact_sheet

    original = Original.read(scikit_learn_photograph("china.jpg"))
    sheet = contact_sheet(original, compare(original.pixels, (4, 16, 64)), columns=2)
    FOLDER.mkdir(exist_ok=True)
    fastkq.compress(Image.open(BytesIO(sheet)).convert("RGB"), 256).save(PHOTOGRAPH)


def draw_time_against_error(results: Results) -> None:
    """One panel a k: a point a method, and a line through fastkq's efforts."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.4, 5.0), dpi=150, facecolor="white", layout="constrained")
    for axes, k in zip(figure.subplots(1, len(COLOURS), sharex=True, sharey=True), COLOURS, strict=True):
        _draw_panel(axes, results, k)
    panel = figure.axes[0]  # shares its axes with the others
    panel.set_xlim(left=1)
    panel.set_ylim(bottom=_ERROR_TICKS[0])
    panel.set_ylabel("error, one run of scikit-learn's KMeans = 1")
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[:, :, :3]
    FOLDER.mkdir(exist_ok=True)
    fastkq.compress(pixels, 128).save(TIME_AGAINST_ERROR)


def _draw_panel(axes, results: Results, k: int) -> None:  # type: ignore[no-untyped-def]
    points = [_point(results, k, method) for method in _EFFORTS]
    x, y = zip(*points, strict=True)
    axes.plot(x, y, "-*", color=_OURS, label="fastkq: fast, balanced, best", markersize=11, linewidth=2)
    for (effort, (offset, side)), point in zip(_LABELS.items(), points, strict=True):
        axes.annotate(effort, point, offset, textcoords="offset points", ha=side, color=_OURS, fontsize=8.5)
    for name, (marker, colour) in _MARKS.items():
        if not results.of(SET, k, name):
            continue
        x, y = _point(results, k, name)
        axes.plot(x, y, marker, color=colour, label=METHODS[name].label, markersize=7, linestyle="none")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.set_yscale("function", functions=(_stretched, _unstretched))
    axes.set_yticks(_ERROR_TICKS, [f"{tick:g}" for tick in _ERROR_TICKS])
    axes.axhline(1, color="#999999", linewidth=0.8, zorder=0)
    axes.grid(color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("milliseconds")
    axes.set_title(f"{SET}, k = {k}", fontsize=11)


def _point(results: Results, k: int, method: str) -> tuple[float, float]:
    """Milliseconds and error relative to scikit-learn's, geometric and plain mean over the images.

    A method that was run on some of the images is placed by its ratio to fastkq on those.
    """
    milliseconds = 1000 * results.time(SET, k, "fastkq") * results.ratio(SET, k, method)
    reference = references(SET)
    ratios = [
        row.error / reference[row.image, k].mean
        for row in results.of(SET, k, method).values()
        if (row.image, k) in reference
    ]
    return milliseconds, statistics.fmean(ratios) if ratios else math.nan


def _stretched(ratio: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.log(np.maximum(np.asarray(ratio) - _STRETCH, 1e-3))


def _unstretched(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.exp(value) + _STRETCH
