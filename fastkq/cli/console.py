"""What the command says beside its result."""

import sys


def say(message: str) -> None:
    """One line on standard error."""
    print(f"fastkq: {' '.join(message.split())}", file=sys.stderr)
