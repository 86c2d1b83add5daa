"""What a word on the command line stands for; each refuses others with what it expected."""

import argparse
import math


def positive(text: str) -> int:
    """An integer of at least 1."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected an integer of at least 1, got {text!r}")
    return number


def colours(text: str) -> int:
    """A number of colours, 1 to 65536."""
    from fastkq.runtime.validation import check_k

    try:
        return check_k(int(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected an integer from 1 to 65536, got {text!r}") from None


def strength(text: str) -> float:
    """Of dithering."""
    number = _number(text)
    if number is None:
        raise argparse.ArgumentTypeError(
            f"expected a strength from 0 to 1 or nothing, got {text!r}: IN stands before --dither"
        )
    if not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a strength from 0 to 1 or nothing, got {text!r}")
    return number


def share(text: str) -> float:
    """Of the pixels."""
    number = _number(text)
    if number is None or not 0 <= number <= 1:
        raise argparse.ArgumentTypeError(f"expected a number from 0 to 1, got {text!r}")
    return number


def finite(text: str) -> float:
    """A number of at least 0 and below infinity."""
    number = _number(text)
    if number is None or not 0 <= number < math.inf:
        raise argparse.ArgumentTypeError(f"expected a finite number of at least 0, got {text!r}")
    return number


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def colour(text: str) -> tuple[int, ...]:
    """As CSS names or writes it, of R, G, B and maybe alpha."""
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"expected a colour as '#ff8000', '#ff8000ff' or 'orange', got {text!r}"
        ) from None


def region(text: str) -> tuple[int, ...]:
    """Top, left, height and width."""
    try:
        numbers = tuple(map(int, text.split(",")))
    except ValueError:
        numbers = ()
    if len(numbers) != 4:
        raise argparse.ArgumentTypeError(f"expected four integers and commas between them, got {text!r}")
    return numbers


def list_of_colours(text: str) -> list[int]:
    """Numbers of colours and commas between them."""
    return [colours(part) for part in text.split(",")]
