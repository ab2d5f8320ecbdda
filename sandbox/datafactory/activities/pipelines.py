"""ExecutePipeline: another pipeline as a child run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.errors import ActivityFailed, BadRequest
from sandbox.errors import AzureError

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json
    from sandbox.datafactory.view import View


def _check(activity: Json, view: View, target: str) -> None:
    reference = (activity.get("typeProperties") or {}).get("pipeline")
    if not isinstance(reference, dict) or reference.get("type") != "PipelineReference":
        raise BadRequest(
            f"Activity '{activity['name']}': pipeline must be a PipelineReference.", target=target
        )
    view.referenced("pipelines", reference, target)


async def _run(call: Call) -> Json:
    """With waitOnCompletion (the default) the child's end is this activity's; without, its start is."""
    pipeline = call.properties["pipeline"]["referenceName"]
    parameters = call.value("parameters", {})
    call.input |= {"pipeline": call.properties["pipeline"], "parameters": parameters}
    try:
        run_id = call.services.start_child(pipeline, parameters)
    except AzureError as refusal:
        raise ActivityFailed(refusal.code, refusal.message) from refusal
    output: Json = {"pipelineName": pipeline, "pipelineRunId": run_id}
    if call.properties.get("waitOnCompletion", True) is False:
        return output
    child = await call.services.wait_child(run_id)
    if child["status"] != "Succeeded":
        raise ActivityFailed(
            "BadRequest",
            child.get("message") or f"The pipeline run was {child['status'].lower()}.",
            output=output,
        )
    if child.get("_", {}).get("returnValue") is not None:
        output["pipelineReturnValue"] = child["_"]["returnValue"]
    return output


EXECUTE_PIPELINE = ActivityKind(run=_run, check=_check, fields=Fields("pipeline parameters waitOnCompletion"))
