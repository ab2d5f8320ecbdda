"""Going back to a release: the same bodies, endpoint versions and models, through the same plan."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from adf.entities import EndpointVersion
from deployment import rollback
from deployment.errors import OtherWorkspaceError, UnknownReleaseError, UnreadableRecordError
from deployment.executor import Executor
from deployment.observed import observe
from deployment.planner import plan
from deployment.releases import Release, Releases
from tests.unit.deployment.fakes import (
    OWNER,
    Definition,
    FakeFactory,
    FakeLake,
    FakeMachineLearning,
    Told,
    calendar,
    desired,
    pipeline,
)

SETTINGS = SimpleNamespace(
    project=OWNER.project,
    environment=OWNER.environment,
    data_factory=SimpleNamespace(name="adf-shop"),
    azure=SimpleNamespace(location="westeurope"),
    machine_learning=SimpleNamespace(keep_versions=10, workspace="ml-shop"),
)
WHEN = {"at": "2026-11-23T06:00:00Z", "by": "ada", "commit": "c0ffee"}


def configuration(fingerprint: str, hour: int, *more):
    activity = {"name": "score", "version": EndpointVersion("score_churn")}
    parameters = {"model_version": {"type": "String", "defaultValue": "approved"}}
    return desired(
        pipeline("score_churn", activity, parameters=parameters),
        calendar(hour=hour),
        *more,
        ml_pipelines=(Definition("score_churn", fingerprint),),
    )


class World:
    def __init__(self) -> None:
        self.factory, self.machine_learning, self.lake = FakeFactory(), FakeMachineLearning(), FakeLake()
        self.releases = Releases(self.lake, OWNER)

    def observe(self):
        return observe(
            self.factory,
            self.machine_learning,
            ["score_churn"],
            self.releases.written(self.releases.newest()),
        )

    def deploy(self, wanted, model_version: str = "1", **options):
        made = plan(wanted, self.observe(), **options)
        Executor(self.factory, self.machine_learning, Told()).apply(made)
        models = [{"model": "churn", "version": model_version, "sha256": "s"}]
        return self.releases.record(self.observe(), **WHEN, models=models)

    def back_to(self, number: int, newest: str):
        return rollback.build(SETTINGS, self.releases.get(number), {"churn": newest})


def state(world: World):
    return {key: live.properties for key, live in world.factory.entities.items()}


def test_after_a_roll_back_everything_is_as_it_was_after_that_release():
    """Bodies, states of triggers, the endpoint's default version; what came later is gone."""
    world = World()
    first = world.deploy(configuration("f1", hour=6))
    was = state(world)
    world.deploy(configuration("f2", 7, pipeline("score_new"), calendar("tr_new", started=True)))
    assert world.machine_learning.endpoints["score_churn"].version == "1"

    world.deploy(world.back_to(first.number, newest="1"), prune=True)

    assert state(world) == was
    assert world.machine_learning.endpoints["score_churn"].version == "0"
    assert plan(configuration("f1", hour=6), world.observe()).changes == []


def test_nothing_is_published_by_a_roll_back():
    world = World()
    first = world.deploy(configuration("f1", hour=6))
    world.deploy(configuration("f2", hour=6))
    published = [call for call in world.machine_learning.calls if call.startswith("publish")]

    world.deploy(world.back_to(first.number, newest="1"), prune=True)

    assert [call for call in world.machine_learning.calls if call.startswith("publish")] == published


def test_a_roll_back_to_what_is_there_changes_nothing():
    world = World()
    first = world.deploy(configuration("f1", hour=6))

    assert plan(world.back_to(first.number, newest="1"), world.observe(), prune=True).changes == []


def test_a_newer_approved_model_is_taken_back_too():
    """The release scored with version 1; by now version 2 is approved."""
    world = World()
    first = world.deploy(configuration("f1", hour=6), model_version="1")

    (step,) = plan(world.back_to(first.number, newest="2"), world.observe()).changes

    assert [(each.path, each.before, each.after) for each in step.differences] == [
        ("parameters.model_version.defaultValue", "approved", "1")
    ]


def test_a_release_that_never_was_is_named_with_those_there_are():
    world = World()
    world.deploy(configuration("f1", hour=6))

    with pytest.raises(UnknownReleaseError) as caught:
        world.back_to(7, newest="1")
    assert "releases: 1 to 1" in caught.value.hint


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"format": 99}'])
def test_a_damaged_release_is_said_and_never_half_read(content):
    world = World()
    world.lake.files["_deployments/shop/dev/releases/000001.json"] = content

    with pytest.raises(UnreadableRecordError, match="000001"):
        world.releases.last()


def test_an_attempt_is_kept_until_a_release_ends_it():
    """Several deployments may die before one ends: what any of them wrote is ours."""
    world = World()
    key = ("pipeline", "score_churn")
    world.releases.begin([(key, {"a": 1})])
    world.releases.begin([(key, {"a": 2})])
    world.releases.begin([(key, {"a": 2})])

    assert world.releases.written(None).attempted == {key: [{"a": 1}, {"a": 2}]}

    world.deploy(configuration("f1", hour=6))
    assert world.releases.written(None).attempted == {}


def test_a_release_of_another_workspace_is_refused_before_anything_is_done():
    """Its versions would be looked for where the same numbers mean something else."""

    def released(workspace: str) -> Release:
        named = {"type": "AzureMLService", "typeProperties": {"mlWorkspaceName": workspace}}
        entity = {"kind": "linked_service", "name": "ls_azureml", "properties": named}
        return Release(7, **WHEN, entities=(entity,))

    assert len(rollback.build(SETTINGS, released("ML-Shop"), {}).entities) == 1
    with pytest.raises(OtherWorkspaceError, match=r"release 7 .* the workspace ml-before, .* says ml-shop"):
        rollback.build(SETTINGS, released("ml-before"), {})
