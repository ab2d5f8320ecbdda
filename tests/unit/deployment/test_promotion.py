"""Another environment's version, registered here byte for byte, once, and nothing by half."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

from config.schema import Model, Settings
from deployment import promotion
from deployment.errors import (
    NoDigestError,
    NotSelectedError,
    OtherBytesError,
    RefusedVersionError,
    SourceVersionMissingError,
)
from deployment.planner import plan
from deployment.promotion import Promoter, Promotion
from deployment.resources import Observed
from deployment.selection import Selection
from ml_pipelines.errors import ServiceRefused
from ml_pipelines.steps.versions import choose
from ml_pipelines.steps.work import digest_of_folder
from tests.unit.deployment.fakes import Live, Registered, desired, pipeline

if TYPE_CHECKING:
    from pathlib import Path

MODEL = Model.model_validate(
    {
        "name": "churn",
        "source": "models/churn",
        "scoring": {"input": "raw"},
        "output": {"path": "out"},
        "version": {"from": "dev", "version": "approved"},
    }
)
DEV = Settings.model_validate(
    {
        "environment": "dev",
        "project": "shop",
        "azure": {"subscription_id": "s", "resource_group": "rg-dev"},
        "data_factory": {"name": "adf-shop"},
        "machine_learning": {"workspace": "ml-dev", "compute": "cpu"},
        "lake": {"account": "shop", "file_system": "data"},
        "models": {"churn": MODEL.model_copy(update={"version": None})},
    }
)


@dataclass
class Workspace:
    """Models in memory: their versions and the bytes of each."""

    versions: list[Registered] = field(default_factory=list)
    content: dict[int, str] = field(default_factory=dict)
    fails: bool = False

    def models(self, name: str) -> list[Registered]:
        return [each for each in self.versions if each.name == name]

    def download_model(self, _name: str, version: int, target: Path) -> Path:
        (target / "model").mkdir()
        (target / "model/weights").write_text(self.content[version])
        return target / "model"

    def register_model(self, name: str, content: Path, tags: dict[str, str]) -> None:
        if self.fails:
            raise ServiceRefused("register the model", "the connection was cut")
        number = len(self.versions) + 1
        self.versions.append(Registered(name, number, {**tags, "sha256": digest_of_folder(content)}))
        self.content[number] = (content / "weights").read_text()

    def train(self, tmp_path: Path, text: str, **tags: str) -> None:
        folder = tmp_path / f"trained{len(self.versions)}"
        folder.mkdir(parents=True)
        (folder / "weights").write_text(text)
        self.register_model("churn", folder, {"approved": "true", "metrics": '{"auc": 0.9}', **tags})


@pytest.fixture
def dev(tmp_path) -> Workspace:
    made = Workspace()
    made.train(tmp_path, "first")
    made.train(tmp_path, "second", approved="false")
    return made


def look_up(dev: Workspace, wanted: str = "approved") -> Promotion:
    return promotion.look_up(MODEL, wanted, DEV, dev)


def promote(dev: Workspace, prod: Workspace, wanted: str = "approved") -> Promotion:
    meant = look_up(dev, wanted)
    Promoter(lambda _: dev, prod)(meant)
    return meant


def test_approved_is_the_newest_that_is_approved_there(dev):
    assert (look_up(dev).version, look_up(dev, "2").version) == ("1", "2")


def test_the_bytes_are_the_same_and_say_where_they_come_from(dev):
    """What the source's tags say goes along; here the version is approved."""
    prod = Workspace()
    promote(dev, prod, "2")
    tags = prod.versions[0].tags

    assert (prod.content[1], prod.versions[0].sha256) == ("second", dev.versions[1].sha256)
    assert (tags["source_environment"], tags["source_workspace"]) == ("dev", "rg-dev/ml-dev")
    assert (tags["source_version"], tags["approved"], tags["metrics"]) == ("2", "true", '{"auc": 0.9}')


def test_what_is_here_is_not_registered_again(dev):
    """Also where a deployment stopped right after it had registered."""
    prod = Workspace()
    meant = promote(dev, prod)
    promote(dev, prod)

    assert len(prod.versions) == 1
    assert promotion.step_of(meant, prod.versions, "").action == "unchanged"


def test_a_promotion_that_stops_in_the_middle_is_made_by_the_next(dev):
    prod = Workspace(fails=True)
    with pytest.raises(ServiceRefused):
        promote(dev, prod)
    assert prod.versions == []

    prod.fails = False
    promote(dev, prod)
    assert [each.tags["source_version"] for each in prod.versions] == ["1"]


def test_bytes_that_are_not_what_was_registered_are_not_taken(dev):
    prod = Workspace()
    dev.content[1] = "changed"

    with pytest.raises(OtherBytesError, match=r"churn, dev:1: its bytes have sha256 .* was registered with"):
        promote(dev, prod)
    assert prod.versions == []


