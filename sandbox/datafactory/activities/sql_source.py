"""AzureSqlSource: a query, or a whole table, of the warehouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.warehouse.errors import SqlRefused
from sandbox.datafactory.activities.warehouse.linked import DATASET_TYPE, SERVICE_TYPE, table_of
from sandbox.datafactory.activities.warehouse.statements import statements
from sandbox.datafactory.activities.warehouse.tokens import bracketed
from sandbox.datafactory.errors import ActivityFailed, BadRequest, NotRun
from sandbox.datafactory.values import is_expression

if TYPE_CHECKING:
    from sandbox.datafactory.activities.call import Call
    from sandbox.datafactory.activities.linked import Linked
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View

SOURCE = "AzureSqlSource"
_FIELDS = Fields(
    "type sqlReaderQuery queryTimeout sourceRetryCount sourceRetryWait maxConcurrentConnections "
    "disableMetricsCollection additionalColumns",
    not_run="sqlReaderStoredProcedureName storedProcedureParameters isolationLevel partitionOption "
    "partitionSettings produceAdditionalTypes",
)


def is_sql_dataset(activity: Json, view: View, target: str) -> bool:
    """Whether the activity's dataset is a table; one that is, must lie in a database."""
    reference = (activity.get("typeProperties") or {}).get("dataset")
    if not isinstance(reference, dict) or reference.get("type") != "DatasetReference":
        raise BadRequest(f"Activity '{activity['name']}': dataset must be a DatasetReference.", target=target)
    return is_table(view.referenced("datasets", reference, target), view, target)


def is_table(found: Json, view: View, target: str) -> bool:
    if found["type"] != DATASET_TYPE:
        return False
    kind = view.referenced("linkedservices", found.get("linkedServiceName"), target)["type"]
    if kind != SERVICE_TYPE:
        raise BadRequest(
            f"A dataset of type {DATASET_TYPE} in a linked service of type {kind}.", target=target
        )
    return True


def check_sql_source(source: JsonValue, activity: Json, target: str) -> None:
    what = f"Activity '{activity['name']}' ({activity['type']})"
    if not isinstance(source, dict) or source.get("type") != SOURCE:
        found = source.get("type") if isinstance(source, dict) else source
        raise BadRequest(
            f"{what}: an {DATASET_TYPE} dataset is read by an {SOURCE}, not by {found!r}.", target=target
        )
    _FIELDS.check(source, f"{what}: the {SOURCE}", target)
    check_sql_text(source.get("sqlReaderQuery"), what)


def check_sql_text(text: JsonValue, what: str) -> None:
    """T-SQL that is written out is looked at when it is written."""
    if isinstance(text, str) and not is_expression(text):
        try:
            statements(text)
        except SqlRefused as refusal:
            raise NotRun(f"{what}: {refusal.what}") from refusal


def query_of(call: Call, source: Json, found: Linked) -> str:
    """The query of the source, evaluated, or all of the dataset's table."""
    query = source.get("sqlReaderQuery")
    if query:
        return str(query)
    table = table_of(found)
    if not table:
        raise ActivityFailed(
            "2103", f"'{call.name}' has no sqlReaderQuery, and the dataset '{found.name}' names no table."
        )
    return f"SELECT * FROM {bracketed(table)}"  # noqa: S608 - the name is quoted
