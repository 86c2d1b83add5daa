"""Images with alpha: squared error of the composites, and time, of the methods that keep alpha."""

import math
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import numpy as np

from bench import results
from bench.cases import KS, Case, Pixels, images
from bench.peers import ALPHA_METHODS, installed
from bench.results import collected, geometric_mean, markdown_table, mean, paragraph, section
from bench.targets import Target
from bench.timing import in_turns

TITLE = "Images with alpha"
INTRODUCTION = "`make bench-alpha` measures images with alpha, with fastkq and the peers that keep alpha."
BACKGROUNDS = {"black": 0.0, "mid-gray (127.5)": 127.5, "white": 255.0}
SHARE_BELOW = 0.8  # of the files: the least share on which fastkq's error is to be below a peer's
_PACKAGES = ("numpy", "numba", "pillow", "imagequant")
_ROUNDS = 3
_PIXELS_PER_CHUNK = 1 << 18


class Row(NamedTuple):
    """Squared error of the composites and least seconds of a method on an image."""

    image: str
    k: int
    method: str
    error: float
    seconds: float


class Verdicts(NamedTuple):
    """Number of files with fastkq's error below a peer's and not below; not those both keep exactly."""

    below: int
    not_below: int

    @property
    def share_below(self) -> float:
        """Share of the files below; nan without files."""
        return self.below / sum(self) if sum(self) else math.nan


class Run(results.Run):
    """The rows."""

    suite = "alpha"
    row_type = Row

    def of(self, k: int, method: str) -> dict[str, Row]:
        """Return a method's rows by image."""
        return {row.image: row for row in self.rows if (row.k, row.method) == (k, method)}

    def error(self, k: int, method: str) -> float:
        """Return the mean error over the images; nan if the method was not run."""
        return mean(row.error for row in self.of(k, method).values())

    def seconds(self, k: int, method: str) -> float:
        """Return the geometric mean over the images of the seconds; nan if the method was not run."""
        return geometric_mean(row.seconds for row in self.of(k, method).values())

    def verdicts(self, k: int, peer: str, ours: str = "fastkq") -> Verdicts:
        """Compare fastkq's error with a peer's file by file."""
        own = self.of(k, ours)
        pairs = [(own[image].error, row.error) for image, row in self.of(k, peer).items()]
        below = [our < their for our, their in pairs if our or their]
        return Verdicts(sum(below), len(below) - sum(below))


def measure(quick: bool) -> None:
    """Measure all methods on all images."""
    rows = (row for case in images("alpha", quick) for row in _rows(case))
    Run.write(_PACKAGES, quick, rows=collected(rows, _in_words))


def _in_words(row: Row) -> str:
    return f"{row.image:<56}{row.k:>4}  {row.method:<12}{row.error:>12.4f}{1000 * row.seconds:>10.1f} ms"


def _rows(case: Case) -> Iterator[Row]:
    image = case.read()
    methods = installed(ALPHA_METHODS)

    def run(name: str, k: int, found: dict[str, object]) -> None:
        found[name] = methods[name].run(image, k)

    for k in KS:
        found: dict[str, object] = {}
        seconds = in_turns({name: partial(run, name, k, found) for name in methods}, _ROUNDS)
        for name, method in methods.items():
            error = composited_error(image, method.image(found[name], image))
            yield Row(case.image, k, name, error, min(seconds[name]))


def composited_error(image: Pixels, other: Pixels) -> float:
    """Return the squared error of the composites, unrounded: sum over RGB, mean over backgrounds and pixels.

    Parameters
    ----------
    image, other : (H, W, 4) uint8
    """
    a, b = image.reshape(-1, 4), other.reshape(-1, 4)
    total = 0.0
    for start in range(0, len(a), _PIXELS_PER_CHUNK):
        chunks = (pixels[start : start + _PIXELS_PER_CHUNK].astype(np.int64) for pixels in (a, b))
        one, two = ((pixels[:, :3] * pixels[:, 3:], pixels[:, 3:]) for pixels in chunks)
        # A composite is (color * alpha + background * (255 - alpha)) / 255.
        premultiplied, alpha = one[0] - two[0], one[1] - two[1]
        for background in BACKGROUNDS.values():
            difference = (premultiplied - background * alpha) / 255
            total += float(np.vdot(difference, difference))
    return total / len(BACKGROUNDS) / len(a)


def table(run: Run) -> str:
    """Return the table; empty if nothing was measured."""
    if not run.rows:
        return ""
    *most, last = BACKGROUNDS
    caption = paragraph(
        f"Each cell holds the squared error of the composites over {', '.join(most)} and {last}, without "
        "dithering (summed over R, G and B, mean over backgrounds, pixels and images); the time (geometric "
        "mean over the images of the fastest of three calls); and, for a peer, the number of files on which "
        "fastkq at its default effort has the lower error, out of the files that not both keep exactly:"
    )
    count = len(run.of(KS[0], "fastkq"))
    rows = [
        [f"alpha ({count} images)", method.label, *(_cell(run, k, name) for k in KS)]
        for name, method in ALPHA_METHODS.items()
        if run.of(KS[0], name)
    ]
    names = ["images", "method", *(f"k = {k}" for k in KS)]
    return section([caption, markdown_table(names, rows)], run.machine)


def _cell(run: Run, k: int, name: str) -> str:
    if not run.of(k, name):
        return "-"
    cell = f"{run.error(k, name):.4g}, {1000 * run.seconds(k, name):.3g} ms"
    if name.startswith("fastkq"):
        return cell
    verdicts = run.verdicts(k, name)
    return f"{cell}, {verdicts.below} of {sum(verdicts)}"


def targets(run: Run) -> Iterator[Target]:
    """Yield, by peer and k: fastkq's mean error over the peer's, and the share of files below it."""
    for peer in ("imagequant", "FASTOCTREE"):
        for k in KS:
            ratio = run.error(k, "fastkq") / run.error(k, peer)
            yield Target(f"alpha, k = {k}: error over that of {peer}", ratio, 1.0)
            words = f"alpha, k = {k}: share of files below {peer}, of those that not both keep exactly"
            yield Target(words, run.verdicts(k, peer).share_below, SHARE_BELOW, at_least=True)
