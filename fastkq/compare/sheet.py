"""A sheet to hang up or send, by matplotlib: the original and each k above its colours, a plot, a table."""

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.api.notebook import by_8_bits, on_checks
from fastkq.compare.table import Original, Row, table
from fastkq.errors import ArgumentError, MissingExtraError
from fastkq.formats import pil

try:
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, MaxNLocator
except ImportError as error:
    raise MissingExtraError("a contact sheet", "matplotlib", "report") from error

SUFFIXES = (".png", ".pdf", ".svg")
_DPI = 100
_SMALL, _TILE = 360, 1400
"""Pixels of a picture's larger side: each is shown n times to come near to the one, and n by n are averaged
for no more than the other, so that the text of a screenshot can be read."""
_WIDEST = 2900
"""Pixels that tiles beside each other take at most, where there is more than one."""
_FLATTEST = 12
"""Pixels that a tile's smaller side has at least."""
_CAPTIONED = 300
"""Pixels that a caption takes at most."""
_MARGIN = 16
_STRIP, _CAPTION, _PLOT, _LINE = 16, 24, 360, 17
_PLOT_WIDTH = 1100
_INK, _FAINT, _GRID, _PAPER = "#1b1f24", "#57606a", "#d5dae0", "#f4f6f8"
_SERIES = {".fkq": ("o-", "#1d5fd1"), "PNG": ("s:", "#a34a00"), "WebP": ("^--", "#0b7268")}
_CHARACTER = 8
"""Pixels that a character of the table is wide."""


