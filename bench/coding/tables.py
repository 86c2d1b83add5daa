"""The README's tables of the coding, each as lines of Markdown; empty where nothing was measured for one."""

import math

from bench.cases import COLOURS
from bench.coding.formats import FORMATS
from bench.coding.parts import SIDE
from bench.coding.results import COLOURS_TIMED, OF_24_MEGAPIXELS, Coded, Cut, Timed, speed
from bench.coding.sizes import SETS

_TIMED_SETS = ("kodak", "large", OF_24_MEGAPIXELS)
_TIMED_FORMATS = {"context": "`.fkq`", "png": FORMATS["png"].label, "webp": FORMATS["webp"].label}
_CALLS = (("encode", 1), ("encode", 2), ("decode", 1), ("decode", 2))
_THREADS = {1: "one thread", 2: "two threads"}


def markdown(coded: Coded) -> str:
    """All tables."""
    parts = [_sizes(coded), _speeds(coded), _packing(coded), _regions(coded), _cuts(coded)]
    lines = [line for part in parts if part for line in (*part, "")]
    return "\n".join([*lines, "Measured on " + "; ".join(coded.machine.values()) + ".", ""])


def _sizes(coded: Coded) -> list[str]:
    if not coded.sizes:
        return []
    rivals = {"packed": "packed `.fkq`", **{name: FORMATS[name].label for name in coded.versions}}
    lines = [
        "Bits per pixel of the `.fkq`, and its bytes divided by those of the same indexed image in other",
        "formats: whole files, mean over the images; below 1 the `.fkq` is smaller:",
        "",
        *_header("images", "k", "bits per pixel", *rivals.values()),
    ]
    for name in SETS:
        count = len(coded.of(name, COLOURS[0]))
        for k in (*COLOURS, None) if count else ():
            ratios = (coded.ratio(name, k, rival) for rival in rivals)
            cells = ("-" if math.isnan(ratio) else f"{ratio:.3f}" for ratio in ratios)
            bits = f"{coded.bits_per_pixel(name, k):.2f}"
            lines.append(_row(f"{name} ({count} images)", k or "all", bits, *cells))
    versions = (f"{FORMATS[name].label}: {version}" for name, version in coded.versions.items())
    return [*lines, "", "; ".join(versions) + "."]


def _speeds(coded: Coded) -> list[str]:
    if not coded.speeds:
        return []
    lines = [
        f"Megapixels a second at k = {COLOURS_TIMED}: whole calls, from an indexed image to bytes of a file",
        "and from those to pixels, median of the rounds (in brackets the best), beside the bits per pixel of",
        "the files; PNG and WebP by Pillow, as above:",
        "",
        *_header("images", "format", "bits per pixel", *(f"{call}, {_THREADS[n]}" for call, n in _CALLS)),
    ]
    for name in _TIMED_SETS:
        for form, label in _TIMED_FORMATS.items():
            rows = coded.timed(name, "encode", form)
            if rows:
                bits = 8 * sum(row.nbytes for row in rows) / sum(row.pixels for row in rows)
                cells = (_speed(coded.timed(name, call, form, threads)) for call, threads in _CALLS)
                lines.append(_row(name, label, f"{bits:.2f}", *cells))
    return lines


def _speed(rows: list[Timed]) -> str:
    return f"{speed(rows):.3g} ({speed(rows, best=True):.3g})" if rows else "-"


def _packing(coded: Coded) -> list[str]:
    timed = {call: coded.timed(OF_24_MEGAPIXELS, call, "packed") for call in ("pack", "unpack")}
    if not all(timed.values()):
        return []
    words = " and ".join(f"{call}s {speed(rows):,.0f}" for call, rows in timed.items())
    return [f"The packed coding {words} megapixels a second on one thread."]


def _regions(coded: Coded) -> list[str]:
    if not coded.regions:
        return []
    times = (f"{row.region / row.whole:.1%} with {_THREADS[row.threads]}" for row in coded.regions)
    return [
        f"To load {SIDE} x {SIDE} of the {OF_24_MEGAPIXELS}, at the worst place, takes {' and '.join(times)}",
        f"of the time of the whole; {coded.regions[0].share_of_pixels:.1%} of the pixels are decoded for it.",
    ]


def _cuts(coded: Coded) -> list[str]:
    if not coded.cuts:
        return []
    lines = [
        "What it costs that a large image is cut into parts, against one part:",
        "",
        *_header("image", "megapixels", "parts", *(f"k = {k}" for k in COLOURS)),
    ]
    by_image: dict[str, dict[int, Cut]] = {}
    for cut in coded.cuts:
        by_image.setdefault(cut.image, {})[cut.k] = cut
    for image, cuts in by_image.items():
        first = cuts[COLOURS[0]]
        costs = (f"{cuts[k].nbytes / cuts[k].in_one - 1:.2%}" for k in COLOURS)
        lines.append(_row(image.partition("-")[0], f"{first.pixels / 1e6:.1f}", first.parts, *costs))
    return lines


def _header(*names: str) -> tuple[str, str]:
    return _row(*names), "|" + " --- |" * len(names)


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"
