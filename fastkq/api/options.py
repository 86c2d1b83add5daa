"""Check the arguments of fits and mappings against the image before any work is done."""

import math
import numbers
from collections.abc import Iterable, Sized
from typing import Any, Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from fastkq.color.kinds import ImageKind, working_palette
from fastkq.color.spaces import Space
from fastkq.errors import ArgumentError, ArgumentTypeError
from fastkq.quantization.options import Dithering, DitherMethod, FitOptions
from fastkq.runtime.validation import Effort, check_k, check_palette, check_positive, check_word

Preset = Literal["visual"]
DEFAULT_K = 64
_MAX_WEIGHT = 1e100  # weights must be below this


def check_palette_of(palette: npt.ArrayLike, kind: ImageKind, name: str = "palette") -> npt.NDArray[Any]:
    """Return a palette (k, C) for images of a kind as an array.

    Parameters
    ----------
    palette : (k, C) array_like
        Lists take the dtype of the images if it can hold their values.
    kind : ImageKind
    name : str
        Name of the argument in messages.

    Raises
    ------
    ArgumentError
        If the dtype or the number of channels is not that of the images.
    """
    try:
        array = np.asarray(palette)
    except ValueError:
        raise ArgumentError(
            f"expected {name} to be (k, {kind.channels}), got rows of unequal length"
        ) from None
    if array.dtype != kind.dtype and not isinstance(palette, np.ndarray | np.generic):
        array = _cast(array, kind, name)
    if array.dtype != kind.dtype or array.ndim != 2 or array.shape[1:] != (kind.channels,):
        raise ArgumentError(
            f"expected {name} to be (k, {kind.channels}) of {kind.dtype} as the image, "
            f"got {array.shape} of {array.dtype}"
        )
    return check_palette(array)


def _cast(array: npt.NDArray[Any], kind: ImageKind, name: str) -> npt.NDArray[Any]:
    """Convert the numbers of a list to the dtype of the image, which must be able to hold them."""
    try:
        with np.errstate(invalid="ignore", over="ignore"):
            cast_array = array.astype(kind.dtype)
            same = np.array_equal(cast_array, array) or (
                kind.dtype.kind == "f" and bool(np.isfinite(cast_array).all())
            )
    except (TypeError, ValueError, OverflowError):
        same = False
    if not same:
        raise ArgumentError(
            f"expected {name} to hold values of {kind.dtype} as the image, got {array.tolist()}"
        )
    return cast_array


def check_fixed(fixed: npt.ArrayLike | None, kind: ImageKind, k: int | None) -> npt.NDArray[Any] | None:
    """Return the fixed colors (f, C) in their working form, or None; they must differ, and f be at most k."""
    if fixed is None or (isinstance(fixed, Sized) and len(fixed) == 0):
        return None
    array = check_palette_of(fixed, kind, "fixed")
    if len(np.unique(array, axis=0)) < len(array):
        raise ArgumentError(f"expected fixed colors that differ, got {array.tolist()}")
    if k is not None and len(array) > k:
        raise ArgumentError(f"expected at most k = {k} fixed colors, got {len(array)}")
    return working_palette(array)


def check_weights(weights: npt.ArrayLike | None, shape: tuple[int, ...]) -> npt.NDArray[np.float64] | None:
    """Return weights (H, W) as float64, or None; they must be finite, at least 0 and not all 0."""
    if weights is None:
        return None
    array = np.asarray(weights)
    if array.dtype.kind not in "buif":
        raise ArgumentTypeError(f"expected weights to be numbers, got {array.dtype}")
    if array.shape != shape[:2]:
        raise ArgumentError(f"expected weights of shape {shape[:2]} as the image, got {array.shape}")
    array = np.ascontiguousarray(array, np.float64)
    if not (np.isfinite(array).all() and array.max() < _MAX_WEIGHT):
        raise ArgumentError(f"expected finite weights below {_MAX_WEIGHT:g}, got {array.max()}")
    if array.min() < 0:
        raise ArgumentError(f"expected weights of at least 0, got {array.min()}")
    if not array.max() > 0:
        raise ArgumentError("expected weights that are not all 0, got only zeros")
    return array


