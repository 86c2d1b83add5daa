"""Exceptions and warnings of fastkq. Every message says what was expected and what came."""


class FastKQError(Exception):
    """Base class of all exceptions that fastkq itself raises."""


class ArgumentError(FastKQError, ValueError):
    """An argument has the right type but a value that cannot be used."""


class UnreachableError(ArgumentError):
    """A target cannot be reached with the other arguments of the call.

    Attributes
    ----------
    best : float
        The best value that can be reached, in the unit of the target: a PSNR in dB, a number of bytes, or a
        largest error.
    k : int or None
        A number of colors with which the target can be reached; None if there is none, or if none is known.
    """

    def __init__(self, message: str, best: float, k: int | None = None) -> None:
        super().__init__(message)
        self.best, self.k = best, k

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self), self.best, self.k)


class ArgumentTypeError(FastKQError, TypeError):
    """An argument has the wrong type."""


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
    """A `FormatError` that is also an OSError, raised where Pillow loads a `.fkq` file.

    Users of Pillow expect an OSError for a damaged file.
    """


class PrecisionWarning(UserWarning):
    """A file holds more precision than the image that is read, for example 16 bits per channel."""


class DamageWarning(UserWarning):
    """A damaged file was read without its damaged parts.

    A reader does so with ``strict=False``, or if Pillow's LOAD_TRUNCATED_IMAGES is set.
    """


class FrameWarning(UserWarning):
    """A file holds several images, and only the first one is read."""


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
