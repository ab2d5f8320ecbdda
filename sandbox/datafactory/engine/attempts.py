"""One activity: inactive, taken over, or run: with its timeout, its retries, and a record of each attempt."""

from __future__ import annotations

import asyncio
import logging
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.engine.graph import Ended
from sandbox.datafactory.engine.recovery import retrace
from sandbox.datafactory.engine.services import Host, RunServices
from sandbox.datafactory.errors import ActivityFailed
from sandbox.datafactory.models import Json, JsonValue, milliseconds, parse_instant, wire_instant
from sandbox.datafactory.values import parse_timespan
from sandbox.datafactory.waiting import within

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import timedelta

    from sandbox.datafactory.frame import Frame

_log = logging.getLogger("sandbox.runs")
NO_ERROR = {"errorCode": "", "message": "", "failureType": "", "target": ""}
_DEFAULT_TIMEOUT = "0.12:00:00"


@dataclass(frozen=True)
class Policy:
    timeout: timedelta
    retries: int
    retry_interval_seconds: int
    secure_input: bool
    secure_output: bool


@dataclass
class Record:
    """An activity run as monitoring shows it; written when it must wait, when it starts and when it ends."""

    host: Host
    document: Json
    undo: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    def write(self, **changes: JsonValue) -> None:
        self.document |= changes
        self.host.runs.put_activity_run(self.host.running.factory, self.document)

    def remember(self, facts: Mapping[str, JsonValue]) -> None:
        self.write(_={**self.document["_"], **facts})


async def run_activity(activity: Json, frame: Frame, host: Host) -> Ended:
    """From decision to end. Cancellation leaves a Cancelled record and goes on."""
    if activity.get("state") == "Inactive":
        return _mark(activity, frame, host, activity.get("onInactiveMarkAs", "Succeeded"))
    earlier = frame.run.reused.get(_path(activity, frame))
    if earlier is not None and frame.may_reuse:
        return _take_over(earlier, frame, host)
    attempt = 0
    while True:
        ended, policy = await _attempt(activity, frame, host, attempt)
        if ended.status != "Failed" or policy is None or attempt >= policy.retries:
            return ended
        attempt += 1
        await host.clock.sleep(policy.retry_interval_seconds)


def skip_activity(activity: Json, frame: Frame, host: Host) -> Ended:
    """A dependency could not hold."""
    _mark(activity, frame, host, "Skipped")
    return Ended("Skipped", {}, {}, ran_anew=False)


async def _attempt(activity: Json, frame: Frame, host: Host, attempt: int) -> tuple[Ended, Policy | None]:
    kind = host.kinds[activity["type"]]
    record = _open(activity, frame, host, attempt)
    call = Call(activity, frame, RunServices(host, record.undo, record.remember))
    policy: Policy | None = None
    try:
        policy = _policy(activity, frame)
        record.document["userProperties"] = _user_properties(activity, frame)
        output = await _within(kind, call, policy, record)
    except ActivityFailed as failure:
        return _failed(record, call, policy, failure), policy
    except asyncio.CancelledError:
        if not host.stopping():
            await _undo(record)
            _close(record, call, policy, "Cancelled", {}, NO_ERROR)
        raise
    except Exception as mistake:  # noqa: BLE001 - the runtime's own: told as such, and the run still ends
        _log.exception("activity %s of pipeline run %s", call.name, frame.run.run_id)
        message = f"{type(mistake).__name__}: {mistake}"
        internal = ActivityFailed("InternalError", message, failure_type="SystemError")
        return _failed(record, call, policy, internal), policy
    _close(record, call, policy, "Succeeded", output, NO_ERROR)
    return Ended("Succeeded", output, NO_ERROR), policy


def _failed(record: Record, call: Call, policy: Policy | None, failure: ActivityFailed) -> Ended:
    error = failure.body(call.name)
    _close(record, call, policy, "Failed", failure.output, error)
    return Ended("Failed", failure.output, error)


async def _within(kind: ActivityKind, call: Call, policy: Policy, record: Record) -> Json:
    """The activity's work, in one of the bounded places where it reaches outside, within its timeout."""
    if not kind.has_policy:
        record.write(status="InProgress")
        return await kind.run(call)
    try:
        return await within(
            policy.timeout.total_seconds(), _in_a_place(kind, call, record), record.host.clock.sleep
        )
    except TimeoutError:
        await _undo(record)
        message = f"The activity '{call.name}' timed out after {policy.timeout}."
        raise ActivityFailed("ActivityTimedOut", message) from None


