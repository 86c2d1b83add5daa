"""A contact sheet: the original and each k side by side, every tile above its palette."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from fastkq.display import by_8_bits, on_checks
from fastkq.report.comparison import Row

if TYPE_CHECKING:
    from PIL import Image

_TILE_WIDTH = 320
_MARGIN = 12
_TEXT_HEIGHT = 22
_STRIP_HEIGHT = 14
_INK, _PAPER = (40, 40, 40), (250, 250, 250)


def contact_sheet(image: npt.NDArray[Any], rows: Sequence[Row], *, columns: int = 3) -> "Image.Image":
    """The original, then the image at each k, with size, PSNR and the colours in proportion to their use.

    Parameters
    ----------
    image : (H, W) or (H, W, C), C up to 4
        What has more than 8 bits is shown by 8; floats from black for the least to white for the largest.
    rows
        From `fastkq.report.comparison.compare`.
    columns : int
        Tiles beside each other.
    """
    from PIL import Image

    shown = partial(by_8_bits, image)
    tiles = [_tile(shown(image), f"original: {image.shape[1]} x {image.shape[0]}", None)]
    for row in rows:
        label = f"k = {row.compressed.k}:  {row.fkq_bytes:,} bytes,  {row.psnr:.1f} dB"
        tiles.append(_tile(shown(row.compressed.decompress()), label, _strip(row, shown)))
    width, height = tiles[0].size
    lines = -(-len(tiles) // columns)
    size = (columns * (width + _MARGIN) + _MARGIN, lines * (height + _MARGIN) + _MARGIN)
    sheet = Image.new("RGB", size, _PAPER)
    for place, tile in enumerate(tiles):
        line, column = divmod(place, columns)
        sheet.paste(tile, (_MARGIN + column * (width + _MARGIN), _MARGIN + line * (height + _MARGIN)))
    return sheet


def _tile(image: npt.NDArray[np.uint8], label: str, strip: npt.NDArray[np.uint8] | None) -> "Image.Image":
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.fromarray(on_checks(image))
    height = max(1, round(picture.height * _TILE_WIDTH / picture.width))
    # Nearest keeps the palette's colours as they are; a mean of neighbours would invent new ones.
    picture = picture.resize((_TILE_WIDTH, height), Image.Resampling.NEAREST)
    tile = Image.new("RGB", (_TILE_WIDTH, height + _STRIP_HEIGHT + _TEXT_HEIGHT), _PAPER)
    tile.paste(picture, (0, 0))
    if strip is not None:
        tile.paste(Image.fromarray(strip), (0, height))
    font = ImageFont.load_default(size=14)
    ImageDraw.Draw(tile).text((0, height + _STRIP_HEIGHT + 3), label, fill=_INK, font=font)
    return tile


def _strip(row: Row, shown: Callable[[npt.NDArray[Any]], npt.NDArray[np.uint8]]) -> npt.NDArray[np.uint8]:
    palette = on_checks(shown(row.compressed.palette[None]))[0]
    uses = np.bincount(row.compressed.indices.reshape(-1), minlength=len(palette))
    ends = np.cumsum(uses) / uses.sum()
    line: npt.NDArray[np.uint8] = palette[np.searchsorted(ends, (np.arange(_TILE_WIDTH) + 0.5) / _TILE_WIDTH)]
    return np.tile(line, (_STRIP_HEIGHT, 1, 1))
