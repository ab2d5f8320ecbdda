"""What publish removes, by age: what attempts that died left behind, and the parts of windows since replaced.

Both are found by their attempt's staging folder. An attempt that lands removes its own; when a later one is
about to replace it, a note is put there again, whose age is that of the replacement. So the parts of a
replaced window stay STAGING_DAYS longer than their summary: a reader that resolved it has time to finish.

Drafts of small files, which all models share, have no attempt: they go at the same age, one by one. Whoever
still writes one after that finds it gone, and fails rather than believe that it has been renamed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .landing import DRAFTS, Record, parts_folder, predictions_path, staging_folder

if TYPE_CHECKING:
    from .lake import Lake
    from .work import Plan

STAGING_DAYS = 2
NOTE = "replaced"


def note_replacement(plan: Plan, lake: Lake) -> None:
    """Before the commit, so that no crash leaves parts that nobody looks for."""
    landed = _landed(plan, lake, plan.window_id)
    if landed.parts and landed.attempt != plan.attempt:
        lake.upload(f"{staging_folder(plan.model, plan.window_id, landed.attempt)}/{NOTE}", NOTE.encode())


def tidy(plan: Plan, lake: Lake) -> None:
    """Remove this attempt's staging, and of each attempt of the model that nobody has touched for
    STAGING_DAYS its staging and, unless it is what is landed, its parts; and drafts as old as that.
    """
    lake.delete_files_older_than(DRAFTS, _long_ago())
    lake.delete_folder(plan.staging)
    untouched = _untouched(plan, lake)
    landed = {folder: _landed(plan, lake, folder.split("/")[-2]).attempt for folder in untouched}
    # Who replaces a window notes it first. So what is still untouched now was not landed, or still is.
    for folder in _untouched(plan, lake) if landed else ():
        window_id, attempt = folder.split("/")[-2:]
        if landed.get(folder, attempt) != attempt:
            lake.delete_folder(parts_folder(plan.output_path, window_id, attempt))
        lake.delete_folder(folder)


def _untouched(plan: Plan, lake: Lake) -> list[str]:
    return lake.folders_older_than(f"_staging/{plan.model}", _long_ago())


def _long_ago() -> datetime:
    return datetime.now(UTC) - timedelta(days=STAGING_DAYS)


def _landed(plan: Plan, lake: Lake, window_id: str) -> Record:
    """Empty where nothing is landed, or something that is not ours."""
    state = lake.state(predictions_path(plan.output_path, window_id, plan.output_format))
    return Record.from_metadata(state.metadata if state else {})
