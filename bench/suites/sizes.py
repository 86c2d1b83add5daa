"""The coding of `.fkq` beside other lossless formats of the same indexed images.

Measured are the bytes of whole files, the time of whole calls that encode and decode, the time to load a
region, and the bytes that the division into parts costs.
"""

import csv
import hashlib
import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

import fastkq
from bench import THREADS, results
from bench.cases import KS, Pixels, images, of_24_megapixels
from bench.peers import FORMATS, decode
from bench.results import FOLDER, collected, markdown_table, mean, paragraph, section
from bench.suites.engine.stages import stages
from bench.targets import Target
from bench.timing import in_turns
from fastkq.color.indexed_image import Box
from fastkq.formats.fkq import Part, version_2
from fastkq.formats.fkq.layout import parts_for

TITLE = "Size and speed of the coding"
INTRODUCTION = (
    "`make bench-sizes` encodes the same indexed images, with fastkq's palettes and without dithering, as "
    "`.fkq` and in other lossless formats (`bench/peers.py` gives their encoders)."
)
SETS = ("kodak", "gb82-screens")
K_TIMED = 64
OF_24_MEGAPIXELS = "24 megapixels"
SIDE = 256  # pixels: height and width of the region
KNOWN = FOLDER / "peer_sizes.csv"

SIZE_RATIOS = {  # of the peer's bytes, mean over images and k
    "kodak": {"webp": 0.72, "cjxl": 0.80, "imagecodecs": 0.80, "png": 0.60},
    "gb82-screens": {"webp": 0.85, "cjxl": 0.90, "imagecodecs": 0.90},
}
CODING_SPEED = 3.0  # megapixels per second on one thread
CODING_SPEEDUP = 1.7  # time on one thread over time on two
PACKING_SPEED = 300.0  # megapixels per second on one thread
REGION_TIME = 0.05  # of the time of the whole
CUT_SIZE = 1.01  # of the bytes in one part

_PACKAGES = ("numpy", "numba", "pillow")
_ROUNDS = 3
_PACKING_ROUNDS = 15
_TILED = "china.jpg tiled"
_ONCE = ("encode", "webp", 1)  # takes 5 to 10 s for a Kodak image, half a minute for a camera photograph
_KNOWN_COLUMNS = ("image", "format", "version", "nbytes")
_TIMED_SETS = ("kodak", "large", OF_24_MEGAPIXELS)
_TIMED_FORMATS = {"context": "`.fkq`", "png": FORMATS["png"].label, "webp": FORMATS["webp"].label}
_CALLS = (("encode", 1), ("encode", 2), ("decode", 1), ("decode", 2))
_THREADS = {1: "one thread", 2: "two threads"}


class Size(NamedTuple):
    """Bytes of one indexed image as whole files: "context" and "packed" (`.fkq`), and formats by name."""

    set: str
    image: str
    k: int
    pixels: int
    nbytes: dict[str, int]


class Speed(NamedTuple):
    """Seconds of a whole call that encodes or decodes an image; the least and the median of the rounds."""

    set: str
    image: str
    call: str
    format: str
    threads: int
    pixels: int
    nbytes: int
    least: float
    median: float


class Region(NamedTuple):
    """Median seconds to load a region at the worst place, and the whole image."""

    threads: int
    share_of_pixels: float
    region: float
    whole: float


class Cut(NamedTuple):
    """Bytes of an image in the usual parts, and in one part."""

    image: str
    k: int
    pixels: int
    parts: int
    nbytes: int
    in_one: int


class Run(results.Run):
    """The rows of each kind, and the descriptions of the installed formats by name."""

    suite = "sizes"

    def __init__(self, measured: dict[str, Any]) -> None:
        super().__init__(measured)
        self.versions: dict[str, str] = measured["versions"]
        self.sizes = [Size(**row) for row in measured["sizes"]]
        self.speeds = [Speed(**row) for row in measured["speeds"]]
        self.regions = [Region(**row) for row in measured["regions"]]
        self.cuts = [Cut(**row) for row in measured["cuts"]]

    def of(self, name: str, k: int | None = None) -> list[Size]:
        """Return a set's sizes, at one k or at all."""
        return [row for row in self.sizes if row.set == name and k in (None, row.k)]

    def ratio(self, name: str, k: int | None, peer: str) -> float:
        """Return the mean over images (and k) of the bytes of "context" over the peer's; nan without any."""
        rows = [row.nbytes for row in self.of(name, k) if peer in row.nbytes]
        return mean(nbytes["context"] / nbytes[peer] for nbytes in rows)

    def bits_per_pixel(self, name: str, k: int | None) -> float:
        """Return the mean over images (and k) of the bits per pixel of "context"."""
        return mean(8 * row.nbytes["context"] / row.pixels for row in self.of(name, k))

    def timed(self, name: str, call: str, coding: str, threads: int = 1) -> list[Speed]:
        """Return a set's timings of a call."""
        key = (name, call, coding, threads)
        return [row for row in self.speeds if (row.set, row.call, row.format, row.threads) == key]

    def speed(self, name: str, call: str, coding: str, threads: int = 1) -> float:
        """Return the megapixels per second over all images, by medians; nan if the call was not timed."""
        rows = self.timed(name, call, coding, threads)
        return speed(rows) if rows else math.nan


