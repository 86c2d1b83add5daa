"""One process of the fuzzer: `python -m tests.fuzz.worker STATISTICS.json CORPUS [libFuzzer's options]`."""

import json
import os
import sys
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["fastkq"]):
    from fastkq.formats.fkq import context
    from tests.fuzz.probe import mutate, probe, seeds

_INPUTS_BETWEEN_REPORTS = 200


class Statistics:
    """Number of inputs, and of those that reached the decoder of a part."""

    def __init__(self, path):
        self._path = path
        self._start = time.monotonic()
        self._inputs = self._reached = 0
        self._decode = context.decode
        self._has_reached_decoder = False
        context.decode = self._watched

    def _watched(self, *arguments):
        self._has_reached_decoder = True
        return self._decode(*arguments)

    def test_one_input(self, data):
        self._has_reached_decoder = False
        probe(data)
        self._inputs += 1
        self._reached += self._has_reached_decoder
        if self._inputs % _INPUTS_BETWEEN_REPORTS == 0:
            self._write()

    def _write(self):
        counts = {
            "inputs": self._inputs,
            "reached": self._reached,
            "seconds": time.monotonic() - self._start,
        }
        temporary = self._path.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(counts))
        temporary.replace(self._path)


def _mutator(data, max_size, seed):
    return mutate(bytes(data), lambda chunk: bytes(atheris.Mutate(chunk, max_size)), seed)[:max_size]


def main():
    path, corpus, *options = sys.argv[1:]
    for number, seed in enumerate(seeds()):
        probe(seed)  # compiles the kernels before time is measured
        (Path(corpus) / f"seed-{number:02}").write_bytes(seed)
    statistics = Statistics(Path(path))
    atheris.Setup([sys.argv[0], corpus, *options], statistics.test_one_input, custom_mutator=_mutator)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
