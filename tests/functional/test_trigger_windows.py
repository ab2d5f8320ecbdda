"""`run` of windows that a tumbling trigger has run: by that trigger. The tests run in their order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from adf.trigger_runs import newest
from adf.windows import format_instant
from tests.functional.test_deployment import Project, wait_until
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

TRIGGER = "tr_score_diabetes_daily"
DAILY = "models.diabetes.schedules.score.daily"
BACKFILL = [f"{DAILY}.backfill_from=2026-11-20T00:00:00Z", f"{DAILY}.end=2026-11-23T00:00:00Z"]
ON = [word for each in ("schedules=on", *BACKFILL) for word in ("--set", each)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The trigger has run three days, and all of them failed: no model was trained yet."""
    made = Project(tmp_path_factory.mktemp("local") / "azure", three_free_ports())
    made.document("deploy", "--yes", *ON)
    wait_until(lambda: list(trigger_runs(made).values()) == ["Failed"] * 3, seconds=180)
    made.document("run", "--training", *ON)
    yield made
    made.stop()


def trigger_runs(project: Project) -> dict[str, str]:
    """The day of each window → how its trigger run stands; there is one a window."""
    found = newest(asked(project, "queryTriggerRuns"))
    return {format_instant(start)[:10]: run.status for start, run in sorted(found.items())}


def asked(project: Project, query: str) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    after, before = (f"{now + timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}" for days in (-1, 1))
    runs: list[dict[str, Any]] = project.factory(
        "POST", query, {"lastUpdatedAfter": after, "lastUpdatedBefore": before}
    )["value"]
    return runs


def test_one_window_is_run_again_by_its_trigger(project):
    """It lands, and the trigger knows that the window succeeded; the others are as they were."""
    [run] = project.document("run", "--window", "2026-11-22", *ON)["runs"]

    assert (run["status"], run["window_start"]) == ("Succeeded", "2026-11-22T00:00:00Z")
    assert trigger_runs(project) == {
        "2026-11-20": "Failed",
        "2026-11-21": "Failed",
        "2026-11-22": "Succeeded",
    }
    started_by = {each["runId"]: each["invokedBy"]["name"] for each in asked(project, "queryPipelineRuns")}
    assert started_by[run["adf_run_id"]] == TRIGGER


def test_what_failed_of_a_range_is_run_again_by_its_trigger(project):
    """A look first says who would run it; afterwards nothing is left to do, there and in the trigger."""
    failed = ("--from", "2026-11-20", "--to", "2026-11-23", "--only", "failed", *ON)
    planned = project.document("run", *failed, "--dry-run")["windows"]
    ran = project.document("run", *failed)["runs"]

    assert [(each["will_be"], each["trigger"]) for each in planned] == [
        ("run", TRIGGER),
        ("run", TRIGGER),
        ("left alone", None),
    ]
    assert [(each["window_start"][:10], each["status"]) for each in ran] == [
        ("2026-11-20", "Succeeded"),
        ("2026-11-21", "Succeeded"),
    ]
    assert set(trigger_runs(project).values()) == {"Succeeded"}
    assert len(asked(project, "queryTriggerRuns")) == 3
    assert project.document("run", *failed) == {"runs": []}
