"""Rate-distortion plot in SVG: PSNR against file size."""

import math
from collections.abc import Iterator, Sequence

from fastkq.compare.comparison import Row
from fastkq.compare.html.text import decibels, number_of_colors

_WIDTH, _HEIGHT = 480, 360  # SVG units: size of the plot
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 468, 44, 308  # SVG units: edges of the area within the axes
_MARKS = {
    ".fkq": '<circle cx="{x:.1f}" cy="{y:.1f}" r="5"/>',
    "PNG": '<path d="M{x:.1f} {y:.1f}m-3.5-3.5h7v7h-7z"/>',
    "WebP": '<path d="M{x:.1f} {y:.1f}m0-4.5l4.5 8h-9z"/>',
}
_UNITS = ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB"), (1, "B"))
_MAX_TICKS = 7  # ticks per axis, at most


class _Axes:
    """Axes that map bytes (logarithmic) and decibels (linear) to SVG units; lossless stands at the top.

    Attributes
    ----------
    lossless : bool
        Whether a row is lossless, so that the axis needs a tick for infinity.
    least, most : int
        Range of the finite PSNR in dB, multiples of 5.
    """

    def __init__(self, rows: Sequence[Row], source_bytes: int) -> None:
        sizes = [size for row in rows for size in row.sizes.values() if size is not None]
        self._low = math.log(min(*sizes, source_bytes)) - 0.3
        self._high = math.log(max(*sizes, source_bytes)) + 0.15
        lossy = [row.psnr for row in rows if math.isfinite(row.psnr)]
        self.lossless = len(lossy) < len(rows)
        self.least = 5 * math.floor(min(lossy, default=0) / 5)
        self.most = max(self.least + 5, 5 * math.ceil(max(lossy, default=0) / 5))
        self._end = self.most + (self.most - self.least) * 0.12 * self.lossless

    def x(self, nbytes: float) -> float:
        return _LEFT + (math.log(nbytes) - self._low) / (self._high - self._low) * (_RIGHT - _LEFT)

    def y(self, psnr: float) -> float:
        share = (min(psnr, self._end) - self.least) / (self._end - self.least)
        return _BOTTOM - share * (_BOTTOM - _TOP)

    def decibels(self) -> list[float]:
        step = 5 * math.ceil((self.most - self.least) / 5 / _MAX_TICKS)
        ticks = [float(tick) for tick in range(self.least, self.most + 1, step)]
        return [*ticks, math.inf] if self.lossless else ticks

    def bytes(self) -> list[int]:
        low, high = math.exp(self._low), math.exp(self._high)
        powers = range(int(math.log10(low)), int(math.log10(high)) + 1)
        for digits in ((1, 2, 5), (1, 3), (1,)):
            ticks = [digit * 10**power for power in powers for digit in digits]
            within = [tick for tick in ticks if low <= tick <= high]
            if len(within) <= _MAX_TICKS:
                break
        return within


def plot(rows: Sequence[Row], source_bytes: int) -> str:
    """Return an svg element with a line per format and a point per k; `.fkq` points are links to their k."""
    axes = _Axes(rows, source_bytes)
    source_x = axes.x(source_bytes)
    lines = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        'aria-label="PSNR in decibels against bytes" role="group">',
        *_grid(axes),
        f'<path class="original" d="M{source_x:.1f} {_TOP}V{_BOTTOM}">'
        f"<title>source: {source_bytes:,} bytes</title></path>",
    ]
    for name in reversed(_MARKS):
        lines += _series(axes, rows, name)
    return "\n".join([*lines, *_legend(rows), "</svg>"])


def _grid(axes: _Axes) -> Iterator[str]:
    for tick in axes.decibels():
        y = axes.y(tick)
        label = decibels(tick).removesuffix(".00")
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_RIGHT}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'
    for size in axes.bytes():
        x, (divisor, unit) = axes.x(size), next(entry for entry in _UNITS if size >= entry[0])
        yield f'<path class="grid" d="M{x:.1f} {_TOP}V{_BOTTOM}"/>'
        yield f'<text x="{x:.1f}" y="{_BOTTOM + 18}" text-anchor="middle">{size // divisor} {unit}</text>'
    middle = (_TOP + _BOTTOM) / 2
    yield f'<text x="{(_LEFT + _RIGHT) / 2}" y="{_HEIGHT - 10}" text-anchor="middle">file size</text>'
    yield f'<text transform="translate(13 {middle}) rotate(-90)" text-anchor="middle">PSNR, dB</text>'


def _series(axes: _Axes, rows: Sequence[Row], name: str) -> Iterator[str]:
    points = [
        (axes.x(size), axes.y(row.psnr), row, size) for row in rows if (size := row.sizes[name]) is not None
    ]
    yield f'<g class="{_class(name)}">'
    yield f'<polyline points="{" ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in points)}"/>'
    for x, y, row, size in points:
        mark = _MARKS[name].format(x=x, y=y)
        label = f"{number_of_colors(row)}: {size:,} bytes as {name}, {decibels(row.psnr)} dB"
        if name == ".fkq":
            yield f'<a href="#k={row.k}"><title>{label}</title>'
            yield f'<circle class="reach" cx="{x:.1f}" cy="{y:.1f}" r="14"/>{mark}'
            yield f'<text x="{x - 9:.1f}" y="{y - 7:.1f}" text-anchor="end">{row.compressed.k:,}</text></a>'
        else:
            yield f"<g><title>{label}</title>{mark}</g>"
    yield "</g>"


def _class(name: str) -> str:
    return name.removeprefix(".").lower()


def _legend(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the legend, above the axes, where no point can be."""
    x, y = _LEFT + 8, 14
    for name in _MARKS:
        if any(row.sizes[name] is not None for row in rows):
            yield f'<g class="{_class(name)}">{_MARKS[name].format(x=x, y=y - 4)}</g>'
            yield f'<text x="{x + 12}" y="{y}">{name}</text>'
            x += 72
    yield f'<path class="original" d="M{x} {y - 12}v16"/><text x="{x + 12}" y="{y}">source</text>'