def test_the_same_version_with_other_bytes_is_refused_before_anything_is_applied(dev):
    prod = Workspace()
    promote(dev, prod)
    again = Promotion("churn", "churn", "dev", "1", "churn", "rg-dev/ml-dev", "other", {})

    with pytest.raises(OtherBytesError, match=r"was promoted with .* \(version 1 here\)"):
        promotion.step_of(again, prod.versions, "")


def test_a_version_that_does_not_exist_is_named_with_those_that_do(dev):
    with pytest.raises(SourceVersionMissingError, match=r"churn has no version 7 in dev: there is 2, 1"):
        look_up(dev, "7")
    with pytest.raises(SourceVersionMissingError, match=r"no approved version in dev: there is none"):
        look_up(Workspace())


def test_a_version_that_its_gate_refused_is_not_promoted_unless_somebody_approved_it(dev):
    refused = {"sha256": "s", "gate": "refused", "gate_reason": "r2 is 0.1", "approved": "false"}
    dev.versions.append(Registered("churn", 3, refused))
    dev.versions.append(Registered("churn", 4, refused | {"approved": "true"}))

    with pytest.raises(RefusedVersionError, match=r"churn, dev:3, was refused by its gate: r2 is 0\.1"):
        look_up(dev, "3")
    assert look_up(dev, "4").version == "4"


def test_a_version_whose_bytes_nobody_can_check_is_refused(dev):
    dev.versions.append(Registered("churn", 3, {"approved": "true"}))

    with pytest.raises(NoDigestError, match=r"churn, dev:3, has no tag `sha256`"):
        look_up(dev)


def test_the_plan_shows_version_digest_and_metrics_from_old_to_new(dev, tmp_path):
    """Old is what the live factory scores with."""
    prod = Workspace()
    promote(dev, prod)
    dev.train(tmp_path / "later", "third", metrics='{"auc": 0.95}')
    step = promotion.step_of(look_up(dev), prod.versions, "dev:1")

    assert step.action == "change"
    assert [(each.path, each.before, each.after) for each in step.differences] == [
        ("version", "dev:1", "dev:3"),
        ("sha256", dev.versions[0].sha256, dev.versions[2].sha256),
        ("metrics.auc", 0.9, 0.95),
    ]


def test_what_is_the_same_in_both_versions_is_not_shown(dev, tmp_path):
    prod = Workspace()
    promote(dev, prod)
    dev.train(tmp_path / "again", "first")
    step = promotion.step_of(look_up(dev), prod.versions, "dev:1")

    assert [each.path for each in step.differences] == ["version"]


def test_a_version_is_taken_back_by_naming_it(dev):
    """It is here already; `dev:1` means it though dev's second came later."""
    prod = Workspace()
    promote(dev, prod)
    promote(dev, prod, "2")
    meant = promote(dev, prod, "1")

    assert len(prod.versions) == 2
    assert choose(meant.meant, prod.versions) == prod.versions[0]
    assert choose("dev:approved", prod.versions) == prod.versions[1]


def test_models_are_registered_before_anything_refers_to_them(dev):
    made = plan(desired_with(look_up(dev)), Observed(factory_exists=True))

    assert [step.address.kind for step in made.changes] == ["model", "pipeline"]


def test_a_pipeline_is_not_deployed_without_the_model_that_it_scores_with(dev):
    with pytest.raises(NotSelectedError, match=r"pipeline score_churn refers to model churn"):
        plan(
            desired_with(look_up(dev)),
            Observed(factory_exists=True),
            selection=Selection(("pipeline/*",)),
        )


def test_the_live_pipeline_says_what_is_scored_with_now(dev):
    prod = Workspace()
    promote(dev, prod)
    body = pipeline("score_churn", parameters={"model_version": {"type": "String", "defaultValue": "dev:1"}})
    observed = Observed(
        True,
        (Live("pipeline", "score_churn", body.properties, "e"),),
        models={"churn": prod.versions},
    )
    made = plan(desired_with(look_up(dev, "2")), observed)

    assert made.changes[0].action == "change"
    assert made.changes[0].differences[0].before == "dev:1"


def test_a_version_that_is_taken_back_is_shown_though_it_is_registered_already(dev):
    """Where only the model is selected the pipeline stays with what it has, and there is nothing to do."""
    prod = Workspace()
    old, new = promote(dev, prod), promote(dev, prod, "2")
    taken_back = promotion.step_of(old, prod.versions, new.meant)

    assert [(each.before, each.after) for each in taken_back.differences][:1] == [("dev:2", "dev:1")]
    assert promotion.step_of(old, prod.versions, old.meant).action == "unchanged"
    assert promotion.step_of(old, prod.versions, new.meant, takes_over=False).action == "unchanged"


def desired_with(meant: Promotion):
    return replace(desired(pipeline("score_churn")), models=(meant,))
