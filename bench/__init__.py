"""Benchmark of fastkq and its peers: `python -m bench --help`."""

import os

THREADS = 2  # that each method may use; the targets are for two cores

# OpenMP and OpenBLAS read these once, when the first library that uses them is loaded.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = str(THREADS)
