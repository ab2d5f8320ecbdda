"""Bodies as they mean, not as they are spelt.

Data Factory returns what was sent with read-only properties added, nulls and empty collections added or
dropped, types of parameters in another case and keys in another order. Two bodies are the same when their
canonical forms are equal; canonicalising twice changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

READ_ONLY: Final = frozenset({"runtimeState", "provisioningState", "systemData", "etag", "createTime"})
"""Of an entity's own properties; the same words deeper down belong to the user."""
SECRET: Final = "********"  # noqa: S105 - what is shown in a secret's place
ABSENT: Final = None
"""In a difference: there is no such property on this side. No canonical body holds a None of its own."""


@dataclass(frozen=True)
class Difference:
    """One property, by its path from `properties`: `activities[0].typeProperties.version`."""

    path: str
    before: Any
    after: Any

    def document(self) -> dict[str, Any]:
        return {"path": self.path, "before": self.before, "after": self.after}


def canonical(properties: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of an entity's `properties`; plain JSON with sorted keys."""
    own = {key: value for key, value in properties.items() if key not in READ_ONLY}
    for section in ("parameters", "variables"):
        if isinstance(own.get(section), dict):
            own[section] = {name: _folded(value) for name, value in own[section].items()}
    result = _without_empty(own)
    annotations = result.get("annotations")
    if isinstance(annotations, list):
        result["annotations"] = sorted(annotations, key=str)
    return result


def _folded(declaration: Any) -> Any:  # noqa: ANN401 - any JSON
    """A parameter's declaration with its type in small letters: Studio writes `string`, the API `String`."""
    if isinstance(declaration, dict) and isinstance(declaration.get("type"), str):
        return {**declaration, "type": declaration["type"].lower()}
    return declaration


def _without_empty(body: Mapping[str, Any]) -> dict[str, Any]:
    result = {}
    for key in sorted(body):
        value = _canonical_value(body[key])
        if key != "encryptedCredential" and value is not None and value not in ([], {}):
            result[key] = value
    if result.get("type") == "SecureString" and "value" in result:
        result["value"] = SECRET
    return result


def _canonical_value(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return _without_empty(value)
    if isinstance(value, list):
        return [_canonical_value(item) for item in value]
    return value


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:  # noqa: ANN401 - any JSON
    """What changes from one canonical body to another, in the order of their keys."""
    if type(before) is type(after) and isinstance(before, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from differences(before.get(key), after.get(key), f"{path}.{key}" if path else key)
    elif type(before) is type(after) and isinstance(before, list) and len(before) == len(after):
        for index, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, f"{path}[{_label(old, new, index)}]")
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield Difference(path, before, after)


def _label(old: Any, new: Any, index: int) -> str:  # noqa: ANN401 - any JSON
    """A list's item by its name where both sides agree on it: `activities[score]` reads better than `[3]`."""
    if (
        isinstance(old, dict)
        and isinstance(new, dict)
        and old.get("name")
        and old.get("name") == new.get("name")
    ):
        return str(old["name"])
    return str(index)
