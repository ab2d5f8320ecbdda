"""Triggers: a schedule or events that can be, and pipelines that exist."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from adf.events import BlobTrigger, IllegalBlobTrigger
from adf.windows import TumblingWindow, WindowError, tumbling_change_problems, tumbling_problems
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.checks.dependencies import check_dependencies
from sandbox.datafactory.checks.recurrences import check_recurrence
from sandbox.datafactory.checks.types import require_type
from sandbox.datafactory.errors import BadRequest, NotRun
from sandbox.datafactory.known_types import TRIGGER_TYPES
from sandbox.datafactory.values import require_list, require_object

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View

_STORAGE_ACCOUNT = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Storage/storageAccounts/[^/]+",
    re.IGNORECASE,
)


_FIELDS = {
    "ScheduleTrigger": Fields("recurrence"),
    "TumblingWindowTrigger": Fields(
        "frequency interval startTime endTime delay maxConcurrency retryPolicy dependsOn"
    ),
    "BlobEventsTrigger": Fields("scope events blobPathBeginsWith blobPathEndsWith ignoreEmptyBlobs"),
}


def check_trigger(name: str, properties: Json, existing: Json | None, view: View) -> Json:
    """The properties to store: `runtimeState` is read-only, and Stopped whatever was sent."""
    kind = require_type(properties, TRIGGER_TYPES, f"The trigger '{name}'", name)
    written = require_object(properties.get("typeProperties"), "typeProperties", name)
    before = None if existing is None else existing["properties"]
    if before is not None and before["type"] != kind:
        raise BadRequest(
            f"The trigger '{name}' is of type {before['type']}: its type cannot change.", target=name
        )
    if kind in _FIELDS:
        _FIELDS[kind].check(written, f"The trigger '{name}'", name)
    match kind:
        case "ScheduleTrigger":
            _check_pipelines(name, properties)
            check_recurrence(name, require_object(written.get("recurrence"), "recurrence", name))
        case "TumblingWindowTrigger":
            _check_one_pipeline(name, properties)
            _check_windows(name, written, before)
            check_dependencies(name, properties, view)
        case "BlobEventsTrigger":
            _check_pipelines(name, properties)
            _check_events(name, written)
        case _:
            raise NotRun(f"The trigger '{name}' of type {kind}")
    return {**properties, "runtimeState": "Stopped"}


def pipelines_of(properties: Json) -> list[Json]:
    """The trigger's pipelines, each `{pipelineReference, parameters}`."""
    if properties["type"] == "TumblingWindowTrigger":
        return [properties["pipeline"]] if properties.get("pipeline") else []
    return list(properties.get("pipelines") or [])


def _check_pipelines(name: str, properties: Json) -> None:
    """`parameters` is documented as mandatory; Studio writes none where a pipeline takes none."""
    for one in require_list(properties.get("pipelines") or [], "pipelines", name):
        pipeline = require_object(one, "one of the pipelines", name)
        require_object(pipeline.get("parameters") or {}, "parameters", name)


def _check_one_pipeline(name: str, properties: Json) -> None:
    if "pipelines" in properties:
        raise BadRequest(f"The trigger '{name}': a tumbling window trigger has one 'pipeline'.", target=name)
    if properties.get("pipeline") is not None:
        require_object(properties["pipeline"], "pipeline", name)


def _check_events(name: str, written: Json) -> None:
    if not _STORAGE_ACCOUNT.fullmatch(str(written.get("scope"))):
        raise BadRequest(f"The trigger '{name}': scope is not the id of a storage account.", target=name)
    try:
        BlobTrigger.from_json(written)
    except IllegalBlobTrigger as error:
        raise BadRequest(f"The trigger '{name}': {error}.", target=name) from error


def _check_windows(name: str, written: Json, before: JsonValue) -> None:
    if "maxConcurrency" not in written:
        raise BadRequest(f"The trigger '{name}': maxConcurrency is required.", target=name)
    try:
        problems = tumbling_problems(written)
    except (WindowError, TypeError, KeyError) as error:
        problems = [str(error)]
    if not problems and next(TumblingWindow.from_type_properties(written).windows(), None) is None:
        problems = ["it has no window: endTime is not after the first one's end"]
    if before is not None:
        problems += tumbling_change_problems(before["typeProperties"], written)
    if problems:
        raise BadRequest(f"The trigger '{name}': {'; '.join(problems)}.", target=name)
