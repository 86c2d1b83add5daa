"""Image files with a palette are loaded with palette and indices unchanged."""

import warnings
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq import formats
from fastkq.api import inputs
from fastkq.errors import ArgumentError, FormatError, FrameWarning, PrecisionWarning
from fastkq.formats.png import with_palette_of
from fastkq.formats.source import InMemory
from tests.helpers.images import noise


def palette_image(indices, palette):
    image = Image.fromarray(np.asarray(indices, np.uint8))
    image.putpalette(palette.tobytes())
    return image


def saved(path, image, **options):
    image.save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".gif", ".tif", ".bmp"])
def test_equal_and_unused_colors_keep_their_places(tmp_path, suffix):
    palette = np.array([[9, 9, 9], [1, 2, 3], [9, 9, 9], [200, 0, 0]], np.uint8)
    path = saved(tmp_path / f"a{suffix}", palette_image([[2, 0], [3, 2]], palette), optimize=False)
    loaded = fastkq.load(path)
    np.testing.assert_array_equal(loaded.palette[:4], palette)
    np.testing.assert_array_equal(loaded.indices, [[2, 0], [3, 2]])
    assert loaded.shape == (2, 2, 3)


@pytest.mark.parametrize(("bits", "k"), [(1, 2), (2, 3), (4, 11), (8, 200)])
def test_png_of_all_depths_is_loaded(tmp_path, bits, k):
    indices = np.random.default_rng(0).integers(0, k, (7, 9))
    path = tmp_path / "a.png"
    path.write_bytes(formats.encode(fastkq.CompressedImage(noise(k, 3), indices), ".png"))
    assert path.read_bytes()[24] == bits
    assert fastkq.load(path) == fastkq.CompressedImage(noise(k, 3), indices)


@pytest.mark.parametrize("interlace", [0, 1])
@pytest.mark.parametrize("transparent", [0, 3])
def test_the_transparent_color_of_a_gif_has_alpha_0(tmp_path, interlace, transparent):
    image = palette_image(np.arange(64).reshape(16, 4) % 4, noise(4, 3))
    path = saved(tmp_path / "a.gif", image, transparency=transparent, interlace=interlace, optimize=False)
    loaded = fastkq.load(path)
    np.testing.assert_array_equal(loaded.palette[:, :3], noise(4, 3))
    np.testing.assert_array_equal(loaded.palette[:, 3], np.where(np.arange(4) == transparent, 0, 255))
    np.testing.assert_array_equal(loaded.indices, np.arange(64).reshape(16, 4) % 4)


@pytest.mark.parametrize("k", [4, 32, 256])
def test_gif_with_a_gray_ramp_keeps_its_palette(tmp_path, k):
    """Pillow reads such a GIF as grayscale."""
    ramp = np.repeat(np.arange(k, dtype=np.uint8)[:, np.newaxis], 3, axis=1)
    indices = np.arange(12).reshape(3, 4) % k
    path = saved(tmp_path / "a.gif", palette_image(indices, ramp), optimize=False)
    loaded = fastkq.load(path)
    np.testing.assert_array_equal(loaded.palette, ramp)
    np.testing.assert_array_equal(loaded.indices, indices)


def test_the_alpha_of_a_pil_image_may_be_in_its_palette():
    image = Image.fromarray(np.array([[0, 3]], np.uint8))
    image.putpalette(noise(4, 4).tobytes(), "RGBA")
    assert inputs.read_input(image).stored_image() == fastkq.CompressedImage(noise(4, 4), [[0, 3]])


def frames(path, **options):
    images = [palette_image(np.full((4, 5), index), noise(4, 3)) for index in (1, 2, 3)]
    images[0].save(path, save_all=True, append_images=images[1:], optimize=False, **options)
    return path


@pytest.mark.parametrize("suffix", [".gif", ".tif", ".png"])
def test_first_of_several_frames_is_read_with_a_warning(tmp_path, suffix):
    path = frames(tmp_path / f"many{suffix}")
    with pytest.warns(FrameWarning, match=rf"many\{suffix}: holds several images, the first is read"):
        loaded = fastkq.load(path)
    assert (loaded.indices == 1).all()
    with pytest.warns(FrameWarning):
        compressed = fastkq.compress(path, 4)
    np.testing.assert_array_equal(compressed.palette[:, :3], noise(4, 3)[1:2])


def test_damage_after_the_first_frame_is_ignored(tmp_path):
    path = frames(tmp_path / "many.gif")
    data = path.read_bytes()
    for length in range(len(data) - 30, len(data)):
        path.write_bytes(data[:length])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FrameWarning)
            assert (fastkq.load(path).indices == 1).all()


@pytest.mark.parametrize("factor", [256, 257])
def test_tiff_palette_of_scaled_8_bits_is_read_exactly(tmp_path, factor):
    path = tiff(tmp_path / "a.tif", noise(256, 3).astype(int) * factor)
    np.testing.assert_array_equal(fastkq.load(path).palette, noise(256, 3))


