"""What fastkq raises. Every message says what was expected and what came."""


class FastKQError(Exception):
    """Base of every error that fastkq itself raises."""


class ArgumentError(FastKQError, ValueError):
    """An argument of the right type has a value that cannot be used."""


class UnreachableError(ArgumentError):
    """A target that cannot be reached with what else was asked for.

    Attributes
    ----------
    best : float
        What can be: the PSNR, the number of bytes, or the largest error.
    k : int or None
        A number of colours that suffices; None when none does, or it is not known.
    """

    def __init__(self, message: str, best: float, k: int | None = None) -> None:
        super().__init__(message)
        self.best, self.k = best, k

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (str(self), self.best, self.k)


class ArgumentTypeError(FastKQError, TypeError):
    """An argument has the wrong type."""


class Cancelled(FastKQError):  # noqa: N818
    """A `progress` callable returned False, and the work ended there; nothing was written.

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
    """Bytes or a file are not what their format demands: damaged, truncated or of another kind."""


class DecodingError(FormatError, OSError):
    """What `FormatError` is where Pillow loads a `.fkq` file: its users expect an OSError."""


class PrecisionWarning(UserWarning):
    """A file holds more precision than is kept, for example 16 bits a channel."""


class DamageWarning(UserWarning):
    """A damaged file was read without what is damaged, because the reader was not strict."""


class FrameWarning(UserWarning):
    """A file holds several images, of which the first is read."""


class MissingExtraError(FastKQError, ImportError):
    """Something that is not installed with fastkq itself is needed.

    Parameters
    ----------
    purpose, package, extra : str
        What needs which package, and the extra of fastkq that installs it.
    """

    def __init__(self, purpose: str, package: str, extra: str) -> None:
        super().__init__(f"expected {package} for {purpose}, got none: pip install 'fastkq[{extra}]'")
