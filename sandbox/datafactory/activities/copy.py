"""Copy: evaluated, then done in a thread (`copying`)."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from sandbox.datafactory.activities.call import ActivityKind, Call
from sandbox.datafactory.activities.copying.checks import check_copy
from sandbox.datafactory.activities.copying.file_sink import BEHAVIORS, FileSink
from sandbox.datafactory.activities.copying.mapping import Mapping
from sandbox.datafactory.activities.copying.report import Tally, report
from sandbox.datafactory.activities.copying.rows import CODE
from sandbox.datafactory.activities.copying.sources import LakeSource, QuerySource
from sandbox.datafactory.activities.copying.table_sink import TableSink
from sandbox.datafactory.activities.lake import Place, place_of
from sandbox.datafactory.activities.linked import Linked, dataset
from sandbox.datafactory.activities.selection import select, selection
from sandbox.datafactory.activities.sql_source import query_of
from sandbox.datafactory.activities.warehouse.linked import DATASET_TYPE, connected, file_for, table_of
from sandbox.datafactory.activities.worker import Worker, in_thread
from sandbox.datafactory.errors import ActivityFailed

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.datafactory.activities.lake_files import Found
    from sandbox.datafactory.models import Json


class Side:
    """One end of the copy: its dataset, evaluated, and where that is: a place in the lake or a database."""

    def __init__(self, call: Call, inputs: str, part: str) -> None:
        self.written: Json = call.value(part)
        self.dataset, self.service = dataset(call.frame, call.services.view(), call.activity[inputs][0])
        self.file: Path | None = None
        self.place: Place | None = None
        if self.dataset.type == DATASET_TYPE:
            self.file = file_for(call, self.service)
        else:
            self.place = place_of(call, self.dataset, self.service)

    @property
    def settings(self) -> Json:
        return dict(self.written.get("storeSettings") or {})


async def _run(call: Call) -> Json:
    start = call.frame.run.now()
    source, sink = Side(call, "inputs", "source"), Side(call, "outputs", "sink")
    translator = call.value("translator", {}) or {}
    call.input |= {"source": source.written, "sink": sink.written}
    if translator:
        call.input["translator"] = translator
    files: list[Found] = []
    if source.place is not None:
        wanted = selection(source.place, source.settings, recursive=True)
        files = await select(call, source.place, wanted)
    tally = Tally()
    mapping = Mapping(
        source.written.get("additionalColumns") or [],
        translator,
        keeps_types=sink.place is None,
        is_nested=sink.dataset.type in ("Json", "Parquet"),
    )
    await in_thread(call, lambda worker: _copy(worker, source, sink, files, mapping, tally))
    return report(tally, (source.service.type, sink.service.type), start, call.frame.run.now())


def _copy(
    worker: Worker, source: Side, sink: Side, files: list[Found], mapping: Mapping, tally: Tally
) -> None:
    with ExitStack() as stack:
        parts = _source(worker, source, files, tally, stack).parts()
        if sink.file is not None:
            database = stack.enter_context(connected(worker, sink.file, CODE))
            TableSink(database, _table(sink.dataset), sink.written, mapping, tally).write(parts)
        elif sink.place is not None:
            behavior = _behavior(sink.settings)
            made = FileSink(worker, sink.place, sink.dataset, sink.written, behavior, mapping, tally)
            made.write(parts, count=max(1, len(files)))


def _source(
    worker: Worker, source: Side, files: list[Found], tally: Tally, stack: ExitStack
) -> LakeSource | QuerySource:
    if source.place is not None:
        return LakeSource(worker, source.place, source.dataset, source.written, files, tally)
    if source.file is None:
        raise TypeError(source)
    database = stack.enter_context(connected(worker, source.file, CODE))
    query = query_of(worker.call, source.written, source.dataset)
    table = "" if source.written.get("sqlReaderQuery") else table_of(source.dataset)
    return QuerySource(database, query, table, source.dataset.name)


def _table(found: Linked) -> str:
    table = table_of(found)
    if not table:
        raise ActivityFailed("2103", f"Please provide schema and table of the dataset '{found.name}'.")
    return table


def _behavior(settings: Json) -> str:
    behavior = str(settings.get("copyBehavior") or BEHAVIORS[0])
    if behavior not in BEHAVIORS:
        raise ActivityFailed("2104", f"copyBehavior is one of {', '.join(BEHAVIORS)}; found {behavior!r}.")
    return behavior


COPY = ActivityKind(run=_run, check=check_copy, has_policy=True)
