"""Planning of a batch: one output per input, with conflicts refused before any work."""

import argparse
import errno
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from fastkq.cli.batch.files import FileFilter, InputFile, find
from fastkq.cli.batch.jobs import Job
from fastkq.cli.console import number_of, reason
from fastkq.cli.shared_options import STREAM, check_stdin
from fastkq.errors import ArgumentError


class Kinds(NamedTuple):
    """Suffixes of the files that a command reads and writes.

    Attributes
    ----------
    readable : tuple of str
        Suffixes of the files that are taken from folders.
    writable : tuple of str
        Suffixes that an output can have.
    default : str
        Default suffix of an output.
    """

    readable: tuple[str, ...]
    writable: tuple[str, ...]
    default: str


def plan(options: argparse.Namespace, kinds: Kinds) -> list[Job]:
    """Plan one job per input file.

    Parameters
    ----------
    options : argparse.Namespace
        The options that `add_inputs`, `add_outputs` and `add_running` of `fastkq.cli.shared_options` add.
    kinds : Kinds

    Returns
    -------
    list of Job
        In the order of the inputs. With `keep_going`, a job that cannot be done has a `fault`.

    Raises
    ------
    ArgumentError, OSError
        When no input is found, options contradict each other, an input cannot be read, two inputs have the
        same output, an output is an input, or an output exists already.
    """
    suffix = f".{options.format}" if options.format else kinds.default
    ending = f"{options.suffix}{suffix}"
    if Path(ending).name != ending:
        raise ArgumentError(f"expected a --suffix without path separators, got {options.suffix!r}")
    if STREAM in options.inputs:
        return [_from_stream(options, suffix, kinds)]
    excluded_folder = Path(options.output) if options.output and options.output != STREAM else None
    excluded_ending = ending if options.suffix else ""
    inputs = find(
        options.inputs, FileFilter(kinds.readable, options.recursive, excluded_ending, excluded_folder)
    )
    faults = [input_fault(one.path) for one in inputs]
    if any(faults) and not options.keep_going:
        raise ArgumentError(next(filter(None, faults)))
    if options.output == STREAM:
        if len(inputs) > 1:
            raise ArgumentError(f"expected one input for standard output, got {len(inputs)}")
        _check_stdout(options)
        jobs = [Job(inputs[0].path, None, suffix)]
    elif options.output and not _is_folder(options.output, inputs, kinds):
        jobs = [_to_file(inputs[0].path, options, kinds)]
    else:
        folder = Path(options.output) if options.output else None
        places = [one.path if folder is None else folder / one.place for one in inputs]
        outputs = [place.parent / f"{place.stem}{ending}" for place in places]
        jobs = [Job(one.path, output, suffix) for one, output in zip(inputs, outputs, strict=True)]
    jobs = [job._replace(fault=fault) for job, fault in zip(jobs, faults, strict=True)]
    return _with_existing(_with_conflicts(jobs, options, kinds), options)


def _from_stream(options: argparse.Namespace, suffix: str, kinds: Kinds) -> Job:
    if options.inputs != [STREAM]:
        raise ArgumentError(f"expected {STREAM} (standard input) alone, got {len(options.inputs)} inputs")
    if not options.dry_run:
        check_stdin()
    if options.output in (None, STREAM):
        _check_stdout(options)
        return Job(None, None, suffix)
    if _is_folder(options.output, [], kinds):
        raise ArgumentError(f"expected a file for standard input, got the folder {options.output!r}")
    (job,) = _with_existing([_to_file(None, options, kinds)], options)
    return job


def _check_stdout(options: argparse.Namespace) -> None:
    if options.json:
        raise ArgumentError("expected -o OUT with --json, got standard output for both")
    if sys.stdout.isatty() and not options.dry_run:  # binary data garble a terminal
        raise ArgumentError("expected standard output to be a file or a pipe, got a terminal: use -o OUT")


