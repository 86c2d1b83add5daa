"""The options of functions and commands in one table: type, range, choices, default, flag and conflicts.

The functions of `fastkq.api` check their arguments by this table, and the command makes its arguments from
it. NumPy is not imported: ``fastkq --help`` would be slower.
"""

import math
import numbers
import operator
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from fastkq.errors import ArgumentError, ArgumentTypeError, Term

Effort = Literal["fast", "balanced", "best"]
Coding = Literal["packed", "context"]
Space = Literal["rgb", "oklab"]
DitherMethod = Literal["diffusion", "atkinson", "blue-noise"]
DitherSpace = Literal["rgb", "linear", "oklab"]
Preset = Literal["visual"]
FileFormat = Literal["fkq", "png", "gif", "webp", "tif", "bmp"]
Depth = Literal[8] | None

MAX_COLORS = 1 << 16  # palette rows: indices are uint8 or uint16
MAX_PIXELS = 1 << 30  # pixels of an image; also the default of `max_pixels` for files
DEFAULT_K = 64


class Range(NamedTuple):
    """Integers or finite floats between two bounds, both inclusive."""

    number_type: type[int] | type[float]
    least: float
    most: float = math.inf
    noun: str = "number"

    def check(self, name: str, value: Any) -> Any:
        """Return the value of a parameter as an int or a float; bools are floats, but not ints."""
        number = check_integer(name, value) if self.number_type is int else _float(name, value)
        if not (self.least <= number <= self.most and number < math.inf):
            bounds = self._bounds("to be at least")
            raise ArgumentError("expected {} {}, got {}", term(name), bounds, value)
        return number

    def parse(self, text: str) -> Any:
        """Return the value of a word of the command line; raises ValueError."""
        return self.check("", self.number_type(text))

    @property
    def description(self) -> str:
        """Description with an indefinite article, such as "an integer of at least 1"."""
        number = f"a {'finite ' * (self.most == math.inf)}{self.noun}"
        return f"{'an integer' if self.number_type is int else number} {self._bounds('of at least')}"

    def _bounds(self, at_least: str) -> str:
        return f"{at_least} {self.least}" if self.most == math.inf else f"from {self.least} to {self.most}"


class Choice(NamedTuple):
    """One of several words."""

    words: tuple[str, ...]

    @classmethod
    def of(cls, literal: Any) -> "Choice":
        """Return the choice of a `Literal` type."""
        return cls(get_args(literal))

    def check(self, name: str, value: Any) -> Any:
        """Return the value of a parameter."""
        if not isinstance(value, str):
            raise ArgumentTypeError("expected {} to be a string, got {!r}", term(name), value)
        if value not in self.words:
            message = "expected {} to be one of {}, got {!r}"
            raise ArgumentError(message, term(name), ", ".join(self.words), value)
        return value


class Boolean(NamedTuple):
    """True or False; numbers are neither."""

    def check(self, name: str, value: Any) -> Any:
        """Return the value of a parameter as a bool."""
        if not isinstance(value, bool) and not _is_numpy_bool(value):
            raise ArgumentTypeError("expected {} to be True or False, got {!r}", term(name), value)
        return bool(value)


class Option(NamedTuple):
    """A parameter of functions and the option of the command for it.

    Attributes
    ----------
    name, flag : str
        Name in Python and on the command line.
    kind : Range, Choice, Boolean or None
        Values that the option can have; None if another function checks them, as `fastkq.api.options` does
        against the image.
    default : object
        An option with this value is not given. If it is None, None is a value in addition to those of `kind`.
    excludes : tuple of str
        Options that cannot be given together with this one.
    needs : str or None
        Option that has to be given together with this one.
    ignored_with, ignored_without : str or None
        Option with or without which this one has no effect. Functions ignore it then, the command refuses it.
    chooses_colors : bool
        Whether the option has an effect on palette or indices other than by the amount of search.
    """

    name: str
    flag: str
    kind: Range | Choice | Boolean | None = None
    default: Any = None
    excludes: tuple[str, ...] = ()
    needs: str | None = None
    ignored_with: str | None = None
    ignored_without: str | None = None
    chooses_colors: bool = True


K = Range(int, 1, MAX_COLORS)
_CONSTRAINTS = ("fixed", "max_error", "bits", "binary_alpha", "keep_black_white")

