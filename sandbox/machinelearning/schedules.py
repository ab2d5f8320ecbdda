"""Azure ML's own schedules of published pipelines, kept as the SDK makes, changes and lists them.

None of them ever fires: whoever deploys looks for them, because Data Factory schedules here, and of two
schedules each run happens twice.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from sandbox.errors import NotEmulated
from sandbox.machinelearning.errors import BadRequest, NotFound
from sandbox.machinelearning.history import as_utc

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.clock import Clock
    from sandbox.machinelearning.models import Document, Workspace
    from sandbox.machinelearning.operations import Call, Operations
    from sandbox.machinelearning.pipelines import Pipelines
    from sandbox.store import Store

_FREQUENCIES = ("Month", "Week", "Day", "Hour", "Minute")
_STATUS = {"0": "Active", "1": "Deprecated", "2": "Disabled"}
_RECURRENCE = ("0", "Recurrence")
_CHANGES = ("Name", "EntityStatus", "Recurrence", "PipelineSubmissionInfo")


class Schedules:
    def __init__(self, store: Store, clock: Clock, pipelines: Pipelines) -> None:
        self._store = store
        self._clock = clock
        self._pipelines = pipelines

    def add_routes(self, area: Operations) -> None:
        area.add("POST", "/Schedules/Create", self.create)
        area.add("GET", "/Schedules", self.schedules)
        area.add("GET", "/Schedules/Pipeline/{id}", self.of_pipeline)
        area.add("GET", "/Schedules/PipelineEndpoint/{id}", self.of_endpoint)
        area.add("GET", "/Schedules/{id}", self.get)
        area.add("PUT", "/Schedules/{id}", self.update)

    def create(self, call: Call) -> Document:
        """Of an endpoint or of a published pipeline that exists; it is provisioned at once."""
        body = call.document()
        if str(body.get("ScheduleType")) not in _RECURRENCE:
            raise NotEmulated("An Azure ML schedule that watches a datastore")
        _check(body.get("Recurrence"))
        self._check_target(call.workspace, body)
        now = as_utc(self._clock.now())
        schedule = {
            **body,
            "Id": str(uuid.uuid4()),
            "EntityStatus": "Active",
            "ProvisioningStatus": "Completed",
            "CreatedDate": now,
            "LastModifiedDate": now,
        }
        self._store.put(call.workspace.scope, "schedules", schedule["Id"], schedule)
        return schedule

    def schedules(self, call: Call) -> list[Document]:
        """A bare array, newest first."""
        active_only = call.flag("activeOnly", default=True)
        return self._listed(call, lambda one: not active_only or one["EntityStatus"] == "Active")

    def of_pipeline(self, call: Call) -> list[Document]:
        return self._listed(call, lambda one: one.get("PipelineId") == call.path["id"])

    def of_endpoint(self, call: Call) -> list[Document]:
        return self._listed(call, lambda one: one.get("PipelineEndpointId") == call.path["id"])

    def get(self, call: Call) -> Document:
        found = self._store.get(call.workspace.scope, "schedules", call.path["id"])
        if found is None:
            raise NotFound("Schedule", call.path["id"])
        return found

    def update(self, call: Call) -> Document:
        """The whole entity, as the SDK sends it; its target and its id stay."""
        schedule, body = self.get(call), call.document()
        changed = {name: body[name] for name in _CHANGES if body.get(name) is not None}
        _check(changed.get("Recurrence", schedule["Recurrence"]))
        status = str(changed.get("EntityStatus", schedule["EntityStatus"]))
        changed |= {
            "EntityStatus": _STATUS.get(status, status),
            "LastModifiedDate": as_utc(self._clock.now()),
        }
        if changed["EntityStatus"] not in _STATUS.values():
            raise BadRequest(f"'{status}' is not a status.", target="EntityStatus")
        self._store.put(call.workspace.scope, "schedules", schedule["Id"], {**schedule, **changed})
        return {**schedule, **changed}

    def _check_target(self, workspace: Workspace, body: Document) -> None:
        if body.get("PipelineEndpointId"):
            self._pipelines.endpoint(workspace, body["PipelineEndpointId"])
        elif body.get("PipelineId"):
            self._pipelines.pipeline(workspace, body["PipelineId"])
        else:
            raise BadRequest("A schedule needs a pipeline or a pipeline endpoint.", target="PipelineId")

    def _listed(self, call: Call, chosen: Callable[[Document], bool]) -> list[Document]:
        found = self._store.list(call.workspace.scope, "schedules")
        return [one for one in reversed(found) if chosen(one)]


def _check(recurrence: object) -> None:
    given = recurrence if isinstance(recurrence, dict) else {}
    if given.get("Frequency") not in _FREQUENCIES or not given.get("Interval"):
        expected = f"a Frequency, one of {', '.join(_FREQUENCIES)}, and an Interval"
        raise BadRequest(f"A recurrence needs {expected}.", target="Recurrence")
