"""Dependencies and statuses, case by case against Microsoft's documentation."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from sandbox.datafactory.engine.statuses import Decision, decide, evaluated_nodes, overall

FOLDER = Path(os.environ.get("CONFORMANCE_DIR", Path(__file__).parents[5] / "shared" / "conformance"))


def cases() -> list[dict[str, Any]]:
    file = FOLDER / "pipeline_status.json"
    return json.loads(file.read_text())["cases"] if file.exists() else []


def simulate(activities: list[dict[str, Any]]) -> dict[str, str]:
    """Each activity's status, running those that start to their outcome."""
    statuses: dict[str, str] = {}
    while len(statuses) < len(activities):
        for activity in activities:
            match decide(activity.get("dependsOn", {}), statuses):
                case Decision.START:
                    statuses.setdefault(activity["name"], activity["outcome"])
                case Decision.SKIP:
                    statuses.setdefault(activity["name"], "Skipped")
                case Decision.WAIT:
                    pass
    return statuses


@pytest.mark.skipif(not cases(), reason="no conformance cases: CONFORMANCE_DIR names their folder")
@pytest.mark.parametrize("case", cases(), ids=lambda case: case["id"])
def test_statuses_follow_the_documented_scenarios(case: dict[str, Any]) -> None:
    """Each scenario of the documentation gives its activities' and its pipeline's status."""
    depends_on = {activity["name"]: activity.get("dependsOn", {}) for activity in case["activities"]}

    statuses = simulate(case["activities"])

    assert case["expected_statuses"] == statuses
    assert sorted(case["evaluated_nodes"]) == evaluated_nodes(depends_on, statuses)
    assert case["expected_pipeline"] == overall(depends_on, statuses)


def test_an_activity_waits_until_its_dependencies_are_final() -> None:
    """A dependency that runs decides nothing, unless another one already cannot hold."""
    depends_on = {"a": ["Succeeded"], "b": ["Succeeded"]}

    assert Decision.WAIT == decide(depends_on, {"a": "Succeeded", "b": "InProgress"})
    assert Decision.SKIP == decide(depends_on, {"a": "Failed", "b": "InProgress"})
    assert Decision.START == decide(depends_on, {"a": "Succeeded", "b": "Succeeded"})


def test_completed_is_not_skipped() -> None:
    """`Completed` holds after success and failure and skips after a skip."""
    assert Decision.START == decide({"a": ["Completed"]}, {"a": "Failed"})
    assert Decision.SKIP == decide({"a": ["Completed"]}, {"a": "Skipped"})


def test_a_cancelled_activity_cancels_the_pipeline() -> None:
    """Cancelled wins over everything that the leaves say."""
    assert overall({"a": {}, "b": {"a": ["Succeeded"]}}, {"a": "Cancelled", "b": "Skipped"}) == "Cancelled"
