"""Color options of the command, converted to the dtype and channels of an image."""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.api.load import load
from fastkq.api.options import check_fixed, check_weights
from fastkq.cli.shared_options import table_options
from fastkq.color.kinds import ImageKind
from fastkq.errors import ArgumentError
from fastkq.runtime.options import OPTIONS, given

_MAX_LISTED = 4  # colors listed in an error message, at most


class ColorFiles(NamedTuple):
    """Contents of the files given by ``--palette`` and ``--weights``, the same for all input images.

    Attributes
    ----------
    palette : (k, C) or None
        Palette of the ``--palette`` file, in that file's dtype.
    weights : (H, W) float64 or None
        Weight of each pixel, from the ``--weights`` image.
    """

    palette: npt.NDArray[Any] | None
    weights: npt.NDArray[np.float64] | None

    @classmethod
    def read(cls, options: argparse.Namespace) -> "ColorFiles":
        """Read the files that `options` names; called before any work."""
        palette = None if options.palette is None else load(options.palette).palette
        return cls(palette, None if options.weights is None else _read_weights(options.weights))


def color_arguments(
    options: argparse.Namespace, files: ColorFiles, pixels: npt.NDArray[Any]
) -> dict[str, Any]:
    """Return the given arguments of `fastkq.compress` that choose the colors.

    Parameters
    ----------
    options : argparse.Namespace
        Options of ``fastkq compress``.
    files : ColorFiles
    pixels : (H, W) or (H, W, C)
        The image: palette and fixed colors are converted to its dtype and channels.

    Raises
    ------
    ArgumentError
        When a color needs channels that the image does not have.
    """
    chosen = given(table_options(options))
    arguments = {name: value for name, value in chosen.items() if OPTIONS[name].chooses_colors}
    if files.palette is not None:
        arguments["palette"] = _palette_for(pixels, files.palette, str(options.palette))
    if options.fixed is not None:
        arguments["fixed"] = _converted(_rgba(options.fixed), pixels, "--fixed")
    if files.weights is not None:
        arguments["weights"] = files.weights
    return arguments


def check_fixed_colors(options: argparse.Namespace) -> None:
    """Check ``--fixed`` before any image is read."""
    if options.fixed is not None:
        check_fixed(_rgba(options.fixed), ImageKind(np.dtype(np.uint8), 4), options.k)


def _rgba(colors: list[tuple[int, ...]]) -> npt.NDArray[np.uint8]:
    return np.array([(*color, 255)[:4] for color in colors], np.uint8)


def _palette_for(pixels: npt.NDArray[Any], rows: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    if rows.dtype != np.uint8 or rows.shape[1] not in (1, 3, 4) or pixels.dtype.kind != "u":
        return rows
    shades = np.repeat(rows, 3, axis=1) if rows.shape[1] == 1 else rows
    opaque = np.column_stack((shades, np.full(len(rows), 255, np.uint8)))[:, :4]
    return _converted(opaque, pixels, name)


def _converted(rows: npt.NDArray[np.uint8], pixels: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Convert uint8 RGBA colors (k, 4) to the dtype and channels of an image."""
    channels = ImageKind.of(pixels).channels
    is_gray, is_opaque = (rows[:, :3] == rows[:, :1]).all(), (rows[:, 3] == 255).all()
    needs_gray, needs_opaque = channels < 3, channels in (1, 3)
    if channels > 4 or (needs_gray and not is_gray) or (needs_opaque and not is_opaque):
        kinds = {1: "gray", 2: "gray with alpha", 3: "opaque"}
        raise ArgumentError(
            f"expected {name} to be {kinds.get(channels, 'of up to 4 channels')} as the image, "
            f"got {rows[:_MAX_LISTED].tolist()}{' and more' if len(rows) > _MAX_LISTED else ''} "
            "(R, G, B, alpha)"
        )
    kept = rows[:, {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]]
    return kept.astype(np.uint16) * np.uint16(257) if pixels.dtype == np.uint16 else kept


def _read_weights(path: Path) -> npt.NDArray[np.float64] | None:
    """Read the weights (H, W) of the pixels from an image: its gray value, or the mean of R, G and B."""
    from fastkq.api.inputs import read_input

    mask = read_input(path).pixels
    lightness = mask if mask.ndim == 2 else mask[:, :, :3].astype(np.float64).mean(axis=2)
    return check_weights(lightness, lightness.shape)
