"""What does not go together on the command line, whichever the images are."""

import argparse

from fastkq.errors import ArgumentError

_APART = {
    "--palette": (
        "-k", "--psnr", "--bytes", "--fixed", "--weights", "--max-error", "--min-share", "--preset",
        "--effort",
    ),
    "--psnr": ("-k", "--bytes", "--max-error", "--dither"),
    "--bytes": ("-k", "--max-error"),
    "--preset": ("--psnr", "--bytes", "--fixed", "--weights", "--max-error", "--dither", "--space"),
}  # fmt: skip
_NEEDED = {"--min-share": "--max-error", "--dither-method": "--dither"}


def check_options(options: argparse.Namespace) -> None:
    """Refuse options of `compress` that exclude each other, or that have no effect beside another.

    Raises
    ------
    ArgumentError
        It names them as they stand on the command line.
    """
    given = _given(options)
    for name, others in _APART.items():
        for other in others:
            if {name, other} <= given:
                raise ArgumentError(f"expected {name} without {other}, got both")
    for name, needed in _NEEDED.items():
        if name in given and needed not in given:
            raise ArgumentError(f"expected {needed} with {name}, which is for it, got {name} alone")
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


def _check_fixed(options: argparse.Namespace) -> None:
    colours = [(*colour, 255)[:4] for colour in options.fixed or ()]
    for place, colour in enumerate(colours):
        if colour in colours[:place]:
            raise ArgumentError(f"expected --fixed colours that differ, got {colour} twice (R, G, B, alpha)")
    if options.k is not None and len(colours) > options.k:
        raise ArgumentError(f"expected at most as many --fixed as -k, got {len(colours)} and -k {options.k}")
