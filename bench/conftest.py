import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="china.jpg and three Kodak images only")
    parser.addoption("--slow", action="store_true", help="every rival on camera photographs too: an hour")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    from bench.cases import COLOURS, cases
    from bench.methods import METHODS

    if "case" not in metafunc.fixturenames:
        return
    slow = metafunc.config.getoption("slow")
    # Parameters that stand together are timed together: each image with all its rivals.
    parameters = [
        pytest.param(case, k, name, id=f"{case.image}-{k}-{name}")
        for case in cases(metafunc.config.getoption("quick"))
        for k in COLOURS
        for name, method in METHODS.items()
        if method.is_run_on(case, slow)
    ]
    metafunc.parametrize(("case", "k", "method"), parameters)
