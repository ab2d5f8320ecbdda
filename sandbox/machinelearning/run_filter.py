"""The filters that the SDK writes for `runs:query`: comparisons of a field, `and`, `or`, parentheses (a
part of OData).

(ParentRunId eq null)        (Tags/model eq diabetes) and (Status eq Completed)        RootRunId eq 4f.. and
RunId ne 5a..
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sandbox.errors import NotEmulated
from sandbox.machinelearning.models import Document

Predicate = Callable[[Document], bool]
_TOKEN = re.compile(r"\(|\)|[^\s()]+")
_COMPARISONS: dict[str, Callable[[str | None, str | None], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "gt": lambda left, right: left is not None and right is not None and left > right,
    "ge": lambda left, right: left is not None and right is not None and left >= right,
}


def parse_filter(text: str | None) -> Predicate:
    """Every run for an empty text; what is not understood is refused by name."""
    if not text:
        return lambda _: True
    tokens = _TOKEN.findall(text)
    try:
        predicate = _either(tokens)
    except (IndexError, KeyError) as error:
        raise NotEmulated(f"The run filter '{text}'") from error
    if tokens:
        raise NotEmulated(f"The run filter '{text}'")
    return predicate


def _either(tokens: list[str]) -> Predicate:
    left = _both(tokens)
    while tokens and tokens[0] == "or":
        tokens.pop(0)
        left = _or(left, _both(tokens))
    return left


def _both(tokens: list[str]) -> Predicate:
    left = _term(tokens)
    while tokens and tokens[0] == "and":
        tokens.pop(0)
        left = _and(left, _term(tokens))
    return left


def _term(tokens: list[str]) -> Predicate:
    if tokens[0] == "(":
        tokens.pop(0)
        inner = _either(tokens)
        if tokens.pop(0) != ")":
            raise KeyError(")")
        return inner
    field, word = tokens.pop(0), tokens.pop(0)
    compare = _COMPARISONS[word]
    value = _value(tokens)
    return lambda run: compare(_field(run, field), value)


def _value(tokens: list[str]) -> str | None:
    """Values are not quoted: one goes on to the next `and`, `or` or closing parenthesis."""
    words = [tokens.pop(0)]
    while tokens and tokens[0] not in {")", "and", "or"}:
        words.append(tokens.pop(0))
    text = " ".join(words).strip("'\"")
    return None if text == "null" else text


def _field(run: Document, path: str) -> str | None:
    first, _, rest = path.partition("/")
    value = run.get(first[:1].lower() + first[1:])
    if rest:
        value = (value or {}).get(rest)
    return None if value is None else str(value)


def _or(left: Predicate, right: Predicate) -> Predicate:
    return lambda run: left(run) or right(run)


def _and(left: Predicate, right: Predicate) -> Predicate:
    return lambda run: left(run) and right(run)
