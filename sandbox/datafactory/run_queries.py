"""Queries over runs: time range, filters, order, pages; as SQL over the store's fields, with the caller's
words as values.

A page ends where the next one begins, by the values it is ordered by and the run's id: runs that start
meanwhile do not shift it.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.datafactory.errors import BadRequest
from sandbox.datafactory.models import Json, JsonValue, parse_instant, wire_instant
from sandbox.datafactory.values import require_known, require_list, require_object

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.store import Store

_PAGE = 100
_MOST_ENTRIES = 100
"""Of filters, and of what is ordered by: SQLite nests an expression a thousand deep at most."""
_VALUES = "(SELECT value FROM json_each(?))"
"""One question mark, however many values: SQLite takes some 32,000 of them."""
_QUERY = frozenset({"lastUpdatedAfter", "lastUpdatedBefore", "filters", "orderBy", "continuationToken"})
_FILTER = frozenset({"operand", "operator", "values"})
_ORDER = frozenset({"orderBy", "order"})
_OPERATORS = {"Equals": "IN", "In": "IN", "NotEquals": "NOT IN", "NotIn": "NOT IN"}

Condition = tuple[str, list[str]]
"""In SQL, and the values of its question marks."""


@dataclass(frozen=True)
class Queryable:
    """A kind of run, and of document. `operands` maps what filters may name to the document's field."""

    documents: str
    operands: Mapping[str, str]
    not_in_order: frozenset[str]
    updated: str
    identity: str
    default_order: str


PIPELINE_RUNS = Queryable(
    documents="pipelineruns",
    operands={
        "PipelineName": "pipelineName",
        "Status": "status",
        "RunStart": "runStart",
        "RunEnd": "runEnd",
        "RunGroupId": "runGroupId",
        "LatestOnly": "isLatest",
    },
    not_in_order=frozenset({"RunGroupId", "LatestOnly"}),
    updated="lastUpdated",
    identity="runId",
    default_order="RunStart",
)
ACTIVITY_RUNS = Queryable(
    documents="activityruns",
    operands={
        "ActivityName": "activityName",
        "ActivityType": "activityType",
        "Status": "status",
        "ActivityRunStart": "activityRunStart",
        "ActivityRunEnd": "activityRunEnd",
    },
    not_in_order=frozenset({"ActivityType"}),
    updated="coalesce(activityRunEnd, activityRunStart)",
    identity="activityRunId",
    default_order="ActivityRunStart",
)
TRIGGER_RUNS = Queryable(
    documents="triggerruns",
    operands={
        "TriggerName": "triggerName",
        "Status": "status",
        "TriggerRunTimestamp": "triggerRunTimestamp",
    },
    not_in_order=frozenset(),
    updated="triggerRunTimestamp",
    identity="triggerRunId",
    default_order="TriggerRunTimestamp",
)


def query(kind: Queryable, store: Store, scope: str, asked: Json) -> tuple[list[Json], str | None]:
    """One page of the scope's runs, and the token of the next. Raises `BadRequest` for a query that the
    service would refuse.
    """
    require_known(asked, _QUERY, "The query")
    range_ = [_instant(asked, "lastUpdatedAfter"), _instant(asked, "lastUpdatedBefore")]
    conditions = [(f"{kind.updated} BETWEEN ? AND ?", range_)]
    conditions += [_filter(kind, one) for one in _objects(asked, "filters", _FILTER)]
    order = _orders(kind, _objects(asked, "orderBy", _ORDER))
    # Runs of the same moment by their id, in the direction that lets an index be walked.
    order.append((kind.identity, order[-1][1]))
    if asked.get("continuationToken"):
        last = _decode(asked["continuationToken"], [field for field, _ in order])
        conditions.append(_beyond(order, last))
    found = store.select(
        scope,
        kind.documents,
        " AND ".join(sql for sql, _ in conditions),
        [value for _, values in conditions for value in values],
        order=", ".join(f"{field} {'DESC' if descending else 'ASC'}" for field, descending in order),
        limit=_PAGE + 1,
    )
    page = found[:_PAGE]
    return page, _encode(order, page[-1]) if len(found) > _PAGE else None


def _objects(asked: Json, name: str, fields: frozenset[str]) -> list[Json]:
    written = require_list(asked.get(name) or [], name, name)
    if len(written) > _MOST_ENTRIES:
        raise BadRequest(f"{name} has {len(written)} entries; {_MOST_ENTRIES} are taken.", target=name)
    found = [require_object(one, f"each of {name}", name) for one in written]
    for one in found:
        require_known(one, fields, f"One of {name}")
    return found


