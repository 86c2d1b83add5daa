"""What does not go together on the command line, whichever the images are."""

import argparse
from collections.abc import Iterable

from fastkq.errors import ArgumentError


def check_options(options: argparse.Namespace) -> None:
    """Refuse options of `compress` that exclude each other, or that have no effect beside another.

    Raises
    ------
    ArgumentError
        It names them as they stand on the command line.
    """
    given = _given(options)
    target = next((name for name in ("--psnr", "--bytes") if name in given), None)
    if "--palette" in given:
        colours = ("-k", "--psnr", "--bytes", "--fixed", "--weights", "--max-error")
        _alone("--palette", given, (*colours, "--min-share", "--preset", "--effort"))
    if target:
        _alone(target, given, ("-k", "--bytes" if target == "--psnr" else "--psnr", "--max-error"))
    if "--psnr" in given:
        _alone("--psnr", given, ("--dither",), "; what is dithered looks better at a lower PSNR")
    if "--preset" in given:
        _alone("--preset", given, ("--psnr", "--bytes", "--fixed", "--weights", "--max-error"))
        _alone("--preset", given, ("--dither", "--space"))
    for name, other in (("--min-share", "--max-error"), ("--dither-method", "--dither")):
        if name in given and other not in given:
            raise ArgumentError(f"expected {other} with {name}, which is for it, got {name} alone")
    _check_fixed(options)


def _given(options: argparse.Namespace) -> set[str]:
    """The options that ask for something else than what is done without them."""
    values = {
        "-k": options.k is not None,
        "--psnr": options.psnr is not None,
        "--bytes": options.bytes is not None,
        "--palette": options.palette is not None,
        "--fixed": options.fixed is not None,
        "--weights": options.weights is not None,
        "--max-error": options.max_error is not None,
        "--min-share": options.min_share > 0,
        "--dither": options.dither > 0,
        "--dither-method": options.dither_method != "diffusion",
        "--space": options.space != "rgb",
        "--preset": options.preset is not None,
        "--effort": options.effort != "balanced",
    }
    return {name for name, is_given in values.items() if is_given}


def _alone(name: str, given: set[str], others: Iterable[str], why: str = "") -> None:
    for other in others:
        if other in given:
            raise ArgumentError(f"expected {name} without {other}, got both{why}")


def _check_fixed(options: argparse.Namespace) -> None:
    colours = [(*colour, 255)[:4] for colour in options.fixed or ()]
    for place, colour in enumerate(colours):
        if colour in colours[:place]:
            raise ArgumentError(f"expected --fixed colours that differ, got {colour} twice (R, G, B, alpha)")
    if options.k is not None and len(colours) > options.k:
        raise ArgumentError(f"expected at most as many --fixed as -k, got {len(colours)} and -k {options.k}")
