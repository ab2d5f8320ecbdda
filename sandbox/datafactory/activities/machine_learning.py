"""AzureMLExecutePipeline: submit a published ML pipeline over Azure ML's REST API, and wait for its end.

    linked service → Resource Manager: GET workspace → its discoveryUrl
    → POST PipelineSubmit | PipelineEndpointSubmit → GET PipelineRuns/{id} until it ends

All with the factory's own identity over HTTPS, as the service does it. The activity's *output* is not
documented by Microsoft, so it carries nothing of the ML run here either; the ML run's id stands in the
message of a failure. Error codes 4121 to 4126 are Microsoft's.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from sandbox.datafactory.activities.call import ActivityKind, Call, Request, Response
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.linked import Linked, linked_service
from sandbox.datafactory.errors import ActivityFailed, BadRequest
from sandbox.datafactory.parameters import wire_text
from sandbox.datafactory.values import is_expression

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View

_AUDIENCE = "https://management.azure.com/"
_POLLS_SECONDS = 0.1, 0.5
"""The shortest and the longest pause: a fiftieth of what the run has taken, between the two."""
_TRIES = 5
_CODES = {401: "4121", 403: "4122", 400: "4123", 404: "4124"}
_ENDED = {"Finished": True, "Failed": False, "Canceled": False, "3": True, "2": False, "4": False}
_IDS = ("mlPipelineId", "mlPipelineEndpointId")


def _check(activity: Json, view: View, target: str) -> None:
    name, properties = activity["name"], activity.get("typeProperties") or {}
    if not isinstance(activity.get("linkedServiceName"), dict):
        raise BadRequest(f"Activity '{name}': linkedServiceName is required.", target=target)
    service = view.referenced("linkedservices", activity["linkedServiceName"], target)
    if service["type"] != "AzureMLService":
        raise BadRequest(
            f"Activity '{name}' needs a linked service of type AzureMLService; "
            f"'{activity['linkedServiceName']['referenceName']}' is of type {service['type']}.",
            target=target,
        )
    if len([one for one in _IDS if properties.get(one)]) != 1:
        raise BadRequest(
            f"Activity '{name}': exactly one of {' and '.join(_IDS)} is required.", target=target
        )
    if properties.get("version") and not properties.get("mlPipelineEndpointId"):
        raise BadRequest(f"Activity '{name}': version goes with mlPipelineEndpointId.", target=target)
    for one in ("mlPipelineParameters", "dataPathAssignments"):
        if properties.get(one) is not None and not (
            is_expression(properties[one]) or isinstance(properties[one], dict)
        ):
            raise BadRequest(f"Activity '{name}': {one} must be an object or an expression.", target=target)


@dataclass(frozen=True)
class _Workspace:
    """Where a workspace's pipeline and run history services answer."""

    call: Call
    api: str
    history: str
    scope: str
    names: tuple[str, str, str]
    """Subscription, resource group, workspace."""

    @property
    def pipelines(self) -> str:
        return f"{self.api}/pipelines/v1.0{self.scope}"

    async def ask(self, operation: str, method: str, url: str, body: Json | None = None) -> Json:
        """A JSON answer; anything else fails the activity with the code that Microsoft documents."""
        return await _ask(self.call, operation, method, url, body)


async def _run(call: Call) -> Json:
    service = linked_service(call.frame, call.services.view(), call.activity["linkedServiceName"])
    request = _request(call)
    call.input |= _shown(call, request)
    workspace = await _workspace(call, service)
    submitted = asyncio.ensure_future(
        workspace.ask("submit pipeline", "POST", _submit_url(call, workspace), request)
    )

    async def cancel() -> None:
        """Also where the cancellation came between the request and its answer."""
        run = await submitted
        await _send(call, "DELETE", f"{workspace.pipelines}/PipelineRuns/{run['Id']}/Execution", None)

    call.services.on_cancel(cancel)
    run_id = str((await asyncio.shield(submitted))["Id"])
    call.services.remember(ml_run={"workspace": workspace.names, "id": run_id})
    await _until_ended(call, workspace, run_id)
    return {}


def _request(call: Call) -> Json:
    parameters = call.value("mlPipelineParameters", {})
    if not isinstance(parameters, dict):
        raise ActivityFailed("4123", "mlPipelineParameters must be an object of names and values.")
    request: Json = {
        "ParameterAssignments": {name: wire_text(value) for name, value in parameters.items()},
        "RunSource": "ADF",
        "RunType": "HTTP",
    }
    if call.value("experimentName", None):
        request["ExperimentName"] = call.text("experimentName")
    if call.value("dataPathAssignments", None):
        request["DataPathAssignments"] = call.value("dataPathAssignments")
    if call.value("continueOnStepFailure", None) is not None:
        request["ContinueRunOnStepFailure"] = call.value("continueOnStepFailure") in (True, "true", "True")
    if call.value("mlParentRunId", None):
        request["ParentRunId"] = call.text("mlParentRunId")
    return request


