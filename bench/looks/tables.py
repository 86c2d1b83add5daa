"""The README's table of looks, as lines of Markdown."""

import math

from bench.cases import COLOURS
from bench.looks.methods import METHODS
from bench.looks.results import Looks, images, reference

_OF_REFERENCE = {
    "libimagequant43_dither": "libimagequant 4.3, dithered",
    "libimagequant43_plain": "libimagequant 4.3, plain",
}


def markdown(looks: Looks) -> str:
    """What was measured, beside the reference."""
    names = [name for name in METHODS if looks.of(name, COLOURS[0])]
    lines = [
        "SSIMULACRA2 (higher is better, 100 is identical), in brackets butteraugli's 3-norm (lower is",
        f"better), and the least time of a call, means over {len(images())} Kodak images:",
        "",
        "| method | " + " | ".join(f"k = {k}" for k in COLOURS) + " |",
        "| --- |" + " --- |" * len(COLOURS),
        *(
            f"| {METHODS[name].label} | {' | '.join(_cell(looks, name, k) for k in COLOURS)} |"
            for name in names
        ),
        *(_referred(column, label) for column, label in _OF_REFERENCE.items()),
        "",
        "libimagequant 4.3 was measured on another day, in 0.44 to 0.47 of the time of imagequant.",
        "",
        "Measured on " + "; ".join(looks.machine.values()) + ".",
    ]
    return "\n".join([*lines, ""])


def _cell(looks: Looks, name: str, k: int) -> str:
    score, distance = looks.mean(name, k, "ssimulacra2"), looks.mean(name, k, "butteraugli")
    bracket = "" if math.isnan(distance) else f" ({distance:.2f})"
    return f"{score:.1f}{bracket}, {1000 * looks.mean(name, k, 'seconds'):.0f} ms"


def _referred(column: str, label: str) -> str:
    return f"| {label} | " + " | ".join(f"{reference(column, k):.1f}" for k in COLOURS) + " |"
