"""`ColorQuantizer`, a transformer that reduces images to few colors."""

import pickle

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import fastkq
from fastkq.errors import ArgumentError
from fastkq.estimator import ColorQuantizer
from tests.helpers.images import noise, photograph_like


def images_of(*shape, dtype=np.uint8):
    return (noise(*shape) / (255 if dtype == np.float32 else 1)).astype(dtype)


def colors_in(images):
    return {tuple(np.atleast_1d(color)) for color in np.reshape(images, (-1, np.shape(images)[-1]))}


def test_palette_and_pixels_equal_those_of_compress():
    image = photograph_like(40, 50)
    quantizer = ColorQuantizer(n_colors=12)
    compressed = fastkq.compress(image, k=12)
    np.testing.assert_array_equal(quantizer.fit_transform(image), compressed.decompress())
    np.testing.assert_array_equal(quantizer.palette_, compressed.palette)
    quantizer.set_params(output="indices")
    np.testing.assert_array_equal(quantizer.transform(image), compressed.indices)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(20, 30), (20, 30, 1), (20, 30, 3), (7, 20, 30), (7, 20, 30, 3)])
def test_transform_keeps_shape_and_dtype(shape, dtype):
    images = images_of(*shape, dtype=dtype)
    before = images.copy()
    quantizer = ColorQuantizer(n_colors=5).fit(images)
    reduced = quantizer.transform(images)
    assert (reduced.shape, reduced.dtype) == (images.shape, images.dtype)
    assert len(np.unique(reduced.reshape(-1, quantizer.palette_.shape[1]), axis=0)) == 5
    np.testing.assert_array_equal(images, before)
    indices = quantizer.set_params(output="indices").transform(images)
    assert indices.dtype == np.uint8
    np.testing.assert_array_equal(quantizer.palette_[indices].reshape(images.shape), reduced)


def test_a_stack_has_one_palette():
    dark, light = np.zeros((4, 4, 3), np.uint8), np.full((4, 4, 3), 250, np.uint8)
    stack = np.stack([dark, light])
    assert ColorQuantizer(2).fit(stack).palette_.tolist() == [[0, 0, 0], [250, 250, 250]]
    assert ColorQuantizer(1).fit_transform(stack).std() == 0


def test_an_iterable_may_hold_images_of_any_size_and_kind(tmp_path):
    arrays = [noise(8, 9, 3), noise(5, 4, 3, seed=1)]
    Image.fromarray(arrays[1]).save(tmp_path / "b.png")
    quantizer = ColorQuantizer(4).fit(iter(arrays))
    reduced = quantizer.transform([arrays[0], Image.fromarray(arrays[0]), tmp_path / "b.png"])
    assert [image.shape for image in reduced] == [(8, 9, 3), (8, 9, 3), (5, 4, 3)]
    np.testing.assert_array_equal(reduced[0], reduced[1])
    np.testing.assert_array_equal(quantizer.transform(str(tmp_path / "b.png")), reduced[2])
    ragged = np.empty(2, object)
    ragged[:] = arrays
    np.testing.assert_array_equal(clone(quantizer).fit(ragged).palette_, quantizer.palette_)
    np.testing.assert_array_equal(quantizer.transform(ragged)[1], reduced[2])


def test_gray_and_color_images_are_mixed():
    images = [noise(8, 9, 3), noise(5, 4, seed=1)]
    reduced = ColorQuantizer(4).fit_transform(images)
    assert [image.shape for image in reduced] == [(8, 9, 3), (5, 4, 3)]
    widened = [images[0], np.repeat(images[1][:, :, None], 3, axis=2)]
    for image, expected in zip(reduced, ColorQuantizer(4).fit_transform(widened), strict=True):
        np.testing.assert_array_equal(image, expected)
    with pytest.raises(ArgumentError, match="were fitted, uint8 with 3 channels, got uint8 with 4"):
        ColorQuantizer(4).fit(images[0]).transform(noise(4, 4, 4))


def test_the_bytes_of_a_file_are_one_image(tmp_path):
    path = tmp_path / "some.png"
    Image.fromarray(noise(12, 14, 3)).save(path)
    quantizer = ColorQuantizer(5).fit(path.read_bytes())
    np.testing.assert_array_equal(quantizer.transform(path.read_bytes()), quantizer.transform(path))


def test_an_iterator_of_images_is_fitted_and_transformed():
    stack = noise(3, 9, 8, 3)
    of_generator = ColorQuantizer(4).fit_transform(image for image in stack)
    np.testing.assert_array_equal(of_generator, ColorQuantizer(4).fit_transform(stack))


def test_pipeline_may_call_set_output():
    pipeline = make_pipeline(ColorQuantizer(4), FunctionTransformer(lambda images: images.reshape(3, -1)))
    pipeline.set_output(transform="default")
    assert pipeline.fit_transform(noise(3, 4, 4)).shape == (3, 16)


def test_parameters_are_passed_to_compress():
    image = photograph_like(60, 60)
    options = {"space": "oklab", "dither": 0.8, "dither_method": "blue-noise", "effort": "fast", "threads": 1}
    expected = fastkq.compress(image, k=8, **options)
    np.testing.assert_array_equal(ColorQuantizer(8, **options).fit_transform(image), expected.decompress())


@pytest.mark.parametrize("options", [{"space": "oklab"}, {"dither": True, "dither_space": "linear"}])
def test_images_of_floats_have_values_of_black_and_white(options):
    image = (photograph_like(40, 40) / 127.5 - 1).astype(np.float32)
    options = {"value_range": (-1, 1), **options}
    expected = fastkq.compress(image, k=8, **options).decompress()
    np.testing.assert_array_equal(ColorQuantizer(8, **options).fit_transform(image), expected)


def test_quantizer_can_be_cloned_and_pickled():
    quantizer = ColorQuantizer(n_colors=3, dither=True)
    assert clone(quantizer).get_params() == quantizer.get_params()
    stack = noise(3, 8, 8, 3)
    fitted = quantizer.fit(stack)
    np.testing.assert_array_equal(
        pickle.loads(pickle.dumps(fitted)).transform(stack), fitted.transform(stack)
    )


def test_quantizer_works_before_a_classifier():
    """The two classes are red and green squares with noise, which the reduction to 2 colors removes."""
    classes = np.arange(40) % 2
    stack = noise(40, 6, 6, 3) // 2
    stack[np.arange(40), :, :, classes] += 100
    flatten = FunctionTransformer(lambda images: images.reshape(len(images), -1))
    pipeline = make_pipeline(ColorQuantizer(2), flatten, KNeighborsClassifier(1))
    assert cross_val_score(pipeline, stack, classes, cv=4).min() == 1


def test_invalid_use_is_refused():
    with pytest.raises(NotFittedError):
        ColorQuantizer().transform(noise(4, 4))
    with pytest.raises(ArgumentError, match="expected output to be one of image, indices, got 'palette'"):
        ColorQuantizer(output="palette").fit(noise(4, 4))
    with pytest.raises(ArgumentError, match="n_colors from 1 to 65536, got 0"):
        ColorQuantizer(0).fit(noise(4, 4))
    with pytest.raises(ArgumentError, match="dither from 0 to 1, got 2"):
        ColorQuantizer(dither=2).fit(noise(4, 4))
    with pytest.raises(ArgumentError, match="at least one image, got none"):
        ColorQuantizer().fit([])
    with pytest.raises(ArgumentError, match="were fitted, uint8 with 1 channel, got float32 with 1"):
        ColorQuantizer().fit(noise(4, 4)).transform(noise(4, 4).astype(np.float32))
