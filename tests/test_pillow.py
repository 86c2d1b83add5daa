"""The Pillow plugin: after `import fastkq.pillow`, Pillow and imageio read and write `.fkq` files."""

import inspect
import pickle
import subprocess
import sys
from io import BytesIO

import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image, ImageFile

import fastkq
import fastkq.pillow
from fastkq.color.metadata import Metadata
from fastkq.errors import ArgumentError, ArgumentTypeError, PrecisionWarning, UnreachableError
from tests.helpers.images import noise
from tests.helpers.metadata_tags import described, exif, profile

SQUARE = np.arange(12).reshape(3, 4)


def sample(dtype, channels, k=12):
    """Return an image (3, 4, C) with a palette of k random rows; a bool palette has 2 rows."""
    palette = noise(k, channels).astype(dtype)
    if dtype == "uint16":
        palette = palette * np.uint16(257)
    elif dtype == "bool":
        palette = np.array([[False], [True]])
    return fastkq.CompressedImage(palette, SQUARE % len(palette))


def opened(compressed, **options):
    return Image.open(BytesIO(compressed.to_bytes(**options)))


def saved(image, **options):
    buffer = BytesIO()
    image.save(buffer, "FKQ", **options)
    return fastkq.load(buffer.getvalue())


def test_plugin_is_registered_only_on_import_and_once():
    program = """
import fastkq, importlib
from PIL import Image
fastkq.compress, fastkq.load
Image.init()
assert ".fkq" not in Image.registered_extensions() and "FKQ" not in Image.OPEN
import fastkq.pillow
importlib.reload(fastkq.pillow)
assert Image.registered_extensions()[".fkq"] == "FKQ" and Image.ID.count("FKQ") == 1
assert Image.MIME["FKQ"] == "image/x-fkq"
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize(
    ("dtype", "channels", "mode"),
    [
        ("uint8", 1, "L"),
        ("uint8", 2, "LA"),
        ("uint8", 3, "P"),
        ("uint8", 4, "P"),
        ("bool", 1, "1"),
        ("uint16", 1, "I;16"),
        ("float32", 1, "F"),
        ("int8", 1, "I"),
        ("int16", 1, "I"),
        ("int32", 1, "I"),
    ],
)
@pytest.mark.parametrize("coding", ["context", "packed"])
def test_open_gives_exact_pixels_in_each_mode(dtype, channels, mode, coding):
    compressed = sample(dtype, channels)
    image = opened(compressed, coding=coding)
    assert (image.format, image.mode, image.size) == ("FKQ", mode, (4, 3))
    assert image.get_format_mimetype() == "image/x-fkq"
    pixels = np.asarray(image.convert({3: "RGB", 4: "RGBA"}[channels]) if mode == "P" else image)
    np.testing.assert_array_equal(pixels.reshape(compressed.shape), compressed.decompress())
    if mode == "P":
        np.testing.assert_array_equal(np.asarray(image), compressed.indices)
        assert len(image.getpalette()) == 3 * compressed.k


@pytest.mark.parametrize(("channels", "mode"), [(3, "RGB"), (4, "RGBA")])
def test_images_of_more_than_256_colors_open_without_palette(channels, mode):
    compressed = fastkq.CompressedImage(noise(300, channels), np.arange(300).reshape(15, 20))
    image = opened(compressed)
    assert image.mode == mode
    np.testing.assert_array_equal(np.asarray(image), compressed.decompress())


@pytest.mark.parametrize(
    ("dtype", "channels", "mode"), [("uint16", 3, "P"), ("uint16", 2, "LA"), ("float64", 1, "F")]
)
def test_dtypes_without_pillow_mode_are_reduced_with_a_warning(dtype, channels, mode):
    compressed = sample(dtype, channels)
    if dtype == "float64":
        compressed = fastkq.CompressedImage(compressed.palette / 3, compressed.indices)
    image = opened(compressed)
    with pytest.warns(PrecisionWarning, match=f"{dtype} is reduced to what Pillow's mode {mode} holds"):
        image.load()
    assert image.mode == mode
    if mode == "F":
        nearest = compressed.decompress()[:, :, 0].astype(np.float32)
    else:
        nearest = compressed.to_8bit().decompress()
    np.testing.assert_array_equal(np.asarray(image.convert("RGB") if mode == "P" else image), nearest)


@pytest.mark.parametrize(("dtype", "channels"), [("float32", 3), ("uint8", 5)])
def test_images_without_any_pillow_mode_raise_oserror(dtype, channels):
    message = f"mode of Pillow holds, got {dtype} with {channels} channels: fastkq.load"
    with pytest.raises(OSError, match=message):
        opened(sample(dtype, channels))


@pytest.mark.parametrize(
    ("alphas", "index", "transparency"),
    [
        ([255] * 4, None, None),
        ([255, 0, 255, 255], 1, 1),
        ([255, 7, 0, 255], None, b"\xff\x07\x00"),
        ([255, 7, 255, 255], None, b"\xff\x07"),
    ],
)
def test_transparency_is_an_index_or_alphas_as_in_png(alphas, index, transparency):
    compressed = fastkq.CompressedImage(np.column_stack((noise(4, 3), np.uint8(alphas))), [[0, 1, 2, 3]])
    buffer = BytesIO()
    compressed.to_pil().save(buffer, "PNG")
    assert compressed.to_pil().info.get("transparency") == index
    compressed.to_pil().save(BytesIO(), "GIF")
    assert opened(compressed).info.get("transparency") == transparency
    for image in (opened(compressed), compressed.to_pil(), Image.open(buffer)):
        assert image.has_transparency_data == (min(alphas) < 255)
        np.testing.assert_array_equal(np.asarray(image.convert("RGBA")), compressed.decompress())


def test_open_reads_only_the_head():
    compressed = fastkq.CompressedImage(noise(16, 3), noise(100, 100) % 16)

    class Counting(BytesIO):
        taken = 0

        def read(self, *arguments):
            data = super().read(*arguments)
            self.taken += len(data)
            return data

    file = Counting(compressed.to_bytes())
    image = Image.open(file)
    assert image.size == (100, 100)
    assert file.taken < 1000 < compressed.nbytes
    image.draft("L", (10, 10))
    assert image.size == (100, 100)
    image.thumbnail((50, 50))
    assert image.size == (50, 50)


def test_parser_fed_in_pieces_knows_size_from_the_head():
    compressed = fastkq.CompressedImage(noise(16, 3), noise(100, 100) % 16)
    data, parser = compressed.to_bytes(), ImageFile.Parser()
    for start in range(0, len(data), 512):
        parser.feed(data[start : start + 512])
        assert parser.image is not None
        assert parser.image.size == (100, 100)
    np.testing.assert_array_equal(np.asarray(parser.close()), compressed.indices)


def test_opened_image_can_be_copied_pickled_and_saved_over_its_file(tmp_path):
    path = tmp_path / "a.fkq"
    compressed = sample("uint8", 4)
    compressed.save(path)
    with Image.open(path) as image:
        copies = [image.copy(), pickle.loads(pickle.dumps(image))]
        image.save(path)
    assert fastkq.load(path) == compressed
    for copy in copies:
        assert saved(copy) == compressed


def test_metadata_is_in_info_and_is_saved():
    metadata = Metadata(profile(), exif().removeprefix(b"Exif\0\0"), (150.0, 300.0))
    image = opened(sample("uint8", 3).with_metadata(metadata))
    assert (image.info["icc_profile"], image.info["dpi"]) == (metadata.icc, metadata.dpi)
    assert image.getexif()[0x010E] == "a temple"
    assert saved(image).metadata == metadata
    assert saved(image.convert("RGB"), k=4).metadata == metadata
    other = saved(image, icc_profile=None, dpi=(72, 72)).metadata
    assert other == Metadata(None, metadata.exif, (72.0, 72.0))


def test_exif_option_is_saved_and_its_rotation_applied():
    image = Image.fromarray(noise(3, 4, 3))
    tags = Image.Exif()
    tags.load(exif(6))
    for given in (exif(6), tags):
        turned = saved(image, exif=given, k=12)
        assert turned.shape == (4, 3, 3)
        np.testing.assert_array_equal(turned.decompress(), np.rot90(noise(3, 4, 3), -1))
        assert described(turned.metadata.exif) == ("a temple", "somebody", 0.25)
    assert image.info == {}


def test_palette_images_keep_palette_and_indices():
    palette = np.array([[9, 9, 9, 255], [1, 2, 3, 0], [9, 9, 9, 255], [5, 5, 5, 99]], np.uint8)
    for transparency in (b"\xff\0\xff\x63", None):
        image = Image.fromarray(np.array([[2, 3], [2, 1]], np.uint8))
        if transparency is None:
            image.putpalette(palette.tobytes(), "RGBA")
        else:
            image.putpalette(palette[:, :3].tobytes())
            image.info["transparency"] = transparency
        kept = saved(image, quality=80, effort="best", coding="packed")
        assert kept == fastkq.CompressedImage(palette, [[2, 3], [2, 1]])
        assert saved(image, k=2).k == 2


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "CMYK", "I;16", "F", "La", "PA", "YCbCr"])
def test_images_of_other_modes_are_compressed_with_the_options(mode):
    image = Image.fromarray(noise(9, 7, 4)).convert("L" if mode == "I;16" else "LA" if mode == "La" else mode)
    image = image.convert(mode) if image.mode != mode else image
    found = saved(image, k=5, effort="fast", dither=False, quality=75)
    if mode == "1":
        assert (found.dtype, found.k) == (np.bool_, 2)
        np.testing.assert_array_equal(found.decompress(), np.asarray(image))
    else:
        assert found == fastkq.compress(image, 5, effort="fast")
    assert saved(image).k <= 64


def test_suffix_selects_the_format_and_invalid_options_write_no_file(tmp_path):
    image = Image.fromarray(noise(9, 7, 3))
    image.save(tmp_path / "a.fkq", k=3)
    assert fastkq.load(tmp_path / "a.fkq") == fastkq.compress(image, 3)
    with pytest.raises(ArgumentError, match="expected k from 1 to 65536, got 0"):
        image.save(tmp_path / "b.fkq", k=0)
    assert not (tmp_path / "b.fkq").exists()


@pytest.mark.parametrize(
    ("options", "error", "attributes"),
    [
        ({"k": 0}, ArgumentError, {"parameter": "k"}),
        ({"k": "many"}, ArgumentTypeError, {"parameter": "k"}),
        ({"fixed": [[0, 0, 0]], "palette": [[0, 0, 0]]}, ArgumentError, {"parameter": "palette"}),
        ({"target_psnr": 30, "target_bytes": 1}, ArgumentError, {"parameter": "target_psnr"}),
        ({"target_bytes": 10}, UnreachableError, {"parameter": "target_bytes", "k": None}),
        ({"k": 2, "max_error": 1}, UnreachableError, {"parameter": "max_error"}),
        ({"colors": 4}, ArgumentTypeError, {"parameter": "colors"}),
    ],
)
def test_errors_while_saving_are_oserrors_too(options, error, attributes, tmp_path):
    image = Image.fromarray(noise(9, 7, 3))
    with pytest.raises(OSError, match="expected") as caught:
        image.save(tmp_path / "a.fkq", **options)
    raised = caught.value
    assert isinstance(raised, error)
    assert {name: getattr(raised, name) for name in attributes} == attributes
    assert not (tmp_path / "a.fkq").exists()
    original = raised.__cause__
    assert type(original) is error
    assert vars(raised) == vars(original)
    copy = pickle.loads(pickle.dumps(raised))
    assert (type(copy), str(copy), vars(copy)) == (type(raised), str(original), vars(raised))


@pytest.mark.parametrize(
    "image",
    [
        Image.new("L", (0, 5)),
        Image.new("RGB", (5, 0)),
        Image.new("P", (0, 0)),
        Image.new("F", (3, 3), float("nan")),
    ],
)
def test_images_that_cannot_be_saved_raise_an_oserror_and_a_valueerror(image):
    for expected in (OSError, ValueError):  # with other formats it is the one or the other
        with pytest.raises(expected, match="expected"):
            saved(image)


def test_cancelling_is_no_oserror():
    with pytest.raises(fastkq.Cancelled) as caught:
        saved(Image.fromarray(noise(9, 7, 3)), progress=lambda fraction, stage: False)
    assert not isinstance(caught.value, OSError)


def test_mask_is_an_option_of_images_with_a_palette_too():
    image, mask = Image.fromarray(noise(9, 7, 3)).quantize(8), np.arange(63).reshape(9, 7) % 2 > 0
    np.testing.assert_array_equal(saved(image, mask=mask).mask, mask)
    assert saved(image, mask=None) == saved(image)


def test_message_names_the_kind_that_no_mode_holds():
    compressed = fastkq.CompressedImage(np.array([[1], [2]], np.uint32), np.eye(3, dtype=int))
    with pytest.raises(ValueError, match="got uint32 with 1 channel: "):
        compressed.to_pil()
    with pytest.raises(OSError, match="got uint32 with 1 channel: "):
        Image.open(BytesIO(compressed.to_bytes()))


def test_unknown_options_are_errors_that_name_the_known_ones():
    image = Image.fromarray(noise(9, 7, 3)).quantize(8)
    known = set(inspect.signature(fastkq.compress).parameters) - {"image", "format", "optimize"}
    for name in ("colors", "dithering", "K", "transparency", "save_al"):
        with pytest.raises(TypeError, match=f", got {name}$") as caught:
            saved(image, **{name: 4})
        names = str(caught.value).partition("among ")[2].partition(", got")[0].split(", ")
        assert set(names) == known | {"icc_profile", "exif", "xmp", "dpi"}
    for name in ("quality", "optimize", "progressive", "compress_level", "lossless", "method", "compression"):
        assert saved(image, **{name: 4}) == saved(image)


@pytest.mark.parametrize("shape", [(9, 13), (9, 13, 3), (9, 13, 4)])
def test_imageio_reads_and_writes(tmp_path, shape):
    image = noise(*shape)
    data = iio.imwrite("<bytes>", image, extension=".fkq", plugin="pillow", k=16)
    np.testing.assert_array_equal(iio.imread(data, plugin="pillow"), fastkq.decompress(data))
    assert fastkq.load(data) == fastkq.compress(image, 16)
    iio.imwrite(tmp_path / "a.fkq", image)
    assert iio.imread(tmp_path / "a.fkq").shape == shape
