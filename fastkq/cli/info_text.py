"""Facts of a file as lines of text, with a swatch per color on terminals that show colors."""

from collections.abc import Iterator
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq.api.facts import Facts, PaletteCounts, bits_per_pixel
from fastkq.color.kinds import as_8bit, has_alpha, has_fixed_range
from fastkq.color.metadata import Metadata
from fastkq.compare.numerals import decimal, percent
from fastkq.formats.fkq import Part

_KINDS = {1: "gray", 2: "gray and alpha", 3: "RGB", 4: "RGBA"}
_MAX_LISTED_PARTS = 8  # parts that are listed, at most; of more parts only the statistics are shown
_MAX_LISTED_COLORS = 256  # colors that are listed, at most
_LINE_LENGTH = 80  # characters per line
_MAX_NAME_LENGTH = 40  # characters of a color's name, at most


def listing(facts: Facts, *, colored: bool) -> Iterator[str]:
    """Yield the lines that ``fastkq info`` prints.

    Parameters
    ----------
    facts : Facts
    colored : bool
        Whether each color begins with a swatch: two cells of a 24-bit ANSI background, the color over black
        and over white, which differ if the color is not opaque.
    """
    height, width = facts.shape[:2]
    yield f"file            {facts.path}"
    yield f"format          {_format(facts)}"
    yield f"pixels          {width} x {height}, {_values(facts)}"
    yield f"colors          {_number_of_colors(facts)}"
    yield f"bytes           {facts.nbytes:,}"
    yield f"bits per pixel  {decimal(facts.bits_per_pixel, 3)}"
    if facts.colors is not None:
        yield f"bits per index  {facts.bits_per_index}"
    if facts.colors is not None and facts.masked_index is not None:
        share = facts.colors.counts[facts.masked_index] / facts.colors.counts.sum()
        nodata = "" if facts.nodata is None else f", nodata value {facts.nodata}"
        yield f"masked pixels   {percent(share)} %, index {facts.masked_index}{nodata}"
    yield f"metadata        {_metadata(facts.metadata)}"
    if facts.parts:
        yield from _parts(facts)
    if facts.colors is not None:
        yield "palette         colors and their shares of the pixels"
        yield from _palette(facts.colors, colored)


def _format(facts: Facts) -> str:
    if facts.version is not None:
        return f".fkq version {facts.version}, {facts.coding} coding"
    return f"{facts.format}, {'with' if facts.colors else 'without'} a palette"


def _values(facts: Facts) -> str:
    if facts.dtype == "bool":
        return "black and white, 1 bit"
    several = f"{facts.channels} channels"
    if facts.dtype.startswith("float"):
        return f"{'gray' if facts.channels == 1 else several}, {facts.dtype}"
    alpha = has_alpha(facts.dtype, facts.channels) and not facts.is_plain
    kind = _KINDS[facts.channels] if facts.channels - alpha in (1, 3) else several
    return f"{kind}, {facts.bits_per_channel} bits per channel"


def _number_of_colors(facts: Facts) -> str:
    if facts.colors is None or len(facts.colors.counts) == facts.used:
        return f"{facts.used:,}"
    return f"{len(facts.colors.counts):,}, of which {facts.used:,} are used"


def _metadata(metadata: Metadata) -> str:
    icc, exif, dpi, xmp, srgb, gamma, chromaticity, cicp, geotiff = metadata
    coordinates = "/".join(f"{value:g}" for value in chromaticity or ())
    present = [
        f"ICC profile of {len(icc):,} bytes" if icc is not None else "",
        f"EXIF of {len(exif):,} bytes" if exif is not None else "",
        f"XMP of {len(xmp):,} bytes" if xmp is not None else "",
        f"{dpi[0]:g} x {dpi[1]:g} dots per inch" if dpi is not None else "",
        f"code points {'/'.join(map(str, cicp))}" if cicp is not None else "",
        f"sRGB with intent {srgb}" if srgb is not None else "",
        f"gamma {gamma:g}" if gamma is not None else "",
        f"chromaticities {coordinates}" if coordinates else "",
        f"GeoTIFF tags of {len(geotiff):,} bytes" if geotiff is not None else "",
    ]
    return ", ".join(filter(None, present)) or "none"


def _parts(facts: Facts) -> Iterator[str]:
    parts, (rows, columns) = facts.parts, facts.grid
    size = sum(part.length for part in parts)
    grid = f"{len(parts)}, {rows} down and {columns} across" if len(parts) > 1 else "1"
    yield f"parts           {grid}, {size:,} bytes in all"
    rates = [bits_per_pixel(part) for part in parts]
    if len(parts) > 1:
        yield (
            f"                bits per pixel: least {min(rates):.3f}, median {median(rates):.3f}, "
            f"most {max(rates):.3f}"
        )
    if 1 < len(parts) <= _MAX_LISTED_PARTS:
        yield from map(_part, range(len(parts)), parts)


def _part(number: int, part: Part) -> str:
    top, left, height, width = part.box
    return (
        f"  part {number}: {width} x {height} pixels from row {top}, column {left}, "
        f"{part.length:,} bytes, {bits_per_pixel(part):.3f} bits per pixel"
    )


def _palette(colors: PaletteCounts, colored: bool) -> Iterator[str]:
    names, pixels = colors.names, int(colors.counts.sum())
    names = [
        name if len(name) <= _MAX_NAME_LENGTH else name[: _MAX_NAME_LENGTH - 3] + "..." for name in names
    ]
    shown = _displayable(colors.palette) if colored else None
    most_used = np.argsort(-colors.counts, kind="stable")[:_MAX_LISTED_COLORS]
    widest = max(map(len, names))
    cells = [
        (_swatch(shown[place].tolist()) if shown is not None else "")
        + f"{names[place]:{widest}} {percent(colors.counts[place] / pixels):>6} %"
        for place in np.sort(most_used)
    ]
    per_line = max(1, _LINE_LENGTH // len(f"  {'  ' if colored else ''} {'0' * widest} 100.00 %"))
    for start in range(0, len(cells), per_line):
        yield "  " + "  ".join(cells[start : start + per_line])
    if len(names) > len(cells):
        yield f"  and {len(names) - len(cells):,} less used colors: --json lists all"


def _displayable(palette: npt.NDArray[Any]) -> npt.NDArray[np.uint8] | None:
    """Return a palette in 8 bits, gray with alpha as RGBA; None without a fixed range or above 4 channels."""
    if not has_fixed_range(palette.dtype) or palette.shape[1] > 4:
        return None
    values = as_8bit(palette)
    return values[:, [0, 0, 0, 1]] if palette.shape[1] == 2 else values


def _swatch(color: list[int]) -> str:
    *values, alpha = color if len(color) == 4 else (*color, 255)
    red_green_blue = values if len(values) == 3 else values * 3
    cells = []
    for background in (0, 255):
        seen = [round((value * alpha + background * (255 - alpha)) / 255) for value in red_green_blue]
        cells.append(f"\x1b[48;2;{seen[0]};{seen[1]};{seen[2]}m ")
    return "".join((*cells, "\x1b[0m "))
