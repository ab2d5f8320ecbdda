"""How activities and a pipeline end agrees with every published case."""

import pytest

from adf.outcomes import decisive, statuses, succeeds
from tests.conformance.cases import cases


@pytest.mark.parametrize("case", cases("pipeline_status.json"))
def test_activities_and_the_pipeline_end_as_documented(case):
    """Each activity, which of them decide, and what they decide."""
    depends_on = {each["name"]: each.get("dependsOn", {}) for each in case["activities"]}
    ended = statuses(depends_on, {each["name"]: each["outcome"] for each in case["activities"]})

    assert ended == case["expected_statuses"]
    assert decisive(depends_on, ended) == set(case["evaluated_nodes"])
    assert succeeds(depends_on, ended) == (case["expected_pipeline"] == "Succeeded")
