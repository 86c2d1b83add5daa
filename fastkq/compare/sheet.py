"""Contact sheet by matplotlib: the original and each k above its palette, a plot and a table."""

import math
from collections.abc import Sequence
from io import BytesIO
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.api.notebook import composite_on_checkerboard, for_display, to_display_8bit
from fastkq.color.indexed_image import count_indices, paint
from fastkq.compare.comparison import Original, Row, table
from fastkq.errors import ArgumentError, MissingExtraError
from fastkq.formats import pil

try:
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, MaxNLocator
except ImportError as error:
    raise MissingExtraError("a contact sheet", "matplotlib", "report") from error

SUFFIXES = (".png", ".pdf", ".svg")
_DPI = 100  # pixels of the sheet per inch
_SMALL, _TILE = 360, 1400
"""Pixels: bounds of an image's longer side on the sheet. A smaller image is enlarged by the largest integer
factor that gives at most `_SMALL`. Of an image larger than `_TILE`, n x n pixels are averaged, with the
smallest n that gives at most `_TILE`, so that text in a screenshot stays legible."""
_MAX_ROW_WIDTH = 2900  # pixels: width of a row of several tiles, at most
_MIN_SIDE = 12  # pixels: height and width of an image on the sheet, at least
_CAPTIONED = 300  # pixels: width reserved for a caption
_MARGIN = 16  # pixels: around the sheet and between tiles
_STRIP_HEIGHT, _CAPTION_HEIGHT = 16, 24  # pixels: palette and caption below an image
_PLOT_HEIGHT, _LINE_HEIGHT = 360, 17  # pixels: plot, and a line of the table
_PLOT_WIDTH = 1100  # pixels: width of the plot, at most
_INK, _FAINT, _GRID, _PAPER = "#1b1f24", "#57606a", "#d5dae0", "#f4f6f8"
_SERIES = {".fkq": ("o-", "#1d5fd1"), "PNG": ("s:", "#a34a00"), "WebP": ("^--", "#0b7268")}
_CHARACTER_WIDTH = 8  # pixels: width of a character of the table


