"""What is an expression, and what its tree says."""

import pytest

from adf.language import (
    Call,
    LanguageError,
    Literal,
    ParseError,
    Path,
    Scope,
    UnknownFunction,
    WrongArity,
    check,
    evaluate,
    parse,
    references,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("@", "@"),
        ("@@user", "@user"),
        ("@@{x}", "@{x}"),
        ("mail@contoso.com", "mail@contoso.com"),
        ("a@@{1}b", "a@{1}b"),
        ("a@@@{1}", "a@@{1}"),
        ("@{1}@@{2}@{3}", "1@{2}3"),
        (" @{1} \n", " 1 \n"),
        ("@{'}'}", "}"),
        ("@{'a''}'}", "a'}"),
        ("@{null}|@{true}|@{1.0}", "|True|1"),
        ("@1.e3", 1000.0),
        ("@+7", 7),
        ("@TRUE", True),
        ("@ add ( 1 , 2 ) ", 3),
        ('@json(\'{"a":[{"b":5}]}\') . a [ 0 ] ? . b', 5),
    ],
)
def test_a_string_is_literal_or_an_expression_or_has_expressions_in_it(text: str, expected: object):
    """A whole expression keeps its type; one inside of text becomes text."""
    value = evaluate(text, Scope())

    assert (type(expected), expected) == (type(value), value)


@pytest.mark.parametrize(
    "text",
    [
        *("@ ", "@{", "@{}", "@{ }", "@{'}", "@{1", "@.5", "@- 1", "@'a", '@"a"', "@[1]", "@1e999"),
        *("@'abc'[0]", "@null?.x", "@add(1,2)3", "@a.b", "@concat('a',)", "@concat(,)"),
        *("@f(1).", "@f(1)?x", "@f(1)[", "@f(1)['a'", "@f)", "@f(1)]", "@f(" * 100, "@" + "f(" * 4000),
        *("@9223372036854775808", "@pipeline().globalParameters.a-b"),
    ],
)
def test_what_is_no_expression_is_a_parse_error_with_a_place(text: str):
    """Never another kind of error, however long or deep the text is."""
    with pytest.raises(ParseError) as caught:
        parse(text)

    assert text == caught.value.expression
    assert 0 <= (caught.value.position or 0) <= len(text)


def test_the_tree_keeps_names_and_positions():
    """A path is one node with its steps, however long it is."""
    tree = parse("@add(item().n, 2)")

    match tree.expressions():
        case (Call("add", (Path(Call("item", ()), (step,)), Literal(2, 15)), 1),):
            assert step.key == Literal("n", 12)
        case other:
            pytest.fail(str(other))


def test_references_name_what_an_expression_asks_for():
    """In interpolations and keys too; a name that is computed is dynamic."""
    tree = parse(
        "x@{pipeline().parameters.a}@{pipeline().globalParameters['g'][activity('Copy').output.n]}"
        "@{variables('v')}@{variables(concat('v', pipeline().RunId))}"
    )

    found = references(tree)
    assert ("a",) == found.parameters
    assert ("g",) == found.global_parameters
    assert ("v",) == found.variables
    assert ("Copy",) == found.activities
    assert ("variables",) == found.dynamic
    assert ("pipeline", "RunId") in found.properties
    assert {"pipeline", "activity", "variables", "concat"} == set(found.functions)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("@sort(createArray(2,1))", UnknownFunction),
        ("@if(true, 1, isInt('1'))", UnknownFunction),
        ("@add(1)", WrongArity),
        ("@pipeline('x')", WrongArity),
        ("@coalesce()", WrongArity),
    ],
)
def test_a_tree_is_checked_without_a_run(text: str, error: type[LanguageError]):
    """Unknown functions and wrong numbers of arguments are found where lint finds them: before any run."""
    with pytest.raises(error):
        check(parse(text))


def test_an_unknown_function_suggests_a_known_one():
    """The message is a repair instruction."""
    with pytest.raises(UnknownFunction, match="did you mean 'concat'"):
        check(parse("@contact('a', 'b')"))


def test_an_expression_has_no_more_characters_than_data_factory_allows():
    """8,192; text around it does not count."""
    assert evaluate("-" * 9000 + f"@{{'{'a' * 8000}'}}", Scope())
    with pytest.raises(ParseError, match="8192"):
        parse(f"@'{'a' * 8192}'")
