"""A promotion that is killed before and after its requests, or refused, and what the next one makes of it.

A version shows in a workspace by one request, whole: so whatever is listed at any time has the bytes that its
tag says, and what the factory says to score with is listed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from deployment.models import said_by
from ml_pipelines.gateway import MachineLearning
from ml_pipelines.steps.versions import SHA256, SOURCE_VERSION, choose
from ml_pipelines.steps.work import digest_of_folder
from tests.fault.deployment.sweep import around
from tests.fault.deployment.world import DIFFERENT, SUBSCRIPTION, World
from tests.functional.ml_pipelines.conftest import CLIENT_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ml_pipelines.observed import RegisteredModel
    from tests.fault.deployment.world import Ended

pytestmark = pytest.mark.filterwarnings("ignore")
MODEL, SOURCE, TARGET = "churn", "ml-source", "ml-shop"


@dataclass
class Promotions:
    """Deployments of one configuration, each with a newer version of another workspace."""

    world: World
    there: MachineLearning
    here: MachineLearning
    folder: Path
    whole: set[int] = field(default_factory=set)
    """Versions that were seen to have their bytes here: those never change."""

    def train(self) -> str:
        """The number there of a version that nobody has promoted yet."""
        trained = self.folder / "model"
        trained.mkdir(exist_ok=True)
        for name in ("weights", "labels"):
            (trained / name).write_text(f"{name} of {len(self.there.models(MODEL))}")
        return str(self.there.register_model(MODEL, trained, {"approved": "true"}).version)

    def deploy(self, version: str) -> Ended:
        return self.world.deploy(self.world.now, *promoted(version))

    def requests(self) -> list[str]:
        """Of a promotion that nothing happens to: from the first look at the version to its registration."""
        assert self.deploy(self.train()).code == 0
        made = self.world.requests()
        first = next(n for n, each in enumerate(made) if f"{SOURCE}/models/{MODEL}" in each)
        last = next(n for n, each in enumerate(made) if each.startswith("POST") and "/models #" in each)
        return made[first : last + 1]

    def half(self) -> Iterator[str]:
        """What is registered here, or scored with, and is not whole."""
        known = self.here.models(MODEL)
        for each in known:
            if each.version not in self.whole and self._digest(each) != each.tags[SHA256]:
                yield f"version {each.version} has other bytes than it says"
            self.whole.add(each.version)
        if choose(self.said(), known) is None:
            yield f"{self.said()} is scored with, and not registered"

    def _digest(self, version: RegisteredModel) -> str:
        folder = self.folder / f"{version.name}-{version.version}"
        folder.mkdir(exist_ok=True)
        return digest_of_folder(self.here.download_model(version.name, version.version, folder))

    def said(self) -> str:
        """Which version the live factory scores with."""
        bodies = {path.partition("/")[2]: body for path, body in self.world.entities().items()}
        return said_by(bodies)[f"score_{MODEL}"]

    def wrong(self, ended: Ended, version: str) -> Iterator[str]:
        """What is not as after a promotion that nothing happened to."""
        if ended.code != 0:
            yield f"ended with {ended.code}: {ended.stdout}"
        yield from self.half()
        there = [each.sha256 for each in self.there.models(MODEL) if str(each.version) == version]
        here = [each for each in self.here.models(MODEL) if each.tags.get(SOURCE_VERSION) == version]
        if [each.sha256 for each in here] != there:
            yield f"registered here: {here}"
        if self.said() != f"source:{version}":
            yield f"scored with {self.said()}"
        records = self.world.records()
        newest = records[max(name for name in records if name[:6].isdigit())]
        if [each["version"] for each in newest["models"]] != [str(each.version) for each in here]:
            yield f"the newest release says {newest['models']}"


def promoted(version: str) -> list[str]:
    said = {"from": "source", "version": version}
    return [
        word for key, value in said.items() for word in ("--set", f"models.{MODEL}.version.{key}={value}")
    ]


@pytest.fixture
def promotions(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Promotions]:
    """`source` is another workspace in the same resource group."""
    for name in CLIENT_VARIABLES:
        monkeypatch.setenv(name, world.azure.environment[name])
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    for configuration in DIFFERENT:
        file = world.folder / configuration / "config/source.yaml"
        file.write_text(f"machine_learning: {{workspace: {SOURCE}}}\n")
    provider = "providers/Microsoft.MachineLearningServices/workspaces"
    world.arm("PUT", f"{world.factory.partition('/providers')[0]}/{provider}/{SOURCE}", {"location": "local"})
    there, here = (
        MachineLearning(
            subscription_id=SUBSCRIPTION,
            resource_group=f"rg-{world.name}",
            workspace=workspace,
            token=world.azure.token,
        )
        for workspace in (SOURCE, TARGET)
    )
    yield Promotions(world, there, here, tmp_path)
    world.azure.clear_faults()
    world.deployed(world.now)


@pytest.mark.timeout(900)
def test_whatever_kills_a_promotion_the_next_deployment_makes_it_good(promotions: Promotions):
    """Nothing is registered by half or twice, and nothing that is not there is scored with."""
    world, broken = promotions.world, []
    for request, when in around(promotions.requests()):
        version = promotions.train()
        world.killed(world.now, request, when, *promoted(version))
        wrong = [*promotions.half(), *promotions.wrong(promotions.deploy(version), version)]
        broken += [f"{when} {request}: {each}" for each in wrong]

    assert broken == []


def test_a_workspace_that_may_not_be_read_is_named_and_nothing_is_deployed(promotions: Promotions):
    """When the plan is made, the first thing that is asked for is the list of versions there."""
    before = promotions.world.entities()
    version = promotions.train()
    refuse(promotions, f"{SOURCE}/models([?]|$)")
    ended = promotions.deploy(version)

    assert ended.code == 1
    assert ended.document["error"]["code"] == "promotion"
    assert "churn cannot be promoted from source" in ended.document["error"]["message"]
    assert promotions.world.entities() == before
    assert version not in versions_from_there(promotions)


def test_bytes_that_may_not_be_read_leave_everything_as_it_was(promotions: Promotions):
    """Though the version is listed: the model comes before all else that is deployed."""
    before = promotions.world.entities()
    version = promotions.train()
    refuse(promotions, f"{SOURCE}/artifacts/prefix")
    ended = promotions.deploy(version)

    assert ended.code == 1
    assert "model churn" in ended.document["error"]["message"]
    assert promotions.world.entities() == before
    assert version not in versions_from_there(promotions)


def versions_from_there(promotions: Promotions) -> list[str | None]:
    return [each.tags.get(SOURCE_VERSION) for each in promotions.here.models(MODEL)]


def refuse(promotions: Promotions, path: str) -> None:
    fault = {"action": "refuse", "status": 403, "code": "AuthorizationFailed"}
    promotions.world.azure.order_fault(service="control", method="GET", path=path, **fault)