def contact_sheet(
    original: Original, rows: Sequence[Row], suffix: str = ".png", *, columns: int = 3
) -> bytes:
    """The original, then the image at each k with its colours in proportion to their use, a plot and a table.

    Pixels are shown as they are, each of them n times; of pictures beyond 1,400 pixels a side the means of n
    by n are shown, whose colours need not be in the palette: the strip has those.

    Parameters
    ----------
    original : Original
        Of up to 4 channels; what has more than 8 bits is shown by 8, as by `fastkq.api.notebook.by_8_bits`.
    rows : sequence of Row
        From `fastkq.compare.table.compare`.
    suffix : {".png", ".pdf", ".svg"}
    columns : int
        Tiles beside each other at most; large ones are fewer.

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
    >>> from fastkq.compare.table import Original, compare
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


class _Tile(NamedTuple):
    """Pictures as RGB: of the pixels, and one line of the colours in proportion to their use, if any."""

    picture: npt.NDArray[np.uint8]
    strip: npt.NDArray[np.uint8] | None
    caption: str


def _figure(original: Original, rows: Sequence[Row], columns: int) -> Figure:
    step, scale = _sampling(original.pixels.shape)
    height, width = (max(_FLATTEST, scale * -(-side // step)) for side in original.pixels.shape[:2])
    tiles = [_original_tile(original, step), *(_tile(original, row, step, width) for row in rows)]
    across, down = max(width, _CAPTIONED) + _MARGIN, height + _STRIP + _CAPTION + _MARGIN
    columns = min(columns, len(tiles), max(1, _WIDEST // across))
    words = table(rows, original.nbytes)
    inner = max(columns * across - _MARGIN, _CHARACTER * max(map(len, words.splitlines())))
    plot = _PLOT * any(not row.is_lossless for row in rows)
    plot_top = _MARGIN + -(-len(tiles) // columns) * down
    table_top = plot_top + plot + _MARGIN
    sheet = _Sheet(inner + 2 * _MARGIN, table_top + _LINE * (len(rows) + 1) + _MARGIN)
    for place, tile in enumerate(tiles):
        left, top = _MARGIN + place % columns * across, _MARGIN + place // columns * down
        sheet.picture(tile.picture, left, top, width, height)
        if tile.strip is not None:
            sheet.picture(tile.strip, left, top + height, width, _STRIP)
        sheet.text(tile.caption, left, top + height + _STRIP + 5)
    if plot:
        _plot(
            sheet.axes(_MARGIN + 50, plot_top + 20, min(inner - 50, _PLOT_WIDTH), plot - 70),
            rows,
            original.nbytes,
        )
    sheet.text(words, _MARGIN, table_top, family="DejaVu Sans Mono", fontsize=9, linespacing=1.36)
    return sheet.figure


def _sampling(shape: tuple[int, ...]) -> tuple[int, int]:
    """How many pixels a side are averaged, and how many times each is shown."""
    larger = max(shape[:2])
    return -(-larger // _TILE), max(1, _SMALL // larger)


def _averaged(pixels: npt.NDArray[np.uint8], step: int) -> npt.NDArray[np.uint8]:
    """Means of step x step pixels, each weighted by its opacity; fewer at the right and the lower edge."""
    if step == 1:
        return pixels
    return pil.average(pixels, step)


def _original_tile(original: Original, step: int) -> _Tile:
    height, width = original.pixels.shape[:2]
    picture = on_checks(_averaged(by_8_bits(original.pixels, original.pixels), step))
    return _Tile(picture, None, f"original:  {width:,} x {height:,},  {original.nbytes:,} bytes")


def _tile(original: Original, row: Row, step: int, width: int) -> _Tile:
    palette = by_8_bits(original.pixels, row.compressed.palette[np.newaxis])[0]
    uses = np.bincount(row.compressed.indices.reshape(-1), minlength=len(palette))
    strip = np.searchsorted(np.cumsum(uses) / uses.sum(), (np.arange(width) + 0.5) / width)
    k, quality = f"{row.compressed.k:,}", "nothing lost" if row.is_lossless else f"{row.psnr:.1f} dB"
    return _Tile(
        on_checks(_averaged(palette[row.compressed.indices], step)),
        on_checks(palette[strip[np.newaxis]]),
        f"{'all colours: ' * row.is_lossless}k = {k}:  {row.fkq_bytes:,} bytes,  {quality}",
    )


def _plot(axes: Any, rows: Sequence[Row], source_bytes: int) -> None:
    top = _top(axes, [row.psnr for row in rows])
    for name, (style, colour) in _SERIES.items():
        points = [(size, min(row.psnr, top)) for row in rows if (size := row.sizes[name]) is not None]
        if points:
            axes.plot(*zip(*points, strict=True), style, color=colour, label=name)
    for row in rows:
        place, words = (row.fkq_bytes, min(row.psnr, top)), f"{row.compressed.k:,}"
        axes.annotate(words, place, (-5, 5), textcoords="offset points", ha="right", fontsize=9, color=_INK)
    axes.axvline(source_bytes, color=_FAINT, linestyle=(0, (4, 3)), linewidth=1.2, label="source")
    axes.set_xscale("log")
    axes.margins(x=0.04)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("bytes of the file", color=_INK, fontsize=10)
    axes.set_ylabel("PSNR, dB", color=_INK, fontsize=10)
    axes.set_facecolor("white")
    axes.grid(color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9, labelcolor=_INK, color=_GRID)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, fontsize=9)
    for spine in axes.spines.values():
        spine.set_color(_GRID)
    axes.minorticks_off()


def _top(axes: Any, decibels: Sequence[float]) -> float:
    """Lay out the axis of PSNR, and tell at which height what is lossless stands."""
    lossy = [psnr for psnr in decibels if math.isfinite(psnr)]
    low, high = min(lossy), max(lossy)
    room = 0.12 * max(high - low, 5)
    ticks = [
        tick
        for tick in MaxNLocator(6, steps=(1, 2, 5, 10)).tick_values(low, high)
        if low - room <= tick <= high + room / 2
    ]
    labels = [f"{tick:g}" for tick in ticks]
    top = high
    if len(lossy) < len(decibels):
        top = high + 1.5 * room
        ticks, labels = [*ticks, top], [*labels, "\N{INFINITY}"]
    axes.set_yticks(ticks, labels)
    axes.set_ylim(low - room, top + room)
    return top