def speed(rows: list[Speed], *, best: bool = False) -> float:
    """Return the megapixels per second over all rows, by the medians or by the least times."""
    seconds = sum(row.least if best else row.median for row in rows)
    return sum(row.pixels for row in rows) / seconds / 1e6


def measure(quick: bool) -> None:
    """Measure everything. The first run takes an hour, later ones keep the peers' sizes."""
    versions = {name: found for name, form in FORMATS.items() if (found := form.version())}
    Run.write(
        _PACKAGES,
        quick,
        versions=versions,
        sizes=collected(measure_sizes(versions, quick)),
        speeds=collected(_speeds(quick)),
        regions=collected(() if quick else _regions()),
        cuts=collected(() if quick else _cuts()),
    )


class _Key(NamedTuple):
    digest: str
    format: str
    version: str


def measure_sizes(versions: dict[str, str], quick: bool) -> Iterator[Size]:
    """Yield the bytes of each image at each k, in `.fkq` and in the formats of which a version is given."""
    known = _read_known()
    for case in (case for name in SETS for case in images(name, quick)):
        for k in KS:
            compressed = fastkq.compress(case.read(), k, threads=THREADS)
            nbytes = {"context": len(compressed.to_bytes(threads=THREADS)), "packed": compressed.nbytes}
            for name, version in versions.items():
                key = _Key(_digest(compressed), name, version)
                if key not in known:
                    known[key] = len(FORMATS[name].encode(compressed))
                    _append_known(key, known[key])
                nbytes[name] = known[key]
            yield Size(case.set, case.image, k, compressed.indices.size, nbytes)


def _digest(compressed: fastkq.CompressedImage) -> str:
    """Return a hash of the palette and the indices, which are all that the packed file holds."""
    return hashlib.sha256(compressed.to_bytes(coding="packed")).hexdigest()


def _read_known() -> dict[_Key, int]:
    """Return the peers' sizes from earlier runs: the slowest peer takes half a minute per image."""
    if not KNOWN.exists():
        return {}
    with KNOWN.open(newline="") as file:
        return {
            _Key(row["image"], row["format"], row["version"]): int(row["nbytes"])
            for row in csv.DictReader(file)
        }


def _append_known(key: _Key, nbytes: int) -> None:
    KNOWN.parent.mkdir(parents=True, exist_ok=True)
    is_new = not KNOWN.exists()
    with KNOWN.open("a", newline="") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(_KNOWN_COLUMNS)
        writer.writerow((*key, nbytes))


class _Picture(NamedTuple):
    set: str
    image: str
    read: Callable[[], Pixels]
    threads: tuple[int, ...]
    peers: tuple[str, ...] = ("png", "webp")


def _speeds(quick: bool) -> Iterator[Speed]:
    fastkq.decompress(fastkq.compress(np.eye(64, dtype=np.uint8), 2).to_bytes())  # compiles
    for picture in _pictures(quick):
        yield from _timings(picture)
    if not quick:
        yield from _packing_speeds()


def _pictures(quick: bool) -> Iterator[_Picture]:
    for case in images("kodak", quick):
        yield _Picture(case.set, case.image, case.read, (1,))
    if not quick:
        for case in images("large"):
            yield _Picture(case.set, case.image, case.read, (1, 2))
        # WebP takes minutes to encode its noise.
        yield _Picture(OF_24_MEGAPIXELS, _TILED, of_24_megapixels, (1, 2), ("png",))


