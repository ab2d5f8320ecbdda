"""Queries over runs: time range, filters, order, pages. Pure.

A page ends where the next one begins, by the values it is ordered by and the run's id: runs that start
meanwhile do not shift it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import cmp_to_key
from typing import TYPE_CHECKING

from sandbox.datafactory.errors import BadRequest
from sandbox.datafactory.models import Json, JsonValue, parse_instant
from sandbox.datafactory.values import require_list, require_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

_PAGE = 100
_OPERATORS = frozenset({"Equals", "NotEquals", "In", "NotIn"})


@dataclass(frozen=True)
class Queryable:
    """A kind of run. `operands` maps what filters may name to the document's field."""

    operands: Mapping[str, str]
    not_in_order: frozenset[str]
    updated: Callable[[Json], str]
    identity: str
    default_order: str


PIPELINE_RUNS = Queryable(
    operands={
        "PipelineName": "pipelineName",
        "Status": "status",
        "RunStart": "runStart",
        "RunEnd": "runEnd",
        "RunGroupId": "runGroupId",
        "LatestOnly": "isLatest",
    },
    not_in_order=frozenset({"RunGroupId", "LatestOnly"}),
    updated=lambda run: str(run["lastUpdated"]),
    identity="runId",
    default_order="RunStart",
)
ACTIVITY_RUNS = Queryable(
    operands={
        "ActivityName": "activityName",
        "ActivityType": "activityType",
        "Status": "status",
        "ActivityRunStart": "activityRunStart",
        "ActivityRunEnd": "activityRunEnd",
    },
    not_in_order=frozenset({"ActivityType"}),
    updated=lambda run: str(run["activityRunEnd"] or run["activityRunStart"]),
    identity="activityRunId",
    default_order="ActivityRunStart",
)
TRIGGER_RUNS = Queryable(
    operands={
        "TriggerName": "triggerName",
        "Status": "status",
        "TriggerRunTimestamp": "triggerRunTimestamp",
    },
    not_in_order=frozenset(),
    updated=lambda run: str(run["triggerRunTimestamp"]),
    identity="triggerRunId",
    default_order="TriggerRunTimestamp",
)


def query(kind: Queryable, runs: Iterable[Json], asked: Json) -> tuple[list[Json], str | None]:
    """One page, and the token of the next. Raises `BadRequest` for a query that the service would refuse."""
    after, before = _instant(asked, "lastUpdatedAfter"), _instant(asked, "lastUpdatedBefore")
    filters = [_filter(kind, one) for one in _objects(asked, "filters")]
    order = [_order(kind, one) for one in _objects(asked, "orderBy")] or [
        (kind.operands[kind.default_order], False)
    ]
    matching = [
        run
        for run in runs
        if after <= parse_instant(kind.updated(run)) <= before and all(matches(run) for matches in filters)
    ]
    compare = _comparison(kind, order)
    matching.sort(key=cmp_to_key(compare))
    if asked.get("continuationToken"):
        last = _decode(asked["continuationToken"], {field for field, _ in order} | {kind.identity})
        matching = [run for run in matching if compare(run, last) > 0]
    page = matching[:_PAGE]
    return page, _encode(kind, order, page[-1]) if len(matching) > _PAGE else None


def _objects(asked: Json, name: str) -> list[Json]:
    written = require_list(asked.get(name) or [], name, name)
    return [require_object(one, f"each of {name}", name) for one in written]


def _instant(asked: Json, name: str) -> datetime:
    if not isinstance(asked.get(name), str):
        raise BadRequest(f"The filter parameter '{name}' is required.", target=name)
    try:
        return parse_instant(asked[name])
    except ValueError as error:
        raise BadRequest(f"The filter parameter '{name}' is no instant: {error}.", target=name) from error


def _filter(kind: Queryable, asked: Json) -> Callable[[Json], bool]:
    operand, operator, values = str(asked.get("operand")), asked.get("operator"), asked.get("values")
    if operand not in kind.operands:
        raise BadRequest(f"The filter operand {operand!r} is not one of {', '.join(kind.operands)}.")
    if operator not in _OPERATORS:
        raise BadRequest(f"The filter operator {operator!r} is not one of {', '.join(sorted(_OPERATORS))}.")
    if (
        not isinstance(values, list)
        or not values
        or (operator in ("Equals", "NotEquals") and len(values) != 1)
    ):
        raise BadRequest(
            f"The filter on {operand} with {operator} has the wrong number of values: {values!r}."
        )
    field = kind.operands[operand]
    wanted = {_comparable(operand, str(one)) for one in values}
    positive = operator in ("Equals", "In")
    if operand == "LatestOnly":
        return lambda run: wanted == {"false"} or bool(run[field]) is positive
    return lambda run: (_comparable(operand, str(run[field] or "")) in wanted) is positive


def _comparable(operand: str, text: str) -> str:
    """Instants are compared as instants, names without regard to case."""
    if operand.endswith(("Start", "End", "Timestamp")) and text:
        try:
            return parse_instant(text).isoformat()
        except ValueError as error:
            raise BadRequest(f"The filter on {operand} needs an instant: {error}.") from error
    return text.lower()


def _order(kind: Queryable, asked: Json) -> tuple[str, bool]:
    name, direction = str(asked.get("orderBy")), asked.get("order")
    if name not in kind.operands or name in kind.not_in_order:
        raise BadRequest(f"Runs cannot be ordered by {name!r}.")
    if direction not in ("ASC", "DESC"):
        raise BadRequest(f"The order {direction!r} is neither ASC nor DESC.")
    return kind.operands[name], direction == "DESC"


def _comparison(kind: Queryable, order: list[tuple[str, bool]]) -> Callable[[Json, Json], int]:
    fields = [*order, (kind.identity, False)]

    def compare(one: Json, other: Json) -> int:
        for field, descending in fields:
            left, right = str(one[field] or ""), str(other[field] or "")
            if left != right:
                return -1 if (left < right) is not descending else 1
        return 0

    return compare


def _encode(kind: Queryable, order: list[tuple[str, bool]], run: Json) -> str:
    position = {field: run[field] for field in [*(name for name, _ in order), kind.identity]}
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _decode(token: JsonValue, fields: set[str]) -> Json:
    """A token goes with the order that it was made for."""
    try:
        position = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError) as error:
        raise BadRequest("The continuation token is not one of this service.") from error
    if not isinstance(position, dict) or position.keys() != fields:
        raise BadRequest("The continuation token is not one of this query.")
    return position