def _is_folder(output: str, inputs: Sequence[InputFile], kinds: Kinds) -> bool:
    """Return whether `output` is a folder for the outputs.

    It is a folder if it exists as one, ends with a path separator, or is for the outputs of several inputs or
    of inputs that were found in a folder or by a pattern.
    """
    if os.path.isdir(output):
        return True
    ends_like_folder = output.endswith(tuple(filter(None, (os.sep, os.altsep))))
    is_file = os.path.exists(output.rstrip(os.sep)) or (
        not ends_like_folder and Path(output).suffix.lower() in kinds.writable
    )
    if is_file and (ends_like_folder or len(inputs) > 1):
        raise ArgumentError(
            f"expected a folder for the outputs of {number_of('file', len(inputs))}, got the file {output!r}"
        )
    return not is_file and (ends_like_folder or any(not one.is_named for one in inputs) or len(inputs) > 1)


def _to_file(source: Path | None, options: argparse.Namespace, kinds: Kinds) -> Job:
    output = Path(options.output)
    suffix = output.suffix.lower()
    if suffix not in kinds.writable:
        raise ArgumentError(
            f"expected an output that ends in {', '.join(kinds.writable)}, or in / for a folder, "
            f"got {str(output)!r}"
        )
    if options.format and suffix != f".{options.format}":
        raise ArgumentError(f"expected an output that ends in .{options.format}, got {str(output)!r}")
    if options.suffix:
        raise ArgumentError(f"expected a folder for outputs with a --suffix, got the file {str(output)!r}")
    if not output.parent.is_dir():
        text = f"{os.strerror(errno.ENOENT)}; -o {output.parent}/ creates it"
        raise FileNotFoundError(errno.ENOENT, text, str(output.parent))
    return Job(source, output, suffix)


def input_fault(path: Path) -> str:
    """Return why an input cannot be opened, without trying to open it; empty if nothing is wrong."""
    try:
        is_folder = stat.S_ISDIR(path.stat().st_mode)
    except OSError as error:
        return reason(error)
    return f"{path}: {os.strerror(errno.EISDIR)}; -r takes the files in it" if is_folder else ""


def _with_conflicts(jobs: list[Job], options: argparse.Namespace, kinds: Kinds) -> list[Job]:
    """Set the `fault` of each job whose output is an input or the output of an earlier job.

    Raises
    ------
    ArgumentError
        When there is such a job, unless `keep_going` is given.
    """
    inputs = {os.path.realpath(job.input) for job in jobs if job.input is not None}
    firsts: dict[str, Job] = {}
    marked = []
    for job in jobs:
        fault = job.fault
        if job.output is not None and not fault:
            real = os.path.realpath(job.output)
            first = firsts.setdefault(os.path.normcase(real), job)
            if real in inputs:
                fault = _input_conflict(job, kinds)
            elif first is not job:
                fault = (
                    f"expected an output for each input, got {job.target!r} for both {first.input} and "
                    f"{job.input}: take one suffix at a time, as 'IN/**/*.jpg' -r, each with its own -o"
                )
        marked.append(job._replace(fault=fault))
    faults = [new.fault for new, old in zip(marked, jobs, strict=True) if new.fault != old.fault]
    if faults and not options.keep_going:
        more = f" ({number_of('more such output', len(faults) - 1)}; --keep-going does the others)"
        raise ArgumentError(faults[0] + more * (len(jobs) > 1))
    return marked


def _input_conflict(job: Job, kinds: Kinds) -> str:
    has_other_suffix = job.input is not None and job.input.suffix.lower() not in kinds.readable
    if has_other_suffix and job.input == job.output:
        endings = ", ".join(kinds.readable)
        return f"expected an input that ends in {endings}, or -o for another output, got {job.source!r}"
    return f"expected an output other than the input, got {job.target!r} for both: use -o or --suffix"


def _with_existing(jobs: list[Job], options: argparse.Namespace) -> list[Job]:
    if options.force:
        return jobs
    marked = [job if job.fault else job._replace(skip=_skip_reason(job)) for job in jobs]
    existing = [job.target for job in marked if job.skip]
    if options.skip_existing or not existing:
        return marked
    if len(jobs) == 1:
        raise ArgumentError(f"{existing[0]} exists already; --force replaces it")
    raise ArgumentError(
        f"{len(existing)} of {len(jobs)} outputs exist already, the first is {existing[0]}; "
        "--force replaces them, --skip-existing leaves them"
    )


def _skip_reason(job: Job) -> str:
    return f"{job.target} exists already" if job.output is not None and job.output.exists() else ""
