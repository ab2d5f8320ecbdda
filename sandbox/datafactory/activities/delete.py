"""Delete: files of the lake, or a whole folder; with a log of what it deleted where one is wanted."""

from __future__ import annotations

import csv
import io
import uuid
from typing import TYPE_CHECKING

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.lake import Place, check_lake_dataset, lake_place, place
from sandbox.datafactory.activities.lake_files import Found, LakeWriter, delete
from sandbox.datafactory.activities.linked import linked_service
from sandbox.datafactory.activities.metadata import DATASETS
from sandbox.datafactory.activities.outputs import with_runtime
from sandbox.datafactory.activities.selection import Selection, check_read_settings, select, selection
from sandbox.datafactory.activities.worker import Worker, in_thread
from sandbox.datafactory.errors import ActivityFailed, NotRun

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View

_FIELDS = Fields("dataset storeSettings recursive maxConcurrentConnections enableLogging logStorageSettings")
_LOG = Fields("linkedServiceName path")


def _check(activity: Json, view: View, target: str) -> None:
    what = f"Activity '{activity['name']}' (Delete)"
    properties = activity.get("typeProperties") or {}
    check_lake_dataset(activity, view, target, DATASETS)
    _FIELDS.check(properties, what, target)
    if properties.get("enableLogging") is True:
        _check_log(properties.get("logStorageSettings"), view, what, target)
    check_read_settings(properties.get("storeSettings"), what, target)


def _check_log(settings: JsonValue, view: View, what: str, target: str) -> None:
    _LOG.check(settings, f"{what}: logStorageSettings", target)
    kind = view.referenced("linkedservices", settings.get("linkedServiceName"), target)["type"]
    if kind != "AzureBlobFS":
        raise NotRun(f"{what} with a log in a linked service of type {kind}")


async def _run(call: Call) -> Json:
    where = place(call)
    settings = call.value("storeSettings", {})
    wanted = selection(where, settings, recursive=call.value("recursive", False) is True)
    call.input |= {"dataset": call.properties["dataset"], "storeSettings": settings}
    files = await select(call, where, wanted)
    await in_thread(call, lambda worker: _delete(worker, where, wanted, files))
    log = {} if call.value("enableLogging", False) is not True else await _log(call, files)
    return with_runtime(
        {
            "datasetName": call.properties["dataset"]["referenceName"],
            "relativePath": f"{where.file_system}/{where.path}".strip("/"),
            "prefix": "",
            "recursive": wanted.recursive,
            "isWildcardUsed": not wanted.is_one_file and bool(wanted.file or wanted.folders),
            "filesDeleted": len(files),
            **log,
        }
    )


def _delete(worker: Worker, where: Place, wanted: Selection, files: list[Found]) -> None:
    """A folder that is wanted whole goes in one step; of others only the files, each as it was listed."""
    is_whole = wanted.recursive and not (wanted.file or wanted.folders or wanted.file_list)
    if is_whole and wanted.folder and wanted.start is None and wanted.end is None:
        delete(worker, where.at(wanted.folder), recursive=True)
        return
    for one in files:
        delete(worker, where.at(one.path), etag=one.etag)


async def _log(call: Call, files: list[Found]) -> Json:
    """A table of what was deleted, in a folder of its own below the path that was asked for."""
    settings = call.value("logStorageSettings")
    service = linked_service(
        call.frame, call.services.view(), call.properties["logStorageSettings"]["linkedServiceName"]
    )
    file_system, _, folder = str(settings.get("path") or "").strip("/").partition("/")
    if not file_system:
        raise ActivityFailed("2103", "Please provide value for the required property 'path' of the log.")
    where = lake_place(call, service, file_system, f"{folder}/{uuid.uuid4()}/log.csv".strip("/"))
    rows = [("Name", "Category", "Status", "Error"), *((one.path, "File", "Deleted", "") for one in files)]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    await in_thread(call, lambda worker: _write(worker, where, text.getvalue().encode()))
    return {"logPath": where.url()}


def _write(worker: Worker, where: Place, content: bytes) -> None:
    with LakeWriter(worker, where) as target:
        target.write(content)
        target.commit()


DELETE = ActivityKind(run=_run, check=_check, has_policy=True)
