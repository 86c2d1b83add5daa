"""One command for many files: which they are, where each goes, side by side, and what came of it."""

from fastkq.cli.batch.jobs import Job, Made
from fastkq.cli.batch.planning import Kinds, plan
from fastkq.cli.batch.running import Means, run

__all__ = ["Job", "Kinds", "Made", "Means", "plan", "run"]
