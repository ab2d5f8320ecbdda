"""Desired and observed → a plan. Pure: it reads nothing, writes nothing, and decides everything.

Bodies are compared whole and canonical; ML pipelines by fingerprint. The comparison is one of three: what is
there and is neither wanted nor what a deployment wrote was changed by somebody's hand, which a step says
(`drifted`). What exists under a name of ours without our annotations is an error, never an update. Steps are
ordered so that what is referred to exists first and is deleted last.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from adf.entities import StartAtCreation, resolve, spells
from adf.pipelines import score_name
from adf.windows import IMMUTABLE, parse_instant
from deployment.canonical import Difference, canonical, differences
from deployment.drift import by_hand
from deployment.errors import ForeignObjectsError, PastStartError
from deployment.ml_schedules import double_runs
from deployment.models import said_by
from deployment.old_versions import retirements, used_by_others
from deployment.promotion import step_of, version_here
from deployment.ranks import dependents, ranked, writable
from deployment.resources import (
    ENTITY_KINDS,
    KNOWN_AFTER_PUBLISHING,
    LEVEL_OF_MODELS,
    RESOURCE_KINDS,
    Address,
    Change,
    Pinned,
    Plan,
    key_of,
)
from deployment.selection import EVERYTHING, refuse_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from adf.entities import Entity
    from deployment.gateways import Definition, LiveEntity, Published
    from deployment.resources import Action, Desired, Kind, Observed, Owner
    from deployment.selection import Selection

LEVELS: Final[dict[Kind, int]] = {
    "model": LEVEL_OF_MODELS,
    "factory": 1,
    "ml_pipeline": 2,
    "linked_service": 3,
    "dataset": 4,
    "pipeline": 5,
    "trigger": 6,
    "diagnostic_setting": 7,
    "action_group": 7,
    "metric_alert": 8,
    "log_alert": 8,
    "workbook": 8,
    "dashboard": 8,
}
"""A trigger that waits for others comes after them, on a level above."""
DELETIONS: Final = 1_000_000
"""Deletions come last and backwards: triggers first, ML pipelines after all that refers to them. After these
old versions are disabled, when nothing pins them any more."""


def plan(
    desired: Desired,
    observed: Observed,
    *,
    prune: bool = False,
    selection: Selection = EVERYTHING,
    now: datetime | None = None,
) -> Plan:
    """The steps from what is to what should be, of what is selected.

    Raises ForeignObjectsError if a name is taken by what is not ours, NothingSelectedError, and
    NotSelectedError if what is selected needs what is not; with `now` also PastStartError for a trigger whose
    first window is past though it may not backfill. Nothing else depends on the clock.
    """
    _refuse_foreign(desired, observed)
    chosen = selection.of(desired)
    ml_pipelines = [_ml_pipeline(definition, observed) for definition in chosen.ml_pipelines]
    known = _endpoints(desired, ml_pipelines, observed)
    if selection.globs:
        refuse_missing(chosen, observed, known, _models_left_out(desired, chosen, observed))
    owned = _owned(observed, desired.owner)
    unwanted = list(_deletions(desired, observed, owned))
    selection.check([*desired.addresses(), *(step.address for step in unwanted)])
    deletions = [step for step in unwanted if selection.takes(step.address)]
    steps = [
        *_promotions(chosen, observed),
        _factory(desired, observed),
        *ml_pipelines,
        *_entities(chosen, observed, known, owned),
        *(deletions if prune else ()),
    ]
    steps += retirements(ml_pipelines, _staying(steps, observed), desired, observed, DELETIONS)
    if now is not None:
        _refuse_past_starts(steps, now)
    return Plan(
        desired.owner.environment,
        tuple(_by_level(steps)),
        () if prune else tuple(step.address for step in deletions),
        {name: where for name, where in known.items() if KNOWN_AFTER_PUBLISHING not in where},
        tuple(double_runs(observed)),
    )


def _promotions(chosen: Desired, observed: Observed) -> Iterator[Change]:
    now = said_by(observed.pipelines) if chosen.models else {}
    deployed = {each.name for each in chosen.entities if each.kind == "pipeline"}
    for each in chosen.models:
        here, pipeline = observed.models.get(each.registered_name, ()), score_name(each.model)
        yield step_of(each, here, now.get(pipeline, ""), takes_over=pipeline in deployed)


def _models_left_out(desired: Desired, chosen: Desired, observed: Observed) -> Mapping[str, str]:
    """Pipeline → the model that it would score with, and that is neither registered here nor selected."""
    return {
        score_name(each.model): str(Address("model", each.model))
        for each in desired.models
        if each not in chosen.models
        and version_here(each, observed.models.get(each.registered_name, ())) is None
    }


def plan_destruction(owner: Owner, observed: Observed) -> Plan:
    """Delete what is ours in the factory and the ML pipelines that were observed; never the factory, nor what
    another installation published, too.
    """
    published = observed.ml_pipelines.values()
    retired = [_retirement(live) for live in published if not used_by_others(live, owner, observed)]
    deleted = _deletions_of(_owned(observed, owner), observed)
    return Plan(owner.environment, tuple(_by_level([*deleted, *retired])))


def _by_level(steps: Iterable[Change]) -> list[Change]:
    return sorted(steps, key=lambda step: step.level)


def _in_order(entities: Iterable[Entity]) -> list[Entity]:
    return sorted(entities, key=lambda entity: (LEVELS[entity.kind], entity.name))


def _owned(observed: Observed, owner: Owner) -> list[LiveEntity]:
    ours = [live for live in observed.entities if owner.owns(live)]
    order = [*ENTITY_KINDS, *RESOURCE_KINDS]
    return sorted(ours, key=lambda live: (order.index(live.kind), live.name))


def _refuse_foreign(desired: Desired, observed: Observed) -> None:
    wanted = {key_of(entity) for entity in desired.entities}
    foreign = [live for live in observed.entities if key_of(live) in wanted and not desired.owner.owns(live)]
    if foreign:
        names = [str(Address(live.kind, live.name)) for live in foreign]
        raise ForeignObjectsError(names, ", ".join(desired.owner.annotations))


def _refuse_past_starts(steps: Iterable[Change], now: datetime) -> None:
    entities = [cast("Entity", step.wanted) for step in steps if step.makes_trigger]
    starts = [
        (entity.name, str(entity.properties["typeProperties"]["startTime"]))
        for entity in entities
        if not entity.backfills
    ]
    if past := [(name, start) for name, start in starts if parse_instant(start) < now]:
        raise PastStartError(past)


def _staying(steps: Iterable[Change], observed: Observed) -> list[LiveEntity]:
    """What the factory holds and no step touches, whoever owns it."""
    touched = {step.address.key for step in steps if step.action != "unchanged"}
    return [live for live in observed.entities if key_of(live) not in touched]


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
    if isinstance(definition, Pinned) and live.version != definition.version:
        difference = Difference("version", live.version, definition.version)
        return Change("change", address, (difference,), wanted=definition, live=live, level=level)
    if live.fingerprint == definition.fingerprint:
        return Change("unchanged", address, wanted=definition, live=live, level=level)
    difference = Difference("fingerprint", live.fingerprint, definition.fingerprint)
    return Change("change", address, (difference,), wanted=definition, live=live, level=level)


def _endpoints(
    desired: Desired, ml_pipelines: Iterable[Change], observed: Observed
) -> dict[str, tuple[str, str]]:
    """ML pipeline → (endpoint id, version), as far as a plan can know them; what no step publishes stays."""
    wanted = {definition.name for definition in desired.ml_pipelines}
    known = {
        name: (live.endpoint_id, live.version)
        for name, live in observed.ml_pipelines.items()
        if name in wanted
    }
    for step in ml_pipelines:
        if step.action != "unchanged":
            endpoint_id, _ = known.get(step.address.name, (KNOWN_AFTER_PUBLISHING, ""))
            known[step.address.name] = (endpoint_id, KNOWN_AFTER_PUBLISHING)
    return known


def _entities(
    desired: Desired,
    observed: Observed,
    known: Mapping[str, tuple[str, str]],
    owned: Sequence[LiveEntity],
) -> Iterator[Change]:
    live = {key_of(each): each for each in observed.entities}
    ranks = ranked(desired.entities, owned)
    for each in _in_order(desired.entities):
        key = key_of(each)
        step = _entity(begun(each, live.get(key)), known, live.get(key), observed)
        if rank := ranks.get(key, 0):
            step = replace(step, level=step.level + rank)
        if step.action == "recreate":
            holding = dependents(step.address, owned, ranks)
            step = replace(step, dependents=holding)
        yield step


def begun(entity: Entity, live: LiveEntity | None) -> Entity:
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


def _entity(
    entity: Entity, known: Mapping[str, tuple[str, str]], live: LiveEntity | None, observed: Observed
) -> Change:
    address = Address(entity.kind, entity.name)
    level = LEVELS[entity.kind]
    if live is None:
        return Change("create", address, tuple(_runtime_state(entity, None)), wanted=entity, level=level)
    is_now, wanted = _compared(entity, known, live)
    found = (*differences(is_now, wanted), *_runtime_state(entity, live))
    drifted = by_hand(live, observed.written) if found else ()
    action = _action(entity, is_now, wanted, changed=bool(found), drifted=bool(drifted))
    return Change(action, address, found, drifted, entity, live, level)


def _compared(
    entity: Entity, known: Mapping[str, tuple[str, str]], live: LiveEntity
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Both bodies, canonical; where they are spelled alike, as most are, nothing is to be told apart."""
    is_now = writable(live)
    if spells(is_now, entity.properties, known):
        return is_now, is_now
    return canonical(is_now), canonical(resolve(entity.properties, known))


