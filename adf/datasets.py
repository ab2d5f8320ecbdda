"""The datasets: receipts in the lake; where a model has a warehouse table, landed files and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

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
        **_in_lake(settings, {}),
    }
    return Entity("dataset", receipt_name(settings), properties)


FORMATS: Final = {"parquet": "Parquet", "csv": "DelimitedText"}
"""`output.format` → Data Factory's name of it."""

_DELIMITED: Final = {"columnDelimiter": ",", "quoteChar": '"', "escapeChar": '"', "firstRowAsHeader": True}
"""CSV as the steps write it: RFC 4180, a quote inside of quotes twice."""


def landed_name(settings: Settings, file_format: str) -> str:
    """`ds_lake_landed_parquet` over `ls_lake`."""
    return f"ds_{settings.data_factory.linked_service_lake.removeprefix('ls_')}_landed_{file_format}"


def table_name(settings: Settings) -> str:
    """`ds_warehouse_table` over `ls_warehouse`."""
    return f"ds_{settings.data_factory.linked_service_warehouse.removeprefix('ls_')}_table"


def landed(settings: Settings, file_format: str) -> Entity:
    """Predictions at `folder_path`/`file_name` in the lake's file system."""
    form = _DELIMITED if file_format == "csv" else {}
    properties = {
        "type": FORMATS[file_format],
        "description": "A landed window's predictions.",
        **_in_lake(settings, form),
    }
    return Entity("dataset", landed_name(settings, file_format), properties)


def table(settings: Settings) -> Entity:
    """A table of the warehouse."""
    properties = {
        "type": "AzureSqlTable",
        "description": "A table of the warehouse.",
        "annotations": annotations_of(settings),
        "folder": {"name": settings.data_factory.folder},
        "linkedServiceName": linked_service_reference(settings.data_factory.linked_service_warehouse),
        "parameters": {"schema": {"type": "String"}, "table": {"type": "String"}},
        "typeProperties": {"schema": evaluated("dataset().schema"), "table": evaluated("dataset().table")},
    }
    return Entity("dataset", table_name(settings), properties)


def _in_lake(settings: Settings, form: Mapping[str, Any]) -> dict[str, Any]:
    """What all datasets of files say."""
    return {
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
            },
            **form,
        },
    }


def reference(name: str, parameters: Mapping[str, Value]) -> dict[str, Any]:
    return {"referenceName": name, "type": "DatasetReference", "parameters": dict(parameters)}