def _timings(picture: _Picture) -> Iterator[Speed]:
    compressed = fastkq.compress(picture.read(), K_TIMED)
    files: dict[str, bytes] = {}

    def encode(name: str, threads: int) -> None:
        if name == "context":
            files[name] = compressed.to_bytes(threads=threads)
        else:
            files[name] = FORMATS[name].encode(compressed)

    def decode_file(name: str, threads: int) -> None:
        if name == "context":
            fastkq.decompress(files[name], threads=threads)
        else:
            decode(files[name])

    coders = [("context", threads) for threads in picture.threads] + [(name, 1) for name in picture.peers]
    calls = {
        (name, *coder): partial(call, *coder)
        for coder in coders
        if coder[0] == "context" or FORMATS[coder[0]].version()
        for name, call in (("encode", encode), ("decode", decode_file))
    }
    for (call, name, threads), seconds in in_turns(calls, _ROUNDS, once=_ONCE).items():
        row = (picture.set, picture.image, call, name, threads, compressed.indices.size, len(files[name]))
        yield Speed(*row, min(seconds), statistics.median(seconds))


def _packing_speeds() -> Iterator[Speed]:
    """Yield the times to pack and unpack arrays on one thread; no file is made."""
    image = of_24_megapixels()
    calls = stages(image, K_TIMED)
    pixels = image.shape[0] * image.shape[1]
    packing = {stage: partial(calls[stage], 1) for stage in ("pack", "unpack")}
    for stage, seconds in in_turns(packing, _PACKING_ROUNDS).items():
        row = (OF_24_MEGAPIXELS, _TILED, stage, "packed", 1, pixels, 0)
        yield Speed(*row, min(seconds), statistics.median(seconds))


def _regions() -> Iterator[Region]:
    """Yield the times on 24 megapixels, on one thread and on two."""
    data = fastkq.compress(of_24_megapixels(), K_TIMED).to_bytes(threads=THREADS)
    with fastkq.open(data) as file:
        height, width = file.shape[:2]
        box, parts = worst_region(file.parts, height, width), file.parts
    share = _decoded(parts, box) / (height * width)
    for threads in range(1, THREADS + 1):
        load = partial(fastkq.load, data, threads=threads)
        seconds = in_turns({"region": partial(load, region=box), "whole": load}, _ROUNDS)
        yield Region(threads, share, *(statistics.median(seconds[name]) for name in ("region", "whole")))


def worst_region(parts: Sequence[Part], height: int, width: int) -> Box:
    """Return the region for which most pixels are decoded: it begins in the last row and column of parts."""
    tops = {min(max(part.box.top - 1, 0), height - SIDE) for part in parts}
    lefts = {min(max(part.box.left - 1, 0), width - SIDE) for part in parts}
    boxes = [Box(top, left, SIDE, SIDE) for top in sorted(tops) for left in sorted(lefts)]
    return max(boxes, key=partial(_decoded, parts))


def _decoded(parts: Sequence[Part], box: Box) -> int:
    return sum(rows * parts[number].box.width for number, rows in parts_for(parts, box))


def _cuts() -> Iterator[Cut]:
    for case in images("large"):
        for k in KS:
            compressed = fastkq.compress(case.read(), k)
            data = compressed.to_bytes(threads=THREADS)
            in_one = version_2.encode(compressed, 1, grid=(1, 1))
            with fastkq.open(data) as file:
                parts = len(file.parts)
            yield Cut(case.image, k, compressed.indices.size, parts, len(data), len(in_one))


def table(run: Run) -> str:
    """Return all tables."""
    parts = [
        *_size_table(run),
        *_speed_table(run),
        paragraph(_packing_sentence(run)),
        paragraph(_region_sentence(run)),
        *_cut_table(run),
    ]
    return section(parts, run.machine)


def _size_table(run: Run) -> Iterator[list[str]]:
    if not run.sizes:
        return
    peers = {"packed": "packed `.fkq`", **{name: FORMATS[name].label for name in run.versions}}
    rows = []
    for name in SETS:
        count = len(run.of(name, KS[0]))
        for k in (*KS, None) if count else ():
            ratios = (run.ratio(name, k, peer) for peer in peers)
            cells = ("-" if math.isnan(ratio) else f"{ratio:.3f}" for ratio in ratios)
            bits = f"{run.bits_per_pixel(name, k):.2f}"
            rows.append([f"{name} ({count} images)", k or "all", bits, *cells])
    yield paragraph(
        "Bits per pixel of the `.fkq`, and its bytes divided by those of the same indexed image in other "
        "formats (whole files, mean over the images; below 1 the `.fkq` is smaller):"
    )
    yield markdown_table(["images", "k", "bits per pixel", *peers.values()], rows)
    versions = (f"{FORMATS[name].label}: {version}" for name, version in run.versions.items())
    yield paragraph("; ".join(versions) + ".")