def _runtime_state(entity: Entity, live: LiveEntity | None) -> Iterator[Difference]:
    """A trigger that is stopped though it should run, or the other way round."""
    if entity.started is None:
        return
    before = "Stopped" if live is None else str(live.properties.get("runtimeState") or "Stopped")
    after: Literal["Started", "Stopped"] = "Started" if entity.started else "Stopped"
    if before != after:
        yield Difference("runtimeState", before, after)


def _action(
    entity: Entity, is_now: Mapping[str, Any], wanted: Mapping[str, Any], *, changed: bool, drifted: bool
) -> Action:
    if not changed:
        return "unchanged"
    if entity.kind == "trigger" and _must_be_recreated(is_now, wanted):
        return "recreate"
    if entity.kind in RESOURCE_KINDS and is_now.get("location") != wanted.get("location"):
        return "recreate"  # a resource does not move
    return "drift" if drifted else "change"


def _must_be_recreated(is_now: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    """A trigger's type, and a tumbling window trigger's grid, cannot be edited."""
    if is_now.get("type") != wanted.get("type"):
        return True
    if wanted.get("type") != "TumblingWindowTrigger":
        return False
    before, after = is_now.get("typeProperties") or {}, wanted.get("typeProperties") or {}
    return any(before.get(key) != after.get(key) for key in IMMUTABLE)


def _deletions(desired: Desired, observed: Observed, owned: Sequence[LiveEntity]) -> Iterator[Change]:
    """What is ours and no longer wanted."""
    wanted = {key_of(entity) for entity in desired.entities}
    published = {definition.name for definition in desired.ml_pipelines}
    unwanted = [live for live in owned if key_of(live) not in wanted]
    yield from _deletions_of(unwanted, observed)
    for name, endpoint in observed.ml_pipelines.items():
        if name not in published and not used_by_others(endpoint, desired.owner, observed):
            yield _retirement(endpoint)


def _deletions_of(unwanted: Sequence[LiveEntity], observed: Observed) -> Iterator[Change]:
    ranks = ranked((), unwanted)
    for live in unwanted:
        level = DELETIONS - LEVELS[live.kind] - ranks.get(key_of(live), 0)
        drifted = by_hand(live, observed.written)
        yield Change("delete", Address(live.kind, live.name), drifted=drifted, live=live, level=level)


def _retirement(live: Published) -> Change:
    level = DELETIONS - LEVELS["ml_pipeline"]
    return Change("delete", Address("ml_pipeline", live.name), live=live, level=level)
