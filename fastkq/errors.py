"""Exceptions and warnings of fastkq. Every message says what was expected and what came."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple


class FastKQError(Exception):
    """Base class of all exceptions that fastkq itself raises."""


class Term(NamedTuple):
    """Words of a message that differ between Python and the command line.

    Attributes
    ----------
    python, command_line : str
        The words, for example "max_error" and "--max-error".
    parameter : str or None
        The parameter that the words name; None if they are advice.
    """

    python: str
    command_line: str
    parameter: str | None = None


class _ParameterError(FastKQError):
    """Error of a call with a message in terms of Python, which is its `str`, and of the command line.

    Parameters
    ----------
    message : str
        With `values`, a template for `str.format`; otherwise the message itself.
    *values
        Values for the template. A `Term` is replaced by its words.
    parameter : str, optional
        By default, the parameter of the first `Term`.
    """

    def __init__(self, message: str, *values: object, parameter: str | None = None) -> None:
        terms = [value for value in values if isinstance(value, Term)]
        python, self.command_line = (
            message.format(*(value[place] if isinstance(value, Term) else value for value in values))
            if values
            else message
            for place in (0, 1)
        )
        self.parameter = parameter or next((term.parameter for term in terms if term.parameter), None)
        super().__init__(python)


class ArgumentError(_ParameterError, ValueError):
    """An argument has the right type but a value that cannot be used.

    Attributes
    ----------
    parameter : str or None
        Name of the parameter; None if the error is not about one parameter.
    command_line : str
        The message with the options of the command `fastkq` in place of the parameters.

    Examples
    --------
    >>> import fastkq
    >>> try:
    ...     fastkq.compress("photo.jpg", target_psnr=-1)
    ... except fastkq.errors.ArgumentError as error:
    ...     print(error.parameter, error, error.command_line, sep="; ")
    target_psnr; expected target_psnr to be at least 0, got -1; expected --psnr to be at least 0, got -1
    """


class UnreachableError(ArgumentError):
    """A target cannot be reached with the other arguments of the call.

    Attributes
    ----------
    best : float
        The best value that can be reached, in the unit of the target: a PSNR in dB, a number of bytes, or a
        largest error.
    k : int or None
        A number of colors with which the target can be reached; None if there is none, or if none is known.
    parameter, command_line
        As in `ArgumentError`.
    """

    def __init__(
        self, message: str, *values: object, best: float, k: int | None = None, parameter: str | None = None
    ) -> None:
        super().__init__(message, *values, parameter=parameter)
        self.best, self.k = best, k

    def __reduce__(self) -> tuple[object, ...]:
        return partial(type(self), best=self.best), self.args, self.__dict__


class ArgumentTypeError(_ParameterError, TypeError):
    """An argument has the wrong type.

    Attributes
    ----------
    parameter, command_line
        As in `ArgumentError`.
    """


@contextmanager
def for_parameter(parameter: str) -> Iterator[None]:
    """Set the `parameter` of argument errors in this context, or in the function that this decorates."""
    try:
        yield
    except _ParameterError as error:
        error.parameter = parameter
        raise


class Cancelled(FastKQError):  # noqa: N818
    """A `progress` callable returned False. The work has stopped and no file was written.

    See `fastkq.runtime.progress` for how soon a cancel takes effect.

    Examples
    --------
    >>> import numpy as np, fastkq
    >>> try:
    ...     fastkq.compress(np.eye(9, dtype=np.uint8), k=2, progress=lambda fraction, stage: False)
    ... except fastkq.Cancelled as error:
    ...     print(error)
    cancelled while reading, 0% done: progress returned False
    """


class FormatError(FastKQError, ValueError):
    """Bytes or a file are damaged, truncated or of another format than expected."""


class DecodingError(FormatError, OSError):
    """A `FormatError` that is also an OSError, raised where Pillow loads or saves a `.fkq` file.

    Users of Pillow expect an OSError for a damaged file and for an image that a format cannot hold.
    """


class EncodingError(ArgumentError, OSError):
    """An `ArgumentError` that is also an OSError, raised where Pillow saves a `.fkq` file."""


class EncodingTypeError(ArgumentTypeError, OSError):
    """An `ArgumentTypeError` that is also an OSError, raised where Pillow saves a `.fkq` file."""


class UnreachableEncodingError(UnreachableError, OSError):
    """An `UnreachableError` that is also an OSError, raised where Pillow saves a `.fkq` file."""


class PrecisionWarning(UserWarning):
    """A file holds more precision than the image that is read, for example 16 bits per channel."""


class ColorSpaceWarning(UserWarning):
    """The color space of an image, such as an ICC profile, cannot be used or is lost in the output."""


class DamageWarning(UserWarning):
    """A damaged file was read without its damaged parts.

    A reader does so with ``strict=False``, or if Pillow's LOAD_TRUNCATED_IMAGES is set.
    """


class FrameWarning(UserWarning):
    """A file holds several images, and only the first one is read."""


class AxesWarning(UserWarning):
    """The axes of an array can be read as (H, W, C), but are more likely (C, H, W)."""


class MissingExtraError(FastKQError, ImportError):
    """A function needs a package that is installed only with an extra of fastkq.

    Parameters
    ----------
    purpose : str
        Purpose of the package, for the message: for example "a smaller PNG".
    package : str
        Name of the missing package.
    extra : str
        Name of the extra that installs it.
    """

    def __init__(self, purpose: str, package: str, extra: str) -> None:
        super().__init__(
            f"expected {package} for {purpose}, got none: from a clone, pip install '.[{extra}]'"
        )
        self._arguments = purpose, package, extra

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._arguments