def _instant(asked: Json, name: str) -> str:
    """As documents have it: equal digits, so that text compares as instants do."""
    if not isinstance(asked.get(name), str):
        raise BadRequest(f"The filter parameter '{name}' is required.", target=name)
    try:
        return wire_instant(parse_instant(asked[name]))
    except (ValueError, OverflowError) as error:
        raise BadRequest(f"The filter parameter '{name}' is no instant: {error}.", target=name) from error


def _filter(kind: Queryable, asked: Json) -> Condition:
    operand, operator, values = str(asked.get("operand")), str(asked.get("operator")), asked.get("values")
    if operand not in kind.operands:
        raise BadRequest(f"The filter operand {operand!r} is not one of {', '.join(kind.operands)}.")
    if operator not in _OPERATORS:
        raise BadRequest(f"The filter operator {operator!r} is not one of {', '.join(sorted(_OPERATORS))}.")
    if (
        not isinstance(values, list)
        or not values
        or not all(isinstance(one, str) for one in values)
        or (operator in ("Equals", "NotEquals") and len(values) != 1)
    ):
        raise BadRequest(
            f"The filter on {operand} with {operator} has the wrong values, or too many: {values!r:.200}."
        )
    wanted = [_comparable(operand, one) for one in values]
    if operand == "LatestOnly":
        is_latest = "isLatest" if _OPERATORS[operator] == "IN" else "NOT isLatest"
        return ("true" if set(wanted) == {"false"} else is_latest), []
    text = _text(kind.operands[operand])
    # SQLite's own is fast, and knows the letters of ASCII.
    folded = f"{text} COLLATE NOCASE" if all(map(str.isascii, wanted)) else f"lower({text})"
    return f"{folded} {_OPERATORS[operator]} {_VALUES}", [json.dumps(wanted)]


def _comparable(operand: str, text: str) -> str:
    """Instants are compared as instants, names without regard to case."""
    if operand.endswith(("Start", "End", "Timestamp")) and text:
        try:
            return wire_instant(parse_instant(text)).lower()
        except (ValueError, OverflowError) as error:
            raise BadRequest(f"The filter on {operand} needs an instant: {error}.") from error
    return text.lower()


def _orders(kind: Queryable, asked: Sequence[Json]) -> list[tuple[str, bool]]:
    """Each field once: where it comes again it orders nothing any more."""
    found: dict[str, bool] = {}
    for one in asked:
        field, descending = _order(kind, one)
        found.setdefault(field, descending)
    return list(found.items()) or [(kind.operands[kind.default_order], False)]


def _order(kind: Queryable, asked: Json) -> tuple[str, bool]:
    name, direction = str(asked.get("orderBy")), asked.get("order")
    if name not in kind.operands or name in kind.not_in_order:
        raise BadRequest(f"Runs cannot be ordered by {name!r}.")
    if direction not in ("ASC", "DESC"):
        raise BadRequest(f"The order {direction!r} is neither ASC nor DESC.")
    return kind.operands[name], direction == "DESC"


def _text(field: str) -> str:
    """What has no value yet, the end of a run, sorts and compares as the empty text."""
    return f"coalesce({field}, '')" if field.endswith("End") else field


def _beyond(order: Sequence[tuple[str, bool]], last: Mapping[str, str]) -> Condition:
    """What comes after `last` in this order; the first comparison is where an index is entered."""
    (field, descending), *rest = order
    text, sign, value = _text(field), "<" if descending else ">", last[field]
    if not rest:
        return f"{text} {sign} ?", [value]
    sql, values = _beyond(rest, last)
    return f"{text} {sign}= ? AND ({text} {sign} ? OR {sql})", [value, value, *values]


def _encode(order: Sequence[tuple[str, bool]], run: Json) -> str:
    position = {field: str(run[field] or "") for field, _ in order}
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode()


def _decode(token: JsonValue, fields: Sequence[str]) -> dict[str, str]:
    """A token goes with the order that it was made for."""
    try:
        position = json.loads(base64.urlsafe_b64decode(token))
    except (ValueError, TypeError) as error:
        raise BadRequest("The continuation token is not one of this service.") from error
    if not isinstance(position, dict) or position.keys() != set(fields):
        raise BadRequest("The continuation token is not one of this query.")
    return {field: str(value) for field, value in position.items()}