OPTIONS: Mapping[str, Option] = {
    option.name: option
    for option in (
        Option("k", "-k", K),
        Option(
            "palette",
            "--palette",
            excludes=("target_psnr", "target_bytes", *_CONSTRAINTS, "min_share", "preset"),
        ),
        Option("fixed", "--fixed"),
        Option("bits", "--bits"),
        Option("binary_alpha", "--binary-alpha", Boolean(), False),
        Option("keep_black_white", "--keep-black-white", Boolean(), False),
        Option("weights", "--weights"),
        Option("mask", "--mask"),
        Option("max_error", "--max-error", Range(float, 0)),
        Option("min_share", "--min-share", Range(float, 0, 1), 0.0, needs="max_error"),
        Option(
            "target_psnr", "--psnr", Range(float, 0), excludes=("k", "target_bytes", "max_error", "dither")
        ),
        Option("target_bytes", "--bytes", Range(int, 1), excludes=("k", "max_error")),
        Option("space", "--space", Choice.of(Space), "rgb"),
        Option("value_range", "--value-range"),
        Option("dither", "--dither", Range(float, 0, 1, noun="strength"), 0.0),
        Option(
            "dither_method", "--dither-method", Choice.of(DitherMethod), "diffusion", ignored_without="dither"
        ),
        Option("dither_space", "--dither-space", Choice.of(DitherSpace), None, ignored_without="dither"),
        Option(
            "preset",
            "--preset",
            Choice.of(Preset),
            excludes=("target_psnr", "target_bytes", "weights", *_CONSTRAINTS, "dither", "space"),
        ),
        Option(
            "effort", "--effort", Choice.of(Effort), "balanced", ignored_with="palette", chooses_colors=False
        ),
        Option("coding", "--coding", Choice.of(Coding), "context", chooses_colors=False),
        Option("format", "--format", Choice.of(FileFormat), "fkq", chooses_colors=False),
        Option("optimize", "--optimize", Boolean(), False, chooses_colors=False),
        Option("alpha", "--alpha", Boolean()),
        Option("depth", "--depth", chooses_colors=False),
        Option("max_pixels", "--max-pixels", Range(int, 1), MAX_PIXELS, chooses_colors=False),
        Option("threads", "--threads", Range(int, 1), chooses_colors=False),
    )
}
"""All options by name. Conflicts are reported in this order."""


def term(name: str, value: object = None) -> Term:
    """Return a parameter for a message of an error, with its value if that is not None."""
    flag = OPTIONS[name].flag if name in OPTIONS else name
    if value is None:
        return Term(name, flag, name)
    word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else value
    return Term(f"{name} = {value}", f"{flag} {word}", name)


def check_integer(name: str, value: Any) -> int:
    """Return the value of a parameter as an int."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return operator.index(value)
    except TypeError:
        raise ArgumentTypeError("expected {} to be an integer, got {!r}", term(name), value) from None


def check_option(name: str, value: Any) -> Any:
    """Return the value of an option, converted to its type.

    Raises
    ------
    ArgumentTypeError
        If it has the wrong type.
    ArgumentError
        If it is out of range, or none of the choices.
    """
    option = OPTIONS[name]
    if option.kind is None or (value is None and option.default is None):
        return value
    return option.kind.check(name, value)


def check_conflicts(values: Mapping[str, Any], *, allow_ignored: bool = True) -> None:
    """Check that no option is given with one that it excludes, or without the one that it needs.

    Raises
    ------
    ArgumentError
        If one is, or if `allow_ignored` is False and an option has no effect.
    """
    given_names = given(values).keys()
    if {"palette", "weights"} <= given_names and "k" not in given_names:
        message = "expected {} with {} and {}, got none"
        raise ArgumentError(message, term("k"), term("palette"), term("weights"), parameter="weights")
    for option in map(OPTIONS.__getitem__, given_names):
        conflicts = [(option.name, other) for other in option.excludes]
        needs = [option.needs]
        if not allow_ignored:
            conflicts += [(option.ignored_with, option.name)] if option.ignored_with else []
            needs.append(option.ignored_without)
        for name, other in conflicts:
            if name in given_names and other in given_names:
                raise ArgumentError("expected {} without {}, got both", term(name), term(other))
        for other in filter(None, needs):
            if other not in given_names:
                raise ArgumentError(
                    "expected {0} with {1}, got {1} alone",
                    term(other),
                    term(option.name),
                    parameter=option.name,
                )


def given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are neither None nor the default of their option, in the order of the table."""
    return {
        name: values[name]
        for name, option in OPTIONS.items()
        if values.get(name) is not None and (option.default is None or values[name] != option.default)
    }


def _float(name: str, value: Any) -> float:
    if not isinstance(value, numbers.Real) and not _is_numpy_bool(value):
        raise ArgumentTypeError("expected {} to be a number, got {!r}", term(name), value)
    return float(value)


def _is_numpy_bool(value: Any) -> bool:
    import numpy as np  # here, because `fastkq --help` does without NumPy

    return isinstance(value, np.bool_)
