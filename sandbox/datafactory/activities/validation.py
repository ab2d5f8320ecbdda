"""Validation: waits until a file or folder of the lake is there, as large, or as empty, as is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.lake import Place, check_lake_dataset, children, place, refusal, status_of
from sandbox.datafactory.activities.metadata import DATASETS, facts
from sandbox.datafactory.errors import ActivityFailed
from sandbox.datafactory.values import (
    is_expression,
    is_integer,
    parse_timespan,
    require_integer,
    require_timespan,
)
from sandbox.datafactory.waiting import within

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json
    from sandbox.datafactory.view import View

_FIELDS = Fields("dataset timeout sleep minimumSize childItems")
_DEFAULT_TIMEOUT = "0.12:00:00"
_DEFAULT_SLEEP_SECONDS = 10


def _check(activity: Json, view: View, target: str) -> None:
    what = f"Activity '{activity['name']}' (Validation)"
    properties = activity.get("typeProperties") or {}
    check_lake_dataset(activity, view, target, DATASETS)
    _FIELDS.check(properties, what, target)
    for name, lowest in (("sleep", 1), ("minimumSize", 0)):
        if properties.get(name) is not None and not is_expression(properties[name]):
            require_integer(properties[name], f"{what}: {name}", target, lowest)
    if properties.get("timeout") is not None and not is_expression(properties["timeout"]):
        require_timespan(properties["timeout"], f"{what}: timeout", target)


async def _run(call: Call) -> Json:
    timeout, sleep = str(call.value("timeout", _DEFAULT_TIMEOUT)), call.value("sleep", _DEFAULT_SLEEP_SECONDS)
    if not is_integer(sleep, 1):
        raise ActivityFailed("2104", f"sleep must be a number of seconds, at least 1; found {sleep!r}.")
    try:
        seconds = parse_timespan(timeout).total_seconds()
    except ValueError as error:
        raise ActivityFailed("2104", f"The timeout of Validation '{call.name}': {error}.") from error
    where = place(call)
    call.input |= {"dataset": call.properties["dataset"], "timeout": timeout, "sleep": sleep}
    try:
        return await within(seconds, _until_valid(call, where, sleep), call.services.sleep)
    except TimeoutError:
        raise ActivityFailed(
            "ActivityTimedOut", f"Validation '{call.name}' timed out after {timeout}."
        ) from None


async def _until_valid(call: Call, where: Place, sleep: int) -> Json:
    while (found := await _valid(call, where)) is None:
        await call.services.sleep(sleep)
    return found


async def _valid(call: Call, where: Place) -> Json | None:
    """What is there once it is as asked; None until then."""
    status = await status_of(call, where)
    if status.status == 404:
        return None
    if status.status >= 400:
        raise refusal(call, status, where)
    found = facts(where, status)
    if found["itemType"] == "File":
        return found if found["size"] >= (call.value("minimumSize", 0) or 0) else None
    wanted = call.value("childItems", None)
    if wanted is None:
        return found
    return found if bool(await children(call, where)) is (wanted in (True, "true", "True")) else None


VALIDATION = ActivityKind(
    run=_run,
    check=_check,
    fields=Fields("dataset timeout sleep minimumSize childItems"),
    may_nest=False,
)
