"""The first step of a batch run: decide everything that must be decided once, and write it down.

In this order, since each fixes what the next relies on: the window; the receipt `started`; what lies at the
destination (its etag) and this attempt's start; the model version; the input. Then the work items.
"""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib import import_module
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from . import models, receipts
from .commit import finished
from .errors import BadArgument, InputMissing, InputUnexpected, counted_files
from .event_path import EventPath
from .lake import ABSENT, Lake
from .landing import TemplateFields, format_template, predictions_path, staging_folder
from .listing import list_matching
from .parameters import Arguments
from .work import (
    DUPLICATE_KEYS,
    Piece,
    Plan,
    WorkItem,
    cut,
    digest_of,
    input_digest,
    item_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import tzinfo

    from .landing import Receipt

PLAN_FILE = "plan.json"
MEGABYTE = 1024 * 1024
HANDLING = ("row-key", "duplicate-keys", "passes", "returns", "max-quarantined-percent", "format",
            "maximum-file-megabytes", "run-columns", "checks")  # fmt: skip
"""Arguments of which a landed window is the outcome, as it is of its input, model and code."""


def main(argv: Sequence[str]) -> None:
    arguments = Arguments(argv)
    lake = Lake(arguments.text("lake-url"), arguments.text("file-system"))
    plan, items = stage(arguments, lake, models.registered, datetime.now(UTC))
    _write(Path(arguments.text("plan")), PLAN_FILE, WorkItem(-1, plan, ()).to_json())
    for item in items:
        _write(Path(arguments.text("work-items")), item_name(item.number), item.to_json())
    print(f"{counted_files(plan.files)} of {plan.input_path}, work items: {plan.items}", flush=True)


def _write(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)


@dataclass(frozen=True)
class WindowTexts:
    """A window in the forms that paths and receipts use."""

    id: str
    start: datetime
    end: datetime

    @property
    def start_text(self) -> str:
        return _instant(self.start)

    @property
    def end_text(self) -> str:
        return _instant(self.end)


def stage(
    arguments: Arguments,
    lake: Lake,
    versions: Callable[[str], Sequence[models.ModelVersion]],
    now: datetime,
) -> tuple[Plan, list[WorkItem]]:
    """The plan and its items; writes the receipt `started`, and `failed` with the reason when it raises."""
    receipt = receipts.of_run(arguments)
    with receipts.failures_reported(lake, lambda: receipt):
        window = resolve_window(arguments, now)
        receipt = replace(
            receipt, window_id=window.id, window_start=window.start_text, window_end=window.end_text
        )
        receipts.write(lake, receipt)
        output_path = _configured(arguments, "output-path")
        destination = predictions_path(output_path, window.id, arguments.text("format"))
        landed = lake.state(destination)
        complete = finished(lake, receipt.model, window.id, destination)
        started = datetime.now(UTC)
        name, wanted = arguments.text("registered-model"), _configured(arguments, "model-version")
        version = models.choose(name, wanted, versions(name))
        attempt = uuid.uuid4().hex
        staging = staging_folder(receipt.model, window.id, attempt)
        receipt = replace(receipt, model_version=str(version.version), staging=staging)
        receipts.write(lake, receipt)
        pieces = _list_input(arguments, lake, window)
        plan = _plan(arguments, receipt, version, pieces, attempt, started)
        plan = replace(
            plan,
            destination_etag=landed.etag if landed else ABSENT,
            unchanged=complete is not None and complete.record.digest == plan.digest,
        )
        return _with_items(plan, arguments, pieces)


# ------------------------------------------------------------------------------------------- window


def resolve_window(arguments: Arguments, now: datetime) -> WindowTexts:
    """The window given, which must be one of the grid; else that of the file whose event fired; else the last
    complete at the fire time, or now.
    """
    windows = _windows()
    grid = windows.Grid.parse(
        arguments.text("window-every"),
        zone=arguments.text("window-zone"),
        offset_minutes=arguments.number("window-offset-minutes"),
    )
    start, end, fired = (arguments.optional(name) for name in ("window-start", "window-end", "fire-time"))
    event = arguments.optional("event-path")
    if start is None and event is not None:
        window = _of_event(arguments, event).window(grid, windows)
    elif start is None:
        at = windows.parse_instant(fired) if fired else now
        window = grid.last_complete(at)
    else:
        window = grid.window_starting(windows.parse_instant(start))
        if end is not None and windows.parse_instant(end) != window.end:
            raise BadArgument(
                "window-end", end, f"{_instant(window.end)}, where the grid's window ends ({grid})"
            )
    return WindowTexts(windows.window_id(window), window.start, window.end)


def _of_event(arguments: Arguments, path: str) -> EventPath:
    return EventPath(
        path,
        file_system=arguments.text("file-system"),
        template=_configured(arguments, "input-path"),
        model=arguments.text("model"),
        zone=_zone(arguments),
    )


def _zone(arguments: Arguments) -> tzinfo:
    """In which paths tell the time: the grid's."""
    name = arguments.text("window-zone")
    return UTC if name in ("UTC", "Etc/UTC") else ZoneInfo(name)


def _windows() -> Any:  # noqa: ANN401 - adf/windows.py lies beside this file only where it is shipped
    return import_module(".windows", __package__)


def _instant(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"


def _configured(arguments: Arguments, name: str) -> str:
    """A path that a run may pass; `-` means the one that is configured."""
    return arguments.optional(name) or arguments.text(f"configured-{name}")


# ------------------------------------------------------------------------------------------- input


def _list_input(arguments: Arguments, lake: Lake, window: WindowTexts) -> list[Piece]:
    path = format_template(
        _configured(arguments, "input-path"),
        TemplateFields(
            model=arguments.text("model"),
            window_id=window.id,
            window_start=window.start,
            window_end=window.end,
            zone=_zone(arguments),
        ),
    )
    found = list_matching(lake, path)
    model, land_empty = arguments.text("model"), arguments.text("empty-window") == "land_empty"
    files = found or []
    if not sum(file.size for file, _ in files) and not land_empty:
        said = (
            "no such path"
            if found is None
            else f"{counted_files(len(files))} without a byte"
            if files
            else "no file"
        )
        raise InputMissing(model, window.id, path, said)
    pieces = [Piece(file.path, name, file.etag, file.size, 0, file.size) for file, name in files]
    expected = arguments.text("input-format")
    for piece in pieces:
        if expected not in ("any", piece.suffix):
            raise InputUnexpected(model, window.id, piece.path, expected)
    return pieces


# ------------------------------------------------------------------------------------------- plan


def _plan(
    arguments: Arguments,
    receipt: Receipt,
    version: models.ModelVersion,
    pieces: Sequence[Piece],
    attempt: str,
    started: datetime,
) -> Plan:
    inputs = input_digest(pieces)
    handling = [arguments.text(name) for name in HANDLING]
    digest = digest_of(receipt.model, version.name, version.version, version.sha256, receipt.window_id,
                       inputs, arguments.text("code"), *handling)  # fmt: skip
    return Plan(
        lake_url=arguments.text("lake-url"),
        file_system=arguments.text("file-system"),
        model=receipt.model,
        registered_model=version.name,
        model_version=str(version.version),
        model_sha256=version.sha256,
        window_id=receipt.window_id,
        window_start=receipt.window_start,
        window_end=receipt.window_end,
        attempt=attempt,
        started=started.isoformat(timespec="microseconds"),
        group_id=receipt.group_id,
        adf_run_id=receipt.adf_run_id,
        ml_run_id=receipt.ml_run_id,
        input_path=_configured(arguments, "input-path"),
        input_format=arguments.text("input-format"),
        input_digest=inputs,
        output_path=_configured(arguments, "output-path"),
        output_format=arguments.text("format"),
        maximum_file_bytes=MEGABYTE * int(arguments.optional("maximum-file-megabytes") or 0),
        destination_etag=ABSENT,
        row_key=arguments.optional("row-key"),
        duplicate_keys=arguments.choice("duplicate-keys", DUPLICATE_KEYS),
        passes=arguments.choice("passes", ("files", "tables")),
        returns=arguments.choice("returns", ("rows", "files")),
        score_script=arguments.text("score-script"),
        max_quarantined_percent=arguments.decimal("max-quarantined-percent"),
        code=arguments.text("code"),
        git_commit=arguments.optional("git-commit") or "",
        digest=digest,
        empty_window=arguments.text("empty-window"),
        files=len(pieces),
        input_bytes=sum(piece.length for piece in pieces),
        items=0,
        run_columns=arguments.flag("run-columns"),
        checks=json.loads(arguments.optional("checks") or "{}"),
        training_profile=version.tags.get(models.SCORE_PROFILE, ""),
        unchanged=False,
    )


def _with_items(plan: Plan, arguments: Arguments, pieces: Sequence[Piece]) -> tuple[Plan, list[WorkItem]]:
    """A ParallelRunStep without a file fails: where there is nothing to score, one item says so."""
    groups = list(
        cut(
            [] if plan.unchanged else pieces,
            files_per_work_item=arguments.number("files-per-work-item"),
            bytes_per_work_item=arguments.number("bytes-per-work-item"),
            workers=arguments.number("workers"),
            split=_split(plan, newlines_in_values=arguments.flag("newlines-in-values")),
        )
    ) or [()]
    plan = replace(plan, items=len(groups))
    ends = accumulate((sum(piece.length for piece in group) for group in groups), initial=0)
    return plan, [
        WorkItem(number, plan, *item) for number, item in enumerate(zip(groups, ends, strict=False))
    ]


def _split(plan: Plan, *, newlines_in_values: bool) -> set[str]:
    """The formats whose big files several work items may share.

    A range of a CSV file may begin inside a value that holds a newline, and which row of the file its first
    row is nobody knows: it takes `newlines_in_values: false` and a row key.
    """
    if plan.passes != "tables" or plan.returns != "rows":
        return set()
    return {"parquet"} if newlines_in_values or plan.row_key is None else {"parquet", "csv"}
