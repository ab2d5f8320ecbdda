"""Script: blocks of T-SQL run in a database of the warehouse, one after the other on one connection.

What a block changes is committed statement by statement, as the database has it; who wants more writes BEGIN
TRANSACTION and COMMIT TRANSACTION. The first failure ends the activity and undoes what was begun.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.lake import failure_code
from sandbox.datafactory.activities.linked import linked_service
from sandbox.datafactory.activities.outputs import with_runtime
from sandbox.datafactory.activities.sql_source import check_sql_text
from sandbox.datafactory.activities.warehouse.columns import BAD_VALUES, converter
from sandbox.datafactory.activities.warehouse.linked import check_service, connected, file_for
from sandbox.datafactory.activities.warehouse.rows import json_rows
from sandbox.datafactory.activities.worker import Worker, in_thread
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun
from sandbox.datafactory.values import is_expression, parse_timespan, require_list, require_timespan

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.datafactory.models import Json
    from sandbox.datafactory.view import View

_FIELDS = Fields(
    "scripts scriptBlockExecutionTimeout",
    not_run="logSettings returnMultistatementResult treatDecimalAsString scriptReference",
)
_BLOCK = Fields("text type parameters")
_PARAMETER = Fields("name type value direction size")
_TYPES = {
    "boolean": "bit", "datetime": "datetime2", "datetimeoffset": "datetime2", "decimal": "decimal",
    "double": "float", "guid": "uniqueidentifier", "int16": "smallint", "int32": "int", "int64": "bigint",
    "single": "real", "string": "nvarchar",
}  # fmt: skip
_DEFAULT_TIMEOUT = "02:00:00"
_MOST_ROWS = 5000
_MOST_BYTES = 4 * 1024 * 1024


def _check(activity: Json, view: View, target: str) -> None:
    what = f"Activity '{activity['name']}' (Script)"
    check_service(activity, view, target)
    properties = activity.get("typeProperties") or {}
    _FIELDS.check(properties, what, target)
    blocks = require_list(properties.get("scripts"), f"{what}: scripts", target)
    if not blocks:
        raise BadRequest(f"{what}: scripts must hold at least one block.", target=target)
    timeout = properties.get("scriptBlockExecutionTimeout")
    if timeout is not None and not is_expression(timeout):
        require_timespan(timeout, f"{what}: scriptBlockExecutionTimeout", target)
    for block in blocks:
        _check_block(block, what, target)


def _check_block(block: Json, what: str, target: str) -> None:
    _BLOCK.check(block, f"{what}: a script", target)
    text = block.get("text")
    if not is_expression(text) and (not isinstance(text, str) or not text.strip()):
        raise BadRequest(f"{what}: the text of a script is required.", target=target)
    if block.get("type", "Query") not in ("Query", "NonQuery"):
        raise BadRequest(f"{what}: the type of a script is Query or NonQuery.", target=target)
    for one in block.get("parameters") or []:
        _PARAMETER.check(one, f"{what}: a parameter", target)
        if one.get("direction", "Input") != "Input":
            raise NotRun(f"{what} with a parameter of the direction {one['direction']!r}")
        if str(one.get("type", "String")).lower() not in _TYPES:
            raise NotRun(f"{what} with a parameter of the type {one['type']!r}")
    check_sql_text(text, what)


async def _run(call: Call) -> Json:
    blocks = call.value("scripts")
    call.input |= {"scripts": blocks}
    seconds = _seconds(call)
    service = linked_service(call.frame, call.services.view(), call.activity.get("linkedServiceName"))
    file = file_for(call, service)
    return with_runtime(await in_thread(call, lambda worker: _run_blocks(worker, file, blocks, seconds)))


def _seconds(call: Call) -> float:
    written = call.value("scriptBlockExecutionTimeout", _DEFAULT_TIMEOUT)
    try:
        return parse_timespan(str(written)).total_seconds()
    except ValueError as error:
        raise ActivityFailed("2104", f"scriptBlockExecutionTimeout: {error}.") from error


def _run_blocks(worker: Worker, file: Path, blocks: list[Json], seconds: float) -> Json:
    output: Json = {
        "resultSetCount": 0,
        "recordsAffected": 0,
        "resultSets": [],
        "outputParameters": {},
        "outputLogs": "",
        "outputLogsLocation": "",
        "outputTruncated": False,
    }
    with connected(worker, file, failure_code(worker.call)) as database:
        for block in blocks:
            most_rows = 0 if block.get("type") == "NonQuery" else _MOST_ROWS + 1
            results = database.run(str(block["text"]), _parameters(block), seconds, most_rows)
            output["recordsAffected"] += results.changed
            if most_rows:
                _add_sets(output, [json_rows(names, rows) for names, rows in results.sets])
    return output


def _parameters(block: Json) -> Json:
    return {str(one["name"]).lstrip("@"): _value(one) for one in block.get("parameters") or []}


def _value(parameter: Json) -> Any:  # noqa: ANN401 - what SQLite binds
    value, kind = parameter.get("value"), str(parameter.get("type", "String"))
    if value is None:
        return None
    try:
        return converter(_TYPES[kind.lower()])(value)
    except BAD_VALUES as error:
        raise ActivityFailed("2104", f"The parameter '{parameter['name']}' is no {kind}: {error}.") from error


def _add_sets(output: Json, sets: list[list[Json]]) -> None:
    """As many rows as the output may hold: 5,000 a block, 4 MB; the rest is cut, and said to be."""
    left = _MOST_ROWS
    for rows in sets:
        kept = _within_bytes(rows[:left])
        output["outputTruncated"] |= len(kept) < len(rows)
        output["resultSets"].append({"rowCount": len(kept), "rows": kept})
        left -= len(kept)
    output["resultSetCount"] = len(output["resultSets"])


def _within_bytes(rows: list[Json]) -> list[Json]:
    """Halved until it fits: what is over the limit is far over it, or hardly."""
    while rows and len(json.dumps(rows, ensure_ascii=False).encode()) > _MOST_BYTES:
        rows = rows[: math.floor(len(rows) / 2)]
    return rows


SCRIPT = ActivityKind(run=_run, check=_check, has_policy=True)