def _shown(call: Call, request: Json) -> Json:
    names = [name for name in (*_IDS, "version") if call.properties.get(name)]
    return {
        **{name: call.value(name) for name in names},
        "experimentName": request.get("ExperimentName"),
        "mlPipelineParameters": request["ParameterAssignments"],
    }


def _submit_url(call: Call, workspace: _Workspace) -> str:
    runs = f"{workspace.pipelines}/PipelineRuns"
    if call.properties.get("mlPipelineId"):
        return f"{runs}/PipelineSubmit/{quote(call.text('mlPipelineId'), safe='')}"
    url = f"{runs}/PipelineEndpointSubmit/Id/{quote(call.text('mlPipelineEndpointId'), safe='')}"
    version = call.value("version", None)
    return url if version in (None, "") else f"{url}/{quote(str(version), safe='')}"


async def _workspace(call: Call, service: Linked) -> _Workspace:
    names = (
        service.text("subscriptionId"),
        service.text("resourceGroupName"),
        service.text("mlWorkspaceName"),
    )
    subscription, group, name = (quote(one, safe="") for one in names)
    scope = (
        f"/subscriptions/{subscription}/resourceGroups/{group}"
        f"/providers/Microsoft.MachineLearningServices/workspaces/{name}"
    )
    arm = f"{call.services.control}{scope}?api-version=2022-05-01"
    found = await _ask(call, "get workspace", "GET", arm, None)
    discovered = await _ask(call, "discover services", "GET", str(found["properties"]["discoveryUrl"]), None)
    api = str(discovered["api"]).rstrip("/")
    return _Workspace(call, api, str(discovered.get("history", api)).rstrip("/"), scope, names)


async def _until_ended(call: Call, workspace: _Workspace, run_id: str) -> None:
    pause, longest = _POLLS_SECONDS
    while True:
        run = await workspace.ask("get pipeline run", "GET", f"{workspace.pipelines}/PipelineRuns/{run_id}")
        succeeded = _ENDED.get(str(run["Status"]["StatusCode"]))
        if succeeded:
            return
        if succeeded is False:
            raise await _failure(workspace, run_id, run)
        await call.services.sleep(pause)
        pause = min(pause * 1.02, longest)


async def _failure(workspace: _Workspace, run_id: str, run: Json) -> ActivityFailed:
    status = run["Status"]
    cause = status.get("StatusDetail") or await _cause(workspace, run_id)
    return ActivityFailed(
        "4126",
        f"Azure ML pipeline run failed with status: '{status['StatusCode']}' and Azure ML pipeline run Id: "
        f"'{run_id}'. Please check in Azure Machine Learning for more error logs. {cause}".rstrip(),
    )


async def _cause(workspace: _Workspace, run_id: str) -> str:
    """The run history's error; the activity has failed anyway, so a history that does not answer adds
    nothing.
    """
    url = f"{workspace.history}/history/v1.0{workspace.scope}/runs/{run_id}"
    try:
        run = await workspace.ask("get run", "GET", url)
    except ActivityFailed:
        return ""
    return str(((run.get("error") or {}).get("error") or {}).get("message") or "")


async def _ask(call: Call, operation: str, method: str, url: str, body: Json | None) -> Json:
    response = await _send(call, method, url, body)
    if response.status >= 400:
        raise ActivityFailed(
            _CODES.get(response.status, "4125"),
            f"Request sent to Azure Machine Learning for operation '{operation}' failed with http status "
            f"code '{response.status}'. Error message from Azure Machine Learning: '{_message(response)}'.",
        )
    parsed: Json = json.loads(response.body)
    return parsed


async def _send(call: Call, method: str, url: str, body: Json | None) -> Response:
    headers = {
        "Authorization": f"Bearer {call.services.token(_AUDIENCE)}",
        "Content-Type": "application/json",
    }
    data = None if body is None else json.dumps(body).encode()
    try:
        tries = 1 if method == "POST" else _TRIES
        return await call.services.send(Request(method, url, headers, data, tries))
    except OSError as error:
        raise ActivityFailed(
            "4125", f"Azure Machine Learning does not answer at {url}: {error}.", failure_type="SystemError"
        ) from error


def _message(response: Response) -> JsonValue:
    try:
        return json.loads(response.body)["error"]["message"]
    except (ValueError, KeyError, TypeError):
        return response.body.decode("utf-8", "replace")


ML_EXECUTE_PIPELINE = ActivityKind(
    run=_run,
    check=_check,
    fields=Fields(
        "mlPipelineId mlPipelineEndpointId version experimentName mlPipelineParameters dataPathAssignments "
        "mlParentRunId continueOnStepFailure mlExecutionType"
    ),
    has_policy=True,
)
