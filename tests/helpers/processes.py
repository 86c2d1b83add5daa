"""Python programs in a fresh process."""

import os
import subprocess
import sys


def run_python(code, folder=None, **environment):
    """Run code with warnings as errors, in this folder and with these environment variables."""
    # A copy of the package runs from its folder, the installed one from anywhere.
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
