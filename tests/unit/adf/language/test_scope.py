"""What an expression sees of its run, and what it is told when something is not there."""

from typing import Any

import pytest

from adf.language import (
    LanguageError,
    LimitExceeded,
    MissingActivity,
    MissingParameter,
    MissingProperty,
    MissingVariable,
    NotAvailable,
    Scope,
    evaluate,
)

SCOPE = Scope(
    pipeline={"parameters": {"table": "t", "Both": 1, "both": 2, "none": None}, "RunId": "r"},
    variables={"Name": "n"},
    activities={"Look up": {"output": {"firstRow": {"id": 1}}, "error": None}},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@pipeline().PARAMETERS.Table", "t"),
        ("@pipeline().parameters.Both", 1),
        ("@pipeline().parameters.both", 2),
        ("@pipeline().parameters.BOTH", 1),
        ("@variables('NAME')", "n"),
        ("@activity('look UP').Output.firstrow.id", 1),
        ("@activity('Look up').error?.message", None),
        ("@pipeline()?.TriggeredByPipelineRunId", None),
        ("@pipeline().parameters.none?['x']", None),
        ("@createArray(1)?[5]", None),
    ],
)
def test_names_ignore_case_and_the_exact_one_wins(text: str, expected: object):
    """Of properties, variables and activities alike; `?` gives null for what is missing."""
    assert expected == evaluate(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("@pipeline().parameters.tabel", MissingParameter, "did you mean 'table'"),
        ("@pipeline().globalParameters.x", MissingProperty, "available: parameters, RunId"),
        ("@activity('Look up').output.firstRow.name", MissingProperty, "available: id"),
        ("@activity('Copy').output", MissingActivity, "available: Look up"),
        ("@variables('x')", MissingVariable, "available: Name"),
        ("@activity('Look up').error.message", MissingProperty, "of null"),
        ("@pipeline()?.x.y", MissingProperty, "'y' cannot be selected of null"),
        ("@createArray(1)[1]", MissingProperty, "1 element"),
        ("@createArray(1)['0']", MissingProperty, "integer"),
        ("@item()", NotAvailable, "ForEach"),
        ("@dataset().x", NotAvailable, "dataset"),
        ("@linkedService().x", NotAvailable, "linked service"),
        ("@trigger().scheduledTime", NotAvailable, "trigger"),
        ("@triggerBody().fileName", NotAvailable, "trigger"),
    ],
)
def test_what_is_missing_is_named_with_what_is_available(text: str, error: type[LanguageError], words: str):
    """So that the message alone repairs the expression."""
    with pytest.raises(error, match=words) as caught:
        evaluate(text, SCOPE)

    assert text in str(caught.value)


def test_expression_objects_and_nested_json_are_evaluated():
    """Keys are not; what holds no expression comes back equal."""
    value: dict[str, Any] = {
        "a": {"value": "@pipeline().RunId", "type": "Expression"},
        "b": [1, "@{1}x", None, {"@c": "@@"}],
        "c": {"value": "@1", "type": "SecureString"},
    }

    assert {
        "a": "r",
        "b": [1, "1x", None, {"@c": "@"}],
        "c": {"value": 1, "type": "SecureString"},
    } == evaluate(value, SCOPE)


def test_an_error_names_the_path_to_its_string():
    """Outermost key first, then the expression and the position in it."""
    with pytest.raises(MissingVariable, match=r"'a@\{variables.* at character 3 \(deep\.1\.value\)"):
        evaluate({"deep": [0, {"value": "a@{variables('x')}", "type": "Secret"}]}, SCOPE)


def test_values_nested_without_end_are_refused():
    """Instead of exhausting the stack."""
    value: Any = "@1"
    for _ in range(5000):
        value = [value]

    with pytest.raises(LimitExceeded):
        evaluate(value, SCOPE)


@pytest.mark.parametrize(
    "text",
    [
        "@replace(replace(big(), 'x', big()), 'x', big())",
        "@join(range(0, 100000), big())",
        "@concat(" + ",".join(["big()"] * 100) + ")",
        "@createArray(" + ",".join(["range(0,100000)"] * 400) + ")",
        "@uriComponent(uriComponent(uriComponent(replace(big(), 'x', '%%%%%%%%%%'))))",
    ],
)
def test_an_expression_cannot_fill_the_memory(text: str):
    """Results and intermediate results are bounded."""
    scope = Scope(pipeline={"parameters": {"big": "x" * 100_000}})

    with pytest.raises(LanguageError, match="more than"):
        evaluate(text.replace("big()", "pipeline().parameters.big"), scope)
