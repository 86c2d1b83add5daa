"""Pillow treats damaged `.fkq` files and decompression bombs like those of its own formats."""

import warnings
from io import BytesIO

import numpy as np
import pytest
from PIL import Image, ImageFile, UnidentifiedImageError

import fastkq
import fastkq.pillow
from fastkq.errors import DamageWarning, DecodingError
from tests.helpers.images import noise

SAMPLE = fastkq.CompressedImage(noise(12, 3), np.arange(12).reshape(3, 4))


@pytest.mark.parametrize("coding", ["context", "packed"])
def test_every_truncation_raises(coding):
    data = SAMPLE.to_bytes(coding=coding)
    unidentified = 0
    for length in range(4, len(data)):
        try:
            image = Image.open(BytesIO(data[:length]))
        except UnidentifiedImageError:
            unidentified += 1
            continue
        with pytest.raises(OSError, match=r"truncated|expected"):
            image.load()
        with pytest.raises(DecodingError):
            Image.open(BytesIO(data[:length])).verify()
    assert 20 < unidentified < len(data) - 4


@pytest.mark.parametrize("coding", ["context", "packed"])
def test_load_and_verify_detect_every_changed_byte(coding):
    data = bytearray(SAMPLE.to_bytes(coding=coding))
    for position in range(len(data)):
        data[position] ^= 0x55
        for use in ("load", "verify"):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", Image.DecompressionBombWarning)
                with pytest.raises((OSError, Image.DecompressionBombError)):
                    getattr(Image.open(BytesIO(data)), use)()
        data[position] ^= 0x55
    image = Image.open(BytesIO(data))
    image.verify()


def test_intact_rows_are_loaded_with_load_truncated_images(monkeypatch):
    compressed = fastkq.CompressedImage(noise(16, 3), noise(30, 40) % 16)
    data = compressed.to_bytes(coding="packed")[:-100]
    with pytest.raises(DecodingError, match="truncated"):
        Image.open(BytesIO(data)).load()
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    image = Image.open(BytesIO(data))
    with pytest.warns(DamageWarning):
        image.load()
    np.testing.assert_array_equal(np.asarray(image)[:25], compressed.indices[:25])


def test_decompression_bombs_warn_and_raise(monkeypatch):
    data = fastkq.CompressedImage(noise(1, 3), np.zeros((30, 30), np.uint8)).to_bytes()
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    with pytest.warns(Image.DecompressionBombWarning):
        Image.open(BytesIO(data))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 400)
    with pytest.raises(Image.DecompressionBombError):
        Image.open(BytesIO(data))
