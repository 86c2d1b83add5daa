"""Let Pillow be interrupted."""

from io import BytesIO
from typing import TYPE_CHECKING

from fastkq.runtime.progress import checkpoint

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class Interruptible(BytesIO):
    """Bytes that a decoder reads and an encoder writes piece by piece, with a checkpoint at each."""

    def read(self, size: int | None = -1, /) -> bytes:
        checkpoint()
        return super().read(size)

    def write(self, data: "ReadableBuffer", /) -> int:
        checkpoint()
        return super().write(data)
