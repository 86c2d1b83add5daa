"""Color options of the command: files and colors as arguments of `fastkq.compress`."""

import argparse
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.api.given_colors import GivenColors
from fastkq.api.options import check_fixed
from fastkq.cli.shared_options import table_options
from fastkq.color.kinds import RGBA, ImageKind
from fastkq.runtime.options import OPTIONS, given
from fastkq.runtime.validation import check_weights


class ColorFiles(NamedTuple):
    """Contents of the files given by ``--palette``, ``--weights`` and ``--mask``, the same for all inputs.

    Attributes
    ----------
    palette : GivenColors or None
        Colors of ``--palette``.
    weights : (H, W) float64 or None
        Weight of each pixel, from the ``--weights`` image.
    mask : (H, W) bool or None
        True for pixels that do not count, where the ``--mask`` image is not black.
    """

    palette: GivenColors | None
    weights: npt.NDArray[np.float64] | None
    mask: npt.NDArray[np.bool_] | None

    @classmethod
    def read(cls, options: argparse.Namespace) -> "ColorFiles":
        """Read the files that `options` names; called before any work."""
        palette = GivenColors.read(options.palette, "palette")
        weights, mask = options.weights, options.mask
        return cls(
            palette,
            None if weights is None else _read_weights(weights),
            None if mask is None else np.asarray(_read_values(mask).any(axis=2)),
        )


def color_arguments(options: argparse.Namespace, files: ColorFiles) -> dict[str, Any]:
    """Return the given arguments of `fastkq.compress` that choose the colors."""
    chosen = given(table_options(options)) | {
        "palette": files.palette,
        "fixed": GivenColors.read(options.fixed, "fixed"),
        "weights": files.weights,
        "mask": files.mask,
    }
    return {
        name: value for name, value in chosen.items() if value is not None and OPTIONS[name].chooses_colors
    }


def check_fixed_colors(options: argparse.Namespace) -> None:
    """Check ``--fixed`` before any image is read."""
    check_fixed(GivenColors.read(options.fixed, "fixed"), ImageKind(np.dtype(np.uint8), RGBA), options.k)


def _read_weights(name: str) -> npt.NDArray[np.float64] | None:
    """Read the weights (H, W) of the pixels from an image: its gray value, or the mean of R, G and B."""
    lightness = _read_values(name).astype(np.float64).mean(axis=2)
    return check_weights(lightness, lightness.shape)


def _read_values(name: str) -> npt.NDArray[Any]:
    """Read the channels (H, W, C) of an image, without alpha."""
    from fastkq.api.inputs import read_input

    image = read_input(name)
    kind = image.kind
    return image.pixels.reshape(*image.pixels.shape[:2], -1)[:, :, : kind.channels - kind.has_alpha]
