"""Azure ML's own schedules through the real SDK: made, changed and listed; none ever fires here."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.machinelearning.workshop import publish, script_step


@pytest.fixture(scope="module")
def endpoint(workspace: Any, scripts: str) -> Any:
    from azureml.pipeline.core import PipelineEndpoint

    pipeline = publish(workspace, "scheduled", [script_step("prepare", scripts, [])])
    return PipelineEndpoint.publish(workspace, "scheduled", "scheduled", pipeline)


def every_day() -> Any:
    from azureml.pipeline.core import ScheduleRecurrence

    return ScheduleRecurrence(frequency="Day", interval=1, hours=[6], minutes=[0])


def test_a_schedule_is_listed_by_what_it_runs(workspace: Any, endpoint: Any) -> None:
    """An endpoint's under the endpoint, a published pipeline's under the pipeline, both in the workspace."""
    from azureml.pipeline.core import Schedule

    pipeline = endpoint.get_pipeline()
    of_endpoint = Schedule.create_for_pipeline_endpoint(
        workspace, "nightly", endpoint.id, "tests", recurrence=every_day(), wait_for_provisioning=True
    )
    of_pipeline = Schedule.create(workspace, "old", pipeline.id, "tests", recurrence=every_day())

    listed = {each.id for each in Schedule.list(workspace)}
    assert {of_endpoint.id, of_pipeline.id} <= listed
    (by_endpoint,) = Schedule.list(workspace, pipeline_endpoint_id=endpoint.id)
    (by_pipeline,) = Schedule.list(workspace, pipeline_id=pipeline.id)
    assert (by_endpoint.name, by_endpoint.pipeline_endpoint_id) == ("nightly", endpoint.id)
    assert (by_endpoint.recurrence.frequency, by_endpoint.recurrence.hours) == ("Day", [6])
    assert (by_pipeline.name, by_pipeline.pipeline_id) == ("old", pipeline.id)


def test_a_disabled_schedule_is_listed_only_where_all_are(workspace: Any, endpoint: Any) -> None:
    """By whoever disables it, and until it is enabled again."""
    from azureml.pipeline.core import Schedule

    made = Schedule.create_for_pipeline_endpoint(
        workspace, "weekly", endpoint.id, "tests", recurrence=every_day()
    )
    made.disable()

    assert made.id not in {each.id for each in Schedule.list(workspace)}
    assert made.id in {each.id for each in Schedule.list(workspace, active_only=False)}
    assert Schedule.get(workspace, made.id).status == "Disabled"
    made.enable()
    assert Schedule.get(workspace, made.id).status == "Active"


def test_a_schedule_of_nothing_is_refused(workspace: Any) -> None:
    """So is one that watches a datastore."""
    from azureml.pipeline.core import Schedule

    with pytest.raises(Exception, match="Not Found"):
        Schedule.create(workspace, "x", "11111111-2222-3333-4444-000000000000", "t", recurrence=every_day())
    with pytest.raises(Exception, match="Not Implemented"):
        Schedule.create(workspace, "x", "1", "t", datastore=workspace.get_default_datastore())
