"""The plot of time and error of all methods on the Kodak images, from a run of the engine suite."""

from pathlib import Path

import numpy as np
import numpy.typing as npt

import fastkq
from bench.cases import KS
from bench.peers import METHODS
from bench.reference import references
from bench.results import mean
from bench.suites.engine import Run

PLOT = Path(__file__).with_name("time-against-error.png")
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
# Offsets of the labels in points, clear of a line that falls to the right.
_LABELS = {"fast": ((8, 1), "left"), "balanced": ((0, -16), "center"), "best": ((8, -4), "left")}
_FASTKQ_COLOR = "#d7191c"
_ERROR_TICKS = (0.96, 0.97, 0.98, 1, 1.02, 1.05, 1.1, 1.2, 1.5, 2, 3, 4, 6)
# The axis is logarithmic in the ratio less this: good methods differ by a few percent, others by a factor.
_STRETCH = 0.93


def draw(run: Run) -> None:
    """Draw a panel per k: a point per method, and a line through fastkq's efforts."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.4, 5.0), dpi=150, facecolor="white", layout="constrained")
    for axes, k in zip(figure.subplots(1, len(KS), sharex=True, sharey=True), KS, strict=True):
        _draw_panel(axes, run, k)
    panel = figure.axes[0]  # shares its axes with the others
    panel.set_xlim(left=1)
    panel.set_ylim(bottom=_ERROR_TICKS[0])
    panel.set_ylabel("error, one run of scikit-learn's KMeans = 1")
    handles, labels = panel.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    fastkq.compress(np.asarray(canvas.buffer_rgba())[:, :, :3], 128).save(PLOT)


def _draw_panel(axes, run: Run, k: int) -> None:  # type: ignore[no-untyped-def]
    points = [_point(run, k, method) for method in _EFFORTS]
    x, y = zip(*points, strict=True)
    axes.plot(
        x, y, "-*", color=_FASTKQ_COLOR, label="fastkq: fast, balanced, best", markersize=11, linewidth=2
    )
    for (effort, (offset, side)), point in zip(_LABELS.items(), points, strict=True):
        axes.annotate(
            effort, point, offset, textcoords="offset points", ha=side, color=_FASTKQ_COLOR, fontsize=8.5
        )
    for name, (marker, color) in _MARKS.items():
        if not run.of(SET, k, name):
            continue
        x, y = _point(run, k, name)
        axes.plot(x, y, marker, color=color, label=METHODS[name].label, markersize=7, linestyle="none")
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter("{x:,g}")
    axes.set_yscale("function", functions=(_stretched, _unstretched))
    axes.set_yticks(_ERROR_TICKS, [f"{tick:g}" for tick in _ERROR_TICKS])
    axes.axhline(1, color="#999999", linewidth=0.8, zorder=0)
    axes.grid(color="#e5e5e5", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel("milliseconds")
    axes.set_title(f"{SET}, k = {k}", fontsize=11)


def _point(run: Run, k: int, method: str) -> tuple[float, float]:
    """Return milliseconds and error relative to scikit-learn's, geometric and plain mean over the images.

    A method that was run on some of the images is placed by its ratio to fastkq on those.
    """
    milliseconds = 1000 * run.time(SET, k, "fastkq") * run.ratio(SET, k, method)
    reference = references(SET)
    error = mean(
        row.error / reference[row.image, k].mean
        for row in run.of(SET, k, method).values()
        if (row.image, k) in reference
    )
    return milliseconds, error


def _stretched(ratio: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.log(np.maximum(np.asarray(ratio) - _STRETCH, 1e-3))


def _unstretched(value: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.exp(value) + _STRETCH
