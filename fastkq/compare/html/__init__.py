"""HTML page that shows the source image beside each k: one file that loads nothing."""

import base64
import hashlib
import html
import json
from collections.abc import Iterable, Sequence
from importlib import resources
from string import Template

from fastkq.compare.comparison import Original, Row
from fastkq.compare.html.pictures import reduced_as_png, size_on_page, source_as_png, step_for
from fastkq.compare.html.plot import plot
from fastkq.compare.html.swatches import colors
from fastkq.compare.html.text import caption, facts, label, number_of_colors, table

_CHOICE = '<label><input type="radio" name="k" value="{k}"><span>{label}</span></label>'
_MAX_ENLARGED_SIDE = 640
"""Pixels: smaller images are enlarged by an integer factor, to at most this height and width."""


def page(original: Original, rows: Sequence[Row]) -> bytes:
    """Return the comparison as an HTML page.

    A slider moves between source and result; the reader of the page chooses k and sees its palette, sizes and
    quality. Its content security policy allows it to load nothing and to run only its own script.
    Images of more than 2^22 (4 million) pixels are shown by every n-th pixel of every n-th row, and the page
    says so.

    Parameters
    ----------
    original : Original
        The source image, shown as by `fastkq.api.notebook.to_display_8bit`.
    rows : sequence of Row
        At least one row, each of another k, from `fastkq.compare.comparison.compare`.

    Returns
    -------
    bytes
        The page in UTF-8.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.compare.comparison import Original, compare
    >>> image = np.arange(256, dtype=np.uint8).reshape(16, 16)
    >>> page(Original("ramp.png", image, 300), compare(image, [2, 4]))[:15]
    b'<!doctype html>'
    """
    step = step_for(original.pixels.shape)
    style, script = _geometry(original, step) + _read("page.css"), _read("page.js")
    name = html.escape(original.name)
    text = Template(_read("page.html")).substitute(
        name=name,
        facts=html.escape(facts(original, step)),
        style=style,
        style_hash=_hash(style),
        script=script,
        script_hash=_hash(script),
        choices="\n".join(_CHOICE.format(k=row.k, label=label(row)) for row in rows),
        pictures="\n".join(_pictures(original, rows, name, step)),
        plot=plot(rows, original.nbytes),
        table=table(rows, original),
        rows=json.dumps([_data(original, row) for row in rows], separators=(",", ":")),
    )
    return text.encode("utf-8", "replace")  # file names can hold bytes that are not Unicode


def _read(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text("utf-8")


def _hash(content: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}"


def _geometry(original: Original, step: int) -> str:
    height, width = size_on_page(original.pixels.shape, step)
    scale = max(1, _MAX_ENLARGED_SIDE // max(height, width))
    rendering = "pixelated" if scale > 1 else "auto"
    return f":root {{ --width: {width}; --height: {height}; --scale: {scale}; --rendering: {rendering}; }}\n"


def _pictures(original: Original, rows: Sequence[Row], name: str, step: int) -> Iterable[str]:
    height, width = size_on_page(original.pixels.shape, step)
    size = f'width="{width}" height="{height}" draggable="false"'
    yield _picture(source_as_png(original, step), f'class="source" alt="{name}" {size}')
    for row in rows:
        alt = f"{name} in {number_of_colors(row)}"
        yield _picture(reduced_as_png(original, row, step), f'class="reduced" alt="{alt}" {size} hidden')


def _picture(png: bytes, attributes: str) -> str:
    return f'<img {attributes} src="data:image/png;base64,{base64.b64encode(png).decode()}">'


def _data(original: Original, row: Row) -> dict[str, object]:
    return {
        "k": row.k,
        "title": number_of_colors(row),
        "caption": caption(row, original.nbytes),
        **colors(original, row.compressed)._asdict(),
    }
