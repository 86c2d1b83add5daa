"""Errors about arguments: their parameter, and their message in terms of Python and of the command line."""

import ast
import pickle
from pathlib import Path

import numpy as np
import pytest

import fastkq
from fastkq.errors import ArgumentError, ArgumentTypeError, Term, UnreachableError, for_parameter
from tests.helpers.images import noise

K = Term("k = 5", "-k 5", "k")
PACKAGE = Path(fastkq.__file__).parent


@pytest.mark.parametrize("kind", [ArgumentError, ArgumentTypeError])
def test_terms_are_replaced_by_words(kind):
    error = kind("expected {} {!r} at most, got {}", K, "{}", Term("a()", "--a"))
    assert str(error) == "expected k = 5 '{}' at most, got a()"
    assert error.command_line == "expected -k 5 '{}' at most, got --a"
    assert error.parameter == "k"


def test_message_without_values_is_no_template():
    error = ArgumentError("got {braces}", parameter="k")
    assert (str(error), error.command_line, error.parameter) == ("got {braces}", "got {braces}", "k")
    assert ArgumentError("wrong").parameter is None


@pytest.mark.parametrize(
    "error",
    [
        ArgumentError("expected {}, got {}", K, 3),
        ArgumentTypeError("expected {}, got {}", K, lambda: 3),
        UnreachableError("expected {}, got {}", K, 3, best=2.5, k=7, parameter="max_error"),
    ],
)
def test_errors_are_pickled_with_their_attributes(error):
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))
    assert isinstance(copy, ValueError | TypeError)


def test_outermost_context_names_the_parameter():
    with pytest.raises(ArgumentError) as e, for_parameter("fixed"), for_parameter("palette"):
        raise ArgumentError("expected {}", K)
    assert e.value.parameter == "fixed"


@pytest.mark.parametrize(
    ("arguments", "parameter"),
    [
        ({"k": 0}, "k"),
        ({"k": "many"}, "k"),
        ({"palette": np.zeros((0, 3), np.uint8)}, "palette"),
        ({"fixed": np.zeros((70000, 3), np.uint8)}, "fixed"),
        ({"fixed": [[0, 0]]}, "fixed"),
        ({"fixed": [[0, 0, 0]] * 2}, "fixed"),
        ({"k": 1, "fixed": [[0, 0, 0], [1, 1, 1]]}, "fixed"),
        ({"weights": [[1]]}, "weights"),
        ({"weights": [["a"]]}, "weights"),
        ({"min_share": 0.1}, "min_share"),
        ({"target_psnr": 30, "k": 4}, "target_psnr"),
        ({"target_bytes": 1}, "target_bytes"),
        ({"k": 2, "max_error": 1}, "max_error"),
        ({"effort": 3}, "effort"),
        ({"preset": "pretty"}, "preset"),
        ({"threads": 0}, "threads"),
        ({"image": np.zeros(5)}, "image"),
        ({"image": noise(4, 4, 5), "space": "oklab"}, "space"),
        ({"image": noise(4, 4, 5), "dither": True}, "dither"),
        ({"image": noise(4, 4, 3).astype(np.float32), "dither": True}, "value_range"),
        ({"image": noise(4, 4, 3).astype(np.uint16), "preset": "visual"}, "preset"),
        ({"image": noise(4, 4, 3).astype(np.uint16), "max_error": 2}, "max_error"),
    ],
)
def test_errors_of_compress_name_the_parameter(arguments, parameter):
    with pytest.raises((ArgumentError, ArgumentTypeError)) as e:
        fastkq.compress(**{"image": noise(4, 4, 3), **arguments})
    assert e.value.parameter == parameter


def test_templates_are_no_f_strings():
    """An f-string with values would be formatted twice: braces in what a user gave would be fields."""
    calls = [
        (path.name, call)
        for path in PACKAGE.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        and getattr(call.func, "id", "") in ("ArgumentError", "ArgumentTypeError", "UnreachableError")
        and len(call.args) > 1
    ]
    assert len(calls) > 20
    for name, call in calls:
        assert not any(isinstance(node, ast.JoinedStr) for node in ast.walk(call.args[0])), (
            name,
            call.lineno,
        )
