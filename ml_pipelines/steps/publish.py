"""The last step of a batch run: account for every row, check, write one file, land it, say so.

A window that fails its checks is written and staged all the same, for whoever wants to know why; it is not
landed, and nobody removes it for STAGING_DAYS.

Whatever is derived (quarantine, manifest, receipt) is derived after the commit, from the landed file's own
record: a publish that dies in between is made good by the next.
"""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import receipts, tidying
from .audit import audit
from .column_types import check_csv, schema_of
from .commit import Committed, commit, finished
from .errors import (
    ChecksFailed,
    InputMissing,
    LakeError,
    ModelDamaged,
    PartsMissing,
    RowsUnaccounted,
    Superseded,
    counted_files,
)
from .lake import Lake
from .landing import Receipt, Record, Status, manifest, manifest_path, window_folder
from .parameters import Arguments
from .parts import Part, Scored
from .quarantine import Quarantine
from .results import PREDICTION
from .run_columns import RunColumns
from .stage import PLAN_FILE
from .window_file import write_file, write_parts
from .work import Plan, WorkItem, digest_of_folder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

DOWNLOADS = 8


def main(argv: Sequence[str]) -> None:
    arguments = Arguments(argv)
    plan = WorkItem.from_json((Path(arguments.text("plan")) / PLAN_FILE).read_bytes()).plan
    publish(plan, Lake(plan.lake_url, plan.file_system))


def publish(plan: Plan, lake: Lake) -> Receipt:
    """Land the window; the final receipt, which is also written. Raises what the receipt then names."""
    with (
        receipts.failures_reported(lake, lambda: receipts.of_plan(plan, "failed")),
        tempfile.TemporaryDirectory(prefix="abs-") as folder,
    ):
        landed = _landed_already(plan, lake) or _land(plan, lake, Path(folder))
        record = Record.from_metadata(landed.state.metadata)
        lake.replace(
            manifest_path(plan.model, plan.window_id),
            manifest(record, plan.destination, landed.state.size, landed.state.etag),
        )
        receipt = _receipt(plan, landed.outcome, record)
        receipts.write(lake, receipt)
    tidying.tidy(plan, lake)
    return receipt


def _receipt(plan: Plan, status: Status, record: Record) -> Receipt:
    return replace(
        receipts.of_plan(plan, status),
        rows_in=int(record.rows_in or 0),
        rows_scored=int(record.rows_scored or 0),
        rows_quarantined=int(record.rows_quarantined or 0),
        rows_duplicate=int(record.rows_duplicate or 0),
        path=plan.destination,
        attempt_started=record.started,
        checks=record.checks,
    )


def _landed_already(plan: Plan, lake: Lake) -> Committed | None:
    """By this attempt, if publish runs again; or, as stage found, from the same inputs, model and code."""
    there = finished(lake, plan.model, plan.window_id, plan.destination)
    if there is not None and there.record.attempt == plan.attempt:
        return Committed("committed", there.state)
    if not plan.unchanged:
        return None
    if there is None or there.record.digest != plan.digest:
        by = f"attempt {there.record.attempt}" if there else "something else"
        raise Superseded(plan.destination, plan.started, by)
    return Committed("unchanged", there.state)


# ------------------------------------------------------------------------------------------- the file


def _land(plan: Plan, lake: Lake, folder: Path) -> Committed:
    quarantine = Quarantine(plan, lake, _parts(plan, lake, folder))
    scored = _scored(plan, quarantine, folder)
    record = _accounted(plan, scored, quarantine)
    quarantine.check()
    audited = audit(plan, scored, lake)
    record = replace(record, **audited.record())
    file = folder / f"predictions.{plan.output_format}"
    files = _written(plan, scored, record, file)
    record = replace(
        record,
        parts=str(len(files) or ""),
        sha256=digest_of_folder(files[0].parent if files else file),
    )
    # Beside the summary that names them: what failed stays together, what lands goes to where it stays.
    beside = plan.staging if audited.failures else window_folder(plan.output_path, plan.window_id)
    for each in files:
        _upload_part(lake, f"{beside}/{each.relative_to(folder).as_posix()}", each)
    staged = f"{plan.staging}/{file.name}"
    lake.upload(staged, file, record.to_metadata())
    _verify(lake, staged, file.stat().st_size, record)
    if audited.failures:
        raise ChecksFailed(_receipt(plan, "failed", record), staged, audited.results, tidying.STAGING_DAYS)
    lake.make_folder(window_folder(plan.output_path, plan.window_id))
    tidying.note_replacement(plan, lake)
    committed = commit(lake, staged, plan.destination, record, plan.destination_etag)
    quarantine.write(folder)
    return committed


