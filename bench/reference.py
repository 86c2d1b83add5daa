"""scikit-learn's errors that fastkq's are held against: read from tables, and computed for one of them."""

import csv
import os
import statistics
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bench.cases import RESULTS, SHARED, Case, cases

COMPUTED_SET = "gb82-photos"
COMPUTED = Path(__file__).with_name("gb82_reference.csv")
RUNS = RESULTS / "gb82_runs.csv"
_TABLES = {"kodak": SHARED / "reference" / "kodak.csv", COMPUTED_SET: COMPUTED}
_RUN_COLUMNS = ("image", "k", "seed", "unique_colours", "inertia", "error")
_TABLE_COLUMNS = ("image", "k", "unique_colours", "runs", "sklearn_1", "sklearn_best10")


class Reference(NamedTuple):
    """What single runs of scikit-learn's KMeans reach on one image at one k, SE/px of rounded palettes.

    Attributes
    ----------
    mean
        Mean error of the runs.
    best
        Error of the run of least inertia: what `n_init=runs` gives.
    runs
        How many runs these are of.
    """

    mean: float
    best: float
    runs: int


def references(name: str) -> dict[tuple[str, int], Reference]:
    """By image and k; empty for a set without a table."""
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
    """Run scikit-learn on every image of gb82-photos that is not done yet, and write the table.

    Every run is appended to build/bench/gb82_runs.csv as it ends, so that the command can be stopped and
    called again, also with more runs.
    """
    if hasattr(os, "nice"):
        os.nice(19)
    done = {(run["image"], int(run["k"]), int(run["seed"])) for run in _runs()}
    for k in ks:
        for case in cases(quick=False):
            if case.set == COMPUTED_SET and only in case.image:
                missing = [seed for seed in range(runs) if (case.image, k, seed) not in done]
                _append(case, k, missing)
                print(f"{case.image}, k = {k}: {len(missing)} runs", flush=True)
    _write_table()


def _append(case: Case, k: int, seeds: list[int]) -> None:
    if not seeds:
        return
    colours, counts = _distinct(case.read())
    RUNS.parent.mkdir(parents=True, exist_ok=True)
    is_new = not RUNS.exists()
    with RUNS.open("a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(_RUN_COLUMNS)
        for seed in seeds:
            inertia, error = run_once(colours, counts, k, seed)
            writer.writerow((case.image, k, seed, len(colours), f"{inertia:.6g}", f"{error:.4f}"))
            file.flush()


def _distinct(image: npt.NDArray[np.uint8]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """An RGB image's distinct colours, (M, 3), and their counts."""
    channels = image.reshape(-1, 3).astype(np.uint32)
    packed, counts = np.unique(
        channels[:, 0] << 16 | channels[:, 1] << 8 | channels[:, 2], return_counts=True
    )
    return np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=1).astype(np.uint8), counts


def run_once(
    colours: npt.NDArray[np.uint8], counts: npt.NDArray[np.int64], k: int, seed: int
) -> tuple[float, float]:
    """Inertia a pixel, and SE/px with the rounded palette, of one run on the counted colours."""
    from sklearn.cluster import KMeans

    # On distinct colours weighted by their counts the objective is that on the pixels.
    model = KMeans(k, n_init=1, random_state=seed).fit(colours.astype(np.float64), sample_weight=counts)
    difference = colours - np.rint(model.cluster_centers_)[model.labels_]
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
            writer.writerow((image, k, group[0]["unique_colours"], len(group), f"{mean:.4f}", best))
