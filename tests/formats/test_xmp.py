"""XMP: read from files, written where a format has a place for it, and without the rotation."""

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq import CompressedImage, Metadata
from fastkq.api.inputs import read_input
from fastkq.formats import xmp
from tests.helpers import png_chunks
from tests.helpers.images import noise
from tests.helpers.metadata_tags import exif
from tests.helpers.sixteen_bit_files import deep_noise

START = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
PACKET = START + (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" '
    b'xmlns:dc="http://purl.org/dc/elements/1.1/" %s'
    b"</rdf:Description></rdf:RDF></x:xmpmeta>" + b" " * 40 + b'<?xpacket end="w"?>'
)
TITLE = b"<dc:creator>J\xc3\xb6rg</dc:creator>"


def packet(orientation=None):
    """Return an XMP packet with this orientation."""
    return PACKET % ((b'tiff:Orientation="%d">' % orientation if orientation else b">") + TITLE)


def saved(path, pixels=None, **options):
    """Save an image with XMP; Pillow writes it into PNG and TIFF by other options than into JPEG and WebP."""
    image = Image.fromarray(noise(8, 12, 3) if pixels is None else pixels)
    data = options.pop("xmp")
    if path.suffix == ".png":
        image.save(path, **options)
        chunk = (b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + data)
        path.write_bytes(png_chunks.added(path.read_bytes(), chunk))
    elif path.suffix == ".tif":
        image.save(path, tiffinfo={700: data}, **options)
    else:
        image.save(path, xmp=data, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".avif"])
def test_xmp_is_read_from_files_and_pil_images(tmp_path, suffix):
    path = saved(tmp_path / f"a{suffix}", xmp=packet())
    assert fastkq.compress(path, 4).metadata.xmp == packet()
    with Image.open(path) as image:
        assert fastkq.compress(image, 4).metadata.xmp == packet()


@pytest.mark.parametrize(("suffix", "kept"), [
    (".png", True), (".webp", True), (".tif", True), (".fkq", True), (".gif", False), (".bmp", False),
])  # fmt: skip
@pytest.mark.parametrize("k", [5, 300])
def test_xmp_is_written_where_a_format_has_a_place_for_it(tmp_path, suffix, kept, k):
    path = tmp_path / f"a{suffix}"
    k = 256 if suffix in (".png", ".gif") else k
    compressed = fastkq.compress(noise(40, 40, 3), k).with_metadata(Metadata(xmp=packet(), exif=exif()[6:]))
    compressed.save(path)
    assert read_input(path).metadata.xmp == (packet() if kept else None)
    compressed.save(path, metadata=False)
    assert read_input(path).metadata.xmp is None


def test_xmp_in_a_tiff_stands_beside_the_texts_of_the_exif(tmp_path):
    compressed = CompressedImage(
        noise(4, 3), noise(5, 5) % 4, metadata=Metadata(xmp=packet(), exif=exif()[6:])
    )
    compressed.save(tmp_path / "a.tif")
    with Image.open(tmp_path / "a.tif") as image:
        assert image.tag_v2[270] == "a temple"
        assert image.info["xmp"] == packet()
    compressed.with_metadata(Metadata(xmp=packet(), exif=b"damaged")).save(tmp_path / "a.tif")
    assert read_input(tmp_path / "a.tif").metadata.xmp == packet()


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("orientation", [1, 3, 6])
@pytest.mark.parametrize("in_exif", [False, True])
def test_rotation_is_applied_once_and_removed_from_the_xmp(tmp_path, suffix, orientation, in_exif):
    """Pillow, like other viewers, rotates by the XMP where the EXIF has no orientation."""
    image = np.zeros((16, 32, 3), np.uint8)
    image[:8, :8] = 255
    options = {"exif": exif(orientation)} if in_exif else {}
    path = saved(tmp_path / f"a{suffix}", image, xmp=packet(orientation), dpi=(150, 300), **options)
    compressed = fastkq.compress(path, 2)
    rotated = {1: image, 3: image[::-1, ::-1], 6: np.rot90(image, -1)}[orientation]
    assert compressed.shape == rotated.shape
    assert np.abs(compressed.decompress().astype(int) - rotated).max() < 128
    metadata = compressed.metadata
    if orientation == 1 or suffix != ".tif":
        assert metadata.xmp == packet(1)
    else:
        assert metadata.xmp in (
            packet(1),
            packet(1).replace(b'tiff:Orientation="1"', b""),
        )  # Pillow removes it
    if suffix != ".webp":
        assert np.allclose(metadata.dpi, (300, 150) if orientation == 6 else (150, 300), atol=0.02)
    compressed.save(tmp_path / "b.png")
    again = fastkq.load(tmp_path / "b.png")
    assert again == compressed
    with Image.open(tmp_path / "b.png") as image:
        assert image.getexif().get(0x0112, 1) == 1


def test_16_bits_are_rotated_by_the_xmp_too(tmp_path):
    pixels = deep_noise(3, 5)
    Image.fromarray(pixels).save(tmp_path / "a.tif", tiffinfo={700: packet(6)})
    np.testing.assert_array_equal(read_input(tmp_path / "a.tif").pixels, np.rot90(pixels, -1))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b'tiff:Orientation="6"', b'tiff:Orientation="1"'),
        (b"tiff:Orientation='8'", b"tiff:Orientation='1'"),
        (b"<tiff:Orientation>3</tiff:Orientation>", b"<tiff:Orientation>1</tiff:Orientation>"),
        (b"<t:Orientation >\n 5 </t:Orientation>", b"<t:Orientation >\n 1 </t:Orientation>"),
        (b'tiff:Orientation = "2"', b'tiff:Orientation = "1"'),
        (b'exif:PixelXDimension="6"', b'exif:PixelXDimension="6"'),
    ],
)
def test_the_orientation_is_reset_in_every_notation(text, expected):
    assert xmp.without_orientation(b"<a " + text + b">") == b"<a " + expected + b">"


@pytest.mark.parametrize("damaged", [b"\xff\xfe<\0", b"\0\0", b"not XML"])
def test_damaged_xmp_does_not_prevent_reading_and_saving(tmp_path, damaged):
    compressed = fastkq.compress(saved(tmp_path / "a.jpg", xmp=damaged), 4)
    for suffix in (".png", ".webp", ".tif", ".fkq"):
        compressed.save(tmp_path / f"out{suffix}")
    expected = damaged if damaged == b"not XML" else None  # a PNG holds only UTF-8
    assert read_input(tmp_path / "out.png").metadata.xmp == expected
