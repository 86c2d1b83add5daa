import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="china.jpg and three Kodak images only")
    parser.addoption("--slow", action="store_true", help="scikit-learn on camera photographs too: an hour")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    from bench.cases import COLOURS, cases
    from bench.methods import METHODS

    if "case" not in metafunc.fixturenames:
        return
    chosen = list(cases(metafunc.config.getoption("quick")))
    slow = metafunc.config.getoption("slow")
    # Parameters that stand together are timed together: each image with all its rivals.
    parameters = [
        pytest.param(case, k, method, id=f"{case.image}-{k}-{method}")
        for case in chosen
        for k in COLOURS
        for method in METHODS
        if slow or not (case.set == "large" and method == "scikit-learn")
    ]
    metafunc.parametrize(("case", "k", "method"), parameters)
