"""Sources: paths, bytes, file objects and pipes; `fastkq.open` describes a file without decoding it."""

import gzip
import io
import mmap
import os
import threading

import numpy as np
import pytest
from PIL import Image

import fastkq
from fastkq.errors import ArgumentError, ArgumentTypeError, FormatError
from tests.helpers.fkq_samples import METADATA, in_parts, sample
from tests.helpers.images import noise

COMPRESSED = sample(9, 3, 60, 80, METADATA)
REGION = (25, 30, 20, 20)


class Pipe(io.RawIOBase):
    """A stream that cannot seek."""

    def __init__(self, data):
        self._stream = io.BytesIO(data)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._stream.readinto(buffer)


class ShortReads(io.BytesIO):
    """A stream that returns at most 7 bytes per read."""

    def read(self, size=-1):
        return super().read(min(size, 7) if size >= 0 else size)


def at_offset(data):
    stream = io.BytesIO(b"before" + data)
    stream.seek(6)
    return stream


def strided(data):
    return memoryview(np.repeat(np.frombuffer(data, np.uint8), 2))[::2]


KINDS = [bytes, bytearray, memoryview, strided, io.BytesIO, Pipe, ShortReads, at_offset]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("data", [COMPRESSED.to_bytes(coding="packed"), in_parts(COMPRESSED, 3, 4)])
def test_every_kind_of_source_loads_images_and_regions(kind, data):
    top, left, height, width = REGION
    region = COMPRESSED.indices[top : top + height, left : left + width]
    assert fastkq.load(kind(data)) == COMPRESSED
    np.testing.assert_array_equal(fastkq.load(kind(data), region=REGION).indices, region)
    np.testing.assert_array_equal(fastkq.decompress(kind(data)), COMPRESSED.decompress())
    with fastkq.open(kind(data)) as file:
        assert file.nbytes == len(data)
        assert file.load() == COMPRESSED
    with pytest.raises(FormatError, match="truncated"):
        fastkq.load(kind(data[:-1]))


def test_files_are_read_by_path_file_object_gzip_and_mmap(tmp_path):
    path = tmp_path / "image.fkq"
    COMPRESSED.save(path)
    with gzip.open(tmp_path / "image.gz", "wb") as file:
        file.write(path.read_bytes())
    for source in (path, str(path)):
        assert fastkq.load(source, region=REGION) == fastkq.load(path.read_bytes(), region=REGION)
    zipped = gzip.GzipFile(tmp_path / "image.gz")
    with path.open("rb") as buffered, path.open("rb", buffering=0) as raw, zipped:
        for file in (buffered, raw, zipped):
            assert fastkq.load(file) == COMPRESSED
            assert not file.closed
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert fastkq.load(memoryview(mapped)) == COMPRESSED


def test_a_named_pipe_is_read(tmp_path):
    os.mkfifo(tmp_path / "pipe.fkq")
    data = COMPRESSED.to_bytes()
    writer = threading.Thread(target=(tmp_path / "pipe.fkq").write_bytes, args=(data,))
    writer.start()
    assert fastkq.load(tmp_path / "pipe.fkq") == COMPRESSED
    writer.join()


@pytest.mark.parametrize("source", [None, 5, np.zeros(3), io.StringIO("text"), ["a"]])
def test_invalid_sources_are_refused(source):
    for call in (fastkq.load, fastkq.open, fastkq.decompress):
        with pytest.raises(ArgumentTypeError, match="expected a path, bytes, bytearray, memoryview or"):
            call(source)


def test_a_file_that_shrinks_while_it_is_read_is_a_format_error(tmp_path):
    path = tmp_path / "image.fkq"
    path.write_bytes(
        in_parts(sample(200, 3, 200, 200), 3, 4)
    )  # larger than the buffer of Python's file object
    with fastkq.open(path) as file:
        os.truncate(path, file.parts[3].offset + 2)
        with pytest.raises(FormatError, match=r"image\.fkq: part .* the file was cut while it was read"):
            file.load(threads=1)


def test_open_file_describes_itself():
    data = in_parts(COMPRESSED, 3, 4)
    with fastkq.open(data) as file:
        assert (file.version, file.coding, file.shape, file.dtype) == (2, "context", (60, 80, 3), np.uint8)
        assert (file.k, file.bits_per_index, file.metadata, file.damage) == (9, 4, METADATA, ())
        np.testing.assert_array_equal(file.palette, COMPRESSED.palette)
        assert file.bits_per_pixel == pytest.approx(8 * len(data) / 4800)
        assert [part.box for part in file.parts][:2] == [(0, 0, 20, 20), (0, 20, 20, 20)]
        assert file.parts[-1].offset + file.parts[-1].length == len(data)
        assert repr(file) == (
            f"<CompressedFile version 2, context, (60, 80, 3) uint8, k=9, 12 parts, {len(data)} bytes>"
        )
    with fastkq.open(COMPRESSED.to_bytes(coding="packed")) as file:
        assert (file.version, file.coding, file.shape, file.k) == (1, "packed", (60, 80, 3), 9)
        assert [part[:3] for part in file.parts] == [((0, 0, 60, 80), 24 + 27, 2400)]


def test_close_closes_paths_but_not_given_file_objects(tmp_path):
    path = tmp_path / "image.fkq"
    COMPRESSED.save(path)
    file = fastkq.open(path)
    file.close()
    file.close()
    with pytest.raises(ArgumentError, match="expected an open file, got a closed one"):
        file.load()
    with path.open("rb") as given:
        fastkq.open(given).close()
        assert not given.closed
    path.write_bytes(b"no image")  # if open() left the file open, its ResourceWarning would fail the test
    with pytest.raises(FormatError, match=r"image\.fkq: expected a \.fkq file"):
        fastkq.open(path)


def test_threads_share_one_open_file(tmp_path):
    path = tmp_path / "image.fkq"
    path.write_bytes(in_parts(COMPRESSED, 6, 8))
    found = []
    with fastkq.open(path) as file:
        threads = [threading.Thread(target=lambda: found.append(file.load(threads=2))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert found == [COMPRESSED] * 6


def test_compress_fit_and_apply_take_bytes_and_file_objects(tmp_path):
    path = tmp_path / "a.png"
    Image.fromarray(noise(6, 8, 3)).save(path)
    data, expected = path.read_bytes(), fastkq.compress(path, 5)
    for file in (data, bytearray(data), io.BytesIO(data), Pipe(data)):
        assert fastkq.compress(file, 5) == expected
    for file in (data, io.BytesIO(data), [io.BytesIO(data)], [data]):
        np.testing.assert_array_equal(fastkq.fit_palette(file, 5), expected.palette)
    assert fastkq.apply_palette(data, expected.palette) == expected
    assert fastkq.compress(expected.to_bytes(), 5) == expected
    with pytest.raises(FormatError, match="the data: expected an image file, got data of no known"):
        fastkq.compress(b"no image", 5)
