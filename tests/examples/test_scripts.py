"""The example scripts."""

import pickle
import runpy
import sys
from io import BytesIO
from pathlib import Path
from wsgiref.util import setup_testing_defaults
from wsgiref.validate import validator

import numpy as np
import pytest
from PIL import Image, ImageSequence

import fastkq
from tests.examples import gif_loop, pillow_pipeline, transform, web_handler
from tests.helpers.images import noise, photograph_like

FOLDER = Path(__file__).parent


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.jpg"
    Image.fromarray(photograph_like(90, 120)).save(path, quality=90)
    return path


def test_pillow_pipeline_writes_equal_png_and_fkq_thumbnails(photo, tmp_path, monkeypatch, capsys):
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(sys, "argv", ["pillow_pipeline.py", str(photo), str(tmp_path / "out")])
    runpy.run_path(str(FOLDER / "pillow_pipeline.py"), run_name="__main__")
    assert "photo.fkq: FKQ, 120 x 90" in capsys.readouterr().out
    png, fkq = pillow_pipeline.save_thumbnail(photo, tmp_path / "out", side=60, colors=16)
    with Image.open(png) as one, Image.open(fkq) as other:
        assert one.size == other.size == (60, 45)
        assert one.getpalette() == other.getpalette()
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    assert fkq.stat().st_size < png.stat().st_size


def respond(body, query="", method="POST", length=None):
    """Send a request to the handler, checked by wsgiref's validator; return status code and body."""
    environ = {
        "REQUEST_METHOD": method,
        "QUERY_STRING": query,
        "CONTENT_LENGTH": str(len(body)) if length is None else length,
        "wsgi.input": BytesIO(body),
    }
    setup_testing_defaults(environ)
    statuses = []

    def start_response(status, headers, exc_info=None):
        statuses.append(status)

    parts = validator(web_handler.application)(environ, start_response)
    try:
        return statuses[0][:3], b"".join(parts)
    finally:
        parts.close()


def test_the_web_handler_answers_with_a_palette_png(photo):
    status, body = respond(photo.read_bytes(), "k=12")
    assert status == "200"
    with Image.open(BytesIO(body)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "P", (120, 90))
    assert fastkq.load(body) == fastkq.compress(photo, 12)
    deep = BytesIO()
    Image.fromarray(noise(9, 9).astype(np.uint16) * 257).save(deep, "PNG")
    assert respond(deep.getvalue())[0] == "200"


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ({"method": "GET"}, "405"),
        ({"body": b"no image"}, "415"),
        ({"body": b""}, "415"),
        ({"query": "k=many"}, "400"),
        ({"query": "k=0"}, "400"),
        ({"query": "k=-1"}, "400"),
        ({"query": "k=" + 5000 * "9"}, "400"),
        ({"length": "21000000"}, "413"),
        ({"length": ""}, "415"),
    ],
)
def test_the_web_handler_refuses_invalid_requests(photo, arguments, status):
    found, reason = respond(**{"body": photo.read_bytes(), **arguments})
    assert found == status
    assert reason.endswith(b"\n")


def test_the_web_handler_refuses_damaged_and_giant_pictures(photo):
    assert respond(photo.read_bytes()[:-300])[0] == "422"
    for side in (6000, 14000):
        giant = BytesIO()
        Image.new("1", (side, side)).save(giant, "PNG")
        assert respond(giant.getvalue())[0] == "413"


def test_frames_of_the_gif_share_one_palette(tmp_path):
    frames = []
    for number in range(4):
        frames.append(tmp_path / f"{number}.png")
        Image.fromarray(np.roll(photograph_like(40, 60), 5 * number, axis=1)).save(frames[-1])
    gif_loop.save_loop(frames, tmp_path / "loop.gif", k=24)
    palette = fastkq.fit_palette(frames, 24)
    with Image.open(tmp_path / "loop.gif") as loop:
        assert (loop.n_frames, loop.info["loop"], loop.info["duration"]) == (4, 0, 40)
        seen = set()
        for frame, image in zip(frames, ImageSequence.Iterator(loop), strict=True):
            expected = fastkq.apply_palette(frame, palette, dither=True, dither_method="blue-noise")
            pixels = np.asarray(image.convert("RGB"))
            np.testing.assert_array_equal(pixels, expected.decompress())
            seen |= set(map(tuple, pixels.reshape(-1, 3)))
    assert seen == set(map(tuple, palette))


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_transform_reduces_pil_images_and_arrays_alike(mode):
    reduce = pickle.loads(pickle.dumps(transform.ReduceColors(6, dither=0.5)))
    image = Image.fromarray(photograph_like(20, 30)).convert(mode)
    image.info["exif"] = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    reduced = reduce(image)
    assert (reduced.mode, reduced.size, len(reduced.getcolors())) == (mode, image.size, 6)
    array = reduce(np.asarray(image))
    np.testing.assert_array_equal(array, np.asarray(reduced))
    assert repr(reduce) == "ReduceColors(k=6, dither=0.5)"


def test_exploration_finds_k_for_a_psnr_and_draws_the_curve(photo, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["explore_k.py", str(photo)])
    found = runpy.run_path(str(FOLDER / "explore_k.py"))
    assert found["chosen"].k <= found["enough"]
    assert found["chosen"].report(found["fastkq"].compress(photo, 65536).decompress(), ssim=False).psnr >= 35
    assert f"{found['chosen'].k} suffice" in capsys.readouterr().out
    with Image.open(tmp_path / "curve.png") as plot:
        assert plot.size == (600, 400)
