"""Compile the kernels that most tests call: `python -m tests.helpers.compile_kernels`.

`make test` runs it before pytest, whose two workers would compile the same kernels at the same time. Two
processes compile about half of them each.
"""

import multiprocessing

import numpy as np

import fastkq


def compile_for_8_bits():
    """Compile the kernels that count, fit, map and dither 8-bit images of 1, 3 and 4 channels."""
    for channels in (3, 4, 1):
        image = np.random.default_rng(0).integers(0, 256, (80, 80, channels), np.uint8)
        options = ({}, {"space": "oklab"}, {"dither": True}, {"dither": True, "dither_method": "blue-noise"})
        for chosen in (*options, {"preset": "visual"}, {"max_error": 250}):
            fastkq.compress(image, 8, **chosen)
        fastkq.compress(image, 300, effort="best").report(image, ssim=False)
        fastkq.curve(image, [2, 8])


def compile_for_other_dtypes():
    """Compile the kernels for bool, uint16 and float images, for the codings and for the estimator."""
    from fastkq.estimator import KMeans

    for dtype, channels in (("uint16", 3), ("float32", 3), ("float64", 1), ("uint16", 1), ("bool", 1)):
        levels = 2 if dtype == "bool" else 250
        image = np.random.default_rng(0).integers(0, levels, (80, 80, channels)).astype(dtype)
        compressed = fastkq.compress(image, 8)
        compressed.report(image, ssim=False)
        for coding in ("context", "packed"):
            fastkq.decompress(compressed.to_bytes(coding=coding))
    for dtype, features in (("float64", 3), ("float32", 3), ("float64", 20), ("float32", 20), ("float64", 1)):
        vectors = np.random.default_rng(0).normal(size=(9000, features)).astype(dtype)
        for samples in (vectors, np.repeat(vectors[:90], 100, axis=0)):
            KMeans(8, random_state=0, n_init=1).fit(samples).predict(samples)


def main():
    spawned = multiprocessing.get_context("spawn")
    halves = [spawned.Process(target=half) for half in (compile_for_8_bits, compile_for_other_dtypes)]
    for half in halves:
        half.start()
    for half in halves:
        half.join()
    return max(half.exitcode for half in halves)


if __name__ == "__main__":
    raise SystemExit(main())
