"""Digests of results, by which a change that must not alter any result is checked.

`python -m bench digests` computes them anew and compares them with bench/digests.json. A result is a palette
and its indices, or other arrays. Each is recorded as a digest and, for images, its mean squared error, so
that the output also says how much better or worse a changed result is.
"""

import hashlib
import json
import math
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import fastkq
from bench.cases import images, photograph
from bench.suites.vectors import PROBLEMS

RECORD = Path(__file__).with_name("digests.json")
_MAX_VECTORS = 100_000  # of a problem of the suite "vectors"

Result = tuple[str, float]  # digest, and mean squared error
Results = dict[str, Result]


def compute(write: bool = False) -> int:
    """Compute all digests and compare them with the record, or write the record; return 1 if any differs."""
    results = {name: compute_result() for name, compute_result in _results()}
    if write:
        rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(result)}" for name, result in results.items())
        RECORD.write_text(f"{{\n{rows}\n}}\n")
        return 0
    recorded: dict[str, list[Any]] = json.loads(RECORD.read_text())
    changed = [name for name, result in results.items() if recorded.get(name, [""])[0] != result[0]]
    for name in changed:
        before, after = recorded.get(name, ["", 0.0])[1], results[name][1]
        ratio = after / before if before else math.nan
        print(f"{name}: squared error {before:.6g} -> {after:.6g}, {100 * (ratio - 1):+.3f} %")
    print(f"{len(results) - len(changed)} results as recorded, {len(changed)} changed")
    return 1 if changed else 0


def _results() -> Iterator[tuple[str, Callable[[], Result]]]:
    """Yield the name of each result and the function that computes it."""
    for name, image, options in _compressions():
        yield name, partial(_compressed, image, options)
    yield from _other_results()
    yield from _labels()


def _compressed(image: Any, options: Mapping[str, Any]) -> Result:
    return _of(fastkq.compress(image, **options), image)


def _of(compressed: fastkq.CompressedImage, image: Any) -> Result:
    error = compressed.report(image, ssim=False).mse
    return _digest(compressed.palette, compressed.indices), float(f"{error:.9g}")


def _digest(*arrays: Any) -> str:
    digest = hashlib.sha256()
    for array in map(np.asarray, arrays):
        digest.update(f"{array.dtype} {array.shape}".encode() + np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:12]


def _compressions() -> Iterator[tuple[str, Any, dict[str, Any]]]:
    """Yield a name, an image and the options of `fastkq.compress`."""
    for folder in ("kodak", "cq100", "gb82-screens", "alpha"):
        for number, case in enumerate(images(folder)):
            for options in _options_of(folder, number):
                yield _name(f"{folder}/{case.image}", options), case.read(), options
    for kind, image in _kinds():
        for options in ({"k": 16}, {"k": 256}, {"k": 64, "effort": "best"}, {"k": 64, "effort": "fast"}):
            yield _name(kind, options), image, options


def _options_of(folder: str, number: int) -> Iterator[dict[str, Any]]:
    """Yield the options for an image: some for all images of the folder, others for the first few."""
    yield from ({"k": 16}, {"k": 256})
    if number < 8:
        yield {"k": 64, "effort": "fast"}
        yield {"k": 64, "space": "oklab"}
        yield {"k": 16, "dither": True}
        yield {"k": 64, "dither": 0.7, "dither_method": "blue-noise"}
    if number < 3:
        yield from ({"k": 5, "effort": "best"}, {"k": 64, "effort": "best"}, {"k": 5000})
        yield from ({"k": 16, "preset": "visual"}, {"k": 256, "space": "oklab", "effort": "best"})
        yield from ({"target_psnr": 33}, {"target_bytes": 60_000})
        channels = 4 if folder == "alpha" else 3
        fixed = np.array([[0, 0, 0, 255], [255, 255, 255, 255], [200, 30, 30, 255]], np.uint8)[:, :channels]
        yield {"k": 16, "fixed": fixed}
        yield {"k": 300, "max_error": 40.0, "min_share": 0.001}


