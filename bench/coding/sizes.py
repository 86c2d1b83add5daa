"""Bytes of the same indexed images as `.fkq` and in other formats."""

import csv
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

import fastkq
from bench import THREADS
from bench.cases import COLOURS, RESULTS, images
from bench.coding.formats import FORMATS
from bench.coding.results import Sized

SETS = ("kodak", "gb82-screens")
KNOWN = RESULTS / "rivals.csv"
_COLUMNS = ("image", "format", "version", "nbytes")


class _Key(NamedTuple):
    digest: str
    format: str
    version: str


def measure(versions: dict[str, str], quick: bool) -> Iterator[Sized]:
    """fastkq's palettes, undithered, at every k, in the formats of which a version is given."""
    known = _read_known()
    for case in (case for name in SETS for case in images(name, quick)):
        for k in COLOURS:
            compressed = fastkq.compress(case.read(), k, threads=THREADS)
            nbytes = {"context": len(compressed.to_bytes(threads=THREADS)), "packed": compressed.nbytes}
            for name, version in versions.items():
                key = _Key(_digest(compressed), name, version)
                if key not in known:
                    known[key] = len(FORMATS[name].encode(compressed))
                    _append(key, known[key])
                nbytes[name] = known[key]
            yield Sized(case.set, case.image, k, compressed.indices.size, nbytes)


def _digest(compressed: fastkq.CompressedImage) -> str:
    """Of palette and indices, which the packed file holds and nothing that varies beside them."""
    return hashlib.sha256(compressed.to_bytes(coding="packed")).hexdigest()


def _read_known() -> dict[_Key, int]:
    """What rivals gave before: the slowest of them takes half a minute an image."""
    if not KNOWN.exists():
        return {}
    with KNOWN.open(newline="") as file:
        return {
            _Key(row["image"], row["format"], row["version"]): int(row["nbytes"])
            for row in csv.DictReader(file)
        }


def _append(key: _Key, nbytes: int) -> None:
    is_new = not KNOWN.exists()
    with KNOWN.open("a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(_COLUMNS)
        writer.writerow((*key, nbytes))
