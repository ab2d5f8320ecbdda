"""Layers of a configuration, merged from the weakest to the strongest, positions included.

A map is merged key by key. A list or a value replaces. `null` removes what a weaker layer said. A map whose
`type` differs replaces too: a tumbling schedule is not a calendar schedule with other keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from config.documents import Document, Key, parse
from config.errors import Problem, Where

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

VARIABLE_PREFIX: Final = "ADFBATCH__"


def merge(weaker: Document, stronger: Document, *, removes: bool = True) -> Document:
    """Both documents as one; where both speak, the stronger wins.

    Without `removes` a `null` stays one: for a layer that is to be merged into others itself.
    """
    return Document(
        values=_merge_maps(weaker.values, stronger.values, removes=removes),
        where={**_still_true(weaker, stronger), **stronger.where},
        spelling={**weaker.spelling, **stronger.spelling},
        problems=[*weaker.problems, *stronger.problems],
    )


def _merge_maps(weaker: Mapping[str, Any], stronger: Mapping[str, Any], *, removes: bool) -> dict[str, Any]:
    if _is_another(weaker, stronger):
        return dict(stronger)
    result = dict(weaker)
    for key, value in stronger.items():
        if value is None and removes:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _merge_maps(result[key], value, removes=removes)
        else:
            result[key] = value
    return result


def _is_another(weaker: Mapping[str, Any], stronger: Mapping[str, Any]) -> bool:
    return "type" in weaker and "type" in stronger and weaker["type"] != stronger["type"]


def _still_true(weaker: Document, stronger: Document) -> Mapping[Key, Where]:
    """The weaker layer's positions without those inside of what is replaced as a whole."""
    replaced = set(_replaced(weaker.values, stronger.values))
    if not replaced:
        return weaker.where
    return {
        key: where
        for key, where in weaker.where.items()
        if not any(key[:length] in replaced for length in range(1, len(key)))
    }


def _replaced(weaker: Mapping[str, Any], stronger: Mapping[str, Any], key: Key = ()) -> Iterator[Key]:
    for name, value in stronger.items():
        before = weaker.get(name)
        if isinstance(before, dict) and isinstance(value, dict) and not _is_another(before, value):
            yield from _replaced(before, value, (*key, name))
        elif isinstance(before, dict | list):
            yield (*key, name)


def from_variables(variables: Mapping[str, str]) -> Document:
    """ADFBATCH__LAKE__ACCOUNT=x is `lake: {account: x}`; names are taken in lower case."""
    document = Document()
    for name in sorted(variables):
        if name.upper().startswith(VARIABLE_PREFIX):
            key = tuple(name[len(VARIABLE_PREFIX) :].lower().split("__"))
            document = _with(document, key, variables[name], Where(f"environment variable {name}"))
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
        document = _with(document, tuple(dotted.split(".")), text, where)
    return document


def _with(document: Document, key: Key, text: str, where: Where) -> Document:
    value = Document()
    parse(f"value: {text}" if text else "value: ''", str(where), value)
    if value.problems or value.values.keys() != {"value"}:
        document.problems.append(Problem(where, ".".join(key), f"`{text}`", "a YAML value"))
        return document
    nested: Any = value.values["value"]
    for part in reversed(key):
        nested = {part: nested}
    said = [*(key[:length] for length in range(1, len(key))), *((*key, *inner[1:]) for inner in value.where)]
    layer = Document(
        values=nested,
        where=dict.fromkeys(said, where),
        spelling={(*key, *inner[1:]): spelling for inner, spelling in value.spelling.items()},
    )
    return merge(document, layer, removes=False)
