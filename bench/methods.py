"""The methods that are compared: fastkq's three efforts and its rivals, as far as they are installed."""

from importlib.util import find_spec
from typing import NamedTuple

import numpy as np
from PIL.Image import Quantize

import fastkq
from bench import THREADS, peers
from bench.cases import SETS, Case
from bench.peers import Pixels, Run, ToImage


class Method(NamedTuple):
    """A way to reduce colours.

    Attributes
    ----------
    label
        What the README calls it.
    run
        What is timed: (image, k) to a result of the method's own kind.
    image
        The image of k colours that a result stands for; not timed.
    rounds
        How often it is timed.
    sets, slow_sets
        The image sets it is run on, and those that --slow adds.
    every
        One image of a set in so many is done, the first to begin with.
    package
        The module that must be installed.
    """

    label: str
    run: Run
    image: ToImage
    rounds: int
    sets: tuple[str, ...] = SETS
    slow_sets: tuple[str, ...] = ()
    every: int = 1
    package: str | None = None

    def is_installed(self) -> bool:
        return self.package is None or find_spec(self.package) is not None

    def is_run_on(self, case: Case, slow: bool) -> bool:
        """Whether it is measured on an image."""
        sets = self.sets + self.slow_sets * slow
        return self.is_installed() and case.set in sets and case.number % self.every == 0

    def rounds_on(self, case: Case) -> int:
        """Once where a round takes seconds."""
        return 1 if case.set == "large" and self.rounds < 5 else self.rounds


def _fastkq(effort: str, rounds: int = 7) -> Method:
    def run(image: Pixels, k: int) -> object:
        return fastkq.compress(image, k, effort=effort, threads=THREADS)  # type: ignore[arg-type]

    label = "fastkq" if effort == "balanced" else f"fastkq, {effort}"
    return Method(label, run, lambda result, _: np.asarray(result), rounds)


def _copy(image: Pixels, _: int) -> object:
    target = np.empty_like(image)
    np.copyto(target, image)
    return target


_SMALL = ("china.jpg", "kodak")
_CLUSTERS, _PILLOW = peers.image_of_clusters, peers.image_of_pillow

METHODS = {
    "fastkq fast": _fastkq("fast"),
    "FASTOCTREE": Method("Pillow FASTOCTREE", peers.pillow(Quantize.FASTOCTREE), _PILLOW, 5),
    "fastkq": _fastkq("balanced"),
    "copy": Method("copy", _copy, lambda result, _: np.asarray(result), 7),
    "scikit-learn": Method(
        "scikit-learn KMeans",
        peers.scikit_learn,
        _CLUSTERS,
        1,
        sets=_SMALL,
        slow_sets=("gb82-photos", "large"),
        package="sklearn",
    ),
    # Again behind those that the baseline judges: what the two differ by is the noise that a ratio has to
    # exceed.
    "fastkq again": _fastkq("balanced"),
    "fastkq best": _fastkq("best", 5),
    "imagequant": Method(
        "imagequant",
        peers.imagequant,
        peers.image_of_imagequant,
        3,
        sets=(*_SMALL, "large"),
        package="imagequant",
    ),
    "KMeans on a sample": Method(
        "scikit-learn KMeans on 10,000 pixels",
        peers.scikit_learn_sample,
        _CLUSTERS,
        3,
        sets=(*_SMALL, "large"),
        package="sklearn",
    ),
    "MEDIANCUT": Method(
        "Pillow MEDIANCUT", peers.pillow(Quantize.MEDIANCUT), _PILLOW, 3, sets=(*_SMALL, "large")
    ),
    # `kmeans` is the number of pixels that may still change clusters: 1 gives 362.9 / 116.1 / 44.55,
    # 100 the same in 14 % less time at k = 256, 1000 in half of it 362.9 / 117.3 / 46.3.
    "MEDIANCUT+kmeans": Method(
        "Pillow MEDIANCUT with kmeans",
        peers.pillow(Quantize.MEDIANCUT, kmeans=100),
        _PILLOW,
        1,
        sets=_SMALL,
        slow_sets=("large",),
    ),
    "MiniBatchKMeans": Method(
        "scikit-learn MiniBatchKMeans",
        peers.scikit_learn_minibatch,
        _CLUSTERS,
        1,
        sets=_SMALL,
        slow_sets=("large",),
        package="sklearn",
    ),
    "faiss": Method(
        "faiss Kmeans", peers.faiss, _CLUSTERS, 1, sets=_SMALL, slow_sets=("large",), package="faiss"
    ),
    # 1, 2 and 5 s an image and k: kodim01, 04, ..., 22 only.
    "OpenCV": Method(
        "OpenCV kmeans", peers.opencv, _CLUSTERS, 1, sets=_SMALL, slow_sets=("large",), every=3, package="cv2"
    ),
}
"""In the order in which they are timed on one image, side by side."""
