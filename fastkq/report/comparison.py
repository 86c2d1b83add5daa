"""One image at several numbers of colours."""

import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq import io
from fastkq.image import CompressedImage
from fastkq.metrics import psnr
from fastkq.pipeline import compress


class Row(NamedTuple):
    """One k: what `compress` made of the image, and what that costs and is worth.

    Attributes
    ----------
    k : int
        As asked for; `compressed.k` is what came.
    fkq_bytes : int
        Size of the `.fkq` file that `save` writes.
    png_bytes : int or None
        Size of the palette PNG; None above 256 colours, and where values have more than 8 bits.
    psnr : float
        In dB, infinite when nothing was lost.
    milliseconds : float
        Time of `compress`, compilation and coding not counted.
    """

    k: int
    compressed: CompressedImage
    fkq_bytes: int
    png_bytes: int | None
    psnr: float
    milliseconds: float

    @property
    def packed_bytes(self) -> int:
        """Size of the `.fkq` file in the coding "packed"."""
        return self.compressed.nbytes

    @property
    def bits_per_pixel(self) -> float:
        """Bits of the `.fkq` file for each pixel."""
        return 8 * self.fkq_bytes / self.compressed.indices.size

    @property
    def ratio(self) -> float:
        """Bytes at 24 bits a pixel for each byte of the `.fkq` file."""
        return 24 / self.bits_per_pixel


def compare(image: npt.NDArray[Any], ks: Iterable[int], *, threads: int | None = None) -> list[Row]:
    """Compress an image, (H, W) or (H, W, C), with each k."""
    return [_row(image, k, threads) for k in ks]


def _row(image: npt.NDArray[Any], k: int, threads: int | None) -> Row:
    compress(image, k, threads=threads)  # compiles, or loads what was compiled, untimed
    start = time.perf_counter()
    compressed = compress(image, k, threads=threads)
    milliseconds = 1000 * (time.perf_counter() - start)
    png_bytes = None
    if compressed.k <= io.MAX_PALETTE and compressed.dtype == np.uint8:
        png_bytes = len(io.encode_indexed(compressed.palette, compressed.indices, ".png"))
    fkq_bytes = len(compressed.to_bytes(threads=threads))
    quality = psnr(image, compressed.decompress(threads=threads))
    return Row(k, compressed, fkq_bytes, png_bytes, quality, milliseconds)


def table(rows: Sequence[Row], source_bytes: int) -> str:
    """The rows as aligned text, each larger than its source file marked as such."""
    heads = ("k", "bits/pixel", "source", ".fkq", "packed", "PNG", "24-bit/.fkq", "PSNR dB", "ms", "")
    cells = [heads, *(_cells(row, source_bytes) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    lines = ("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in cells)
    return "\n".join(line.rstrip() for line in lines)


def _cells(row: Row, source_bytes: int) -> tuple[str, ...]:
    sizes = [(".fkq", row.fkq_bytes), ("PNG", row.png_bytes or 0)]
    larger = [name for name, size in sizes if size > source_bytes]
    return (
        str(row.k),
        f"{row.bits_per_pixel:.2f}",
        f"{source_bytes:,}",
        f"{row.fkq_bytes:,}",
        f"{row.packed_bytes:,}",
        "-" if row.png_bytes is None else f"{row.png_bytes:,}",
        f"{row.ratio:.1f}",
        f"{row.psnr:.2f}",
        f"{row.milliseconds:.1f}",
        f"{' and '.join(larger)} larger than the source" if larger else "",
    )
