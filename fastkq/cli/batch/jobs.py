"""Jobs of a batch and their results."""

from pathlib import Path
from typing import Literal, NamedTuple

from fastkq.cli.shared_options import STREAM

Status = Literal["written", "skipped", "failed", "planned"]


class Job(NamedTuple):
    """An input file and the output file to make from it.

    Attributes
    ----------
    input, output : Path or None
        None stands for standard input or output.
    suffix : str
        Suffix of the output format, in lower case.
    skip : str
        Reason why the job is skipped; empty if it is not.
    fault : str
        Reason, found before any work, why the job fails; empty if there is none.
    """

    input: Path | None
    output: Path | None
    suffix: str
    skip: str = ""
    fault: str = ""

    @property
    def source(self) -> str:
        """Name of the input in messages."""
        return STREAM if self.input is None else str(self.input)

    @property
    def target(self) -> str:
        """Name of the output in messages."""
        return STREAM if self.output is None else str(self.output)


class EncodedOutput(NamedTuple):
    """An encoded output that is not yet written.

    Attributes
    ----------
    data : bytes
        Content of the output file.
    bytes_before : int
        Size of the input in bytes.
    k : int
        Number of palette colors.
    text : str
        Summary for the line that reports the job.
    psnr : float or None
        PSNR in dB; None if it was not measured.
    skip : str
        Reason why the output is not to be written; empty if it is to be written.
    """

    data: bytes
    bytes_before: int
    k: int
    text: str
    psnr: float | None = None
    skip: str = ""


class Outcome(NamedTuple):
    """Result of a job.

    Attributes
    ----------
    job : Job
    status : Status
    text : str
        Text for the line that reports the job; the reason if the status is "skipped" or "failed".
    seconds : float
        Duration of the job.
    bytes_before, bytes_after : int or None
        Sizes of the input and of the output in bytes; None if no output was made.
    k : int or None
        Number of palette colors; None if no output was made.
    psnr : float or None
        PSNR in dB; None if it was not measured.
    """

    job: Job
    status: Status
    text: str = ""
    seconds: float = 0.0
    bytes_before: int | None = None
    bytes_after: int | None = None
    k: int | None = None
    psnr: float | None = None


class BatchStopped(Exception):  # noqa: N818
    """The batch was stopped while a job was running."""