async def _in_a_place(kind: ActivityKind, call: Call, record: Record) -> Json:
    if record.host.places.locked():
        record.write(status="Queued")
    async with record.host.places:
        record.write(status="InProgress")
        return await kind.run(call)


async def _undo(record: Record) -> None:
    """Stop what was started on the outside. A service that refuses is not asked twice."""
    for undo in record.undo:
        try:
            await undo()
        except ActivityFailed as failure:
            record.document["_"]["undo"] = str(failure)


def _open(activity: Json, frame: Frame, host: Host, attempt: int) -> Record:
    document = _document(activity, frame, host, "Queued")
    document["retryAttempt"] = attempt or None
    return Record(host, document)


def _close(record: Record, call: Call, policy: Policy | None, status: str, output: Json, error: Json) -> None:
    now = record.host.clock.now()
    record.document["_"]["output"] = output
    record.write(
        status=status,
        activityRunEnd=wire_instant(now),
        durationInMs=milliseconds(parse_instant(record.document["activityRunStart"]), now),
        input={"secureInput": True} if policy and policy.secure_input else call.input,
        output={"secureOutput": True} if policy and policy.secure_output else output,
        error=error,
    )


def _mark(activity: Json, frame: Frame, host: Host, status: str) -> Ended:
    """A record of an activity that did not run."""
    document = _document(activity, frame, host, status)
    error = NO_ERROR
    if status == "Failed":
        message = "The activity is inactive and marked as failed."
        error = ActivityFailed("InactiveActivity", message).body(activity["name"])
    document |= {"activityRunEnd": document["activityRunStart"], "durationInMs": 0, "error": error}
    host.runs.put_activity_run(frame.run.factory, document)
    return Ended(status, {}, error)


def _take_over(earlier: Json, frame: Frame, host: Host) -> Ended:
    retrace(frame.run, earlier["_"]["path"], host.kinds)
    document = {**earlier, "pipelineRunId": frame.run.run_id, "recoveryStatus": "FromReference"}
    host.runs.put_activity_run(frame.run.factory, document)
    error = earlier.get("error") or NO_ERROR
    return Ended(earlier["status"], earlier["_"].get("output") or {}, error, ran_anew=False)


def _document(activity: Json, frame: Frame, host: Host, status: str) -> Json:
    path = _path(activity, frame)
    now = wire_instant(host.clock.now())
    return {
        "activityRunId": str(uuid.uuid4()),
        "activityName": activity["name"],
        "activityType": activity["type"],
        "pipelineName": frame.run.definition_name,
        "pipelineRunId": frame.run.run_id,
        "linkedServiceName": (activity.get("linkedServiceName") or {}).get("referenceName", ""),
        "status": status,
        "activityRunStart": now,
        "activityRunEnd": None,
        "durationInMs": None,
        "input": {},
        "output": {},
        "error": dict(NO_ERROR),
        "userProperties": {},
        "retryAttempt": None,
        "recoveryStatus": "None",
        "_": {"path": path, "top": frame.top or activity["name"]},
    }


def _path(activity: Json, frame: Frame) -> str:
    return f"{frame.path}{activity['name']}"


def _user_properties(activity: Json, frame: Frame) -> Json:
    return {one["name"]: frame.evaluate(one["value"]) for one in activity.get("userProperties") or []}


def _policy(activity: Json, frame: Frame) -> Policy:
    written = {name: one for name, one in (activity.get("policy") or {}).items() if one is not None}
    try:
        timeout = parse_timespan(str(frame.evaluate(written.get("timeout", _DEFAULT_TIMEOUT))))
        retries = int(frame.evaluate(written.get("retry", 0)))
    except ValueError as error:
        raise ActivityFailed(
            "BadRequest", f"The policy of activity '{activity['name']}': {error}."
        ) from error
    return Policy(
        timeout=timeout,
        retries=retries,
        retry_interval_seconds=written.get("retryIntervalInSeconds", 30),
        secure_input=written.get("secureInput") is True,
        secure_output=written.get("secureOutput") is True,
    )
