"""What somebody changed by hand: what is there, held against everything that deployments wrote. Pure.

A deployment that died may have written some of its bodies and not others, so what is there is ours if it is
what the last release recorded or what any attempt since then meant to write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from adf.entities import OPEN_START, EndpointId, EndpointVersion, placeholders, resolve
from deployment.canonical import canonical, differences
from deployment.resources import KNOWN_AFTER_PUBLISHING, OUTSIDE_THE_FACTORY, key_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adf.entities import Entity
    from deployment.canonical import Difference
    from deployment.gateways import LiveEntity
    from deployment.resources import Kind, Plan, Written

OPEN = frozenset({KNOWN_AFTER_PUBLISHING, OPEN_START})
"""What an attempt could not know of its own bodies: any value may stand there."""


def by_hand(live: LiveEntity, written: Written) -> tuple[Difference, ...]:
    """From what the last release wrote to what is there; nothing where no release knows the entity."""
    key = key_of(live)
    released = written.released.get(key)
    if released is None:
        return ()
    found = tuple(differences(released, seen(live)))
    body = canonical(live.properties)
    attempted = written.attempted.get(key, ())
    if attempted:
        # One that died before it wrote may have stopped the trigger already.
        attempted = (*attempted, {name: value for name, value in released.items() if name != "runtimeState"})
    return () if any(_is_of(attempt, body) for attempt in attempted) else found


def seen(live: LiveEntity) -> dict[str, Any]:
    """The canonical body; a trigger's with its `runtimeState`, as releases record it."""
    state = live.properties.get("runtimeState") if live.kind == "trigger" else None
    return canonical(live.properties) | ({} if state is None else {"runtimeState": state})


def _is_of(attempt: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """A trigger's state does not count: whoever edits one stops it for that."""
    return all(difference.before in OPEN for difference in differences(attempt, body))


def attempts(plan: Plan) -> Iterator[tuple[tuple[Kind, str], dict[str, Any]]]:
    """The bodies that applying the plan writes, by key, as far as they are known before.

    Of what it deletes the last one: a trigger is stopped before that.
    """
    for step in plan.changes:
        if step.address.kind in OUTSIDE_THE_FACTORY:
            continue
        if step.action == "delete":
            yield step.address.key, canonical(cast("LiveEntity", step.live).properties)
            continue
        entity = cast("Entity", step.wanted)
        unknown = {
            each.ml_pipeline: (KNOWN_AFTER_PUBLISHING, KNOWN_AFTER_PUBLISHING)
            for each in placeholders(entity.properties)
            if isinstance(each, EndpointId | EndpointVersion)
        }
        yield step.address.key, canonical(resolve(entity.properties, unknown | dict(plan.endpoints)))
