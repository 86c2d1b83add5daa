"""Check the arguments of fits and mappings against the image before any work is done for it."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from fastkq import formats
from fastkq.api.given_colors import GivenColors
from fastkq.api.targets import TargetFile
from fastkq.color.kinds import GRAY_WITH_ALPHA, ImageKind, working_palette
from fastkq.color.lattice import Lattice
from fastkq.color.value_range import ValueRange
from fastkq.errors import ArgumentError, ArgumentTypeError, for_parameter
from fastkq.formats.fkq.packed import check_meaning
from fastkq.quantization.options import Dithering, FitOptions
from fastkq.runtime.options import DEFAULT_K, OPTIONS, K, Range, Space, check_conflicts, check_option, term
from fastkq.runtime.validation import check_range_of_values, check_threads


def check_arguments(**values: Any) -> dict[str, Any]:
    """Return all options of `fastkq.runtime.options.OPTIONS`, checked as far as no image is needed.

    `threads` is a number. `k` is None only if a target or a palette decides it. `palette` and `fixed` are
    None or GivenColors.
    """
    checked = {name: check_option(name, value) for name, value in values.items()}
    check_conflicts(checked)
    options = {name: option.default for name, option in OPTIONS.items()} | checked
    options["threads"] = check_threads(options["threads"])
    for name in ("palette", "fixed"):
        options[name] = GivenColors.read(options[name], name)
    if all(options[name] is None for name in ("k", "target_psnr", "target_bytes", "palette")):
        options["k"] = DEFAULT_K
    return options


def common_kind(options: Mapping[str, Any], kind: ImageKind) -> ImageKind:
    """Return the kind that images of a kind get so that they can have the colors `palette` or `fixed`."""
    given = options.get("palette") or options.get("fixed")
    return kind if given is None or given.is_empty else given.common_kind(kind)


def check_fixed(fixed: GivenColors | None, kind: ImageKind, k: int | None) -> npt.NDArray[Any] | None:
    """Return the fixed colors (f, C) in their working form, or None; they must differ, and f be at most k."""
    if fixed is None or fixed.is_empty:
        return None
    array = fixed.rows(kind)
    if len(np.unique(array, axis=0)) < len(array):
        raise ArgumentError("expected {} colors that differ, got {}", term("fixed"), array.tolist())
    if k is not None and len(array) > k:
        message = "expected {} to be at least {}, the number of {} colors, got {}"
        raise ArgumentError(message, term("k"), len(array), term("fixed"), k, parameter="fixed")
    return working_palette(array, kind.is_plain)


def check_lattice(bits: Any, binary_alpha: bool, kind: ImageKind) -> Lattice | None:
    """Return the lattice of colors with few bits per channel, in the working form, or None.

    Parameters
    ----------
    bits : int, sequence of int or None
        Bits of all color channels, or of each channel; alpha may be left out.
    binary_alpha : bool
        Whether alpha has one bit, if the images have alpha.
    kind : ImageKind

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If the numbers are not those of the channels, or are out of range.
    """
    alpha, depth = int(kind.has_alpha), 8 * kind.dtype.itemsize
    if bits is None and not (binary_alpha and alpha):
        return None
    if kind.dtype not in (np.uint8, np.uint16):
        raise ArgumentError("expected an image of uint8 or uint16 with {}, got {}", term("bits"), kind)
    colors = kind.channels - alpha
    if bits is None:
        numbers = [depth] * colors
    elif isinstance(bits, Iterable) and getattr(bits, "ndim", 1) > 0:
        numbers = [Range(int, 1, depth).check("bits", number) for number in bits]
    else:
        numbers = [Range(int, 1, depth).check("bits", bits)] * colors
    if len(numbers) not in (colors, colors + alpha):
        expected = f"{colors} or {colors + 1}" if alpha else f"{colors}"
        message = "expected {} to have {} numbers for images of {}, got {}"
        raise ArgumentError(message, term("bits"), expected, kind, len(numbers))
    numbers += [depth] * (kind.channels - len(numbers))
    if binary_alpha and alpha:
        numbers[-1] = 1
    if min(numbers) == depth:
        return None
    if kind.is_plain:
        numbers.append(depth)  # the zeros of the working form
    if kind == ImageKind(np.dtype(np.uint8), GRAY_WITH_ALPHA):
        numbers = [numbers[0]] * 3 + numbers[1:]
    return Lattice(tuple(numbers), kind.dtype)


def check_fit(options: Mapping[str, Any], kind: ImageKind) -> FitOptions:
    """Return the checked options that determine a palette, except k."""
    return FitOptions(
        check_fixed(options["fixed"], kind, options["k"]),
        options["max_error"],
        options["min_share"],
        check_lattice(options["bits"], options["binary_alpha"], kind),
        options["keep_black_white"] and not kind.is_plain,
        check_space(options["space"], kind, options["value_range"]),
        check_value_range(options["value_range"], kind),
        options["effort"],
        options["threads"],
    )


def check_dithering(options: Mapping[str, Any], kind: ImageKind) -> Dithering:
    """Return the checked options of dithering."""
    strength, method, space = options["dither"], options["dither_method"], options["dither_space"]
    if strength == 0:
        return Dithering(strength, method)
    if kind.is_plain or kind.channels - kind.has_alpha not in (1, 3):
        message = f"expected gray or RGB, with or without alpha, to dither, got {kind}"
        raise ArgumentError(message, parameter="dither")
    value_range = check_value_range(options["value_range"], kind) if kind.dtype != np.bool_ else None
    if value_range is None and kind.dtype != np.bool_:
        message = "expected {}, the values of black and white, to dither {}, got none"
        raise ArgumentError(message, term("value_range"), kind.dtype, parameter="value_range")
    if kind.dtype == np.bool_:
        return Dithering(strength, method)
    return Dithering(strength, method, space or options["space"], value_range)


def check_space(space: Space, kind: ImageKind, value_range: Any) -> Space:
    """Return the color space in which distances are measured."""
    if space != "oklab":
        return space
    if kind.dtype == np.bool_ or kind.is_plain or kind.channels - kind.has_alpha not in (1, 3):
        message = f"expected gray or RGB, with or without alpha, for oklab, got {kind}"
        raise ArgumentError(message, parameter="space")
    if value_range is None and ValueRange.of(kind.dtype) is None:
        message = "expected {}, the values of black and white, with oklab for {}, got none"
        raise ArgumentError(message, term("value_range"), kind.dtype, parameter="value_range")
    return space


def check_value_range(value_range: Any, kind: ImageKind) -> ValueRange | None:
    """Return the values of black and white; None if none are given and the dtype has none.

    Raises
    ------
    ArgumentError, ArgumentTypeError
        If they are not two different finite numbers, or for images of bool or uint8 not those of the dtype.
    """
    numbers = check_range_of_values(value_range)
    if numbers is None:
        return ValueRange.of(kind.dtype)
    checked = ValueRange(*numbers)
    if kind.dtype in (np.bool_, np.uint8) and checked != ValueRange.of(kind.dtype):
        message = "expected {} only for more than 8 bits, got {} for {}"
        raise ArgumentError(message, term("value_range"), value_range, kind)
    return checked


def check_8bit(name: str, purpose: str, kind: ImageKind) -> None:
    """Check that images are of uint8 with at most 4 channels, as the parameter `name` needs."""
    if kind.is_plain:
        raise ArgumentError(
            f"expected an image of gray or RGB, with or without alpha, {purpose}, got {kind}", parameter=name
        )
    if kind.dtype != np.uint8 or kind.channels > 4:
        raise ArgumentError(
            f"expected an image of uint8 with at most 4 channels {purpose}, got {kind}", parameter=name
        )


def check_target_file(options: Mapping[str, Any], kind: ImageKind, *, is_masked: bool = False) -> TargetFile:
    """Return the file whose size `target_bytes` bounds, if its format can hold images of this kind."""
    names = ("target_bytes", "format", "coding", "optimize", "threads")
    file = TargetFile(*map(options.__getitem__, names))
    suffix = f".{file.format}"
    with for_parameter("format"):
        formats.check_target(f"image{suffix}", optimize=file.optimize)
        formats.check_values(suffix, *kind)
    if file.format == "fkq" and file.coding == "packed":
        check_meaning(is_plain=kind.is_plain, is_masked=is_masked)
    return file


def check_ks(ks: Iterable[int]) -> list[int]:
    """Return numbers of colors as a list of at least one int."""
    if not isinstance(ks, Iterable):
        raise ArgumentTypeError(f"expected ks to be a list of integers, got {ks!r}", parameter="ks")
    with for_parameter("ks"):
        checked = [K.check("k", k) for k in ks]
    if not checked:
        raise ArgumentError("expected at least one k, got none", parameter="ks")
    return checked
