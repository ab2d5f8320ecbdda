"""Which database of the warehouse a linked service names, and what a PUT refuses of it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from sandbox.datafactory.activities.warehouse.database import Database, file_of
from sandbox.datafactory.activities.warehouse.errors import SqlError, SqlFailed
from sandbox.datafactory.activities.warehouse.statements import table_name
from sandbox.datafactory.connection_strings import parse_connection
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.datafactory.activities.call import Call
    from sandbox.datafactory.activities.linked import Linked
    from sandbox.datafactory.activities.worker import Worker
    from sandbox.datafactory.models import Json
    from sandbox.datafactory.view import View

_AUDIENCE = "https://database.windows.net/"
SERVICE_TYPE = "AzureSqlDatabase"
DATASET_TYPE = "AzureSqlTable"


def check_service(activity: Json, view: View, target: str) -> None:
    """The activity's own linked service is a database."""
    reference = activity.get("linkedServiceName")
    if not isinstance(reference, dict) or reference.get("type") != "LinkedServiceReference":
        raise BadRequest(
            f"Activity '{activity['name']}': linkedServiceName must be a LinkedServiceReference.",
            target=target,
        )
    kind = view.referenced("linkedservices", reference, target)["type"]
    if kind != SERVICE_TYPE:
        raise NotRun(f"Activity '{activity['name']}' ({activity['type']}) in a linked service of type {kind}")


def file_for(call: Call, service: Linked) -> Path:
    """The database's file; the factory must have an identity to log in with."""
    call.services.token(_AUDIENCE)
    written = service.type_properties
    server, database = written.get("server"), written.get("database")
    if written.get("connectionString"):
        server, database = parse_connection(str(written["connectionString"]))
    if not server or not database:
        raise ActivityFailed("2103", f"Please provide server and database of '{service.name}'.")
    try:
        return file_of(call.services.warehouse, str(server), str(database))
    except SqlFailed as error:
        raise ActivityFailed("2104", f"The linked service '{service.name}': {error}.") from error


def table_of(dataset: Linked) -> str:
    """The table's name in the file; empty where the dataset names none (a query will)."""
    written = dataset.type_properties
    if written.get("table"):
        return table_name(str(written.get("schema") or "dbo"), str(written["table"]))
    parts = [part.strip().strip("[]") for part in str(written.get("tableName") or "").split(".")]
    return table_name(parts[-2] if len(parts) > 1 else "dbo", parts[-1])


@contextmanager
def connected(worker: Worker, file: Path, code: str) -> Iterator[Database]:
    """Any refusal of the database, also later inside, fails the activity with `code`."""
    database = None
    try:
        database = Database(file, worker.goes_on, worker.call.frame.run.now)
        yield database
    except SqlError as error:
        raise ActivityFailed(code, f"ErrorCode=SqlOperationFailed,'{file.stem}: {error}'") from error
    finally:
        if database is not None:
            database.close()
