"""What fastkq raises. Every message says what was expected and what came."""


class FastKQError(Exception):
    """Base of every error that fastkq itself raises."""


class ArgumentError(FastKQError, ValueError):
    """An argument of the right type has a value that cannot be used."""


class ArgumentTypeError(FastKQError, TypeError):
    """An argument has the wrong type."""


class FormatError(FastKQError, ValueError):
    """Bytes or a file are not what their format demands: damaged, truncated or of another kind."""


class PrecisionWarning(UserWarning):
    """A file holds more precision than is kept, for example 16 bits a channel."""


class DamageWarning(UserWarning):
    """A damaged file was read without what is damaged, because the reader was not strict."""
