"""Fuzz the readers of `.fkq`: `make fuzz`, or `python -m tests.fuzz --seconds 60 --inputs 10000`.

In the first half of the time the JIT is off, so that the coverage of the kernels guides the mutations. Then
the same corpus is used with the JIT on and array bounds checked, until both the time and the number of inputs
are reached. The exit code is 1 after the first crash, exception other than FormatError, run of more than 20
seconds or use of more than 1 GB of memory. The input that caused it is then in the folder.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path

_PHASES = {
    "JIT off": {"NUMBA_DISABLE_JIT": "1"},
    "JIT on, bounds checked": {"NUMBA_BOUNDSCHECK": "1"},
}
_LIMITS = ("-max_len=700", "-timeout=20", "-rss_limit_mb=1000", "-print_final_stats=0", "-verbosity=0")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=600, help="minimum time in seconds (default 600)")
    parser.add_argument(
        "--inputs", type=int, default=1_000_000, help="minimum number of inputs (default 1,000,000)"
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), help="number of processes (default: one per core)"
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("build/fuzz"),
        help="corpus, logs and failing inputs (default build/fuzz)",
    )
    options = parser.parse_args()
    (options.folder / "corpus").mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    total = 0
    for phase, (name, environment) in enumerate(_PHASES.items()):
        left = options.seconds - (time.monotonic() - start)
        total += _run(options, name, environment, left if phase else left / 2)
    while total < options.inputs:
        total += _run(options, name, environment, 60)
    print(f"{total:,} inputs in {time.monotonic() - start:.0f} s, no failure")


def _run(options, name, environment, seconds):
    """Run all processes once; return the number of inputs they read."""
    limits = [*_LIMITS, f"-max_total_time={max(int(seconds), 1)}", f"-artifact_prefix={options.folder}/"]
    # Numba's cache does not separate code with bounds checks from code without: use another cache.
    settings = {**os.environ, "NUMBA_CACHE_DIR": str(options.folder.absolute() / "cache"), **environment}
    jobs = [options.folder / f"job-{job}" for job in range(options.jobs)]
    workers = [_start(job, options.folder / "corpus", limits, settings) for job in jobs]
    codes = [worker.wait() for worker in workers]
    for code, job in zip(codes, jobs, strict=True):
        if code:
            print(job.with_suffix(".log").read_text(errors="replace")[-4000:])
            sys.exit(
                f"{name}: expected no exception but FormatError; the failing input is in {options.folder}"
            )
    counts = [json.loads(job.with_suffix(".json").read_text()) for job in jobs]
    inputs, reached = (sum(count[key] for count in counts) for key in ("inputs", "reached"))
    rate = sum(count["inputs"] / count["seconds"] for count in counts)
    share = reached / max(inputs, 1)
    print(f"{name}: {inputs:,} inputs, {rate:,.0f} per second, {share:.1%} reached the decoder of a part")
    sys.stdout.flush()
    return inputs


def _start(job, corpus, limits, settings):
    statistics = job.with_suffix(".json")
    statistics.write_text('{"inputs": 0, "reached": 0, "seconds": 1}')
    command = [sys.executable, "-m", "tests.fuzz.worker", str(statistics), str(corpus), *limits]
    with job.with_suffix(".log").open("wb") as log:
        return subprocess.Popen(command, env=settings, stdout=log, stderr=subprocess.STDOUT)


if __name__ == "__main__":
    main()