def _scored(plan: Plan, quarantine: Quarantine, folder: Path) -> Scored:
    parts = quarantine.without_duplicates(folder)
    results = [(part.files, part.schema) for part in parts if part.rows]
    schema = schema_of(results or [("", _empty_schema(plan))])
    if plan.output_format == "csv":
        check_csv(schema)
    return Scored(parts, schema, RunColumns.of(plan), quarantine.rows_in)


def _written(plan: Plan, scored: Scored, record: Record, file: Path) -> list[Path]:
    """All rows in `file`, or in the part files that it names: those files."""
    footer = record.to_metadata()
    if plan.output_format == "parquet" and scored.rows and 0 < plan.maximum_file_bytes < scored.size:
        written, files = write_parts(scored, file, plan.attempt, plan.maximum_file_bytes, footer)
    else:
        written, files = write_file(scored, file, plan.output_format, footer), []
    if written != scored.rows:
        raise RowsUnaccounted(plan.destination, scored.rows, written, 0)
    return files


def _upload_part(lake: Lake, path: str, file: Path) -> None:
    """Nobody looks there before the summary says so.

    What is there as a whole is not written again: where publish is run twice, it may have landed.
    """
    size = file.stat().st_size
    found = lake.state(path)
    if found is None or found.size != size:
        lake.upload(path, file)
        found = lake.state(path)
    if found is None or found.size != size:
        raise LakeError("keep", path, f"expected {size} bytes, found {found}")


def _parts(plan: Plan, lake: Lake, folder: Path) -> list[Part]:
    """Every item's part, in the items' order; a window without input has none."""
    if not plan.files:
        return []
    expected = plan.part_paths()
    there = {file.path for file in lake.list_files(f"{plan.staging}/parts")} if plan.items else set()
    if missing := [path for path in expected if path not in there]:
        raise PartsMissing(plan.model, plan.window_id, missing, plan.items)
    targets = [folder / f"{number:06}.parquet" for number in range(plan.items)]
    with ThreadPoolExecutor(DOWNLOADS) as pool:
        list(pool.map(lake.download, expected, targets))
    parts = [Part.open(target) for target in targets]
    for path, part in zip(expected, parts, strict=True):
        part.check(path)
    return parts


def _accounted(plan: Plan, scored: Scored, quarantine: Quarantine) -> Record:
    """The file's record, with the rows that score counted as they came in and those that are in the parts."""
    rows_in, set_aside = scored.rows_in, quarantine.rows
    if rows_in != scored.rows + set_aside:
        raise RowsUnaccounted(plan.destination, rows_in, scored.rows, set_aside)
    if plan.returns == "files" and rows_in != plan.files:
        raise RowsUnaccounted(plan.destination, plan.files, scored.rows, set_aside)
    if not rows_in and plan.empty_window == "fail":
        raise InputMissing(
            plan.model, plan.window_id, plan.input_path, f"{counted_files(plan.files)} without a row"
        )
    return Record(
        attempt=plan.attempt,
        started=plan.started,
        digest=plan.digest,
        model=plan.model,
        model_version=plan.model_version,
        model_sha256=_one_model(plan, scored.parts),
        window_id=plan.window_id,
        window_start=plan.window_start,
        window_end=plan.window_end,
        group_id=plan.group_id,
        adf_run_id=plan.adf_run_id,
        ml_run_id=plan.ml_run_id,
        code=plan.code,
        git_commit=plan.git_commit,
        input_digest=plan.input_digest,
        rows_in=str(rows_in),
        rows_scored=str(scored.rows),
        rows_quarantined=str(set_aside),
        rows_duplicate=str(quarantine.rows_duplicate),
    )


def _one_model(plan: Plan, parts: Sequence[Part]) -> str:
    """The sha256 of the bytes that every worker had."""
    found = {part.facts.model_sha256 for part in parts} or {plan.model_sha256}
    if len(found) > 1:
        raise ModelDamaged(plan.registered_model, plan.model_version, *sorted(found)[:2])
    return found.pop()


def _empty_schema(plan: Plan) -> pa.Schema:
    import pyarrow as pa

    key = plan.row_key or "file"
    return pa.schema([pa.field(key, pa.string()), pa.field(PREDICTION, pa.float64())])


def _verify(lake: Lake, staged: str, size: int, record: Record) -> None:
    """What was staged is there as a whole, with its metadata: the commit's recovery relies on it."""
    found = lake.state(staged)
    if found is None or found.size != size or Record.from_metadata(found.metadata) != record:
        raise LakeError("keep", staged, f"expected {size} bytes and their metadata, found {found}")