def check_fit(
    kind: ImageKind,
    k: int | None,
    *,
    fixed: npt.ArrayLike | None,
    max_error: float | None,
    min_share: float,
    space: Space,
    effort: Effort,
    threads: int,
) -> FitOptions:
    """Check all options that determine a palette, except k."""
    if max_error is not None:
        max_error = check_number("max_error", max_error, 0.0, math.inf)
    min_share = check_number("min_share", min_share, 0.0, 1.0)
    if min_share > 0 and max_error is None:
        raise ArgumentError("expected max_error with min_share, got min_share alone")
    space = check_space(space, kind)
    return FitOptions(check_fixed(fixed, kind, k), max_error, min_share, space, effort, threads)


def check_dithering(dither: bool | float, method: DitherMethod, kind: ImageKind) -> Dithering:
    """Return the strength of dithering, 0.0 to 1.0, and its method."""
    strength = check_number("dither", dither, 0.0, 1.0)
    method = cast("DitherMethod", check_word("dither_method", method, get_args(DitherMethod)))
    if strength > 0 and (kind.dtype not in (np.uint8, np.bool_) or kind.channels > 4):
        raise ArgumentError(f"expected an image of uint8 with at most 4 channels to dither, got {kind}")
    return Dithering(strength, method)


def check_number(name: str, value: Any, least: float, most: float) -> float:
    """Return a finite number between two bounds as a float; False and True count as 0 and 1."""
    if not isinstance(value, numbers.Real | np.bool_ | np.number):
        raise ArgumentTypeError(f"expected {name} to be a number, got {value!r}")
    number = float(value)
    bounds = f"at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
    if not (math.isfinite(number) and least <= number <= most):
        raise ArgumentError(f"expected {name} to be {bounds}, got {value!r}")
    return number


def check_number_of_colors(k: Any, targets: dict[str, Any]) -> int | None:
    """Return k, or None if one of the targets decides it."""
    given = [name for name, value in targets.items() if value is not None]
    if len(given) > 1:
        raise ArgumentError(f"expected one of {' and '.join(given)}, got both")
    if given and k is not None:
        raise ArgumentError(f"expected k=None with {given[0]}, which decides it, got k = {k}")
    return None if given else check_k(DEFAULT_K if k is None else k)


def check_targets(target_psnr: Any, target_bytes: Any, dithering: Dithering, max_error: Any) -> None:
    """Check type, range and conflicts of the targets; only the fit shows whether they can be reached."""
    if max_error is not None and not (target_psnr is None and target_bytes is None):
        raise ArgumentError(
            "expected max_error with k, or a target without max_error, got max_error and a target"
        )
    if target_psnr is not None:
        check_number("target_psnr", target_psnr, 0.0, math.inf)
        if dithering.strength > 0:
            raise ArgumentError("expected no dithering with target_psnr, got some: it lowers the PSNR")
    if target_bytes is not None:
        check_positive("target_bytes", target_bytes)


def check_alone(what: str, others: dict[str, Any]) -> None:
    """Raise ArgumentError if an argument is given that has no meaning together with `what`."""
    given = [name for name, value in others.items() if value is not None]
    if given:
        raise ArgumentError(f"expected {what} alone, got {given[0]} as well")


def check_space(space: Any, kind: ImageKind) -> Space:
    """Return the name of the color space in which distances are measured."""
    word = cast("Space", check_word("space", space, get_args(Space)))
    if word == "oklab" and (kind.dtype != np.uint8 or kind.channels > 4):
        raise ArgumentError(f"expected an image of uint8 with at most 4 channels for oklab, got {kind}")
    return word


def check_preset(preset: Any, kind: ImageKind) -> Preset | None:
    """Return the name of the preset, or None."""
    if preset is None:
        return None
    word = cast("Preset", check_word("preset", preset, get_args(Preset)))
    if kind.dtype != np.uint8 or kind.channels > 4:
        raise ArgumentError(f"expected an image of uint8 with at most 4 channels for a preset, got {kind}")
    return word


def check_ks(ks: Iterable[int]) -> list[int]:
    """Return numbers of colors as a list of at least one int."""
    if not isinstance(ks, Iterable):
        raise ArgumentTypeError(f"expected ks to be a list of integers, got {ks!r}")
    checked = [check_k(k) for k in ks]
    if not checked:
        raise ArgumentError("expected at least one k, got none")
    return checked
