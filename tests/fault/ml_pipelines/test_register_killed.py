"""register, killed before and after every request that it makes: no version is approved by half."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from ml_pipelines.steps import receipts
from ml_pipelines.steps.errors import GateNotPassed
from ml_pipelines.steps.models import ModelVersion
from ml_pipelines.steps.parameters import Arguments
from ml_pipelines.steps.register import Workspace, conclude
from tests.unit.ml_pipelines.fakes import FakeLake

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

REQUESTS = range(18)
"""register makes fewer; a point that is not reached is a run without a kill."""


class Killed(BaseException):
    """The process is gone: nothing that it would do afterwards happens."""


@dataclass
class Registry:
    """Azure ML in memory: a version appears by one request, with all its tags."""

    request: Callable[[Callable[[], None]], None]
    versions: list[ModelVersion] = field(default_factory=list)

    def workspace(self) -> Workspace:
        def register(name: str, _trained: Path, tags: Mapping[str, str], _described: Path) -> str:
            made = ModelVersion(name, len(self.versions) + 1, dict(tags))
            self.request(lambda: self.versions.append(made))
            return str(made.version)

        nothing = lambda _: self.request(lambda: None)  # noqa: E731 - what it does is not looked at
        return Workspace(lambda _: list(self.versions), nothing, nothing, register)


@dataclass
class Azure:
    """A lake and a registry that die together at one of their requests."""

    point: int = 1000
    after: bool = False
    made: int = 0
    lake: FakeLake = field(default_factory=FakeLake)
    registry: Registry = field(init=False)

    def __post_init__(self) -> None:
        self.registry = Registry(self._request)
        setattr(self.lake, "after" if self.after else "before", lambda *_: self._count())

    def _request(self, happens: Callable[[], None]) -> None:
        if not self.after:
            self._count()
        happens()
        if self.after:
            self._count()

    def _count(self) -> None:
        self.made += 1
        if self.made > self.point:
            raise Killed

    def revive(self) -> None:
        self.point = 1000


def arguments(folder: Path, quality: float) -> Arguments:
    """What the steps before have left: version 1 has 0.8 and may be undercut by 0.05."""
    for name in ("facts", "metrics/champion", "trained"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    champion = {"name": "churn", "version": "1", "sha256": "-"}
    facts = {"data_digest": "d", "files": 1, "bytes": 2, "champion": champion}
    (folder / "facts/facts.json").write_text(json.dumps(facts))
    (folder / "metrics/metrics.json").write_text(json.dumps({"quality": quality}))
    (folder / "metrics/champion/metrics.json").write_text(json.dumps({"quality": 0.8}))
    said = {
        "model": "churn",
        "registered-model": "churn",
        "adf-run-id": "run",
        "adf-group-id": "group",
        "facts": str(folder / "facts"),
        "metrics": str(folder / "metrics"),
        "trained": str(folder / "trained"),
        "gate": json.dumps({"quality": {"minimum": 0.5, "margin": 0.05}}),
        "champion": "approved",
        "approve": "true",
        "score-column": "prediction",
        "git-commit": "c",
    }
    return Arguments([each for name, value in said.items() for each in (f"--abs-{name}", value)])


def run(azure: Azure, given: Arguments, ml_run_id: str) -> None:
    with suppress(Killed, GateNotPassed), receipts.training(azure.lake, given) as receipt:
        conclude(given, azure.lake, replace(receipt, ml_run_id=ml_run_id), azure.registry.workspace())


def with_champion(**changes) -> Azure:
    azure = Azure(**changes)
    azure.registry.versions.append(ModelVersion("churn", 1, {"approved": "true"}))
    return azure


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", REQUESTS)
@pytest.mark.parametrize(("quality", "word"), [(0.9, "passed"), (0.6, "refused")])
def test_a_kill_at_any_request(tmp_path, quality, word, point, after):
    """There is no version, or one that says all: its decision, and where the report is, which is there."""
    azure, given = with_champion(point=point, after=after), arguments(tmp_path, quality)

    run(azure, given, "first")

    made = azure.registry.versions[1:]
    for version in made:
        assert version.tags["gate"] == word
        assert version.tags["approved"] == str(word == "passed").lower()
        assert version.tags["gate_report"] in azure.lake.stored
    receipt = receipts.read(azure.lake, "churn", "group")
    if receipt is not None and receipt.status == "committed":
        assert [str(each.version) for each in made] == [receipt.model_version]
    if receipt is not None and receipt.decision == "refused":
        assert [each.tags["approved"] for each in made] == ["false"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", REQUESTS)
def test_after_a_kill_the_next_run_decides_anew(tmp_path, point, after):
    """A run that was killed once its version was in use is not compared with any more: train again."""
    azure, given = with_champion(point=point, after=after), arguments(tmp_path, 0.9)
    run(azure, given, "first")
    left = len(azure.registry.versions)
    azure.revive()

    run(azure, given, "second")

    assert len(azure.registry.versions) == left + 1
    approved = [each.version for each in azure.registry.versions if each.tags["approved"] == "true"]
    assert approved == [1, 2]


def test_of_two_that_train_at_once_the_slower_one_is_refused(tmp_path):
    """It was not compared with what the faster one has brought."""
    azure, given = with_champion(), arguments(tmp_path, 0.9)

    run(azure, given, "faster")
    run(azure, given, "slower")

    faster, slower = (each.tags for each in azure.registry.versions[1:])
    assert (faster["gate"], slower["gate"]) == ("passed", "refused")
    assert slower["gate_reason"] == (
        "the check `champion` found version 2, which is in use meanwhile; "
        "allowed: version 1, which was in use when the training began"
    )
