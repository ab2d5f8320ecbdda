"""What can be known of a Copy activity when it is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.datafactory.activities.copying.file_sink import BEHAVIORS
from sandbox.datafactory.activities.copying.mapping import check_additional, check_translator
from sandbox.datafactory.activities.fields import Fields
from sandbox.datafactory.activities.lake import check_dataset
from sandbox.datafactory.activities.selection import check_read_settings
from sandbox.datafactory.activities.sql_source import check_sql_source, check_sql_text, is_table
from sandbox.datafactory.activities.warehouse.linked import DATASET_TYPE
from sandbox.datafactory.errors import BadRequest, NotRun
from sandbox.datafactory.values import is_expression, require_integer, require_list, require_object

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View

_FORMATS = frozenset({"DelimitedText", "Json", "Parquet", "Binary"})
_COPY = Fields(
    "source sink translator parallelCopies dataIntegrationUnits",
    not_run="enableStaging stagingSettings enableSkipIncompatibleRow redirectIncompatibleRowSettings "
    "logStorageSettings logSettings preserveRules preserve validateDataConsistency skipErrorFile",
)
_TUNING = "maxConcurrentConnections disableMetricsCollection"
# `recursive` beside the store settings is an older form: they decide.
_SOURCE = Fields(
    "type recursive storeSettings formatSettings additionalColumns sourceRetryCount sourceRetryWait "
    + _TUNING
)
_SINK = Fields(
    "type storeSettings formatSettings writeBatchSize writeBatchTimeout sinkRetryCount sinkRetryWait "
    "maxConcurrentConnections disableMetricsCollection"
)
_SQL_SINK = Fields(
    "type writeBatchSize writeBatchTimeout preCopyScript tableOption writeBehavior sinkRetryCount "
    f"sinkRetryWait sqlWriterUseTableLock {_TUNING}",
    not_run="sqlWriterStoredProcedureName sqlWriterTableType storedProcedureParameters "
    "storedProcedureTableTypeParameterName upsertSettings",
)
_WRITE_SETTINGS = Fields(f"type copyBehavior blockSizeInMB {_TUNING}", not_run="metadata")
_READING = {
    "DelimitedText": Fields("type skipLineCount", not_run="compressionProperties"),
    "Json": Fields("type", not_run="compressionProperties"),
    "Parquet": Fields("type", not_run="compressionProperties"),
    "Binary": Fields("type", not_run="compressionProperties"),
}
_WRITING = {
    "DelimitedText": Fields("type quoteAllText fileExtension", not_run="maxRowsPerFile fileNamePrefix"),
    "Json": Fields("type filePattern"),
    "Parquet": Fields("type", not_run="maxRowsPerFile fileNamePrefix"),
    "Binary": Fields("type"),
}


def check_copy(activity: Json, view: View, target: str) -> None:
    what = f"Activity '{activity['name']}' (Copy)"
    properties = activity.get("typeProperties") or {}
    _COPY.check(properties, what, target)
    source = require_object(properties.get("source"), f"{what}: source", target)
    sink = require_object(properties.get("sink"), f"{what}: sink", target)
    read = _dataset(activity, "inputs", view, target)
    written = _dataset(activity, "outputs", view, target)
    if (read["type"] == "Binary") != (written["type"] == "Binary"):
        raise BadRequest(
            f"{what}: {read['type']} cannot be copied to {written['type']}; Binary goes to Binary only.",
            target=target,
        )
    _check_source(source, read, activity, what, target)
    _check_sink(sink, written, what, target)
    check_translator(properties.get("translator"), what, target)
    if properties.get("translator") and read["type"] == "Binary":
        raise BadRequest(f"{what}: a binary copy has no translator.", target=target)


def _dataset(activity: Json, side: str, view: View, target: str) -> Json:
    references = require_list(activity.get(side), f"Activity '{activity['name']}': {side}", target)
    if len(references) != 1:
        raise BadRequest(f"Activity '{activity['name']}' (Copy) needs one dataset in {side}.", target=target)
    reference = references[0]
    if isinstance(reference, dict) and is_table(view.referenced("datasets", reference, target), view, target):
        return view.referenced("datasets", reference, target)
    return check_dataset(activity, reference, view, target, _FORMATS)


def _require_kind(found: JsonValue, wanted: str, what: str, target: str) -> None:
    if found != wanted:
        raise BadRequest(f"{what} must be of type {wanted}; found {found!r}.", target=target)


def _check_source(source: Json, dataset: Json, activity: Json, what: str, target: str) -> None:
    check_additional(source.get("additionalColumns"), what, target)
    kind = dataset["type"]
    if kind == DATASET_TYPE:
        check_sql_source(source, activity, target)
        return
    _require_kind(source.get("type"), f"{kind}Source", f"{what}: the source of a {kind} dataset", target)
    _SOURCE.check(source, f"{what}: source", target)
    check_read_settings(source.get("storeSettings"), what, target)
    _READING[kind].check(source.get("formatSettings") or {}, f"{what}: the source's formatSettings", target)
    deletes = (source.get("storeSettings") or {}).get("deleteFilesAfterCompletion")
    if deletes and kind != "Binary":
        raise BadRequest(f"{what}: deleteFilesAfterCompletion is for Binary copies.", target=target)


def _check_sink(sink: Json, dataset: Json, what: str, target: str) -> None:
    kind = dataset["type"]
    if kind == DATASET_TYPE:
        _check_table_sink(sink, what, target)
        return
    _require_kind(sink.get("type"), f"{kind}Sink", f"{what}: the sink of a {kind} dataset", target)
    _SINK.check(sink, f"{what}: sink", target)
    settings = sink.get("storeSettings") or {}
    _WRITE_SETTINGS.check(settings, f"{what}: the sink's storeSettings", target)
    behavior = settings.get("copyBehavior")
    if behavior is not None and not is_expression(behavior) and behavior not in BEHAVIORS:
        raise BadRequest(f"{what}: copyBehavior is one of {', '.join(BEHAVIORS)}.", target=target)
    writing = sink.get("formatSettings") or {}
    _WRITING[kind].check(writing, f"{what}: the sink's formatSettings", target)
    if kind == "DelimitedText" and not writing.get("fileExtension"):
        raise BadRequest(f"{what}: DelimitedTextWriteSettings need a fileExtension.", target=target)
    if writing.get("filePattern", "setOfObjects") not in ("setOfObjects", "arrayOfObjects"):
        raise BadRequest(f"{what}: filePattern is setOfObjects or arrayOfObjects.", target=target)


def _check_table_sink(sink: Json, what: str, target: str) -> None:
    _require_kind(sink.get("type"), "AzureSqlSink", f"{what}: the sink of an {DATASET_TYPE} dataset", target)
    _SQL_SINK.check(sink, f"{what}: sink", target)
    check_sql_text(sink.get("preCopyScript"), what)
    behavior, option = sink.get("writeBehavior"), sink.get("tableOption")
    if behavior is not None and str(behavior).lower() != "insert":
        raise NotRun(f"{what} with the writeBehavior {behavior!r}")
    if option is not None and str(option).lower() not in ("none", "autocreate"):
        raise BadRequest(f"{what}: tableOption is none or autoCreate.", target=target)
    size = sink.get("writeBatchSize")
    if size is not None and not is_expression(size):
        require_integer(size, f"{what}: writeBatchSize", target, 1)
