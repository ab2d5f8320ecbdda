"""Dependencies and statuses: each documented scenario, by the rules alone and run by the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.engine.statuses import Decision, decide, evaluated_nodes, overall
from tests.conformance.cases import cases
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, ManualClock, fail, play, wait

if TYPE_CHECKING:
    from pathlib import Path

FILE = "pipeline_status.json"


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


@pytest.mark.parametrize("case", cases(FILE))
def test_the_rules_follow_the_documented_scenarios(case: dict[str, Any]) -> None:
    """Each activity's status, the nodes that decide, and the pipeline's status."""
    depends_on = {activity["name"]: activity.get("dependsOn", {}) for activity in case["activities"]}

    statuses = simulate(case["activities"])

    assert case["expected_statuses"] == statuses
    assert sorted(case["evaluated_nodes"]) == evaluated_nodes(depends_on, statuses)
    assert case["expected_pipeline"] == overall(depends_on, statuses)


@pytest.mark.parametrize("case", cases(FILE))
def test_the_engine_follows_the_documented_scenarios(case: dict[str, Any], tmp_path: Path) -> None:
    """Wait succeeds and Fail fails: a real run of each scenario gives the documented statuses."""
    factory = LocalFactory(tmp_path, ManualClock(), "https://127.0.0.1:2", "https://127.0.0.1:1")
    kinds = {"Succeeded": wait, "Failed": fail}

    async def scenario() -> None:
        factory.create()
        activities = [
            kinds[one["outcome"]](one["name"], after=one.get("dependsOn")) for one in case["activities"]
        ]
        factory.pipeline("p", *activities)

        run = await factory.run("p")

        statuses = {name: one["status"] for name, one in factory.activities(run["runId"]).items()}
        assert case["expected_statuses"] == statuses
        assert case["expected_pipeline"] == run["status"]

    play(scenario)
    factory.store.close()
