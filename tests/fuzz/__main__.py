"""Fuzz the readers of `.fkq`: `make fuzz`, or `python -m tests.fuzz --seconds 60 --inputs 10000`.

First half of the time with the JIT off, so that the coverage of kernels is seen and leads the mutations;
then over the same corpus with the JIT on and every index of an array checked, until both the time and the
number of inputs are reached. Ends with 1 at the first exception that is no FormatError, crash, hang of 20
seconds or 1 GB of memory; the input that did it lies in the folder.
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
    parser.add_argument("--seconds", type=int, default=600, help="at least so long (default 600)")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="at least so many (default a million)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (default: one a core)")
    parser.add_argument("--folder", type=Path, default=Path("build/fuzz"), help="(default build/fuzz)")
    options = parser.parse_args()
    (options.folder / "corpus").mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    total = 0
    for phase, (name, environment) in enumerate(_PHASES.items()):
        left = options.seconds - (time.monotonic() - start)
        total += _run(options, name, environment, left if phase else left / 2)
    while total < options.inputs:
        total += _run(options, name, environment, 60)
    print(f"{total:,} inputs in {time.monotonic() - start:.0f} s: nothing but FormatError")


def _run(options, name, environment, seconds):
    """One round of all processes; the number of inputs."""
    limits = [*_LIMITS, f"-max_total_time={max(int(seconds), 1)}", f"-artifact_prefix={options.folder}/"]
    # numba does not tell code with checks from code without in its cache: it gets one of its own.
    settings = {**os.environ, "NUMBA_CACHE_DIR": str(options.folder.absolute() / "cache"), **environment}
    jobs = [options.folder / f"job-{job}" for job in range(options.jobs)]
    workers = [_start(job, options.folder / "corpus", limits, settings) for job in jobs]
    codes = [worker.wait() for worker in workers]
    for code, job in zip(codes, jobs, strict=True):
        if code:
            print(job.with_suffix(".log").read_text(errors="replace")[-4000:])
            sys.exit(f"{name}: expected nothing but FormatError; what did it lies in {options.folder}")
    counts = [json.loads(job.with_suffix(".json").read_text()) for job in jobs]
    inputs, reached = (sum(count[what] for count in counts) for what in ("inputs", "reached"))
    rate = sum(count["inputs"] / count["seconds"] for count in counts)
    share = reached / max(inputs, 1)
    print(f"{name}: {inputs:,} inputs, {rate:,.0f} a second, {share:.1%} reached the decoder of a part")
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
