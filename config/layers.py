"""Layers of a configuration, merged from the weakest to the strongest, positions included.

A map is merged key by key. A list or a value replaces. `null` removes what a weaker layer said. A map whose
`type` differs replaces too: a tumbling schedule is not a calendar schedule with other keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from config.documents import Document, Key, parse
from config.errors import Problem, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VARIABLE_PREFIX: Final = "ADFBATCH__"


def merge(weaker: Document, stronger: Document) -> Document:
    """Both documents as one; where both speak, the stronger wins."""
    result = Document(
        where={**weaker.where, **stronger.where},
        spelling={**weaker.spelling, **stronger.spelling},
        problems=[*weaker.problems, *stronger.problems],
    )
    result.values = _merge_maps(weaker.values, stronger.values)
    return result


def _merge_maps(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> dict[str, Any]:
    if "type" in weaker and "type" in stronger and weaker["type"] != stronger["type"]:
        return dict(stronger)
    result = dict(weaker)
    for key, value in stronger.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merge_maps(result[key], value)
        else:
            result[key] = value
    return result


def from_variables(variables: Mapping[str, str]) -> Document:
    """ADFBATCH__LAKE__ACCOUNT=x is `lake: {account: x}`; names are taken in lower case."""
    document = Document()
    for name in sorted(variables):
        if name.upper().startswith(VARIABLE_PREFIX):
            key = tuple(name[len(VARIABLE_PREFIX) :].lower().split("__"))
            _put(document, key, variables[name], Where(f"environment variable {name}"))
    return document


def from_options(options: Iterable[str]) -> Document:
    """`--set a.b=c` is `a: {b: c}`; a later option wins."""
    document = Document()
    for option in options:
        dotted, equals, text = option.partition("=")
        where = Where(f"--set {option}")
        if not equals or not all(dotted.split(".")):
            document.problems.append(Problem(where, "", f"`{option}`", "SECTION.KEY=VALUE"))
            continue
        _put(document, tuple(dotted.split(".")), text, where)
    return document


def _put(document: Document, key: Key, text: str, where: Where) -> None:
    value = Document()
    parse(f"value: {text}" if text else "value: ''", str(where), value)
    if value.problems or "value" not in value.values:
        document.problems.append(Problem(where, ".".join(key), f"`{text}`", "a YAML value"))
        return
    nested: Any = value.values["value"]
    for part in reversed(key):
        nested = {part: nested}
    document.values = _merge_maps(document.values, nested) if document.values else nested
    for inner, spelling in value.spelling.items():
        document.spelling[(*key, *inner[1:])] = spelling
    for length in range(1, len(key) + 1):
        document.where[key[:length]] = where
