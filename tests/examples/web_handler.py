"""A web service that receives an image file and responds with a palette PNG.

python web_handler.py, then: curl --data-binary @photo.jpg 'http://localhost:8000/?k=32' > small.png
"""

from collections.abc import Callable, Iterable
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server

from PIL import Image

import fastkq

MAX_BYTES = 20_000_000
MAX_PIXELS = 30_000_000
MAX_COLORS = 256


class RequestError(Exception):
    """An error response: HTTP status and reason."""

    def __init__(self, status: str, reason: object) -> None:
        super().__init__(status, reason)
        self.status, self.reason = status, reason


def palette_png(data: bytes, k: int) -> bytes:
    """Return an image file as a palette PNG of at most k colors."""
    check_size(data)
    try:
        compressed = fastkq.compress(data, k=min(k, MAX_COLORS))
        reduced = compressed.to_8bit().to_pil()
    except fastkq.errors.FormatError as error:
        raise RequestError("422 Unprocessable Content", error) from error
    except fastkq.errors.ArgumentError as error:
        raise RequestError("400 Bad Request", error) from error
    buffer = BytesIO()
    reduced.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def check_size(data: bytes) -> None:
    """Refuse large images by their header alone: a small file can decode to any number of pixels."""
    try:
        with Image.open(BytesIO(data)) as image:
            width, height = image.size
    except Image.DecompressionBombError as error:
        raise RequestError("413 Content Too Large", error) from error
    except Exception as error:  # decoders raise exceptions of any type on a damaged header
        raise RequestError("415 Unsupported Media Type", error) from error
    if width * height > MAX_PIXELS:
        raise RequestError(
            "413 Content Too Large", f"expected at most {MAX_PIXELS} pixels, got {width} x {height}"
        )


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Handle a request: the WSGI application."""
    try:
        data, k = request_of(environ)
        body, status, kind = palette_png(data, k), "200 OK", "image/png"
    except RequestError as error:
        body, status, kind = f"{error.reason}\n".encode(), error.status, "text/plain; charset=utf-8"
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return [body]


def request_of(environ: dict[str, Any]) -> tuple[bytes, int]:
    """Return the image file and the number of colors of a request."""
    if environ["REQUEST_METHOD"] != "POST":
        raise RequestError("405 Method Not Allowed", "expected POST with an image file")
    query = parse_qs(environ.get("QUERY_STRING", ""))
    try:
        length, k = int(environ.get("CONTENT_LENGTH") or 0), int(query.get("k", ["64"])[0])
    except ValueError as error:
        raise RequestError("400 Bad Request", error) from error
    if not 0 <= length <= MAX_BYTES:
        raise RequestError("413 Content Too Large", f"expected at most {MAX_BYTES} bytes, got {length}")
    return environ["wsgi.input"].read(length), k


if __name__ == "__main__":
    make_server("localhost", 8000, application).serve_forever()
