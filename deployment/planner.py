"""Desired and observed → a plan. Pure: it reads nothing, writes nothing, and decides everything.

Bodies are compared whole and canonical; ML pipelines by fingerprint. What exists under a name of ours
without our annotations is an error, never an update. Steps are ordered so that what is referred to exists
first and is deleted last.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from adf.entities import StartAtCreation, resolve
from adf.windows import IMMUTABLE, parse_instant
from deployment.canonical import Difference, canonical, differences
from deployment.errors import ForeignObjectsError, PastStartError
from deployment.resources import ENTITY_KINDS, Address, Change, Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from adf.entities import Entity
    from deployment.gateways import Definition, LiveEntity, Published
    from deployment.resources import Action, Desired, Kind, Observed, Owner

KNOWN_AFTER_PUBLISHING: Final = "(known after publishing)"

LEVELS: Final[dict[Kind, int]] = {
    "factory": 0,
    "ml_pipeline": 1,
    "linked_service": 2,
    "dataset": 3,
    "pipeline": 4,
    "trigger": 5,
}
DELETIONS: Final = 2 * max(LEVELS.values()) + 1
"""Deletions come last and backwards: triggers first, ML pipelines after all that refers to them."""


def plan(desired: Desired, observed: Observed, *, prune: bool = False, now: datetime | None = None) -> Plan:
    """The steps from what is to what should be.

    Raises ForeignObjectsError if a name is taken by what is not ours; with `now` also PastStartError for a
    trigger whose first window is past though it may not backfill. Nothing else depends on the clock.
    """
    _refuse_foreign(desired, observed)
    wanted = {_key(entity) for entity in desired.entities}
    unwanted = [live for live in _owned(observed, desired.owner) if _key(live) not in wanted]
    published = {definition.name for definition in desired.ml_pipelines}
    retired = [live for name, live in observed.ml_pipelines.items() if name not in published]
    steps = [
        _factory(desired, observed),
        *(_ml_pipeline(definition, observed) for definition in desired.ml_pipelines),
        *_entities(desired, observed),
        *(_deletion(live) for live in unwanted if prune),
        *(_retirement(live) for live in retired if prune),
    ]
    if now is not None:
        _refuse_past_starts(steps, now)
    left = [Address(live.kind, live.name) for live in unwanted]
    left += [Address("ml_pipeline", live.name) for live in retired]
    return Plan(desired.owner.environment, tuple(_by_level(steps)), () if prune else tuple(left))


def plan_destruction(owner: Owner, observed: Observed) -> Plan:
    """Delete what is ours in the factory and the ML pipelines that were observed; never the factory."""
    retired = [_retirement(live) for live in observed.ml_pipelines.values()]
    deleted = [_deletion(live) for live in _owned(observed, owner)]
    return Plan(owner.environment, tuple(_by_level([*deleted, *retired])))


def _by_level(steps: Iterable[Change]) -> list[Change]:
    return sorted(steps, key=lambda step: step.level)


def _in_order(entities: Iterable[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (LEVELS[entity.kind], entity.name))


def _key(thing: Entity | LiveEntity) -> tuple[Kind, str]:
    return Address(thing.kind, thing.name).key


def _owned(observed: Observed, owner: Owner) -> list[LiveEntity]:
    ours = [live for live in observed.entities if owner.owns(live)]
    return sorted(ours, key=lambda live: (ENTITY_KINDS.index(live.kind), live.name))


def _refuse_foreign(desired: Desired, observed: Observed) -> None:
    wanted = {_key(entity) for entity in desired.entities}
    foreign = [live for live in observed.entities if _key(live) in wanted and not desired.owner.owns(live)]
    if foreign:
        names = [str(Address(live.kind, live.name)) for live in foreign]
        raise ForeignObjectsError(names, ", ".join(desired.owner.annotations))


def _refuse_past_starts(steps: Iterable[Change], now: datetime) -> None:
    entities = [cast("Entity", step.wanted) for step in steps if step.makes_trigger]
    starts = [
        (str(entity), str(entity.properties["typeProperties"]["startTime"]))
        for entity in entities
        if not entity.backfills
    ]
    if past := [(name, start) for name, start in starts if parse_instant(start) < now]:
        raise PastStartError(past)


def _factory(desired: Desired, observed: Observed) -> Change:
    """Created where absent, otherwise not ours: its Git link, identity and tags belong to whoever made it."""
    action: Action = "unchanged" if observed.factory_exists else "create"
    return Change(action, Address("factory", desired.factory), location=desired.location)


def _ml_pipeline(definition: Definition, observed: Observed) -> Change:
    address = Address("ml_pipeline", definition.name)
    level = LEVELS["ml_pipeline"]
    live = observed.ml_pipelines.get(definition.name)
    if live is None:
        return Change("create", address, wanted=definition, level=level)
    if live.fingerprint == definition.fingerprint:
        return Change("unchanged", address, wanted=definition, live=live, level=level)
    difference = Difference("fingerprint", live.fingerprint, definition.fingerprint)
    return Change("change", address, (difference,), definition, live, level)


def endpoints(desired: Desired, observed: Observed) -> dict[str, tuple[str, str]]:
    """ML pipeline → (endpoint id, version), as far as a plan can know them."""
    result = {}
    for definition in desired.ml_pipelines:
        live = observed.ml_pipelines.get(definition.name)
        if live is None:
            result[definition.name] = (KNOWN_AFTER_PUBLISHING, KNOWN_AFTER_PUBLISHING)
        elif live.fingerprint != definition.fingerprint:
            result[definition.name] = (live.endpoint_id, KNOWN_AFTER_PUBLISHING)
        else:
            result[definition.name] = (live.endpoint_id, live.version)
    return result


def _entities(desired: Desired, observed: Observed) -> Iterator[Change]:
    known = endpoints(desired, observed)
    live = {_key(each): each for each in observed.entities}
    for each in _in_order(desired.entities):
        key = _key(each)
        entity = _begun(each, live.get(key))
        wanted = canonical(resolve(entity.properties, known))
        yield _entity(entity, wanted, live.get(key), observed.released.get(key))


def _begun(entity: Entity, live: LiveEntity | None) -> Entity:
    """A trigger whose start is left open keeps that of the live one, unless it must be made anew."""
    open_start = (entity.properties.get("typeProperties") or {}).get("startTime")
    if live is None or not isinstance(open_start, StartAtCreation):
        return entity
    is_now = live.properties.get("typeProperties") or {}
    wanted = entity.properties["typeProperties"] | {"startTime": is_now.get("startTime")}
    kept = replace(entity, properties=entity.properties | {"typeProperties": wanted})
    if _must_be_recreated(live.properties, kept.properties) or not open_start.may_be(wanted["startTime"]):
        return entity
    return kept


def _entity(entity: Entity, wanted: dict[str, Any], live: LiveEntity | None, released: object) -> Change:
    address = Address(entity.kind, entity.name)
    level = LEVELS[entity.kind]
    if live is None:
        return Change("create", address, tuple(_runtime_state(entity, None)), wanted=entity, level=level)
    is_now = canonical(live.properties)
    found = (*differences(is_now, wanted), *_runtime_state(entity, live))
    action = _action(entity, is_now, wanted, found, released)
    return Change(action, address, found, entity, live, level)


def _runtime_state(entity: Entity, live: LiveEntity | None) -> Iterator[Difference]:
    """A trigger that is stopped though it should run, or the other way round."""
    if entity.started is None:
        return
    before = "Stopped" if live is None else str(live.properties.get("runtimeState") or "Stopped")
    after: Literal["Started", "Stopped"] = "Started" if entity.started else "Stopped"
    if before != after:
        yield Difference("runtimeState", before, after)


def _action(
    entity: Entity,
    is_now: Mapping[str, Any],
    wanted: Mapping[str, Any],
    found: tuple[Difference, ...],
    released: object,
) -> Action:
    if not found:
        return "unchanged"
    if entity.kind == "trigger" and _must_be_recreated(is_now, wanted):
        return "recreate"
    if released is not None and released == wanted and is_now != wanted:
        return "drift"
    return "change"


def _must_be_recreated(is_now: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """A trigger's type, and a tumbling window trigger's grid, cannot be edited."""
    if is_now.get("type") != wanted.get("type"):
        return True
    if wanted.get("type") != "TumblingWindowTrigger":
        return False
    before, after = is_now.get("typeProperties") or {}, wanted.get("typeProperties") or {}
    return any(before.get(key) != after.get(key) for key in IMMUTABLE)


def _deletion(live: LiveEntity) -> Change:
    level = DELETIONS - LEVELS[live.kind]
    return Change("delete", Address(live.kind, live.name), live=live, level=level)


def _retirement(live: Published) -> Change:
    level = DELETIONS - LEVELS["ml_pipeline"]
    return Change("delete", Address("ml_pipeline", live.name), live=live, level=level)
