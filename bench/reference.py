"""Errors that others reach: runs of scikit-learn's KMeans on whole image sets, and published figures."""

import csv
import os
import statistics
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bench.cases import SHARED, Case, Pixels, images
from bench.results import FOLDER

COMPUTED_SET = "gb82-photos"
COMPUTED = Path(__file__).with_name("gb82_reference.csv")
RUNS = FOLDER / "gb82_runs.csv"
_TABLES = {"kodak": SHARED / "reference" / "kodak.csv", COMPUTED_SET: COMPUTED}
_RUN_COLUMNS = ("image", "k", "seed", "unique_colors", "inertia", "error")
_TABLE_COLUMNS = ("image", "k", "unique_colors", "runs", "sklearn_1", "sklearn_best10")

PUBLICATION = (
    "A. Abernathy and M. E. Celebi, The incremental online k-means clustering algorithm and its application "
    "to color quantization, 2022"
)
ONLINE_K_MEANS = {  # SE/px of their incremental online k-means; its palettes are not rounded
    "kodim05.png": {32: 191.51, 64: 108.11, 128: 62.90, 256: 37.89},
    "kodim23.png": {32: 241.78, 64: 127.10, 128: 73.43, 256: 42.71},
}


class Reference(NamedTuple):
    """SE/px that scikit-learn's KMeans reaches on one image at one k, with rounded palettes.

    Attributes
    ----------
    mean
        Mean error of single runs.
    best
        Error of the run with the least inertia, which is the result of `n_init=runs`.
    runs
        Number of runs.
    """

    mean: float
    best: float
    runs: int


def references(name: str) -> dict[tuple[str, int], Reference]:
    """Return the references of a set by image and k; empty if the set has no table."""
    path = _TABLES.get(name)
    if path is None or not path.exists():
        return {}
    with path.open() as file:
        return {
            (row["image"], int(row["k"])): Reference(
                float(row["sklearn_1"]), float(row["sklearn_best10"]), int(row.get("runs", 10))
            )
            for row in csv.DictReader(file)
        }


def compute(ks: Iterable[int], runs: int, only: str = "") -> None:
    """Run scikit-learn on the images of gb82-photos, at the lowest priority, and write their table.

    Each run is appended to build/bench/gb82_runs.csv as soon as it ends, and runs that are there are not
    repeated: the command can be stopped and called again, also with more runs.
    """
    if hasattr(os, "nice"):
        os.nice(19)
    done = {(run["image"], int(run["k"]), int(run["seed"])) for run in _runs()}
    for k in ks:
        for case in images(COMPUTED_SET):
            if only in case.image:
                missing = [seed for seed in range(runs) if (case.image, k, seed) not in done]
                _append(case, k, missing)
                print(f"{case.image}, k = {k}: {len(missing)} runs", flush=True)
    _write_table()


def _append(case: Case, k: int, seeds: list[int]) -> None:
    if not seeds:
        return
    colors, counts = _distinct(case.read())
    RUNS.parent.mkdir(parents=True, exist_ok=True)
    is_new = not RUNS.exists()
    with RUNS.open("a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(_RUN_COLUMNS)
        for seed in seeds:
            inertia, error = run_once(colors, counts, k, seed)
            writer.writerow((case.image, k, seed, len(colors), f"{inertia:.6g}", f"{error:.4f}"))
            file.flush()


def _distinct(image: Pixels) -> tuple[Pixels, npt.NDArray[np.int64]]:
    """Return an RGB image's distinct colors, (M, 3), and their counts, (M,)."""
    channels = image.reshape(-1, 3).astype(np.uint32)
    packed, counts = np.unique(
        channels[:, 0] << 16 | channels[:, 1] << 8 | channels[:, 2], return_counts=True
    )
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8), counts


def run_once(colors: Pixels, counts: npt.NDArray[np.int64], k: int, seed: int) -> tuple[float, float]:
    """Return the inertia per pixel, and the SE/px of the rounded palette, of one run."""
    from sklearn.cluster import KMeans

    # On distinct colors weighted by their counts the objective equals that on the pixels.
    model = KMeans(k, n_init=1, random_state=seed).fit(colors.astype(np.float64), sample_weight=counts)
    difference = colors - np.rint(model.cluster_centers_)[model.labels_]
    return model.inertia_ / counts.sum(), float(counts @ (difference**2).sum(axis=1)) / counts.sum()


def _runs() -> list[dict[str, str]]:
    if not RUNS.exists():
        return []
    with RUNS.open() as file:
        return list(csv.DictReader(file))


def _write_table() -> None:
    groups: dict[tuple[str, int], list[dict[str, str]]] = defaultdict(list)
    for run in _runs():
        groups[run["image"], int(run["k"])].append(run)
    with COMPUTED.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_TABLE_COLUMNS)
        for (image, k), group in sorted(groups.items()):
            mean = statistics.fmean(float(run["error"]) for run in group)
            best = min(group, key=lambda run: float(run["inertia"]))["error"]
            writer.writerow((image, k, group[0]["unique_colors"], len(group), f"{mean:.4f}", best))
