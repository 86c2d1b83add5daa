"""The "context" coding of a part's indices. Stands in for the entropy coder: plain 8 or 16-bit indices."""

import numpy as np
import numpy.typing as npt

from fastkq.errors import FormatError
from fastkq.packing import index_dtype


def encode(indices: npt.NDArray[np.unsignedinteger], palette: npt.NDArray[np.uint8]) -> bytes:
    """The bytes of a part (h, w); none for one colour."""
    if len(palette) == 1:
        return b""
    return indices.astype(np.dtype(index_dtype(len(palette))).newbyteorder("<")).tobytes()


def decode(
    data: npt.NDArray[np.uint8],
    palette: npt.NDArray[np.uint8],
    height: int,
    width: int,
    rows: int | None = None,
) -> npt.NDArray[np.unsignedinteger]:
    """The indices (rows or height, width) of a part, all below k.

    Raises
    ------
    FormatError
        When all rows are decoded and the data is not used up exactly, or it ends too early.
    """
    k = len(palette)
    wanted = (height if rows is None else rows, width)
    stored = np.dtype(index_dtype(k)).newbyteorder("<")
    most = 0 if k == 1 else height * width * stored.itemsize
    if len(data) != most:
        raise FormatError(f"expected {most} bytes of indices, got {len(data)}")
    if k == 1:
        return np.zeros(wanted, index_dtype(k))
    read: npt.NDArray[np.unsignedinteger] = data.view(stored)[: wanted[0] * width].astype(index_dtype(k))
    indices = read.reshape(wanted)
    largest = int(indices.max())
    if largest >= k:
        raise FormatError(f"expected indices below the {k} colours of the palette, got {largest}")
    return indices


def most_pixels(nbytes: int) -> int:
    """The most pixels that so many bytes can code, for more than one colour."""
    return nbytes
