"""The methods and file formats that the suites compare, fastkq's own among them.

A peer is run in its own best form. Its parameters were chosen on kodim05 at k = 16 / 64 / 256; comments give
the SE/px. Peers that are not installed are left out.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, features
from PIL.Image import Dither, Quantize

import fastkq
from bench import THREADS
from bench.cases import SETS, Case, Pixels
from bench.results import version_of
from fastkq import CompressedImage, formats
from fastkq.quantization import blue_noise, error_diffusion, visual_preset

Reduce = Callable[[Pixels, int], Any]


class Method(NamedTuple):
    """A way to reduce the colors of an image.

    Attributes
    ----------
    label
        Name in the tables.
    run
        The timed call: (image, k) to a result of the method's own type.
    image
        The untimed call: (result, image) to the image with reduced colors.
    rounds
        Number of timed rounds.
    sets, slow_sets
        Image sets it is run on, and those that `--slow` adds.
    every
        It is run on every n-th image of a set.
    package
        Module that must be installed.
    """

    label: str
    run: Reduce
    image: Callable[[Any, Pixels], Pixels]
    rounds: int = 1
    sets: tuple[str, ...] = SETS
    slow_sets: tuple[str, ...] = ()
    every: int = 1
    package: str | None = None

    def is_installed(self) -> bool:
        """Tell whether its package is there."""
        return self.package is None or find_spec(self.package) is not None

    def is_run_on(self, case: Case, slow: bool) -> bool:
        """Tell whether the engine suite measures it on an image."""
        sets = self.sets + self.slow_sets * slow
        return self.is_installed() and case.set in sets and case.number % self.every == 0

    def rounds_on(self, case: Case) -> int:
        """Return the number of timed rounds: one if a round takes seconds."""
        return 1 if case.set == "large" and self.rounds < 5 else self.rounds

    def reduced(self, image: Pixels, k: int) -> Pixels:
        """Return the image as the method shows it."""
        return np.ascontiguousarray(self.image(self.run(image, k), image))


def installed(methods: dict[str, Method]) -> dict[str, Method]:
    """Return the methods that are installed."""
    return {name: method for name, method in methods.items() if method.is_installed()}


def _fastkq(effort: str, rounds: int = 7) -> Method:
    def run(image: Pixels, k: int) -> CompressedImage:
        return fastkq.compress(image, k, effort=effort, threads=THREADS)  # type: ignore[arg-type]

    label = "fastkq" if effort == "balanced" else f"fastkq, {effort}"
    return Method(label, run, lambda result, _: np.asarray(result), rounds)


def _copy(image: Pixels, _: int) -> Pixels:
    target = np.empty_like(image)
    np.copyto(target, image)
    return target


def _scikit_learn(image: Pixels, k: int) -> tuple[Any, Any]:
    from sklearn.cluster import KMeans

    model = KMeans(k, n_init=1, random_state=0).fit(_rows(image).astype(np.float64))
    return model.cluster_centers_, model.labels_


def _scikit_learn_minibatch(image: Pixels, k: int) -> tuple[Any, Any]:
    from sklearn.cluster import MiniBatchKMeans

    # Batches of 1024, the default, reach 387 / 110.1 / 40.2 and take longer; three seedings and no
    # reassignment of small clusters give 368.7 / 107.9 / 38.0 instead of 370.1 / 110.7 / 38.6.
    model = MiniBatchKMeans(k, batch_size=4096, n_init=3, reassignment_ratio=0.0, random_state=0)
    model.fit(_rows(image).astype(np.float32))
    return model.cluster_centers_, model.labels_


def _scikit_learn_sample(image: Pixels, k: int) -> tuple[Any, Any]:
    from sklearn.cluster import KMeans

    pixels = _rows(image)
    sample = np.random.default_rng(0).choice(len(pixels), min(10_000, len(pixels)), replace=False)
    model = KMeans(k, n_init=1, random_state=0).fit(pixels[sample].astype(np.float32))
    return model.cluster_centers_, model.predict(pixels.astype(np.float32))


def _opencv(image: Pixels, k: int) -> tuple[Any, Any]:
    import cv2

    cv2.setNumThreads(THREADS)
    cv2.setRNGSeed(0)
    # 360.7 / 107.08 / 36.72; with the 10 iterations of the tutorials 380.3 / 108.84. A smaller eps gains
    # 0.1 % at k = 64 and doubles the time.
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 0.5)
    pixels = _rows(image).astype(np.float32)
    _, labels, centers = cv2.kmeans(pixels, k, None, criteria, 1, cv2.KMEANS_PP_CENTERS)
    return centers, labels[:, 0]


def _faiss(image: Pixels, k: int) -> tuple[Any, Any]:
    import faiss

    faiss.omp_set_num_threads(THREADS)
    pixels = _rows(image).astype(np.float32)
    # k-means++ seeding gives 37.7 at k = 256, faiss's default (random) 42.9. 1024 points per centroid give
    # 107.8 at k = 64, 256 points 111.0, and all pixels 107.7 in twice the time.
    means = faiss.Kmeans(
        3,
        k,
        niter=25,
        seed=0,
        init_method=faiss.ClusteringInitMethod_KMEANS_PLUS_PLUS,
        max_points_per_centroid=1024,
        min_points_per_centroid=1,
    )
    means.train(pixels)
    return means.centroids, means.index.search(pixels, 1)[1][:, 0]


def _rows(image: Pixels) -> Pixels:
    return image.reshape(-1, image.shape[2])


def _image_of_clusters(result: tuple[Any, Any], image: Pixels) -> Pixels:
    centers, labels = result
    return np.clip(np.rint(centers), 0, 255).astype(np.uint8)[labels].reshape(image.shape)


def _imagequant(image: Pixels, k: int, dithering: float = 0.0) -> tuple[bytes, Any]:
    from imagequant import quantize_raw_rgba_bytes

    # quantize_pil_image makes these bytes in a Python loop.
    height, width = image.shape[:2]
    rgba = Image.fromarray(image).convert("RGBA").tobytes()
    return quantize_raw_rgba_bytes(rgba, width, height, dithering_level=dithering, max_colors=k)


def _image_of_imagequant(result: tuple[bytes, Any], image: Pixels) -> Pixels:
    indices, palette = result
    colors = np.array(palette, np.uint8).reshape(-1, 4)[:, : image.shape[2]]
    return colors[np.frombuffer(indices, np.uint8)].reshape(image.shape)


def _pillow(method: Quantize, kmeans: int = 0) -> Reduce:
    def run(image: Pixels, k: int) -> Image.Image:
        return Image.fromarray(image).quantize(k, method=method, kmeans=kmeans, dither=Dither.NONE)

    return run


def _pillow_dithered(method: Quantize, kmeans: int = 0) -> Reduce:
    def run(image: Pixels, k: int) -> Image.Image:
        picture = Image.fromarray(image)
        # Pillow dithers only with a palette that it is given.
        palette = picture.quantize(k, method=method, kmeans=kmeans)
        return picture.quantize(palette=palette, dither=Dither.FLOYDSTEINBERG)

    return run


def _image_of_pillow(result: Image.Image, image: Pixels) -> Pixels:
    return np.asarray(result.convert("RGBA" if image.shape[2] == 4 else "RGB"))


_SMALL = ("china.jpg", "kodak")

# In this order they are timed on each image.
METHODS = {
    "fastkq fast": _fastkq("fast"),
    "FASTOCTREE": Method("Pillow FASTOCTREE", _pillow(Quantize.FASTOCTREE), _image_of_pillow, 5),
    "fastkq": _fastkq("balanced"),
    "copy": Method("copy", _copy, lambda result, _: np.asarray(result), 7),
    "scikit-learn": Method(
        "scikit-learn KMeans",
        _scikit_learn,
        _image_of_clusters,
        1,
        sets=_SMALL,
        slow_sets=("gb82-photos", "large"),
        package="sklearn",
    ),
    # Again after the methods that the baseline judges: the difference of the two is the noise of a ratio.
    "fastkq again": _fastkq("balanced"),
    "fastkq best": _fastkq("best", 5),
    "imagequant": Method(
        "imagequant", _imagequant, _image_of_imagequant, 3, sets=(*_SMALL, "large"), package="imagequant"
    ),
    "KMeans on a sample": Method(
        "scikit-learn KMeans on 10,000 pixels",
        _scikit_learn_sample,
        _image_of_clusters,
        3,
        sets=(*_SMALL, "large"),
        package="sklearn",
    ),
    "MEDIANCUT": Method(
        "Pillow MEDIANCUT", _pillow(Quantize.MEDIANCUT), _image_of_pillow, 3, sets=(*_SMALL, "large")
    ),
    # `kmeans` is the number of pixels that may still change clusters: 1 gives 362.9 / 116.1 / 44.55,
    # 100 the same in 14 % less time at k = 256, 1000 in half of it 362.9 / 117.3 / 46.3.
    "MEDIANCUT+kmeans": Method(
        "Pillow MEDIANCUT with kmeans",
        _pillow(Quantize.MEDIANCUT, kmeans=100),
        _image_of_pillow,
        1,
        sets=_SMALL,
        slow_sets=("large",),
    ),
    "MiniBatchKMeans": Method(
        "scikit-learn MiniBatchKMeans",
        _scikit_learn_minibatch,
        _image_of_clusters,
        1,
        sets=_SMALL,
        slow_sets=("large",),
        package="sklearn",
    ),
    "faiss": Method(
        "faiss Kmeans", _faiss, _image_of_clusters, 1, sets=_SMALL, slow_sets=("large",), package="faiss"
    ),
    # 1, 2 and 5 s per image at k = 16, 64 and 256: on kodim01, 04, ..., 22 only.
    "OpenCV": Method(
        "OpenCV kmeans",
        _opencv,
        _image_of_clusters,
        1,
        sets=_SMALL,
        slow_sets=("large",),
        every=3,
        package="cv2",
    ),
}

# The methods that keep alpha, without dithering.
ALPHA_METHODS = {name: METHODS[name] for name in ("fastkq", "fastkq best", "imagequant", "FASTOCTREE")}


def _plain(image: Pixels, k: int) -> tuple[Any, Any]:
    compressed = fastkq.compress(image, k, threads=THREADS)
    return compressed.palette, compressed.indices


def _dithered(spread: Callable[..., Any]) -> Reduce:
    def run(image: Pixels, k: int) -> tuple[Any, Any]:
        palette = fastkq.compress(image, k, threads=THREADS).palette
        return palette, spread(image, palette, 1.0, THREADS)

    return run


def _visual(image: Pixels, k: int) -> Any:
    return visual_preset.visual(image, k, threads=THREADS)


def _painted(result: tuple[Any, Any], _: Pixels) -> Pixels:
    palette, indices = result
    return palette[indices]  # type: ignore[no-any-return]


# The methods whose looks are compared, with dithering and without.
LOOKS_METHODS = {
    "plain": Method("fastkq", _plain, _painted),
    "diffused": Method("fastkq, error diffusion", _dithered(error_diffusion.diffuse), _painted),
    "ordered": Method("fastkq, blue noise", _dithered(blue_noise.ordered), _painted),
    "visual": Method('fastkq, preset="visual"', _visual, _painted),
    "imagequant": Method(
        "imagequant, dithered",
        partial(_imagequant, dithering=1.0),
        _image_of_imagequant,
        package="imagequant",
    ),
    "pillow": Method(
        "Pillow MEDIANCUT with kmeans, dithered",
        _pillow_dithered(Quantize.MEDIANCUT, kmeans=1),
        _image_of_pillow,
    ),
}

# The methods of the figure side-by-side.png, in its order.
SIDE_BY_SIDE_METHODS = {
    **{name: LOOKS_METHODS[name] for name in ("plain", "visual", "diffused", "ordered")},
    "MEDIANCUT": Method("Pillow MEDIANCUT, dithered", _pillow_dithered(Quantize.MEDIANCUT), _image_of_pillow),
    "FASTOCTREE": Method(
        "Pillow FASTOCTREE, dithered", _pillow_dithered(Quantize.FASTOCTREE), _image_of_pillow
    ),
    "imagequant": LOOKS_METHODS["imagequant"],
}

WEBP_OPTIONS = {"lossless": True, "quality": 100, "method": 6, "exact": True}
JPEG_XL_EFFORT = 9


class Format(NamedTuple):
    """A lossless image file format, written as small as its encoder can.

    Attributes
    ----------
    label
        Name in the tables.
    version
        Describes the encoder and its settings; empty if it is not installed.
    encode
        An indexed image to the bytes of a file.
    """

    label: str
    version: Callable[[], str]
    encode: Callable[[CompressedImage], bytes]


def decode(data: bytes) -> Pixels:
    """Return the pixels of a PNG or WebP, RGB or RGBA, read by Pillow."""
    with Image.open(BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGBA" if picture.has_transparency_data else "RGB"))


def _png(compressed: CompressedImage) -> bytes:
    return formats.encode(compressed, ".png")


def _png_version() -> str:
    library = "zlib_ng" if features.check("zlib_ng") else "zlib"
    return f"Pillow {version_of('pillow')} with {library} {features.version(library)}, optimize=True"


def _oxipng(compressed: CompressedImage) -> bytes:
    return formats.encode(compressed, ".png", optimize=True)


def _oxipng_version() -> str:
    found = version_of("pyoxipng")
    return f"pyoxipng {found}, level 6" if found else ""


def _webp(compressed: CompressedImage) -> bytes:
    buffer = BytesIO()
    Image.fromarray(compressed.decompress()).save(buffer, "WEBP", **WEBP_OPTIONS)
    return buffer.getvalue()


def _webp_version() -> str:
    found = features.version("webp")
    return f"Pillow {version_of('pillow')} with libwebp {found}, quality=100, method=6" if found else ""


def _cjxl(compressed: CompressedImage) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "image.png"), Path(folder, "image.jxl")
        Image.fromarray(compressed.decompress()).save(source, compress_level=1)
        command = ["cjxl", str(source), str(target), "-d", "0", "-e", str(JPEG_XL_EFFORT), "--num_threads=0"]
        subprocess.run(command, check=True, capture_output=True)
        return target.read_bytes()


def _cjxl_version() -> str:
    if shutil.which("cjxl") is None:
        return ""
    words = subprocess.run(["cjxl", "--version"], check=True, capture_output=True, text=True).stdout.split()
    return f"cjxl {words[1].removeprefix('v')}, effort {JPEG_XL_EFFORT}"


def _imagecodecs(compressed: CompressedImage) -> bytes:
    import imagecodecs

    return bytes(imagecodecs.jpegxl_encode(compressed.decompress(), lossless=True, effort=JPEG_XL_EFFORT))


def _imagecodecs_version() -> str:
    try:
        import imagecodecs
    except ImportError:
        return ""
    library = imagecodecs.jpegxl_version()
    return f"imagecodecs {imagecodecs.__version__} with {library}, effort {JPEG_XL_EFFORT}"


FORMATS = {
    "png": Format("PNG", _png_version, _png),
    "oxipng": Format("PNG, oxipng", _oxipng_version, _oxipng),
    "webp": Format("WebP", _webp_version, _webp),
    "cjxl": Format("JPEG XL, cjxl", _cjxl_version, _cjxl),
    "imagecodecs": Format("JPEG XL, imagecodecs", _imagecodecs_version, _imagecodecs),
}
