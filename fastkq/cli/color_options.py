"""What the command is told about colours, in the terms of the image."""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastkq.api.load import load
from fastkq.api.options import check_weights
from fastkq.errors import ArgumentError

_SHOWN = 4


class Files(NamedTuple):
    """What the files that stand for colours hold, whichever image it is for.

    Attributes
    ----------
    palette : (k, C) or None
    weights : (H, W) float64 or None
    """

    palette: npt.NDArray[Any] | None
    weights: npt.NDArray[np.float64] | None

    @classmethod
    def read(cls, options: argparse.Namespace) -> "Files":
        """Those that `options` names, before any work."""
        palette = None if options.palette is None else load(options.palette).palette
        return cls(palette, _weights_in(options.weights))


def asked_for(options: argparse.Namespace, files: Files, pixels: npt.NDArray[Any]) -> dict[str, Any]:
    """The arguments of `fastkq.compress` that say which colours, without those that were not given."""
    asked = {
        "k": options.k,
        "target_psnr": options.psnr,
        "target_bytes": options.bytes,
        "palette": _palette_for(pixels, files.palette, str(options.palette)),
        "fixed": _fixed(options.fixed, pixels),
        "weights": files.weights,
        "max_error": options.max_error,
        "min_share": options.min_share or None,
        **appearance_in(options),
    }
    return {name: value for name, value in asked.items() if value is not None}


def appearance_in(options: argparse.Namespace) -> dict[str, Any]:
    """Those of the arguments that `add_appearance` adds."""
    asked = {
        "space": None if options.space == "rgb" else options.space,
        "dither": options.dither or None,
        "dither_method": options.dither_method if options.dither else None,
        "preset": options.preset,
    }
    return {name: value for name, value in asked.items() if value is not None}


def _fixed(colours: list[tuple[int, ...]] | None, pixels: npt.NDArray[Any]) -> npt.NDArray[Any] | None:
    if colours is None:
        return None
    opaque = [(*colour, 255)[:4] for colour in colours]
    return _as_in(np.array(opaque, np.uint8), pixels, "--fixed")


def _palette_for(
    pixels: npt.NDArray[Any], rows: npt.NDArray[Any] | None, name: str
) -> npt.NDArray[Any] | None:
    if rows is None:
        return None
    if rows.dtype != np.uint8 or rows.shape[1] not in (1, 3, 4) or pixels.dtype.kind != "u":
        return rows
    shades = np.repeat(rows, 3, axis=1) if rows.shape[1] == 1 else rows
    opaque = np.column_stack((shades, np.full(len(rows), 255, np.uint8)))[:, :4]
    return _as_in(opaque, pixels, name)


def _as_in(rows: npt.NDArray[np.uint8], pixels: npt.NDArray[Any], name: str) -> npt.NDArray[Any]:
    """Colours R, G, B, alpha (k, 4) of 8 bits as those of an image."""
    channels = 1 if pixels.ndim == 2 else pixels.shape[2]
    is_gray, is_opaque = (rows[:, :3] == rows[:, :1]).all(), (rows[:, 3] == 255).all()
    wants_gray, wants_opaque = channels < 3, channels in (1, 3)
    if channels > 4 or (wants_gray and not is_gray) or (wants_opaque and not is_opaque):
        kinds = {1: "gray", 2: "gray with alpha", 3: "opaque"}
        raise ArgumentError(
            f"expected {name} to be {kinds.get(channels, 'of up to 4 channels')} as the image, "
            f"got {rows[:_SHOWN].tolist()}{' and more' if len(rows) > _SHOWN else ''} (R, G, B, alpha)"
        )
    kept = rows[:, {1: [0], 2: [0, 3], 3: [0, 1, 2], 4: [0, 1, 2, 3]}[channels]]
    return kept.astype(np.uint16) * np.uint16(257) if pixels.dtype == np.uint16 else kept


def _weights_in(path: Path | None) -> npt.NDArray[np.float64] | None:
    """The lightness of a picture; of one with colours, the mean of R, G and B."""
    if path is None:
        return None
    from fastkq.api.inputs import read_input

    mask = read_input(path).pixels
    lightness = mask if mask.ndim == 2 else mask[:, :, :3].astype(np.float64).mean(axis=2)
    return check_weights(lightness, lightness.shape)
