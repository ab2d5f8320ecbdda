"""A pipeline as Studio keeps it in a Git repository, written by hand, put into the local Azure and run."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.datafactory.factories import client_of, new_factory

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import LocalAzure
    from tests.contract.datafactory.factories import Factory

FILE = Path(__file__).parent / "studio/pipeline/PL_Nightly_Scores.json"
IDLE = [{"name": "churn", "active": True, "seconds": 0}, {"name": "orders", "active": False, "seconds": 0}]
FAILED_INSIDE = (
    "Activity failed because an inner activity failed; Inner activity name: Too Few, Error: Only churn of 2"
)


@pytest.fixture(scope="module")
def factory(sandbox: LocalAzure) -> Iterator[Factory]:
    """With the file put as it is, its name and Studio's own fields too."""
    with contextlib.closing(client_of(sandbox)) as client:
        made = new_factory(sandbox, client)
        path = f"{made.path}/pipelines/{FILE.stem}"
        sandbox.arm("PUT", path, json.loads(FILE.read_text())).raise_for_status()
        yield made


def ran(factory: Factory, **parameters: Any) -> tuple[Any, list[Any]]:
    """The run, and the runs of its activities in the order in which they ended."""
    run = factory.finish(factory.start(FILE.stem, parameters))
    asked = {"lastUpdatedAfter": "2020-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}
    order = [{"orderBy": "ActivityRunEnd", "order": "ASC"}]
    found = factory.client.activity_runs.query_by_pipeline_run(
        *factory.place, run["runId"], {**asked, "orderBy": order}
    )
    return run, found.value


def statuses(activities: list[Any]) -> dict[str, str]:
    return {one["activityName"]: one["status"] for one in activities}


def test_it_comes_back_as_it_stands_in_the_file(factory: Factory) -> None:
    stored = factory.client.pipelines.get(*factory.place, FILE.stem).as_dict()

    assert stored["properties"] == json.loads(FILE.read_text())["properties"]


def test_its_loops_and_branches_run_and_it_ends_green(factory: Factory) -> None:
    """Each item takes its branch; Until goes round until it is settled; the failure path is skipped."""
    run, activities = ran(factory)

    assert (run["status"], run["message"]) == ("Succeeded", "")
    names = [one["activityName"] for one in activities if one["status"] != "Skipped"]
    inside = ["Remember Idle", "Remember Scored", "Remember Scored", "Score", "Score"]
    assert sorted(names[:8]) == [*["If Active"] * 3, *inside]
    assert names[8] == "For Each Model"
    assert names[9:14] == [*["Between Polls", "Poll"] * 2, "Until Settled"]
    assert set(names[14:]) == {"Report", "If Enough", "After All"}
    (report,) = [one for one in activities if one["activityName"] == "Report"]
    assert report["output"] == {"name": "report", "value": f"2 models scored by {FILE.stem}"}
    scored = [one["output"]["value"] for one in activities if one["activityName"] == "Remember Scored"]
    assert scored == ["stock", "churn"]
    assert {name for name, status in statuses(activities).items() if status == "Skipped"} == {
        "Tell Operators",
        "End Red",
    }


def test_its_failure_path_runs_and_the_fail_ends_it_red(factory: Factory) -> None:
    """The inner Fail fails its branch; what waits for a failure runs, and hears of it; the last Fail is the
    run's status, with its own message and code.
    """
    run, activities = ran(factory, models=IDLE)

    assert (run["status"], run["message"]) == (
        "Failed",
        f"Operation on target End Red failed: Told: {FAILED_INSIDE}",
    )
    assert statuses(activities) == {
        **dict.fromkeys(("If Active", "Score", "Remember Scored", "Remember Idle"), "Succeeded"),
        **dict.fromkeys(("For Each Model", "Between Polls", "Poll", "Until Settled"), "Succeeded"),
        **dict.fromkeys(("Too Few", "If Enough", "End Red"), "Failed"),
        **dict.fromkeys(("Tell Operators", "After All"), "Succeeded"),
    }
    errors = {one["activityName"]: one["error"] for one in activities if one["status"] == "Failed"}
    assert {name: error["errorCode"] for name, error in errors.items()} == {
        "Too Few": "SCORES-1",
        "If Enough": "BadRequest",
        "End Red": "NIGHTLY-2",
    }
    assert {error["failureType"] for error in errors.values()} == {"UserError"}
    assert errors["If Enough"]["message"] == FAILED_INSIDE
