"""Run Python code in a fresh process."""

import os
import subprocess
import sys


def run_python(code, folder=None, **environment):
    """Run code in a fresh process, with warnings as errors, in this folder and with these variables set."""
    # Python imports a copy of the package in this folder before an installed one.
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
