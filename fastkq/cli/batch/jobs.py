"""What is to be done with a file, and what came of it."""

from pathlib import Path
from typing import Literal, NamedTuple

from fastkq.cli.options import STREAM

Status = Literal["written", "skipped", "failed", "planned"]


class Job(NamedTuple):
    """A file to be read and one to be made of it.

    Attributes
    ----------
    input, output : Path or None
        None is standard input or output.
    suffix : str
        Of the format to write, in small letters.
    skip : str
        Why there is nothing to do; mostly empty.
    fault : str
        Why it cannot be done, as was seen beforehand; mostly empty.
    """

    input: Path | None
    output: Path | None
    suffix: str
    skip: str = ""
    fault: str = ""

    @property
    def source(self) -> str:
        """The input's name for people."""
        return STREAM if self.input is None else str(self.input)

    @property
    def target(self) -> str:
        """The output's name for people."""
        return STREAM if self.output is None else str(self.output)


class Made(NamedTuple):
    """The bytes of an output, not yet written.

    Attributes
    ----------
    data : bytes
    before : int
        Bytes of the input.
    k : int
    text : str
        What a line says of it.
    psnr : float or None
        In dB; None where it was not measured.
    skip : str
        Why it is not to be written; mostly empty.
    """

    data: bytes
    before: int
    k: int
    text: str
    psnr: float | None = None
    skip: str = ""


class Outcome(NamedTuple):
    """What came of a job.

    Attributes
    ----------
    job : Job
    status : Status
    text : str
        What a line says of it: of "skipped" and "failed" the reason.
    seconds : float
    before, after, k, psnr
        As far as something was made.
    """

    job: Job
    status: Status
    text: str = ""
    seconds: float = 0.0
    before: int | None = None
    after: int | None = None
    k: int | None = None
    psnr: float | None = None


class BatchStopped(Exception):  # noqa: N818
    """The batch was stopped while a job was under way."""
