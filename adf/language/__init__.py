"""The expression language of Data Factory: text in, JSON value out.

    parse("@concat('a', pipeline().RunId)") → Tree        what lint walks: `references(tree)`, `check(tree)`
    named("@concat('a', pipeline().RunId)") → References  the same at once, remembered by the string's form
    evaluate(value, scope) → value                          strings, Expression objects, nested JSON

A string passes four stages, a module each: `template` finds which part of it is an expression, `parser` makes
the tree (`nodes`), `evaluator` checks its calls and computes its value, with the functions of
`functions_*.py` and `accessors.py`. What the run knows comes in a `Scope`, the clock and the sources of
chance included: nothing here reads a file, a clock or an environment variable.

The rules are those of the engine behind Data Factory, measured, where its documentation says otherwise too.
Functions which that engine knows and Data Factory does not document are refused. Every failure is a
`LanguageError` that says what, where, and what would be available; texts, depths and results are bounded.

Known drawback: strings sort as .NET sorts them for English, approximated for scripts other than Latin; of
the many cultures that formatDateTime's undocumented third argument could name, a handful is known.
"""

from functools import lru_cache

from . import (  # noqa: F401  imported for the functions that they declare
    accessors,
    functions_collection,
    functions_conversion,
    functions_date,
    functions_logic,
    functions_math,
    functions_text,
)
from .errors import (
    InvalidArgument,
    LanguageError,
    LimitExceeded,
    MissingActivity,
    MissingParameter,
    MissingProperty,
    MissingVariable,
    NotAvailable,
    ParseError,
    UnknownFunction,
    WrongArity,
    WrongType,
)
from .evaluator import check, evaluate_tree
from .forms import named, remembered
from .nodes import Call, Literal, Path, Template, Tree
from .parser import MAX_LENGTH
from .references import References, references
from .scope import ABSENT, Scope
from .template import parse
from .values import MAX_NESTING, Json

__all__ = [
    "ABSENT",
    "MAX_NESTING",
    "Call",
    "InvalidArgument",
    "Json",
    "LanguageError",
    "LimitExceeded",
    "Literal",
    "MissingActivity",
    "MissingParameter",
    "MissingProperty",
    "MissingVariable",
    "NotAvailable",
    "ParseError",
    "Path",
    "References",
    "Scope",
    "Template",
    "Tree",
    "UnknownFunction",
    "WrongArity",
    "WrongType",
    "check",
    "evaluate",
    "forget",
    "named",
    "parse",
    "references",
]

_EXPRESSION = {"value", "type"}


def evaluate(value: Json, scope: Scope) -> Json:
    """Evaluate a value of a factory's JSON: strings, `{"value": …, "type": "Expression"}`, and what they
    are in.

    What holds no expression comes back equal. Raises LanguageError; its `path` names the keys down to the
    string.
    """
    return _evaluated(value, scope, MAX_NESTING)


def _evaluated(value: Json, scope: Scope, levels: int) -> Json:
    if isinstance(value, str):
        return evaluate_tree(_checked(value), scope) if "@" in value else value
    if levels == 0:
        reason = f"arrays and objects are nested deeper than {MAX_NESTING}"
        raise LimitExceeded(reason)
    if isinstance(value, dict):
        if value.get("type") == "Expression" and value.keys() == _EXPRESSION:
            return _evaluated(value["value"], scope, levels - 1)
        return {key: _inside(key, item, scope, levels) for key, item in value.items()}
    if isinstance(value, list):
        return [_inside(str(index), item, scope, levels) for index, item in enumerate(value)]
    return value


def _inside(key: str, item: Json, scope: Scope, levels: int) -> Json:
    try:
        return _evaluated(item, scope, levels - 1)
    except LanguageError as error:
        error.within(key)
        raise


def _checked(text: str) -> Tree:
    """Parse and check; what is long is not worth a place in the cache."""
    return _remembered(text) if len(text) <= MAX_LENGTH else _parsed(text)


def _parsed(text: str) -> Tree:
    tree = parse(text)
    check(tree)
    return tree


_remembered = lru_cache(maxsize=4096)(_parsed)


def forget() -> None:
    """Empty the caches of parsed strings, for who measures."""
    _remembered.cache_clear()
    remembered.cache_clear()
