"""How values are written and compared."""

import itertools
import math

import pytest

from adf.language import InvalidArgument, LanguageError, LimitExceeded, Scope, WrongType, evaluate
from adf.language.values import float_text, json_text, units


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (1.0, "1"),
        (-0.0, "-0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e15, "1000000000000000"),
        (1e16, "10000000000000000"),
        (1e17, "1E+17"),
        (1.2345678901234568e17, "1.2345678901234568E+17"),
        (0.0001, "0.0001"),
        (0.00001, "1E-05"),
        (-1.5e-300, "-1.5E-300"),
        (1.7976931348623157e308, "1.7976931348623157E+308"),
        (5e-324, "5E-324"),
        (math.nan, "NaN"),
        (-math.inf, "-Infinity"),
    ],
)
def test_floats_are_written_as_dotnet_writes_them(number: float, expected: str):
    """The shortest digits that read back; an exponent from 18 digits and below 0.0001 on."""
    assert expected == float_text(number)


def test_json_is_compact_and_keeps_the_point_of_a_float():
    """Only quotes, backslashes, control characters and line separators are escaped."""
    value = {"a": [1, 2.0, 1e20, True, None], "é": '"\\\n\x01\u2028/<'}

    assert '{"a":[1,2.0,1E+20,true,null],"é":"\\"\\\\\\n\\u0001\\u2028/<"}' == json_text(value)


def test_json_nested_without_end_is_refused():
    """Instead of exhausting the stack."""
    value: list[object] = []
    for _ in range(5000):
        value = [value]

    with pytest.raises(LimitExceeded):
        json_text(value)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("1", "1.0", True),
        ("true", "1", False),
        ("'a'", "'A'", False),
        ("'1'", "1", False),
        ("createArray(1)", "createArray(1.0)", False),
        ("createArray(true)", "createArray(1)", False),
        ('json(\'{"a":1,"b":2}\')', 'json(\'{"b":2,"a":1}\')', True),
        ("json('{\"a\":1}')", "json('{\"A\":1}')", False),
        ("null", "''", False),
    ],
)
def test_equals_is_deep_and_without_conversion(left: str, right: str, expected: object):
    """Only two numbers side by side are compared by value."""
    assert expected is evaluate(f"@equals({left}, {right})", Scope())


@pytest.mark.parametrize(
    "ascending",
    [
        ["", " ", "_", "-", "!", "$", "0", "10", "9", "a", "A b", "ab", "é", "f", "Z", "я"],
        ["e", "é", "ea", "éa", "eb"],
        ["2024-01-01", "2024-01-02", "2024-11-01"],
        ["strasse", "strasz", "straub"],
    ],
)
def test_strings_sort_as_the_culture_sorts_them(ascending: list[str]):
    """Blanks, punctuation, symbols, digits, letters; accents count last, case not at all."""
    for left, right in itertools.pairwise(ascending):
        assert evaluate(f"@less('{left}', '{right}')", Scope())
        assert evaluate(f"@greater('{right.upper()}', '{left}')", Scope())


@pytest.mark.parametrize("pair", ["1, '1'", "null, 1", "true, false", "'a', null", "createArray(1), 1"])
def test_only_two_numbers_or_two_strings_have_an_order(pair: str):
    """Nothing is converted."""
    with pytest.raises(WrongType):
        evaluate(f"@less({pair})", Scope())


def test_strings_count_utf_16_units():
    """A character beyond the basic plane is two, and comes together again."""
    assert 2 == evaluate("@length('😀')", Scope())
    assert 2 == evaluate("@indexOf('😀b', 'B')", Scope())
    assert "😀" == evaluate("@concat(first('😀'), last('😀'))", Scope())
    assert 4 == len(units("a😀b"))


def test_half_of_a_surrogate_pair_is_only_a_bad_character():
    """It becomes the replacement character where bytes are needed."""
    assert "77+9" == evaluate("@base64(first('😀'))", Scope())
    assert "%EF%BF%BD" == evaluate("@uriComponent(last('😀'))", Scope())


@pytest.mark.parametrize("text", ["@string(x())", "@add(x(), 1)", "@range(x(), 1)", "@concat('a', x())"])
def test_integers_of_any_size_are_errors_not_crashes(text: str):
    """Python's own limits are never met."""
    scope = Scope(item=10**6000)

    with pytest.raises(LanguageError):
        evaluate(text.replace("x()", "item()"), scope)


def test_results_beyond_64_bits_are_errors():
    """As in the engine: nothing wraps around."""
    for text in ("add(9223372036854775807,1)", "mul(4294967296,4294967296)", "div(-9223372036854775808,-1)"):
        with pytest.raises(InvalidArgument, match="64 bits"):
            evaluate("@" + text, Scope())
