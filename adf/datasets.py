"""The one dataset: a receipt, the line of JSON that an ML run leaves in the lake for the factory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adf.entities import Entity
from adf.expressions import Value, evaluated
from adf.linked_services import reference as linked_service_reference
from adf.ownership import annotations_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.schema import Settings


def receipt_name(settings: Settings) -> str:
    """`ds_lake_receipt` over `ls_lake`: an installation's own linked service brings its own dataset."""
    return f"ds_{settings.data_factory.linked_service_lake.removeprefix('ls_')}_receipt"


def receipt(settings: Settings) -> Entity:
    """JSON at `folder_path`/`file_name` in the lake's file system."""
    properties = {
        "type": "Json",
        "description": "What a scoring run says about itself, one line of JSON a run group.",
        "annotations": annotations_of(settings),
        "folder": {"name": settings.data_factory.folder},
        "linkedServiceName": linked_service_reference(settings.data_factory.linked_service_lake),
        "parameters": {"folder_path": {"type": "String"}, "file_name": {"type": "String"}},
        "typeProperties": {
            "location": {
                "type": "AzureBlobFSLocation",
                "fileSystem": settings.lake.file_system,
                "folderPath": evaluated("dataset().folder_path"),
                "fileName": evaluated("dataset().file_name"),
            }
        },
    }
    return Entity("dataset", receipt_name(settings), properties)


def reference(name: str, parameters: Mapping[str, Value]) -> dict[str, Any]:
    return {"referenceName": name, "type": "DatasetReference", "parameters": dict(parameters)}
