"""A sheet to hang up or send, by matplotlib: the original and each k above its colours, a plot, a table."""

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.display import by_8_bits, on_checks
from fastkq.errors import ArgumentError, MissingExtraError
from fastkq.report.comparison import Original, Row, table

try:
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator
except ImportError as error:
    raise MissingExtraError("a contact sheet", "matplotlib", "report") from error

SUFFIXES = (".png", ".pdf", ".svg")
_DPI = 100
_TILE = 360
"""Pixels that a tile's larger side is brought near to, by showing each n times or one of n."""
_CAPTIONED = 300
"""Pixels that a caption takes at most."""
_MARGIN = 16
_STRIP, _CAPTION, _PLOT, _LINE = 16, 24, 340, 17
_INK, _FAINT, _GRID, _PAPER = "#1b1f24", "#57606a", "#d5dae0", "#f4f6f8"
_SERIES = {".fkq": ("o-", "#1d5fd1"), "PNG": ("s:", "#a34a00"), "WebP": ("^--", "#0b7268")}
_CHARACTER = 8
"""Pixels that a character of the table is wide."""


def contact_sheet(
    original: Original, rows: Sequence[Row], suffix: str = ".png", *, columns: int = 3
) -> bytes:
    """The original, then the image at each k with its colours in proportion to their use, a plot and a table.

    Pixels are shown as they are, each of them n times or one of n by n; none is a mean of others.

    Parameters
    ----------
    original : Original
        Of up to 4 channels; what has more than 8 bits is shown by 8, as by `fastkq.display.by_8_bits`.
    rows : sequence of Row
        From `fastkq.report.comparison.compare`.
    suffix : {".png", ".pdf", ".svg"}
    columns : int
        Tiles beside each other.

    Returns
    -------
    bytes
        Of a whole file.

    Raises
    ------
    ArgumentError
        For another suffix.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.report.comparison import Original, compare
    >>> image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> contact_sheet(Original("ramp.png", image, 300), compare(image, [2, 4]), ".pdf")[:5]
    b'%PDF-'
    """
    if suffix not in SUFFIXES:
        raise ArgumentError(f"expected one of {', '.join(SUFFIXES)}, got {suffix!r}")
    buffer = BytesIO()
    # The time of day, which the other two write, would make equal sheets differ.
    metadata = {".png": {}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}[suffix]
    _figure(original, rows, columns).savefig(buffer, format=suffix[1:], dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


class _Sheet:
    """A figure whose parts are placed by pixels from its upper left corner."""

    def __init__(self, width: int, height: int) -> None:
        self.figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor=_PAPER)
        self._width, self._height = width, height

    def axes(self, left: int, top: int, width: int, height: int) -> Any:
        bottom = self._height - top - height
        return self.figure.add_axes(
            (left / self._width, bottom / self._height, width / self._width, height / self._height)
        )

    def picture(self, pixels: npt.NDArray[np.uint8], left: int, top: int, width: int, height: int) -> None:
        axes = self.axes(left, top, width, height)
        axes.set_axis_off()
        axes.imshow(pixels, interpolation="none", aspect="auto")

    def text(self, words: str, left: int, top: int, **style: Any) -> None:
        style = {"color": _INK, "fontsize": 10, "family": "DejaVu Sans", **style}
        place = left / self._width, 1 - top / self._height
        self.figure.text(*place, words, va="top", **style)


def _figure(original: Original, rows: Sequence[Row], columns: int) -> Figure:
    shown = [on_checks(by_8_bits(original.pixels, original.pixels))]
    shown += [on_checks(by_8_bits(original.pixels, row.compressed.decompress())) for row in rows]
    step, scale = _sampling(original.pixels.shape)
    tiles = [picture[::step, ::step] for picture in shown]
    height, width = tiles[0].shape[0] * scale, tiles[0].shape[1] * scale
    cell = max(width, _CAPTIONED), height + _STRIP + _CAPTION
    columns, plot = min(columns, len(tiles)), _PLOT * any(math.isfinite(row.psnr) for row in rows)
    lines, words = -(-len(tiles) // columns), table(rows, original.nbytes)
    across = max(
        columns * (cell[0] + _MARGIN), round(_CHARACTER * max(map(len, words.splitlines()))) + _MARGIN
    )
    plot_top = _MARGIN + lines * (cell[1] + _MARGIN)
    table_top = plot_top + plot + _MARGIN
    sheet = _Sheet(across + _MARGIN, table_top + _LINE * (len(rows) + 1) + _MARGIN)
    for place, (tile, row) in enumerate(zip(tiles, [None, *rows], strict=True)):
        left = _MARGIN + place % columns * (cell[0] + _MARGIN)
        top = _MARGIN + place // columns * (cell[1] + _MARGIN)
        sheet.picture(tile, left, top, width, height)
        if row is not None:
            sheet.picture(_strip(original, row, width), left, top + height, width, _STRIP)
        sheet.text(_caption(original, row), left, top + height + _STRIP + 5)
    if plot:
        _plot(sheet.axes(_MARGIN + 50, plot_top, across - _MARGIN - 50, plot - 50), rows, original.nbytes)
    sheet.text(words, _MARGIN, table_top, family="DejaVu Sans Mono", fontsize=9, linespacing=1.36)
    return sheet.figure


def _sampling(shape: tuple[int, ...]) -> tuple[int, int]:
    """Of how many pixels one is shown, and how many times."""
    larger = max(shape[:2])
    return max(1, round(larger / _TILE)), max(1, _TILE // larger)


def _caption(original: Original, row: Row | None) -> str:
    if row is not None:
        quality = f"{row.psnr:.1f} dB" if math.isfinite(row.psnr) else "nothing lost"
        return f"k = {row.compressed.k:,}:  {row.fkq_bytes:,} bytes,  {quality}"
    height, width = original.pixels.shape[:2]
    return f"original:  {width:,} x {height:,},  {original.nbytes:,} bytes"


def _strip(original: Original, row: Row, width: int) -> npt.NDArray[np.uint8]:
    palette = on_checks(by_8_bits(original.pixels, row.compressed.palette[np.newaxis]))[0]
    uses = np.bincount(row.compressed.indices.reshape(-1), minlength=len(palette))
    ends = np.cumsum(uses) / uses.sum()
    line: npt.NDArray[np.uint8] = palette[np.searchsorted(ends, (np.arange(width) + 0.5) / width)]
    return line[np.newaxis]


def _plot(axes: Any, rows: Sequence[Row], source_bytes: int) -> None:
    lossy = [row for row in rows if math.isfinite(row.psnr)]
    for name, (style, colour) in _SERIES.items():
        points = [(size, row.psnr) for row in lossy if (size := row.sizes[name]) is not None]
        axes.plot(*np.array(points).reshape(-1, 2).T, style, color=colour, label=name)
    for row in lossy:
        place, words = (row.fkq_bytes, row.psnr), f"{row.compressed.k:,}"
        axes.annotate(words, place, (-5, 5), textcoords="offset points", ha="right", fontsize=9, color=_INK)
    axes.axvline(source_bytes, color=_FAINT, linestyle=(0, (4, 3)), linewidth=1.2, label="source")
    axes.set_xscale("log")
    axes.margins(0.04, 0.1)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("bytes of the file", color=_INK, fontsize=10)
    axes.set_ylabel("PSNR, dB", color=_INK, fontsize=10)
    axes.set_facecolor("white")
    axes.grid(color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9, labelcolor=_INK, color=_GRID)
    axes.legend(loc="upper left", fontsize=9)
    for spine in axes.spines.values():
        spine.set_color(_GRID)
    axes.minorticks_off()
