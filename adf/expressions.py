"""Writing Data Factory's expressions, and keeping constants from being taken for one."""

from __future__ import annotations

Value = str | dict[str, str]


def evaluated(expression: str) -> Value:
    """`{"value": "@…", "type": "Expression"}`: the form that is right wherever an expression may stand."""
    return {"value": f"@{expression}", "type": "Expression"}


def inline(expression: str) -> str:
    """`@…`, where the value must stay a string in the JSON (the parameters of an Azure ML pipeline)."""
    return f"@{expression}"


def constant(text: str) -> str:
    """What Data Factory hands on as exactly `text`, be there an `@` at its start or an `@{` within."""
    if text.startswith("@") or "@{" in text:
        return inline(f"string({quoted(text)})")
    return text


def is_expression(value: object) -> bool:
    """Whether Data Factory would evaluate a value, where it evaluates any."""
    if isinstance(value, dict):
        return value.get("type") == "Expression"
    return isinstance(value, str) and ((value[:1] == "@" and value[1:2].isalpha()) or "@{" in value)


def quoted(text: str) -> str:
    """A string literal inside an expression; a quote is written twice and a backslash is only a backslash."""
    return "'" + text.replace("'", "''") + "'"


def joined(*parts: str) -> str:
    """The concatenation of expressions."""
    return f"concat({', '.join(parts)})"


def first_filled(expression: str, otherwise: str) -> str:
    """`expression`, unless it is null or empty."""
    return f"if(empty({expression}), {otherwise}, {expression})"


def parameter(name: str) -> str:
    """A parameter of the pipeline."""
    return f"pipeline().parameters.{name}"
