"""Factories in Data Factory's Git layout, as small as a test wants them, and rehearsals of them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sandbox.simulation.rehearsal import rehearse
from sandbox.simulation.request import Request, StandIn

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sandbox.datafactory.models import Json


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class SmallFactory:
    """Has an Azure ML workspace; its pipelines and triggers are written by the test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        workspace = {"subscriptionId": "s", "resourceGroupName": "g", "mlWorkspaceName": "w"}
        self.write("linkedService", "ls_azureml", {"type": "AzureMLService", "typeProperties": workspace})

    def write(self, kind: str, name: str, properties: Json) -> None:
        file = self.folder / kind / f"{name}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"name": name, "properties": properties}))

    def pipeline(self, name: str, *activities: Json, **properties: Any) -> None:
        """Without activities: it runs an ML pipeline, named `score`."""
        parameters = {"window": {"type": "String", "defaultValue": "-"}}
        written = [*activities] or [ml_activity("score")]
        self.write("pipeline", name, {"activities": written, "parameters": parameters, **properties})

    def schedule(self, name: str, pipeline: str, recurrence: Json) -> None:
        starts = {
            "pipelineReference": reference(pipeline),
            "parameters": {"window": "@trigger().scheduledTime"},
        }
        properties = {
            "type": "ScheduleTrigger",
            "pipelines": [starts],
            "typeProperties": {"recurrence": recurrence},
        }
        self.write("trigger", name, properties)

    def tumbling(self, name: str, pipeline: str, start: str, hours: int = 24, **properties: Any) -> None:
        window = {"window": "@trigger().outputs.windowStartTime"}
        written = {
            "frequency": "Hour",
            "interval": hours,
            "startTime": start,
            "maxConcurrency": 1,
            **properties,
        }
        self.write(
            "trigger",
            name,
            {
                "type": "TumblingWindowTrigger",
                "pipeline": {"pipelineReference": reference(pipeline), "parameters": window},
                "typeProperties": written,
            },
        )

    def rehearse(
        self,
        start: str,
        end: str,
        *stand_ins: StandIn,
        seed: int = 0,
        nodes: int | None = None,
        as_new: bool = False,
    ) -> Json:
        return rehearse(Request(self.folder, at(start), at(end), seed, nodes, stand_ins, as_new))


def reference(pipeline: str) -> Json:
    return {"referenceName": pipeline, "type": "PipelineReference"}


def ml_activity(name: str, **policy: Any) -> Json:
    return {
        "name": name,
        "type": "AzureMLExecutePipeline",
        "policy": policy,
        "linkedServiceName": {"referenceName": "ls_azureml", "type": "LinkedServiceReference"},
        "typeProperties": {
            "mlPipelineEndpointId": "an-endpoint",
            "mlPipelineParameters": {"window": "@pipeline().parameters.window"},
        },
    }


def on_trigger(name: str, **properties: Any) -> Json:
    of = {"referenceName": name, "type": "TriggerReference"}
    return {"type": "TumblingWindowTriggerDependencyReference", "referenceTrigger": of, **properties}


def on_itself(offset: str) -> Json:
    return {"type": "SelfDependencyTumblingWindowTriggerReference", "offset": offset}


def column(entries: Sequence[Json], *keys: str) -> list[Any]:
    """One key's values, or tuples of several keys'."""
    return [entry[keys[0]] if len(keys) == 1 else tuple(entry[key] for key in keys) for entry in entries]
