"""Triggers that wait for each other's windows: which come first, and who holds on to whom. Pure.

Azure wants a trigger to exist before another one waits for it, and deletes none that another one waits for.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any

from adf.windows import upstream_of
from deployment.canonical import READ_ONLY
from deployment.resources import Address, key_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adf.entities import Entity
    from deployment.gateways import LiveEntity
    from deployment.resources import Kind

Key = tuple["Kind", str]


def ranked(wanted: Iterable[Entity], live: Iterable[LiveEntity]) -> dict[Key, int]:
    """The rank of each trigger that waits or is waited for: 0, or one more than the highest of those that it
    waits for or waited for. Where the two contradict each other, what is wanted decides.
    """
    after, before = _graph(wanted), _graph(live)
    both = {key: after.get(key, set()) | before.get(key, set()) for key in {**after, **before}}
    try:
        return _heights(both)
    except CycleError:
        return _heights(after or before)


def dependents(
    address: Address, live: Iterable[LiveEntity], ranks: Mapping[Key, int]
) -> tuple[LiveEntity, ...]:
    """The live triggers that wait for the one at an address, when its turn comes: a lower rank has stopped
    waiting by then.
    """
    own = ranks.get(address.key, 0)
    waiting = (each for each in live if address.key in _waits_for(each))
    return tuple(each for each in waiting if ranks.get(key_of(each), own + 1) > own)


def writable(live: LiveEntity) -> dict[str, Any]:
    """A live entity's body as it may be written back."""
    return {key: value for key, value in live.properties.items() if key not in READ_ONLY}


def without_wait(body: dict[str, Any], upstream: str) -> dict[str, Any]:
    """A trigger's body that waits for one trigger less."""
    type_properties = body["typeProperties"]
    kept = [each for each in type_properties["dependsOn"] if not _refers(each, upstream)]
    return body | {"typeProperties": type_properties | {"dependsOn": kept}}


def _refers(dependency: Mapping[str, Any], name: str) -> bool:
    reference = dependency.get("referenceTrigger") or {}
    return str(reference.get("referenceName")).casefold() == name.casefold()


def _graph(triggers: Iterable[Entity | LiveEntity]) -> dict[Key, set[Key]]:
    """Of those that wait."""
    return {key_of(each): waits_for for each in triggers if (waits_for := _waits_for(each))}


def _waits_for(trigger: Entity | LiveEntity) -> set[Key]:
    if trigger.kind != "trigger":
        return set()
    return {Address("trigger", name).key for name in upstream_of(trigger.properties)}


def _heights(graph: Mapping[Key, set[Key]]) -> dict[Key, int]:
    heights: dict[Key, int] = {}
    for key in TopologicalSorter(graph).static_order():
        heights[key] = max((heights[each] + 1 for each in graph.get(key, ())), default=0)
    return heights