def contact_sheet(
    original: Original, rows: Sequence[Row], suffix: str = ".png", *, columns: int = 3
) -> bytes:
    """Return a sheet with the original, the image at each k above its palette, a plot and a table.

    Below each image, a strip shows the palette: the width of a color is proportional to its share of the
    pixels. Pixels of small images are repeated n x n times. Of images with more than 1,400 pixels in height
    or width, means of n x n pixels are shown, whose colors need not be in the palette.

    Parameters
    ----------
    original : Original
        The source image, shown as by `fastkq.api.notebook.to_display_8bit`.
    rows : sequence of Row
        From `fastkq.compare.comparison.compare`.
    suffix : {".png", ".pdf", ".svg"}
        Format of the sheet.
    columns : int
        Number of tiles in a row, at most; fewer if the tiles are large.

    Returns
    -------
    bytes
        Content of the file.

    Raises
    ------
    ArgumentError
        When the suffix is not one of the three.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.compare.comparison import Original, compare
    >>> image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> contact_sheet(Original("ramp.png", image, 300), compare(image, [2, 4]), ".pdf")[:5]
    b'%PDF-'
    """
    if suffix not in SUFFIXES:
        raise ArgumentError(f"expected one of {', '.join(SUFFIXES)}, got {suffix!r}")
    buffer = BytesIO()
    # Without the time of writing, which PDF and SVG would hold, equal sheets are equal files.
    metadata = {".png": {}, ".pdf": {"CreationDate": None}, ".svg": {"Date": None}}[suffix]
    _figure(original, rows, columns).savefig(buffer, format=suffix[1:], dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


class _Sheet:
    """A figure whose parts are placed in pixels from its upper left corner."""

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
    """An image of the sheet with its palette.

    Attributes
    ----------
    picture : (H, W, 3) uint8
        The image in RGB.
    strip : (1, W, 3) uint8 or None
        A row of the palette's colors, each in proportion to its share of the pixels; None for the original.
    caption : str
    """

    picture: npt.NDArray[np.uint8]
    strip: npt.NDArray[np.uint8] | None
    caption: str


def _figure(original: Original, rows: Sequence[Row], columns: int) -> Figure:
    larger = max(original.pixels.shape[:2])
    step, scale = -(-larger // _TILE), max(1, _SMALL // larger)  # means of step x step pixels, enlargement
    height, width = (max(_MIN_SIDE, scale * -(-side // step)) for side in original.pixels.shape[:2])
    tiles = [_original_tile(original, step), *(_tile(original, row, step, width) for row in rows)]
    tile_width = max(width, _CAPTIONED) + _MARGIN
    tile_height = height + _STRIP_HEIGHT + _CAPTION_HEIGHT + _MARGIN
    columns = min(columns, len(tiles), max(1, _MAX_ROW_WIDTH // tile_width))
    words = table(rows, original.nbytes)
    inner_width = max(columns * tile_width - _MARGIN, _CHARACTER_WIDTH * max(map(len, words.splitlines())))
    plot = _PLOT_HEIGHT * any(not row.is_lossless for row in rows)
    plot_top = _MARGIN + -(-len(tiles) // columns) * tile_height
    table_top = plot_top + plot + _MARGIN
    sheet = _Sheet(inner_width + 2 * _MARGIN, table_top + _LINE_HEIGHT * (len(rows) + 1) + _MARGIN)
    for place, tile in enumerate(tiles):
        left, top = _MARGIN + place % columns * tile_width, _MARGIN + place // columns * tile_height
        sheet.picture(tile.picture, left, top, width, height)
        if tile.strip is not None:
            sheet.picture(tile.strip, left, top + height, width, _STRIP_HEIGHT)
        sheet.text(tile.caption, left, top + height + _STRIP_HEIGHT + 5)
    if plot:
        axes = sheet.axes(_MARGIN + 50, plot_top + 20, min(inner_width - 50, _PLOT_WIDTH), plot - 70)
        _plot(axes, rows, original.nbytes)
    sheet.text(words, _MARGIN, table_top, family="DejaVu Sans Mono", fontsize=9, linespacing=1.36)
    return sheet.figure


def _original_tile(original: Original, step: int) -> _Tile:
    height, width = original.pixels.shape[:2]
    shown = to_display_8bit(original.pixels, original.pixels, has_alpha=original.kind.has_alpha)
    picture = composite_on_checkerboard(pil.average(shown, step))
    return _Tile(picture, None, f"original:  {width:,} x {height:,},  {original.nbytes:,} bytes")


def _tile(original: Original, row: Row, step: int, width: int) -> _Tile:
    shown = for_display(original.pixels, row.compressed)
    counts = count_indices(shown)
    strip = np.searchsorted(np.cumsum(counts) / counts.sum(), (np.arange(width) + 0.5) / width)
    k, quality = f"{row.compressed.k:,}", "lossless" if row.is_lossless else f"{row.psnr:.1f} dB"
    return _Tile(
        composite_on_checkerboard(pil.average(paint(shown), step)),
        composite_on_checkerboard(shown.palette[strip[np.newaxis]]),
        f"{'all colors: ' * row.is_lossless}k = {k}:  {row.fkq_bytes:,} bytes,  {quality}",
    )


def _plot(axes: Any, rows: Sequence[Row], source_bytes: int) -> None:
    top = _lay_out_psnr_axis(axes, [row.psnr for row in rows])
    for name, (style, color) in _SERIES.items():
        points = [(size, min(row.psnr, top)) for row in rows if (size := row.sizes[name]) is not None]
        if points:
            axes.plot(*zip(*points, strict=True), style, color=color, label=name)
    for row in rows:
        place, words = (row.fkq_bytes, min(row.psnr, top)), f"{row.compressed.k:,}"
        axes.annotate(words, place, (-5, 5), textcoords="offset points", ha="right", fontsize=9, color=_INK)
    axes.axvline(source_bytes, color=_FAINT, linestyle=(0, (4, 3)), linewidth=1.2, label="source")
    axes.set_xscale("log")
    axes.margins(x=0.04)
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("file size, bytes", color=_INK, fontsize=10)
    axes.set_ylabel("PSNR, dB", color=_INK, fontsize=10)
    axes.set_facecolor("white")
    axes.grid(color=_GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=9, labelcolor=_INK, color=_GRID)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=4, frameon=False, fontsize=9)
    for spine in axes.spines.values():
        spine.set_color(_GRID)
    axes.minorticks_off()


def _lay_out_psnr_axis(axes: Any, decibels: Sequence[float]) -> float:
    """Lay out the PSNR axis and return the dB at which lossless points are drawn."""
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
