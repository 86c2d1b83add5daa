"""Options and cases of test_compress.py."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="measure a few small cases only")
    parser.addoption("--slow", action="store_true", help="all peers on camera photographs too: an hour")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    from bench.cases import KS, cases
    from bench.peers import METHODS

    if "case" not in metafunc.fixturenames:
        return
    slow = metafunc.config.getoption("slow")
    # Neighboring parameters are timed one after another: an image with all its methods.
    parameters = [
        pytest.param(case, k, name, id=f"{case.image}-{k}-{name}")
        for case in cases(metafunc.config.getoption("quick"))
        for k in KS
        for name, method in METHODS.items()
        if method.is_run_on(case, slow)
    ]
    metafunc.parametrize(("case", "k", "method"), parameters)