def test_tiff_palette_of_real_16_bits_is_reduced_with_a_warning(tmp_path):
    path = tiff(tmp_path / "a.tif", noise(256, 3).astype(int) * 256 + 7)
    with pytest.warns(PrecisionWarning, match=r"a\.tif: 16 bits per channel are reduced to 8"):
        np.testing.assert_array_equal(fastkq.load(path).palette, noise(256, 3))


def tiff(path, palette):
    """Write a TIFF by Pillow, replace its palette by this one, (256, 3) of 16 bits, and return the path."""
    stored = noise(256, 3, seed=1)
    palette_image([[0, 100, 255]], stored).save(path)
    old = (stored.T.astype("<u2") * 256).tobytes()
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, palette.T.astype("<u2").tobytes()))
    return path


@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA"])
def test_load_refuses_images_without_a_palette(tmp_path, mode):
    path = saved(tmp_path / "a.png", Image.fromarray(noise(4, 4, 4)).convert(mode))
    with pytest.raises(FormatError, match=r"a\.png: expected a \.fkq file or an image with a palette, got"):
        fastkq.load(path)


@pytest.mark.parametrize("suffix", [".png", ".gif", ".tif", ".bmp"])
def test_image_files_are_read_from_bytes_and_file_objects_and_cropped_to_a_region(tmp_path, suffix):
    compressed = fastkq.CompressedImage(noise(16, 3), np.arange(63).reshape(7, 9) % 16)
    compressed.save(tmp_path / f"a{suffix}")
    data = (tmp_path / f"a{suffix}").read_bytes()
    for source in (data, memoryview(data), BytesIO(data), tmp_path / f"a{suffix}"):
        loaded = fastkq.load(source, region=(2, 3, 4, 5))
        np.testing.assert_array_equal(loaded.indices, compressed.indices[2:6, 3:8])
        np.testing.assert_array_equal(loaded.palette[:16], compressed.palette)
        np.testing.assert_array_equal(fastkq.decompress(data), compressed.decompress())
    with pytest.raises(ArgumentError, match=r"expected a region .* within 7 x 9 pixels"):
        fastkq.load(data, region=(2, 3, 6, 5))
    with pytest.raises(FormatError, match="the data: expected an image file"):
        fastkq.load(data[:6], strict=False)


def test_open_refuses_image_files(tmp_path):
    path = saved(tmp_path / "a.png", palette_image([[0, 1]], noise(2, 3)))
    with pytest.raises(FormatError, match=r"a\.png: expected a \.fkq file, .* image files are read by load"):
        fastkq.open(path)


@pytest.mark.parametrize("data", [b"", b"\x89", b"no image at all", b"GIF89a", bytes(100)])
def test_unrecognized_data_are_refused(tmp_path, data):
    (tmp_path / "a.fkq").write_bytes(data)
    with pytest.raises(FormatError, match=r"a\.fkq: expected an image file"):
        fastkq.load(tmp_path / "a.fkq")


def test_indices_beyond_the_palette_are_refused(tmp_path):
    data = formats.encode(fastkq.CompressedImage(noise(6, 3), [[0, 5]]), ".png")
    (tmp_path / "a.png").write_bytes(with_palette_of(data, 4))
    with pytest.raises(FormatError, match=r"a\.png: expected indices below the 4 colors .* got 5"):
        fastkq.load(tmp_path / "a.png")


def test_a_header_beyond_max_pixels_is_refused_before_decoding(tmp_path):
    path = saved(tmp_path / "a.png", palette_image(np.zeros((10, 11)), noise(2, 3)))
    with pytest.raises(FormatError, match=r"a\.png: expected at most 109 pixels \(max_pixels\).* 10 x 11"):
        fastkq.load(path, max_pixels=109)
    assert fastkq.load(path, max_pixels=110).shape == (10, 11, 3)


def test_every_truncation_of_a_palette_png_is_refused(tmp_path):
    buffer = BytesIO()
    palette_image(np.arange(63).reshape(7, 9) % 16, noise(16, 3)).save(buffer, "PNG")
    data = buffer.getvalue()
    for length in range(len(data)):
        (tmp_path / "a.png").write_bytes(data[:length])
        with pytest.raises(FormatError, match=r"a\.png: expected an image file"):
            fastkq.load(tmp_path / "a.png")


def test_every_flipped_byte_of_a_png_is_found_by_its_checksums(tmp_path):
    buffer = BytesIO()
    palette_image(np.arange(63).reshape(7, 9) % 16, noise(16, 3)).save(buffer, "PNG")
    data = bytearray(buffer.getvalue())
    for position in range(len(data)):
        data[position] ^= 0x55
        with pytest.raises(FormatError, match="expected an image file"):
            formats.decode(InMemory(bytes(data), "a.png"))
        data[position] ^= 0x55
