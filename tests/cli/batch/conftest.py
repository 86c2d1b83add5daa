import signal

import pytest


@pytest.fixture(autouse=True)
def interruptible():
    """Let child processes receive Ctrl-C: they inherit that a background job of a shell ignores it."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
