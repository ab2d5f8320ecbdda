"""What the gateway relies on of Azure ML's SDK, and what the rest relies on of the gateway."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from adf.ownership import ownership
from ml_pipelines import batch_scoring, errors, training
from ml_pipelines.definition import RegisteredMlEnvironment
from ml_pipelines.gateway import MachineLearning
from ml_pipelines.observed import MlSchedule
from ml_pipelines.snapshot import Sources
from tests.functional.ml_pipelines.workspace import WINDOWS, Workspace, new_model, script

FINE = "def run(b):\n    return b['x']\n"
TRAINS = {"train.py": "print(1)\n", "evaluate.py": "print(2)\n"}


def definition(workspace: Workspace, model, build=batch_scoring.build):
    return build(workspace.settings(), model, Sources((WINDOWS,)))


@pytest.fixture
def model(tmp_path):
    return new_model(script(tmp_path, FINE, **TRAINS), training={"data": "raw"})


@pytest.mark.parametrize("build", [batch_scoring.build, training.build])
def test_both_ml_pipelines_are_published_and_read_back(workspace, model, build):
    """Under an endpoint of their name, with the fingerprint as their version."""
    wanted = definition(workspace, model, build)

    made = workspace.gateway.publish(wanted)

    assert workspace.gateway.published([wanted.name, "absent"]) == {wanted.name: made}
    assert (made.name, made.fingerprint, made.version) == (wanted.name, wanted.fingerprint, "0")


def test_unchanged_content_publishes_nothing(workspace, model):
    """Neither a pipeline nor a version of the endpoint."""
    wanted = definition(workspace, model)

    assert workspace.gateway.publish(wanted) == workspace.gateway.publish(wanted)


def test_changed_content_is_a_new_version_of_the_same_endpoint(workspace, model):
    """The factory's reference, the endpoint's id, stays."""
    before = workspace.gateway.publish(definition(workspace, model))
    script(model.source, FINE + "# changed\n")

    after = workspace.gateway.publish(definition(workspace, model))

    assert (after.endpoint_id, before.version, after.version) == (before.endpoint_id, "0", "1")
    assert after.pipeline_id != before.pipeline_id


def test_content_that_was_published_before_is_made_the_default_again(workspace, model):
    """A roll-back is a version, not a publication."""
    first = workspace.gateway.publish(definition(workspace, model))
    script(model.source, FINE + "# changed\n")
    workspace.gateway.publish(definition(workspace, model))
    script(model.source, FINE)

    assert workspace.gateway.publish(definition(workspace, model)) == first


def test_an_earlier_version_is_taken_back_without_publishing(workspace, model):
    """By its number, as a release has it; a version that never was is an error."""
    first = workspace.gateway.publish(definition(workspace, model))
    script(model.source, FINE + "# changed\n")
    workspace.gateway.publish(definition(workspace, model))

    back = workspace.gateway.take_back(first.name, first.version)

    assert back == first == workspace.gateway.published([first.name])[first.name]
    with pytest.raises(errors.EndpointMissing, match="version 99"):
        workspace.gateway.take_back(first.name, "99")


def test_a_retired_endpoint_is_absent_until_it_is_published_again(workspace, model):
    """With its pipelines; the same endpoint then comes back."""
    wanted = definition(workspace, model)
    before = workspace.gateway.publish(wanted)
    workspace.gateway.retire(wanted.name)

    gone = workspace.gateway.published([wanted.name])
    after = workspace.gateway.publish(wanted)

    assert gone == {}
    assert after.endpoint_id == before.endpoint_id
    assert workspace.gateway.published([wanted.name]) == {wanted.name: after}
    assert workspace.gateway._endpoint(wanted.name).get_pipeline().status == "Active"


def test_an_old_version_is_disabled_and_taken_back_enabled(workspace, model):
    """Never the default. What is enabled says whose it is."""
    first = workspace.gateway.publish(definition(workspace, model))
    script(model.source, FINE + "# changed\n")
    second = workspace.gateway.publish(definition(workspace, model))
    assert second.versions == {"0": first.pipeline_id, "1": second.pipeline_id}
    assert {first.pipeline_id, second.pipeline_id} <= workspace.gateway.active_pipelines().keys()

    for version in ("0", "1", "0"):
        workspace.gateway.disable_version(first.name, version)

    active = workspace.gateway.active_pipelines()
    assert (active[second.pipeline_id].name, active[second.pipeline_id].fingerprint) == (
        second.name,
        second.fingerprint,
    )
    assert {*ownership("tests", "local")} <= {*active[second.pipeline_id].description.split()}
    assert first.pipeline_id not in active
    workspace.gateway.take_back(first.name, "0")
    assert first.pipeline_id in workspace.gateway.active_pipelines()


def test_schedules_of_azure_ml_are_told_whoever_made_them(workspace, model):
    """Those that are enabled: by the endpoint or the published pipeline that they run."""
    from azureml.pipeline.core import Schedule, ScheduleRecurrence

    made = workspace.gateway.publish(definition(workspace, model))
    every = ScheduleRecurrence(frequency="Hour", interval=2)
    theirs, old, off = (
        Schedule.create_for_pipeline_endpoint(
            workspace.gateway._workspace, "theirs", made.endpoint_id, "x", recurrence=every
        ),
        Schedule.create(workspace.gateway._workspace, "old", made.pipeline_id, "x", recurrence=every),
        Schedule.create(workspace.gateway._workspace, "off", made.pipeline_id, "x", recurrence=every),
    )
    off.disable()

    found = [each for each in workspace.gateway.schedules() if made.endpoint_id == each.endpoint_id]
    assert found == [MlSchedule(theirs.id, "theirs", made.endpoint_id, None, "every 2 Hour")]
    found = [each for each in workspace.gateway.schedules() if made.pipeline_id == each.pipeline_id]
    assert found == [MlSchedule(old.id, "old", None, made.pipeline_id, "every 2 Hour")]
    for each in (theirs, old):
        each.disable()


def test_an_endpoint_that_is_not_there_cannot_be_retired(workspace):
    """Its name and the workspace's are in the error."""
    with pytest.raises(errors.EndpointMissing, match="nothing_here"):
        workspace.gateway.retire("nothing_here")


