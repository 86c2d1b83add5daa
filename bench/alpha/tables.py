"""The README's table of images with alpha, as lines of Markdown; empty where nothing was measured."""

from bench.alpha.composited import BACKGROUNDS
from bench.alpha.methods import METHODS
from bench.alpha.results import Alpha
from bench.cases import COLOURS


def markdown(alpha: Alpha) -> str:
    """The table and what its figures are."""
    *most, last = BACKGROUNDS
    lines = [
        f"Squared error of images with alpha composited over {', '.join(most)} and {last}, undithered (mean",
        "over the three, pixels and images, summed over R, G, B), time (geometric mean over the images of",
        "the fastest of three runs), and on how many files fastkq, at its default effort, is below the",
        "rival, of those that not both keep exactly:",
        "",
        "| images | method | " + " | ".join(f"k = {k}" for k in COLOURS) + " |",
        "| --- | --- |" + " --- |" * len(COLOURS),
    ]
    count = len(alpha.of(COLOURS[0], "fastkq"))
    for name, method in METHODS.items():
        if alpha.of(COLOURS[0], name):
            cells = " | ".join(_cell(alpha, k, name) for k in COLOURS)
            lines.append(f"| alpha ({count} images) | {method.label} | {cells} |")
    if not alpha.rows:
        return ""
    return "\n".join([*lines, "", "Measured on " + "; ".join(alpha.machine.values()) + ".", ""])


def _cell(alpha: Alpha, k: int, name: str) -> str:
    if not alpha.of(k, name):
        return "-"
    cell = f"{alpha.error(k, name):.4g}, {1000 * alpha.seconds(k, name):.3g} ms"
    if name.startswith("fastkq"):
        return cell
    verdicts = alpha.verdicts(k, name)
    return f"{cell}, {verdicts.below} of {sum(verdicts)}"
