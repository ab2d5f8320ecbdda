"""Laws of the expression language."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from adf.language import (
    LanguageError,
    Literal,
    References,
    Scope,
    check,
    evaluate,
    named,
    parse,
    references,
)
from adf.language.culture import sort_key
from adf.language.functions import FUNCTIONS
from adf.language.values import INT64_MAX, INT64_MIN, float_text, identity, json_text

YEARS = datetime(1971, 1, 1), datetime(2037, 1, 1)  # noqa: DTZ001  hypothesis takes naive bounds
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(), max_size=20)
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)
WORDS = (
    *(
        "'",
        "''",
        "@",
        "@{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ".",
        "?",
        ",",
        " ",
        "\n",
        "1",
        "-1.5e3",
        "9" * 20,
        "null",
        "é",
    ),
    *(
        "'2024-02-30T00:00:00Z'",
        "'9999-12-31'",
        "'UTC'",
        "'Month'",
        "'<a/>'",
        "'//a'",
        "'{\"a\":1}'",
        "'%'",
        "100000",
    ),
    *(f"{function.name}(" for function in FUNCTIONS.values()),
)
TEXTS = st.lists(st.sampled_from(WORDS), max_size=25).map("".join) | st.text(max_size=60)


def literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@st.composite
def calls(draw: st.DrawFn, depth: int = 3) -> str:
    """Well-formed calls of any function with arguments of any kind."""
    if depth == 0 or draw(st.booleans()):
        return draw(
            st.sampled_from(["item()", "item()", "1", "0", "'Day'", "'2024-01-31T00:00:00Z'", "null", "true"])
        )
    function = FUNCTIONS[draw(st.sampled_from(sorted(FUNCTIONS)))]
    most = function.fewest + 2 if function.most is None else function.most
    count = draw(st.integers(function.fewest, most))
    return f"{function.name}({', '.join(draw(calls(depth - 1)) for _ in range(count))})"


@given(TEXTS, st.sampled_from(["", "@", "@{", "x@{"]))
@settings(max_examples=500)
def test_any_text_parses_or_is_a_language_error(text: str, prefix: str):
    """Never another error, and the error can be shown."""
    try:
        parse(prefix + text)
    except LanguageError as error:
        assert str(error)  # noqa: PT017  an error is only one of the two ways out


PIECES = (
    "@|@{|}|concat(|if(true, 'a', |activity(|variables(|nope(|item()|pipeline().parameters|[|]|(|)|,| |?|.x|1"
)
QUOTED = "'|''|'a'|'it''s'|' , '"
pieces = st.sampled_from([*PIECES.split("|"), *QUOTED.split("|")])


@given(st.lists(pieces, max_size=12).map("".join))
@example("@concat('a', activity('b').output, 'activity(''c'')')")
@example("@activity('a', 'b')")
@example("it's @{concat('a', variables('b'))}, isn't it")
def test_what_an_expression_names_is_not_in_what_it_says(text: str):
    """So those that differ in it are parsed once; what is wrong is told of the text itself."""
    assert outcome(lambda: named(text)) == outcome(lambda: named_anew(text))


def named_anew(text: str) -> References:
    tree = parse(text)
    check(tree)
    return references(tree)


def outcome(call: Callable[[], References]) -> References | str:
    try:
        return call()
    except LanguageError as error:
        return str(error)


@given(calls(), JSON)
@settings(max_examples=1000, deadline=None)
def test_any_call_gives_a_value_or_a_language_error(call: str, item: Any):
    """Whatever the arguments are; and the same arguments give the same."""
    scope = Scope(item=item, now=lambda: NOW, random_integer=lambda first, _: first)
    try:
        value = evaluate("@" + call, scope)
    except LanguageError as error:
        assert str(error)  # noqa: PT017  an error is only one of the two ways out
    else:
        assert value is None or isinstance(value, str | int | float | list | dict)


@given(st.text())
def test_a_quoted_text_is_itself(text: str):
    """Whatever it holds, as a literal, and in an interpolation."""
    assert text == evaluate("@" + literal(text), Scope())
    assert f"<{text}>" == evaluate(f"<@{{{literal(text)}}}>", Scope())


@given(st.text().filter(lambda text: "@" not in text))
def test_a_text_without_an_at_is_itself(text: str):
    """It is no expression."""
    assert text == evaluate(text, Scope())


@given(st.integers(INT64_MIN, INT64_MAX))
def test_an_integer_of_64_bits_is_itself(number: int):
    """A literal of the same type."""
    match parse(f"@{number}").root:
        case Literal(value):
            assert (int, number) == (type(value), value)
        case other:
            raise AssertionError(other)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_s_text_reads_back(number: float):
    """In .NET's notation."""
    assert number == float(float_text(number))


@given(JSON.filter(lambda value: "e+" not in json.dumps(value)))
def test_json_text_reads_back(value: Any):
    """What string() writes json() reads."""
    if value not in (float("inf"), float("-inf")) and "Infinity" not in json.dumps(value):
        assert identity(value) == identity(json.loads(json_text(value)))


@given(st.text(), st.text(), st.text())
def test_the_order_of_strings_is_an_order(one: str, two: str, three: str):
    """Transitive, and blind to case."""
    first, second, third = sorted([one, two, three], key=sort_key)

    assert sort_key(first) <= sort_key(second) <= sort_key(third)
    assert sort_key("Straße" + one) == sort_key("STRASSE".lower() + one)


@given(st.integers(-50_000, 50_000), st.datetimes(*YEARS))
def test_days_added_and_taken_away_cancel(days: int, when: datetime):
    """To the tick."""
    text = f"{when.isoformat()}Z"
    there_and_back = evaluate(f"@addDays(addDays(item(), {days}), {-days})", Scope(item=text))

    assert there_and_back == evaluate("@formatDateTime(item())", Scope(item=text))


@given(
    st.datetimes(*YEARS),
    st.sampled_from(["Pacific", "W. Europe", "Nepal"]),
)
def test_a_time_shown_in_a_zone_comes_back_unless_it_is_repeated(when: datetime, name: str):
    """convertToUtc undoes convertFromUtc, or says that the time is not one."""
    zone = f"{name} Standard Time"
    scope = Scope(item=f"{when.isoformat()}Z")
    try:
        back = evaluate(f"@convertToUtc(convertFromUtc(item(), '{zone}'), '{zone}')", scope)
    except LanguageError as error:
        assert "repeat" in str(error)  # noqa: PT017  as above
    else:
        assert back == evaluate("@formatDateTime(item())", scope)


@given(st.lists(SCALARS.filter(lambda value: value == value), max_size=8), st.lists(SCALARS, max_size=8))  # noqa: PLR0124
def test_union_has_each_element_once_and_intersection_is_in_both(one: list[Any], two: list[Any]):
    """By strict equality."""
    scope = Scope(item={"one": one, "two": two})
    union = [identity(value) for value in evaluate("@union(item().one, item().two)", scope)]
    both = [identity(value) for value in evaluate("@intersection(item().one, item().two)", scope)]

    assert len(union) == len(set(union))
    assert set(union) == {identity(value) for value in one + two}
    assert set(both) == {identity(value) for value in one} & {identity(value) for value in two}
