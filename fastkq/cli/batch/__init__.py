"""Batches of files: finding inputs, planning outputs, running the jobs on threads and reporting on them."""

from fastkq.cli.batch.jobs import Job, Made
from fastkq.cli.batch.planning import Kinds, plan
from fastkq.cli.batch.running import Means, run

__all__ = ["Job", "Kinds", "Made", "Means", "plan", "run"]