def test_nothing_here_can_make_a_schedule():
    """Data Factory alone says when."""
    sources = [path.read_text() for path in Path("ml_pipelines").rglob("*.py")]

    assert not [text for text in sources if re.search(r"\bSchedule\.create|ScheduleRecurrence", text)]


def test_a_users_rich_py_does_not_hide_the_real_one(workspace, tmp_path, capsys):
    """Publishing leaves sys.path and stdout as they were."""
    hostile = {"rich.py": "raise RuntimeError('the wrong rich')\n"}
    before = list(sys.path)

    workspace.publish(new_model(script(tmp_path, FINE, **hostile)))

    assert (sys.path, capsys.readouterr().out) == (before, "")


def test_a_compute_that_does_not_exist(workspace, model):
    """The error names the compute, the workspace, and what exists."""
    wanted = replace(definition(workspace, model), compute="gpu-cluster")

    with pytest.raises(
        errors.ComputeMissing, match=r"'ml-steps' has no compute 'gpu-cluster'; it has cpu-cluster"
    ):
        workspace.gateway.publish(wanted)


def test_more_nodes_than_the_compute_has(workspace, tmp_path):
    """Refused before it is published."""
    model = new_model(script(tmp_path, FINE), scoring={"node_count": 9})

    with pytest.raises(errors.ComputeUnfit, match="node_count` is 9, and it has 4 nodes at most"):
        workspace.publish(model)


def test_an_ml_environment_that_does_not_exist(workspace):
    """Neither a file of the folder nor an environment of the workspace."""
    with pytest.raises(errors.MlEnvironmentMissing, match="shared:3"):
        workspace.gateway.check("cpu-cluster", RegisteredMlEnvironment("shared", "3"))


def test_a_registered_ml_environment_can_be_used(workspace, tmp_path):
    """`ml_environment: name` where the folder has no such file."""
    from azureml.core import Environment

    Environment("ours").register(workspace.gateway._workspace)

    assert workspace.publish(new_model(script(tmp_path, FINE), ml_environment="ours")).version == "0"


def test_a_workspace_that_does_not_exist(workspace):
    """The error names it and its resource group."""
    elsewhere = MachineLearning(
        subscription_id=workspace.gateway._subscription_id,
        resource_group="rg-tests",
        workspace="nowhere",
        token=workspace.token,
    )

    with pytest.raises(errors.WorkspaceMissing, match="'nowhere' in the resource group 'rg-tests'"):
        elsewhere.published(["x"])


def test_a_run_that_does_not_exist(workspace):
    """The error names it."""
    with pytest.raises(errors.MlRunMissing, match="00000000"):
        workspace.gateway.ml_run("00000000-aaaa-bbbb-cccc-000000000000")


def test_a_file_that_changes_while_it_is_published_is_noticed(workspace, model):
    """What is published is what the fingerprint says."""
    wanted = definition(workspace, model)
    script(model.source, FINE + "# changed\n")

    with pytest.raises(errors.SnapshotChanged, match=r"score\.py"):
        workspace.gateway.publish(wanted)


def test_one_process_speaks_to_one_cloud():
    """The SDK reads its cloud at import; a second one would silently be the first."""
    program = (
        "import os\n"
        "from ml_pipelines import sdk\n"
        "os.environ['AZUREML_CURRENT_CLOUD'] = 'First'\n"
        "sdk.prepare()\n"
        "sdk.prepare()\n"
        "os.environ['AZUREML_CURRENT_CLOUD'] = 'Second'\n"
        "sdk.prepare()\n"
    )
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("ARM", "AZUREML"))
    }

    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, env=environment
    )

    assert (
        "SecondCloud: this process speaks to Azure ML at First and cannot also speak to Second"
        in found.stderr
    )
