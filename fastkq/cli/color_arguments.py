"""Color options of the command: files and colors as arguments of `fastkq.compress`."""

import argparse
from pathlib import Path
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
    """Contents of the files given by ``--palette`` and ``--weights``, the same for all input images.

    Attributes
    ----------
    palette : GivenColors or None
        Colors of ``--palette``.
    weights : (H, W) float64 or None
        Weight of each pixel, from the ``--weights`` image.
    """

    palette: GivenColors | None
    weights: npt.NDArray[np.float64] | None

    @classmethod
    def read(cls, options: argparse.Namespace) -> "ColorFiles":
        """Read the files that `options` names; called before any work."""
        palette = GivenColors.read(options.palette, "palette")
        return cls(palette, None if options.weights is None else _read_weights(options.weights))


def color_arguments(options: argparse.Namespace, files: ColorFiles) -> dict[str, Any]:
    """Return the given arguments of `fastkq.compress` that choose the colors."""
    chosen = given(table_options(options)) | {
        "palette": files.palette,
        "fixed": GivenColors.read(options.fixed, "fixed"),
        "weights": files.weights,
    }
    return {
        name: value for name, value in chosen.items() if value is not None and OPTIONS[name].chooses_colors
    }


def check_fixed_colors(options: argparse.Namespace) -> None:
    """Check ``--fixed`` before any image is read."""
    check_fixed(GivenColors.read(options.fixed, "fixed"), ImageKind(np.dtype(np.uint8), RGBA), options.k)


def _read_weights(path: Path) -> npt.NDArray[np.float64] | None:
    """Read the weights (H, W) of the pixels from an image: its gray value, or the mean of R, G and B."""
    from fastkq.api.inputs import read_input

    mask = read_input(path).pixels
    lightness = mask if mask.ndim == 2 else mask[:, :, :3].astype(np.float64).mean(axis=2)
    return check_weights(lightness, lightness.shape)