def _name(image: str, options: Mapping[str, Any]) -> str:
    words = [f"{key} {'given' if np.ndim(value) else value}" for key, value in options.items()]
    return ", ".join([image, *words])


def _kinds() -> Iterator[tuple[str, Any]]:
    """Yield images of other dtypes and numbers of channels, made from china.jpg."""
    image = photograph()
    noise = np.random.default_rng(0).integers(0, 257, image.shape)
    deep = (image.astype(np.uint32) * 256 + noise.clip(0, 255)).astype(np.uint16)
    ramp = np.broadcast_to(np.linspace(0, 65535, image.shape[1]).astype(np.uint16), image.shape[:2])
    gray = image[:, :, 1]
    yield "gray", np.ascontiguousarray(gray)
    yield "gray with alpha", np.dstack((gray, (ramp >> 8).astype(np.uint8)))
    yield "mask", gray > 127
    yield "uint8 with 5 channels", np.dstack((image, gray, image[:, :, 0]))[::4, ::4].copy()
    yield "uint16 gray", np.ascontiguousarray(deep[:, :, 1])
    yield "uint16 RGB", deep
    yield "uint16 RGB of 8 bits", image.astype(np.uint16)
    yield "uint16 RGBA", np.dstack((deep, ramp))[::2, ::2].copy()
    yield "float32 RGB", (deep / np.float32(65535)).astype(np.float32)
    yield "float32 gray", (deep[:, :, 1] / np.float32(65535)).astype(np.float32)
    yield "float64 with missing data", np.where(noise > 250, -1e308, deep.astype(np.float64))[::2, ::2].copy()
    yield (
        "float32 with 8 channels",
        np.dstack([deep, deep[::-1], deep[:, ::-1, :2]])[::4, ::4] / np.float32(3),
    )


def _other_results() -> Iterator[tuple[str, Callable[[], Result]]]:
    image = photograph()
    weights = np.linspace(0, 4, image.shape[0] * image.shape[1]).reshape(image.shape[:2]) ** 2
    for options in ({"k": 16}, {"k": 64, "space": "oklab"}, {"k": 300, "max_error": 30.0}):
        yield (
            _name("china.jpg, weights", options),
            partial(_compressed, image, {**options, "weights": weights}),
        )
    halves = [image[:200], image[200:]]
    yield "china.jpg in two parts", lambda: (_digest(fastkq.fit_palette(halves, 64)), 0.0)
    yield "curve of china.jpg", lambda: (_digest(fastkq.curve(image, [4, 32, 100])), 0.0)
    for case in images("alpha"):
        palette = fastkq.compress(case.read(), 24).palette[::-1]
        for space in ("rgb", "oklab"):
            yield (
                f"alpha/{case.image}, given palette, {space}",
                partial(_applied, case.read(), palette, space),
            )


def _applied(image: Any, palette: Any, space: Any) -> Result:
    return _of(fastkq.apply_palette(image, palette, space=space), image)


def _labels() -> Iterator[tuple[str, Callable[[], Result]]]:
    """Yield the results of the estimator, on the data of the suite "vectors" and on pixels."""
    from fastkq.estimator import KMeans

    def fitted(data: Any, options: dict[str, Any]) -> Result:
        model = KMeans(**options).fit(data)
        return _digest(model.labels_, model.cluster_centers_), float(f"{model.inertia_:.9g}")

    for problem in PROBLEMS:
        n = min(problem.n, _MAX_VECTORS)
        vectors = np.random.default_rng(0).standard_normal((n, problem.dims), problem.dtype)
        options = {"init": vectors[: problem.k].copy(), "n_init": 1, "tol": 0, "max_iter": 20}
        options["n_clusters"] = problem.k
        yield f"estimator: {problem._replace(n=n)}", partial(fitted, vectors, options)
    pixels = photograph().reshape(-1, 3) / 255
    for k in (8, 64):
        yield f"estimator: pixels, k {k}", partial(fitted, pixels, {"n_clusters": k, "random_state": 0})
