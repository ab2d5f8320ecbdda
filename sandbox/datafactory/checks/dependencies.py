"""What a tumbling window trigger depends on: windows that exist, and no circle of waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf.windows import SELF_DEPENDENCY, TRIGGER_DEPENDENCY, upstream_of
from sandbox.datafactory.errors import BadRequest

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json
    from sandbox.datafactory.view import View


def check_dependencies(name: str, properties: Json, view: View) -> None:
    """That the triggers exist is checked with all other references."""
    for one in properties["typeProperties"].get("dependsOn") or []:
        if one.get("type") not in (SELF_DEPENDENCY, TRIGGER_DEPENDENCY):
            known = f"{SELF_DEPENDENCY} or {TRIGGER_DEPENDENCY}"
            raise BadRequest(f"The trigger '{name}': a dependency's type is {known}.", target=name)
        reference = one.get("referenceTrigger") or {}
        if one["type"] == TRIGGER_DEPENDENCY and reference.get("type") != "TriggerReference":
            raise BadRequest(
                f"The trigger '{name}': a dependency needs 'referenceTrigger', a TriggerReference.",
                target=name,
            )
    for other in upstream_of(properties):
        found = view.properties("triggers", other)
        if found is not None and found["type"] != "TumblingWindowTrigger":
            raise BadRequest(
                f"The trigger '{name}' depends on '{other}', which is no tumbling window trigger.",
                target=name,
            )
    _check_circle(name, properties, view)


def _check_circle(name: str, properties: Json, view: View) -> None:
    pending, seen = upstream_of(properties), set[str]()
    while pending:
        other = pending.pop()
        if other.lower() == name.lower():
            raise BadRequest(f"The trigger '{name}' depends on itself through others.", target=name)
        if other.lower() not in seen:
            seen.add(other.lower())
            pending += upstream_of(view.properties("triggers", other) or {})
