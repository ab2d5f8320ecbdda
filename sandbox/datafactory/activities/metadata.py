"""GetMetadata of a file or folder in the lake."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from sandbox.datafactory.activities.call import ActivityKind, Call, Response
from sandbox.datafactory.activities.copying.mapping import interim_type
from sandbox.datafactory.activities.copying.report import Tally
from sandbox.datafactory.activities.copying.sources import LakeSource
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.lake import (
    Place,
    check_lake_dataset,
    check_store_settings,
    children,
    place,
    refusal,
    status_of,
)
from sandbox.datafactory.activities.linked import dataset
from sandbox.datafactory.activities.selection import select, selection
from sandbox.datafactory.activities.worker import Worker, in_thread
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json
    from sandbox.datafactory.view import View

DATASETS = frozenset({"Json", "DelimitedText", "Binary", "Parquet", "Avro", "Orc", "Excel", "Xml"})
_FIELDS = frozenset(
    {
        "exists", "itemName", "itemType", "size", "created", "lastModified", "childItems", "contentMD5",
        "structure", "columnCount",
    }
)  # fmt: skip
_TABULAR = frozenset({"DelimitedText", "Json", "Parquet"})
_COLUMNS = frozenset({"structure", "columnCount"})


def _check(activity: Json, view: View, target: str) -> None:
    described = check_lake_dataset(activity, view, target, DATASETS)
    properties = activity["typeProperties"]
    fields = properties.get("fieldList")
    if not isinstance(fields, list) or not fields:
        raise BadRequest(f"Activity '{activity['name']}': fieldList must name what to read.", target=target)
    for field in fields:
        if field in _COLUMNS and described["type"] not in _TABULAR:
            raise NotRun(
                f"Activity '{activity['name']}' (GetMetadata) of the field {field} of {described['type']}"
            )
        if field not in _FIELDS:
            raise BadRequest(
                f"Activity '{activity['name']}': GetMetadata knows no field {field!r}.", target=target
            )
    check_store_settings(properties.get("storeSettings"), f"Activity '{activity['name']}' (GetMetadata)")


async def _run(call: Call) -> Json:
    where = place(call)
    fields = call.properties["fieldList"]
    call.input |= {"dataset": call.properties["dataset"], "fieldList": fields}
    status = await status_of(call, where)
    if status.status == 404 and "exists" in fields:
        return {"exists": False}
    if status.status >= 400:
        raise refusal(call, status, where)
    is_folder = status.headers.get("x-ms-resource-type") == "directory" or not where.path
    return {field: await _field(call, where, status, field, is_folder=is_folder) for field in fields}


async def _field(call: Call, where: Place, status: Response, field: str, *, is_folder: bool) -> object:
    known = facts(where, status)
    if is_folder and field == "childItems":
        known["childItems"] = [_child(entry) for entry in await children(call, where)]
    if not is_folder and field in _COLUMNS:
        columns = await _columns(call, where)
        known |= {"structure": columns, "columnCount": len(columns)}
    if field not in known:
        kind = "folder" if is_folder else "file"
        raise ActivityFailed("2100", f"The field {field} does not exist for the {kind} '{where.path}'.")
    return known[field]


def facts(where: Place, status: Response) -> Json:
    """What a HEAD says of a file or folder."""
    is_folder = status.headers.get("x-ms-resource-type") == "directory" or not where.path
    known: Json = {
        "exists": True,
        "itemName": where.name,
        "itemType": "Folder" if is_folder else "File",
        "lastModified": _instant(status.headers["Last-Modified"]),
    }
    if "x-ms-creation-time" in status.headers:
        known["created"] = _instant(status.headers["x-ms-creation-time"])
    if not is_folder:
        known["size"] = int(status.headers["Content-Length"])
        known["contentMD5"] = status.headers.get("Content-MD5")
    return known


def _instant(header: str) -> str:
    return parsedate_to_datetime(header).strftime("%Y-%m-%dT%H:%M:%SZ")


async def _columns(call: Call, where: Place) -> list[Json]:
    """Name and type of each column, as the Copy activity would read them."""
    found, _ = dataset(call.frame, call.services.view(), call.properties["dataset"])
    (file,) = await select(call, where, selection(where, {}, recursive=False))

    def schema(worker: Worker) -> list[Json]:
        source = LakeSource(worker, where, found, {}, [file], Tally())
        fields = next(source.parts()).rows().schema
        return [{"name": field.name, "type": interim_type(field.type)} for field in fields]

    return await in_thread(call, schema)


def _child(entry: Json) -> Json:
    is_folder = str(entry.get("isDirectory", "false")).lower() == "true"
    return {"name": entry["name"].rpartition("/")[2], "type": "Folder" if is_folder else "File"}


GET_METADATA = ActivityKind(
    run=_run,
    check=_check,
    fields=Fields("dataset fieldList storeSettings formatSettings"),
    has_policy=True,
)
