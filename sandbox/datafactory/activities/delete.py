"""Delete: files of the lake, or a whole folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.lake import Place, check_lake_dataset, place
from sandbox.datafactory.activities.lake_files import Found, delete
from sandbox.datafactory.activities.metadata import DATASETS
from sandbox.datafactory.activities.outputs import with_runtime
from sandbox.datafactory.activities.selection import Selection, check_read_settings, select, selection
from sandbox.datafactory.activities.worker import Worker, in_thread

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json
    from sandbox.datafactory.view import View

# Where a log would go says nothing as long as none is written.
_FIELDS = Fields(
    "dataset storeSettings recursive maxConcurrentConnections logStorageSettings", not_run="enableLogging"
)


def _check(activity: Json, view: View, target: str) -> None:
    what = f"Activity '{activity['name']}' (Delete)"
    properties = activity.get("typeProperties") or {}
    check_lake_dataset(activity, view, target, DATASETS)
    _FIELDS.check(properties, what, target)
    check_read_settings(properties.get("storeSettings"), what, target)


async def _run(call: Call) -> Json:
    where = place(call)
    settings = call.value("storeSettings", {})
    wanted = selection(where, settings, recursive=call.value("recursive", False) is True)
    call.input |= {"dataset": call.properties["dataset"], "storeSettings": settings}
    files = await select(call, where, wanted)
    count = await in_thread(call, lambda worker: _delete(worker, where, wanted, files))
    return with_runtime(
        {
            "datasetName": call.properties["dataset"]["referenceName"],
            "relativePath": f"{where.file_system}/{where.path}".strip("/"),
            "prefix": "",
            "recursive": wanted.recursive,
            "isWildcardUsed": not wanted.is_one_file and bool(wanted.file or wanted.folders),
            "filesDeleted": count,
        }
    )


def _delete(worker: Worker, where: Place, wanted: Selection, files: list[Found]) -> int:
    """A folder that is wanted whole goes in one step; of others only the files, each as it was listed."""
    is_whole = wanted.recursive and not (wanted.file or wanted.folders or wanted.file_list)
    if is_whole and wanted.folder and wanted.start is None and wanted.end is None:
        delete(worker, where.at(wanted.folder), recursive=True)
        return len(files)
    return sum(delete(worker, where.at(one.path), etag=one.etag) for one in files)


DELETE = ActivityKind(run=_run, check=_check, has_policy=True)
