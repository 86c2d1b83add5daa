"""Color quantization as a transformer of scikit-learn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from fastkq.api import palettes
from fastkq.api.inputs import is_file, read_input
from fastkq.api.options import check_arguments, check_dithering
from fastkq.color.kinds import ImageKind
from fastkq.errors import ArgumentError
from fastkq.runtime.options import Choice, DitherMethod, DitherSpace, Effort, K, Space

Output = Literal["image", "indices"]

_KIND_TO_CHECK = ImageKind(np.dtype(np.uint8), 3)
"""Kind of image with which `fit` checks the options of dithering, before it knows the images."""
_MAX_CHANNELS = 4
"""An array of three axes is one image if the last has at most this length, else a stack of gray images."""


class ColorQuantizer(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Transformer that reduces images to the colors of one palette fitted to them together.

    An image is what `fastkq.compress` takes: an array (H, W) or (H, W, C) of integers of up to 32 bits,
    float32, float64 or bool, a PIL image, or a file. Several images are an array (n, H, W) or (n, H, W, C),
    or any iterable of images of one dtype. Gray, RGB and images with alpha can be mixed; they are reduced to
    images of the palette's channels. An array of three axes is one image if its last axis has at most 4
    channels, else a stack of gray images.

    Parameters
    ----------
    n_colors : int, default=64
        Number of colors, 1 to 65536.
    output : {"image", "indices"}, default="image"
        Result of `transform`: images of the input's dtype and shape, or indices of palette rows.
    space, value_range, dither, dither_method, dither_space, effort, alpha, threads
        As in `fastkq.compress`.

    Attributes
    ----------
    palette_ : (min(n_colors, distinct colors), C)
        The palette, of the dtype of the images.

    Examples
    --------
    >>> import numpy as np
    >>> from fastkq.estimator import ColorQuantizer
    >>> stack = np.random.default_rng(0).integers(0, 256, (10, 32, 32, 3), dtype=np.uint8)
    >>> quantizer = ColorQuantizer(n_colors=8).fit(stack)
    >>> quantizer.transform(stack).shape, quantizer.palette_.shape
    ((10, 32, 32, 3), (8, 3))
    """

    def __init__(
        self,
        n_colors: int = 64,
        *,
        output: Output = "image",
        space: Space = "rgb",
        value_range: tuple[float, float] | None = None,
        dither: bool | float = False,
        dither_method: DitherMethod = "diffusion",
        dither_space: DitherSpace | None = None,
        effort: Effort = "balanced",
        alpha: bool | None = None,
        threads: int | None = None,
    ) -> None:
        self.n_colors = n_colors
        self.output = output
        self.space = space
        self.value_range = value_range
        self.dither = dither
        self.dither_method = dither_method
        self.dither_space = dither_space
        self.effort = effort
        self.alpha = alpha
        self.threads = threads

    def fit(self, X: Any, y: Any = None) -> ColorQuantizer:
        """Fit one palette to an image or to several images together.

        Parameters
        ----------
        X : image or several images
            An iterable is read once, one image in memory at a time.
        y
            Ignored.

        Returns
        -------
        ColorQuantizer
            The estimator itself.

        Raises
        ------
        ArgumentError, ArgumentTypeError, FormatError, OSError
            As in `fastkq.compress`.
        """
        Choice(get_args(Output)).check("output", self.output)
        colors = K.check("n_colors", self.n_colors)
        check_dithering(check_arguments(**self._dithering()), _KIND_TO_CHECK)
        self.palette_ = palettes.fit_palette(
            iter(X) if _is_several(X) else X,
            colors,
            space=self.space,
            value_range=self.value_range,
            effort=self.effort,
            alpha=self.alpha,
            threads=self.threads,
        )
        return self

    def transform(self, X: Any) -> Any:
        """Map the pixels of an image or of several images to the palette.

        Parameters
        ----------
        X : image or several images

        Returns
        -------
        array or list of arrays
            One array for an image or a stack, a list for other iterables: images of the input's shape and
            dtype, or indices without the axis of channels, of uint8 up to 256 colors, else of uint16.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ArgumentError, ArgumentTypeError, FormatError, OSError
            When an input is no image, or its dtype or number of channels is not that of the palette.
        """
        check_is_fitted(self)
        if not _is_several(X):
            return self._map(X)
        reduced = [self._map(image) for image in X]
        return np.stack(reduced) if reduced and _is_stack(X) else reduced

    def fit_transform(self, X: Any, y: Any = None) -> Any:
        """Call `fit`, then `transform`; the images of an iterator are all kept in memory."""
        images = list(X) if isinstance(X, Iterator) and _is_several(X) else X
        return self.fit(images).transform(images)

    def set_output(self, *, transform: Any = None) -> ColorQuantizer:
        """Do nothing: pipelines call this for every step, but images are not tables."""
        return self

    def _dithering(self) -> dict[str, Any]:
        names = ("dither", "dither_method", "dither_space")
        return {name: getattr(self, name) for name in names}

    def _map(self, image: Any) -> npt.NDArray[Any]:
        given = read_input(image, alpha=self.alpha)
        expected = ImageKind(self.palette_.dtype, self.palette_.shape[1], given.is_plain)
        if given.kind.joined(expected) != expected:
            raise ArgumentError(f"expected an image as those that were fitted, {expected}, got {given.kind}")
        compressed = palettes.apply_palette(
            given, self.palette_, space=self.space, value_range=self.value_range, threads=self.threads,
            **self._dithering(),
        )  # fmt: skip
        return compressed.indices if self.output == "indices" else compressed.decompress(threads=self.threads)


ColorQuantizer.__module__ = "fastkq.estimator"  # pickles name the public module


def _is_stack(images: Any) -> bool:
    """Return whether this is one array that holds several images of one shape."""
    if not isinstance(images, np.ndarray):
        return False
    return images.ndim == 4 or (images.ndim == 3 and images.shape[2] > _MAX_CHANNELS)


def _is_several(images: Any) -> bool:
    if isinstance(images, np.ndarray):
        return images.dtype == object or _is_stack(images)
    return isinstance(images, Iterable) and not is_file(images)
