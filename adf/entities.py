"""An entity of the factory as a value, and what in it only Azure ML knows.

An Azure ML pipeline endpoint has no id before it is published, so a body holds a typed placeholder in its
place: `EndpointId("score_diabetes")`. The executor resolves placeholders from what it published; a plan
compares bodies with them resolved from what is live. A start that the configuration leaves open is a
placeholder too: nothing in a body depends on the clock.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import repeat
from typing import TYPE_CHECKING, Any, Literal, cast

from adf.errors import MlPipelineNotPublished
from adf.windows import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from adf.windows import Grid

OPEN_START = "(the next window when created)"

ResourceKind = Literal[
    "diagnostic_setting", "action_group", "metric_alert", "log_alert", "workbook", "dashboard"
]
"""What stands beside the factory: `adf.monitor`."""
Kind = Literal["linked_service", "dataset", "pipeline", "trigger"] | ResourceKind


@dataclass(frozen=True)
class EndpointId:
    """The id of an Azure ML pipeline endpoint: it stays the same when the pipeline is published again."""

    ml_pipeline: str


@dataclass(frozen=True)
class EndpointVersion:
    """The version of an Azure ML pipeline endpoint that the factory is pinned to, as text."""

    ml_pipeline: str


@dataclass(frozen=True)
class StartAtCreation:
    """The start of a tumbling trigger that nobody chose: the next window of `grid` when it is created.

    From then on the live trigger says it.
    """

    grid: Grid

    def __str__(self) -> str:
        return OPEN_START

    def at(self, now: datetime) -> str:
        """As it is for a trigger that is created now: the first window that starts now or later."""
        return format_instant(self.grid.next_starting(now).start)

    def some_day(self) -> str:
        """As it may be: what is wrong with a trigger that starts then is wrong whenever it starts."""
        return self.at(datetime(2026, 1, 1, tzinfo=UTC))

    def may_be(self, start: str) -> bool:
        """Whether a window of the grid starts there, so that a live trigger may keep that start."""
        instant = parse_instant(start)
        return self.grid.window_at(instant).start == instant


class Unresolved(str):
    """In files of others: an expression of an ARM template, whose value only the deployment knows."""

    __slots__ = ()


Placeholder = EndpointId | EndpointVersion | StartAtCreation


@dataclass(frozen=True)
class Entity:
    """One entity: its body is `{"properties": properties}`, plain JSON but for placeholders.

    `started` is a trigger's desired runtime state; it is no part of a body, as a PUT never starts a trigger.
    """

    kind: Kind
    name: str
    properties: dict[str, Any]
    started: bool | None = None
    backfills: bool = True
    """A tumbling trigger may be created with a start that is past. False: then that is an error."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"

    @property
    def runtime_state(self) -> dict[str, str]:
        """The desired state as files say it, beside a trigger's properties; nothing for other kinds."""
        return {} if self.started is None else {"runtimeState": "Started" if self.started else "Stopped"}


def resolve(
    properties: dict[str, Any],
    published: Mapping[str, tuple[str, str]],
    start: Callable[[StartAtCreation], str] = str,
) -> dict[str, Any]:
    """The body with each placeholder replaced from `published`: ML pipeline name → (endpoint id, version).

    `start` says what an open start is; without it the body is one to be read, not to be sent. Raises
    MlPipelineNotPublished for a placeholder that `published` does not know.
    """
    return replaced(properties, _resolved(published, start))


def spells(
    live: Mapping[str, Any], properties: Mapping[str, Any], published: Mapping[str, tuple[str, str]]
) -> bool:
    """Whether a live body is the resolved one, to be read, in whatever order its keys are; True is not 1.

    May raise MlPipelineNotPublished, as `resolve` does.
    """
    return _spells(live, properties, _resolved(published, str))


def _spells(live: Any, wanted: Any, resolved: Callable[[Placeholder], str]) -> bool:  # noqa: ANN401 - JSON
    kind = type(wanted)
    if kind is dict:
        return type(live) is dict and _spells_object(live, wanted, resolved)
    if kind is list:
        same_length = type(live) is list and len(live) == len(wanted)
        return same_length and all(map(_spells, live, wanted, repeat(resolved)))
    if kind in _PLACEHOLDERS:
        return bool(live == resolved(wanted))
    return type(live) is kind and live == wanted


def _spells_object(
    live: Mapping[str, Any], wanted: Mapping[str, Any], resolved: Callable[[Placeholder], str]
) -> bool:
    """What an object holds is most of a body, and not called upon one by one."""
    if len(live) != len(wanted):
        return False
    for key, value in wanted.items():
        there, kind = live.get(key, _MISSING), type(value)
        if kind is str or kind is bool:
            if there is not value and (there != value or type(there) is not kind):
                return False
        elif kind is dict:
            if type(there) is not dict or not _spells_object(there, value, resolved):
                return False
        elif not _spells(there, value, resolved):
            return False
    return True


_PLACEHOLDERS = frozenset({EndpointId, EndpointVersion, StartAtCreation})
_MISSING = object()


def _resolved(
    published: Mapping[str, tuple[str, str]], start: Callable[[StartAtCreation], str]
) -> Callable[[Placeholder], str]:
    def resolved(placeholder: Placeholder) -> str:
        if isinstance(placeholder, StartAtCreation):
            return start(placeholder)
        return _of_endpoint(placeholder, placeholder.ml_pipeline, published)

    return resolved


def replaced(properties: dict[str, Any], by: Callable[[Placeholder], object]) -> dict[str, Any]:
    """The body with each placeholder replaced by what `by` says of it."""

    def within(body: object) -> object:
        if isinstance(body, dict):
            return {key: within(value) for key, value in body.items()}
        if isinstance(body, list):
            return [within(value) for value in body]
        return by(body) if isinstance(body, Placeholder) else body

    return cast("dict[str, Any]", within(properties))


def placeholders(body: object) -> Iterator[Placeholder]:
    """Every placeholder in a body, in order."""
    match body:
        case EndpointId() | EndpointVersion() | StartAtCreation():
            yield body
        case dict():
            for value in body.values():
                yield from placeholders(value)
        case list():
            for value in body:
                yield from placeholders(value)


def _of_endpoint(
    body: EndpointId | EndpointVersion, ml_pipeline: str, published: Mapping[str, tuple[str, str]]
) -> str:
    if ml_pipeline not in published:
        raise MlPipelineNotPublished(ml_pipeline, sorted(published))
    endpoint_id, version = published[ml_pipeline]
    return endpoint_id if isinstance(body, EndpointId) else str(version)
