"""Batches of files: input files, planned outputs, jobs on threads and reports."""

from fastkq.cli.batch.jobs import EncodedOutput, Job
from fastkq.cli.batch.planning import Kinds, plan
from fastkq.cli.batch.running import JobInput, run

__all__ = ["EncodedOutput", "Job", "JobInput", "Kinds", "plan", "run"]
