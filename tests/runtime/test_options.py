"""The table of options: what functions and the command have in common."""

import argparse
import inspect

import numpy as np
import pytest

import fastkq
from fastkq.cli import compare, compress, decompress
from fastkq.errors import ArgumentError, ArgumentTypeError
from fastkq.runtime.options import OPTIONS, Choice, Range, check_conflicts, check_option, given
from tests.helpers.command_line import run
from tests.helpers.images import noise
from tests.helpers.processes import run_python

FUNCTIONS = (fastkq.compress, fastkq.fit_palette, fastkq.apply_palette, fastkq.curve, fastkq.count_colors)
EXAMPLES = {
    "k": 4, "palette": [[0, 0, 0]], "fixed": [[0, 0, 0]], "weights": np.ones((4, 4)), "max_error": 9.0,
    "min_share": 0.1, "target_psnr": 30.0, "target_bytes": 900, "space": "oklab", "dither": 0.5,
    "dither_method": "blue-noise", "preset": "visual", "effort": "best", "bits": 4, "binary_alpha": True,
    "keep_black_white": True,
}  # fmt: skip
CONFLICTS = [(option.name, other) for option in OPTIONS.values() for other in option.excludes]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_defaults_of_functions_are_those_of_the_table(function):
    found = {
        name: parameter.default
        for name, parameter in inspect.signature(function).parameters.items()
        if name in OPTIONS and parameter.default is not parameter.empty
    }
    found.pop("k", None)  # `fit_palette` has no target in place of k, so that its default is the number
    assert found
    assert found == {name: OPTIONS[name].default for name in found}


@pytest.mark.parametrize("command", [compress, decompress, compare])
def test_arguments_of_commands_are_those_of_the_table(command):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    actions = {action.dest: action for action in parser._actions}
    assert actions.keys() & OPTIONS.keys()
    for name in actions.keys() & OPTIONS.keys():
        option, action = OPTIONS[name], actions[name]
        assert action.option_strings == [option.flag]
        assert action.default == option.default or name == "format"
        if isinstance(option.kind, Choice):
            assert set(action.choices) <= set(option.kind.words)


def test_names_in_the_table_are_options():
    for option in OPTIONS.values():
        others = {*option.excludes, option.needs, option.ignored_with, option.ignored_without}
        assert others - {None} <= OPTIONS.keys() - {option.name}


def test_the_table_imports_no_numpy():
    code = "import sys, fastkq.runtime.options; print([m for m in ('numpy', 'numba') if m in sys.modules])"
    assert run_python(code).stdout == "[]\n"


@pytest.mark.parametrize(("name", "other"), CONFLICTS)
def test_functions_and_command_refuse_the_same_conflicts(tmp_path, monkeypatch, capsys, name, other):
    monkeypatch.chdir(tmp_path)
    image = noise(4, 4, 3)
    fastkq.apply_palette(image, [[0, 0, 0]]).save("a.png")
    with pytest.raises(ArgumentError, match=f"^expected {name} without {other}, got both$") as e:
        fastkq.compress(image, **{key: EXAMPLES[key] for key in (name, other)})
    assert e.value.parameter == name
    words = {"palette": "a.png", "fixed": "black", "weights": "a.png"}
    flags = [
        OPTIONS[key].flag + ("" if EXAMPLES[key] is True else f"={words.get(key, EXAMPLES[key])}")
        for key in (name, other)
    ]
    message = f"fastkq: expected {OPTIONS[name].flag} without {OPTIONS[other].flag}, got both\n"
    assert run(capsys, "compress", "a.png", *(flag.replace("-k=", "-k") for flag in flags)) == (
        2,
        "",
        message,
    )


def test_options_without_effect_are_refused_only_if_asked():
    for values, message in (
        ({"palette": [[0]], "effort": "best"}, "expected palette without effort, got both"),
        ({"dither_method": "blue-noise"}, "expected dither with dither_method, got dither_method alone"),
    ):
        check_conflicts(values)
        with pytest.raises(ArgumentError, match=message):
            check_conflicts(values, allow_ignored=False)


@pytest.mark.parametrize("name", [name for name, option in OPTIONS.items() if isinstance(option.kind, Range)])
def test_numbers_out_of_range_name_the_option(name):
    values = OPTIONS[name].kind
    for value in {values.least - 1, values.most + 1} - {np.inf}:
        with pytest.raises(ArgumentError, match=f"^expected {name} (from|to be at least) .*, got ") as e:
            check_option(name, value)
        assert e.value.parameter == name
        assert e.value.command_line == str(e.value).replace(name, OPTIONS[name].flag, 1)
        with pytest.raises(ValueError, match="expected"):
            values.parse(str(value))
    with pytest.raises(ArgumentTypeError, match=f"^expected {name} to be an? ") as e:
        check_option(name, "many")
    assert e.value.parameter == name
    assert values.parse(str(values.least)) == values.least


@pytest.mark.parametrize(
    ("value", "expected"), [(True, 1.0), (np.True_, 1.0), (np.float32(0.5), 0.5), (np.uint8(1), 1.0)]
)
def test_numbers_of_numpy_and_bools_are_strengths(value, expected):
    strength = check_option("dither", value)
    assert (type(strength), strength) == (float, expected)


@pytest.mark.parametrize("value", [np.array([0.5]), 1j, np.complex64(1), None, b"1"])
def test_other_types_are_no_strengths(value):
    with pytest.raises(ArgumentTypeError, match="expected dither to be a number, got"):
        check_option("dither", value)


@pytest.mark.parametrize("value", [True, np.False_])
def test_booleans_of_numpy_are_flags(value):
    assert check_option("optimize", value) is bool(value)


@pytest.mark.parametrize("value", ["yes", 1, None])
def test_other_types_are_no_flags(value):
    with pytest.raises(ArgumentTypeError, match="expected optimize to be True or False, got"):
        check_option("optimize", value)


@pytest.mark.parametrize("name", ["format", "dither", "optimize"])
def test_none_is_not_given(name):
    assert given({name: None, "k": 2}) == {"k": 2}


def test_integers_of_any_size_are_compared_exactly():
    assert check_option("target_bytes", 10**400) == 10**400
    with pytest.raises(ArgumentError, match="expected target_bytes to be at least 1, got -1000"):
        check_option("target_bytes", -(10**400))
