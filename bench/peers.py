"""The rivals, each in its own best form: an image and k in, the method's own result out, untimed the image.

What the choices of parameters rest on was measured on kodim05 at k = 16 / 64 / 256 and is given as SE/px.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from PIL import Image

from bench import THREADS

Pixels = npt.NDArray[np.uint8]
Run = Callable[[Pixels, int], object]
ToImage = Callable[[object, Pixels], Pixels]


def scikit_learn(image: Pixels, k: int) -> object:
    from sklearn.cluster import KMeans

    model = KMeans(k, n_init=1, random_state=0).fit(_rows(image).astype(np.float64))
    return model.cluster_centers_, model.labels_


def scikit_learn_minibatch(image: Pixels, k: int) -> object:
    from sklearn.cluster import MiniBatchKMeans

    # Batches of 1024, the default, end at 387 / 110.1 / 40.2 and take longer; three seedings and no
    # reassignment of small clusters give 368.7 / 107.9 / 38.0 instead of 370.1 / 110.7 / 38.6.
    model = MiniBatchKMeans(k, batch_size=4096, n_init=3, reassignment_ratio=0.0, random_state=0)
    model.fit(_rows(image).astype(np.float32))
    return model.cluster_centers_, model.labels_


def scikit_learn_sample(image: Pixels, k: int) -> object:
    from sklearn.cluster import KMeans

    pixels = _rows(image)
    chosen = np.random.default_rng(0).choice(len(pixels), min(10_000, len(pixels)), replace=False)
    model = KMeans(k, n_init=1, random_state=0).fit(pixels[chosen].astype(np.float32))
    return model.cluster_centers_, model.predict(pixels.astype(np.float32))


def opencv(image: Pixels, k: int) -> object:
    import cv2

    cv2.setNumThreads(THREADS)
    cv2.setRNGSeed(0)
    # 360.7 / 107.08 / 36.72; with the tutorials' 10 iterations 380.3 / 108.84. A smaller eps finds 0.1 % at
    # k = 64 in twice the time.
    criteria = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 100, 0.5)
    pixels = _rows(image).astype(np.float32)
    _, labels, centres = cv2.kmeans(pixels, k, None, criteria, 1, cv2.KMEANS_PP_CENTERS)
    return centres, labels[:, 0]


def faiss(image: Pixels, k: int) -> object:
    import faiss

    faiss.omp_set_num_threads(THREADS)
    pixels = _rows(image).astype(np.float32)
    # Seeded by k-means++ 37.7 at k = 256, by faiss's default, at random, 42.9. 1024 points a centroid, not
    # 256: 107.8 instead of 111.0 at k = 64; all pixels: 107.7 in twice the time.
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


def image_of_clusters(result: object, image: Pixels) -> Pixels:
    """The rounded centres by label."""
    centres, labels = result  # type: ignore[misc]
    return np.clip(np.rint(centres), 0, 255).astype(np.uint8)[labels].reshape(image.shape)  # type: ignore[no-any-return]


def imagequant(image: Pixels, k: int, dithering: float = 0.0) -> object:
    from imagequant import quantize_raw_rgba_bytes

    # quantize_pil_image makes these bytes in a Python loop.
    height, width = image.shape[:2]
    rgba = Image.fromarray(image).convert("RGBA").tobytes()
    return quantize_raw_rgba_bytes(rgba, width, height, dithering_level=dithering, max_colors=k)


def image_of_imagequant(result: object, image: Pixels) -> Pixels:
    indices, palette = result  # type: ignore[misc]
    colours = np.array(palette, np.uint8).reshape(-1, 4)[:, :3]
    return colours[np.frombuffer(indices, np.uint8)].reshape(image.shape)


def pillow(method: Image.Quantize, kmeans: int = 0) -> Run:
    """`Image.quantize` by a method, undithered."""

    def run(image: Pixels, k: int) -> object:
        dither = Image.Dither.NONE
        return Image.fromarray(image).quantize(k, method=method, kmeans=kmeans, dither=dither)

    return run


def image_of_pillow(result: object, _: Pixels) -> Pixels:
    return np.asarray(result.convert("RGB"))  # type: ignore[attr-defined]


def _rows(image: Pixels) -> Pixels:
    return image.reshape(-1, image.shape[2])
