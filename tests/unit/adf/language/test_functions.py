"""Functions where their behaviour is not what one would guess."""

import uuid

import pytest

from adf.language import InvalidArgument, LanguageError, Scope, WrongType, evaluate


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("startsWith('Hello', 'hE')", True),
        ("endsWith('Hello', '')", True),
        ("contains('Hello', 'he')", False),
        ("contains(json('{\"Key\":1}'), 'kEY')", True),
        ("contains(createArray(1), 1.0)", False),
        ("indexOf('Hello', 'L')", 2),
        ("lastIndexOf('hello', '')", 4),
        ("lastIndexOf('', '')", 0),
        ("split('abc', '')", ["abc"]),
        ("split('', ',')", [""]),
        ("substring('abc', 1)", "bc"),
        ("toUpper('straße')", "STRAßE"),
        ("first(json('[]'))", None),
        ("last('')", ""),
        ("skip('abc', 9)", ""),
        ("take(createArray(1, 2), 9)", [1, 2]),
        ("union(createArray(1, 2, 1), createArray(3, 2))", [1, 2, 3]),
        ('union(json(\'{"a":{"x":1},"b":1}\'), json(\'{"a":{"y":2}}\'))', {"a": {"y": 2}, "b": 1}),
        ("intersection(createArray(1, 1, 2), createArray(2, 1))", [1, 2]),
        ("join(createArray(1, 2.0, true, null, 'x'), '-')", "1-2-True--x"),
        ("concat(1.0, true, null, createArray(1.0))", "1True[1.0]"),
        ("empty(null)", True),
        ("coalesce(null, '')", ""),
        ("or(true, 1)", True),
        ("if(false, div(1, 0), 'x')", "x"),
        ("div(-7, 2)", -3),
        ("mod(-7, 2)", -1),
        ("div(7, 2.0)", 3.5),
        ("max(createArray(1, 3, 2.5))", 3.0),
        ("range(9223372036854775807, 1)", [9223372036854775807]),
        ("int('1,000')", 1000),
        ("int(' 1e3 ')", 1000),
        ("float('1,000.5')", 1000.5),
        ("bool(0.5)", True),
        ("bool(' FALSE ')", False),
        ("uriComponent('a b/ü~')", "a%20b%2F%C3%BC~"),
        ("uriComponentToString('%C3%BC%FF%zz+')", "ü%FF%zz+"),
        ("base64ToString('aGk=')", "hi"),
        ("base64(createArray(1))", "WzFd"),
        ("string(base64ToBinary('aGk='))", "hi"),
        ("dataUriToString('data:,a%20b')", "a b"),
    ],
)
def test_a_function_gives(text: str, expected: object):
    """Its value, with its type."""
    value = evaluate("@" + text, Scope())

    assert (type(expected), expected) == (type(value), value)


@pytest.mark.parametrize(
    "text",
    [
        "replace('a', '', 'b')",
        "substring('abc', 3)",
        "substring('abc', 1, 3)",
        "substring('abc', -1)",
        "take('a', -1)",
        "range(0, 100001)",
        "range(0, -1)",
        "rand(2, 1)",
        "div(1, 0.0)",
        "mod(1, 0)",
        "int('10.5')",
        "int(1.5)",
        "int('')",
        "int('9223372036854775807')",
        "int('0x1')",
        "float('1e999')",
        "bool('1')",
        "bool(null)",
        "base64ToString('a')",
        "dataUriToString('a')",
        "guid('Q')",
        "max(json('[]'))",
        "json('{')",
        "json('abc')",
        "xml('<a>')",
        'xml(json(\'{"a":1,"b":2}\'))',
        "xpath(xml('<a/>'), '/[')",
    ],
)
def test_an_impossible_argument_is_an_error(text: str):
    """Of the right type, but no value for it."""
    with pytest.raises(InvalidArgument):
        evaluate("@" + text, Scope())


@pytest.mark.parametrize(
    "text",
    [
        "endsWith('a', 1)",
        "toLower(null)",
        "length(json('{}'))",
        "empty(0)",
        "first(null)",
        "not('true')",
        "and(1)",
        "if('true', 1, 2)",
        "union(createArray(1), json('{}'))",
        "union('a', 'b')",
        "join('a', ',')",
        "add('1', 2)",
        "contains('a', 1)",
        "range(1.0, 2)",
        "addDays('2024-01-01', '1')",
        "addDays('2024-01-01', 1.5)",
        "json(1)",
        "base64(1)",
        "xpath('<a/>', '/a')",
        "skip(json('{}'), 1)",
        "max('a')",
        "substring('a', '0')",
    ],
)
def test_an_argument_of_another_type_is_an_error(text: str):
    """Nothing is converted on the way in."""
    with pytest.raises(WrongType):
        evaluate("@" + text, Scope())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("{a:1, 'b':\"c\",}", {"a": 1, "b": "c"}),
        ("[1,2,] rest", [1, 2]),
        ("[1,,2]", [1, None, 2]),
        ("/* note */ 0x1F // end", 31),
        ('"line\nbreak"', "line\nbreak"),
        ("'\\u0041\\''", "A'"),
        ('{"a":1,"a":2}', {"a": 2}),
        ('{"when":"2018-01-01T00:00:00Z"}', {"when": "2018-01-01T00:00:00Z"}),
        ("12345678901234567890", 12345678901234567890),
        ("1.50", 1.5),
    ],
)
def test_json_is_read_leniently(text: str, expected: object):
    """As Newtonsoft does; a text that looks like a date stays text."""
    assert expected == evaluate("@json(item())", Scope(item=text))


@pytest.mark.parametrize("text", ["[" * 5000, "1" * 5000, "1e999", "{'a':}", '"a', '"\\x"', "[1 2]", "tru"])
def test_bad_json_is_an_error_however_large(text: str):
    """Never a crash."""
    with pytest.raises(LanguageError):
        evaluate("@json(item())", Scope(item=text))


def test_guids_come_from_the_scope_in_five_forms():
    """N, D, B, P and X, upper or lower case."""
    value = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
    scope = Scope(new_guid=lambda: value)

    assert [
        "00112233445566778899aabbccddeeff",
        "00112233-4455-6677-8899-aabbccddeeff",
        "{00112233-4455-6677-8899-aabbccddeeff}",
        "(00112233-4455-6677-8899-aabbccddeeff)",
        "{0x00112233,0x4455,0x6677,{0x88,0x99,0xaa,0xbb,0xcc,0xdd,0xee,0xff}}",
    ] == [evaluate(f"@guid('{form}')", scope) for form in "NdBPX"]


def test_chance_comes_from_the_scope():
    """rand's maximum is not reached, unless it is the minimum."""
    scope = Scope(random_integer=lambda first, end: first + 3 * (end > first))

    assert 4 == evaluate("@rand(1, 5)", scope)
    assert 5 == evaluate("@rand(5, 5)", scope)