def _speed_table(run: Run) -> Iterator[list[str]]:
    if not run.speeds:
        return
    rows = []
    for name in _TIMED_SETS:
        for form, label in _TIMED_FORMATS.items():
            timed = run.timed(name, "encode", form)
            if timed:
                bits = 8 * sum(row.nbytes for row in timed) / sum(row.pixels for row in timed)
                cells = (_speed_cell(run.timed(name, call, form, threads)) for call, threads in _CALLS)
                rows.append([name, label, f"{bits:.2f}", *cells])
    calls = (f"{call}, {_THREADS[threads]}" for call, threads in _CALLS)
    yield paragraph(
        f"Megapixels per second at k = {K_TIMED} of whole calls, from an indexed image to the bytes of a "
        "file and from these to pixels: by the median of the rounds, in brackets by the fastest. PNG and "
        "WebP are written and read by Pillow, as above:"
    )
    yield markdown_table(["images", "format", "bits per pixel", *calls], rows)


def _speed_cell(rows: list[Speed]) -> str:
    return f"{speed(rows):.3g} ({speed(rows, best=True):.3g})" if rows else "-"


def _packing_sentence(run: Run) -> str:
    timed = {call: run.timed(OF_24_MEGAPIXELS, call, "packed") for call in ("pack", "unpack")}
    if not all(timed.values()):
        return ""
    words = " and ".join(f"{call}s {speed(rows):,.0f}" for call, rows in timed.items())
    return f"The packed coding {words} megapixels per second on one thread."


def _region_sentence(run: Run) -> str:
    if not run.regions:
        return ""
    times = (f"{row.region / row.whole:.1%} on {_THREADS[row.threads]}" for row in run.regions)
    return (
        f"Loading {SIDE} x {SIDE} pixels of {OF_24_MEGAPIXELS}, at the worst place, takes "
        f"{' and '.join(times)} of the time of the whole image; {run.regions[0].share_of_pixels:.1%} of the "
        "pixels are decoded for it."
    )


def _cut_table(run: Run) -> Iterator[list[str]]:
    if not run.cuts:
        return
    by_image: dict[str, dict[int, Cut]] = {}
    for cut in run.cuts:
        by_image.setdefault(cut.image, {})[cut.k] = cut
    rows = []
    for image, cuts in by_image.items():
        first = cuts[KS[0]]
        costs = (f"{cuts[k].nbytes / cuts[k].in_one - 1:.2%}" for k in KS)
        rows.append([image.partition("-")[0], f"{first.pixels / 1e6:.1f}", first.parts, *costs])
    yield ["Additional bytes of a large image in the usual parts, compared with one part:"]
    yield markdown_table(["image", "megapixels", "parts", *(f"k = {k}" for k in KS)], rows)


def targets(run: Run) -> Iterator[Target]:
    """Yield all targets; the figure of what was not measured is nan."""
    for name, limits in SIZE_RATIOS.items():
        for peer, limit in limits.items():
            words = f"bytes over those of {FORMATS[peer].label}, mean of the images"
            yield Target(f"{name}: {words} and k", run.ratio(name, None, peer), limit)
            for k in KS:
                yield Target(f"{name}, k = {k}: {words}", run.ratio(name, k, peer))
    yield from _speed_targets(run)
    for threads in (1, 2):
        share = mean(row.region / row.whole for row in run.regions if row.threads == threads)
        words = "time of a region at the worst place over that of the whole"
        yield Target(f"{OF_24_MEGAPIXELS}, threads = {threads}: {words}", share, REGION_TIME)
    for k in KS:
        costs = [cut.nbytes / cut.in_one for cut in run.cuts if cut.k == k]
        words = f"large, k = {k}: bytes in parts over those in one part"
        yield Target(f"{words}, mean of {len(costs)} images", mean(costs), CUT_SIZE)
        yield Target(f"{words}, largest", max(costs, default=math.nan), CUT_SIZE)


def _speed_targets(run: Run) -> Iterator[Target]:
    for call in ("encode", "decode"):
        for name in _TIMED_SETS:
            label = f"{name}, k = {K_TIMED}, {call}"
            one, two = (run.speed(name, call, "context", threads) for threads in (1, 2))
            yield Target(f"{label}: megapixels per second on one thread", one, CODING_SPEED, at_least=True)
            if name != "kodak":
                words = f"{label}: time on one thread over time on two"
                yield Target(words, two / one, CODING_SPEEDUP, at_least=True)
    for call in ("pack", "unpack"):
        figure = run.speed(OF_24_MEGAPIXELS, call, "packed")
        yield Target(f"{call}: megapixels per second on one thread", figure, PACKING_SPEED, at_least=True)
