"""Texts, numbers and table of the page."""

import math
from collections.abc import Sequence

from fastkq.compare.comparison import Original, Row
from fastkq.compare.numerals import decimal

_TIMES = "\N{MULTIPLICATION SIGN}"
_NO_DECIMALS_FROM = 0.1  # ratio of sizes: from this on, percentages have no decimals
_KINDS = {1: "gray", 2: "gray and alpha", 3: "RGB", 4: "RGBA"}
_HEADS = {
    "Colors": "",
    ".fkq": "bytes",
    "PNG": "bytes",
    "WebP": "bytes",
    "Bits per pixel": "of the .fkq",
    "PSNR": "dB",
    "SSIM": "",
    "Time": "ms",
}
"""Column heads of the table and the units below them."""


def facts(original: Original, step: int) -> str:
    """Return a line that describes the source: size, channels, bit depth, bytes."""
    height, width = original.pixels.shape[:2]
    channels, has_alpha = original.kind.channels, original.kind.has_alpha
    kind = _KINDS[channels] if channels - has_alpha in (1, 3) else f"{channels} channels"
    bits = 1 if original.pixels.dtype == bool else 8 * original.pixels.itemsize
    shown = f"; one of each {step} {_TIMES} {step} pixels is shown" if step > 1 else ""
    size = f"{width:,} {_TIMES} {height:,} pixels"
    return f"{size}, {kind}, {bits} bits per channel, {original.nbytes:,} bytes{shown}"


def number_of_colors(row: Row) -> str:
    """Return "1 color", "k colors", or "all k colors" for a lossless row."""
    k = row.compressed.k
    return "1 color" if k == 1 else f"{'all ' * row.is_lossless}{k:,} colors"


def label(row: Row) -> str:
    """Return the number of colors for a button and the table: "k", or "k (all)" for a lossless row."""
    return f"{row.compressed.k:,}{' (all)' * row.is_lossless}"


def decibels(psnr: float) -> str:
    """Return a PSNR in dB with two decimals; the infinity sign if lossless."""
    return f"{psnr:.2f}" if math.isfinite(psnr) else "∞"


def caption(row: Row, source_bytes: int) -> str:
    """Return size and quality of a row as a caption below the image."""
    quality = "lossless" if row.is_lossless else f"PSNR {row.psnr:.2f} dB"
    similarity = "" if row.ssim is None else f", SSIM {row.ssim:.4f}"
    return (
        f"{number_of_colors(row)}: {row.fkq_bytes:,} bytes as .fkq, "
        f"{_percent(row.fkq_bytes, source_bytes)} of the source, {decimal(row.bits_per_pixel)} bits per pixel"
        f"; {quality}{similarity}"
    )


def table(rows: Sequence[Row], original: Original) -> str:
    """Return head and body of the HTML table; the column SSIM only if it is known."""
    heads = [head for head in _HEADS if head != "SSIM" or any(row.ssim is not None for row in rows)]
    head_cells = "".join(f'<th scope="col">{head} <small>{_HEADS[head]}</small></th>' for head in heads)
    lines = [f"<thead><tr>{head_cells}</tr></thead>", "<tbody>"]
    for row in rows:
        cells = _cells(row, original.nbytes)
        first = f'<th scope="row"><a href="#k={row.k}">{label(row)}</a></th>'
        lines.append(f"<tr>{first}{''.join(f'<td>{cells[head]}</td>' for head in heads[1:])}</tr>")
    return "\n".join([*lines, "</tbody>"])


def _cells(row: Row, source_bytes: int) -> dict[str, str]:
    return {
        **{name: _size(size, source_bytes) for name, size in row.sizes.items()},
        "Bits per pixel": decimal(row.bits_per_pixel),
        "PSNR": decibels(row.psnr),
        "SSIM": "-" if row.ssim is None else f"{row.ssim:.4f}",
        "Time": f"{row.milliseconds:.1f}",
    }


def _size(nbytes: int | None, source_bytes: int) -> str:
    if nbytes is None:
        return "-"
    larger = ' class="larger"' if nbytes > source_bytes else ""
    return f"{nbytes:,} <small{larger}>{_percent(nbytes, source_bytes)}</small>"


def _percent(nbytes: int, source_bytes: int) -> str:
    ratio = nbytes / source_bytes
    return f"{ratio:.0%}" if ratio >= _NO_DECIMALS_FROM else f"{ratio:.1%}"
