"""Which published versions are disabled, and which Azure ML schedules are warned of."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adf.entities import EndpointVersion
from deployment import report
from deployment.errors import ApplyError
from deployment.executor import Executor
from deployment.ml_schedules import double_runs
from deployment.observed import observe
from deployment.planner import plan, plan_destruction
from deployment.resources import Observed, Pinned
from deployment.selection import Selection
from ml_pipelines.errors import ServiceRefused
from tests.unit.deployment.fakes import (
    ActivePipeline,
    Definition,
    FakeFactory,
    FakeMachineLearning,
    Live,
    MlSchedule,
    Published,
    Told,
    desired,
    pipeline,
)

SCORE = "score_churn"
ENDPOINT = f"id-of-{SCORE}"


def wanted(definition=None, keep: int = 2):
    definitions = (definition or Definition(SCORE, "f5"),)
    return replace(desired(ml_pipelines=definitions), keep_versions=keep)


def seen(count: int = 6, default: str = "5", **more) -> Observed:
    """Versions 0, 1, …, all of them enabled, with the fingerprints f0, f1, …"""
    versions = {str(number): f"p{number}" for number in range(count)}
    live = Published(SCORE, ENDPOINT, default, f"f{default}", versions)
    active = {each: ActivePipeline(SCORE, f"f{version}") for version, each in versions.items()}
    return Observed(True, ml_pipelines={SCORE: live}, **{"active_ml_pipelines": active, **more})


def disabled(made) -> list[str]:
    return [step.address.name for step in made.changes if step.address.kind == "ml_pipeline_version"]


def old(*versions: int) -> list[str]:
    return [f"{SCORE}/{version}" for version in versions]


def test_all_but_the_last_few_are_disabled_after_everything_else():
    """In the plan, by endpoint and version: a change that can be taken back, not a deletion."""
    made = plan(wanted(Definition(SCORE, "new"), keep=3), seen())

    first, *_, last = made.levels()
    assert disabled(made) == old(3, 2, 1, 0)
    assert (first[0].address.kind, last[0].address.kind) == ("ml_pipeline", "ml_pipeline_version")
    assert made.destructive == []
    assert made.summary() == {"add": 0, "change": 5, "delete": 0, "unchanged": 1}


def test_content_that_was_published_before_takes_no_place():
    """It is made the default again: no version is added."""
    assert disabled(plan(wanted(Definition(SCORE, "f4")), seen())) == old(3, 2, 1, 0)
    assert disabled(plan(wanted(Definition(SCORE, "f2")), seen())) == old(3, 1, 0)


def test_few_versions_are_left_alone():
    assert plan(wanted(keep=6), seen()).changes == []


def test_what_others_published_is_left_alone():
    """By hand, or for another environment that shares the workspace and may pin what is old here."""
    others = ("by hand", "managed-by:adf-batch-scoring project:shop env:prod")
    active = {f"p{number}": ActivePipeline(SCORE, f"f{number}", words) for number, words in enumerate(others)}
    ours = {f"p{number}": ActivePipeline(SCORE, f"f{number}") for number in range(2, 6)}

    assert disabled(plan(wanted(), seen(active_ml_pipelines=active | ours))) == old(3, 2)


def test_an_endpoint_that_another_installation_needs_is_not_retired():
    """Though ours is no longer wanted: what they pin would not run any more."""
    theirs = {"p1": ActivePipeline(SCORE, "f1", "managed-by:adf-batch-scoring project:other env:prod")}
    shared = seen(active_ml_pipelines=seen().active_ml_pipelines | theirs)
    nothing = desired()

    assert [step.address.name for step in plan(nothing, seen(), prune=True).changes] == [SCORE]
    assert plan(nothing, shared, prune=True).changes == []
    assert plan(nothing, shared).unwanted == ()
    assert plan_destruction(nothing.owner, shared).changes == []


def test_what_is_scored_with_stays_however_old_it_is():
    """The default; a release that is gone back to; what a pipeline of others in the factory pins."""
    pins = {"mlPipelineEndpointId": ENDPOINT, "version": "1"}
    foreign = Live("pipeline", "theirs", {"activities": [{"typeProperties": pins}]}, "e1")
    elsewhere = Live("pipeline", "other", {"activities": [{**pins, "mlPipelineEndpointId": "x"}]}, "e1")

    default = plan(wanted(Definition(SCORE, "f0")), seen(default="0"))
    assert disabled(default) == old(3, 2, 1)
    back = plan(wanted(Pinned(SCORE, "1", "f1")), seen())
    assert disabled(back) == old(3, 2, 0)
    pinned = plan(wanted(), seen(entities=(foreign, elsewhere)))
    assert disabled(pinned) == old(3, 2, 0)


def test_what_an_azure_ml_schedule_names_stays_and_is_warned_of():
    """Whoever made the schedule finds out by the warning, not by a run that fails."""
    made = plan(wanted(), seen(ml_schedules=(MlSchedule("s1", "nightly", pipeline_id="p2"),)))

    assert disabled(made) == old(3, 1, 0)
    (warning,) = made.warnings
    assert str(warning) == (
        "the Azure ML schedule nightly (every 1 Day) runs score_churn too: what Data Factory runs is run "
        "twice. Disable it: Schedule.get(workspace, 's1').disable()"
    )


def test_only_the_schedules_of_what_is_ours_are_warned_of():
    """By endpoint, or by a version of it; in the text and in the JSON of the plan."""
    schedules = (
        MlSchedule("s1", "by endpoint", endpoint_id=ENDPOINT),
        MlSchedule("s2", "by version", pipeline_id="p0"),
        MlSchedule("s3", "theirs", endpoint_id="another"),
        MlSchedule("s4", "theirs too", pipeline_id="another"),
    )
    observed = seen(ml_schedules=schedules)
    made = plan(wanted(keep=10), observed)

    assert [each.schedule.id for each in double_runs(observed)] == ["s1", "s2"]
    assert made.changes == []
    shown = [line.text for line in report.plan_lines(made, heading="dev")]
    assert [text.split(" (")[0] for text in shown if text.startswith("warning")] == [
        "warning: the Azure ML schedule by endpoint",
        "warning: the Azure ML schedule by version",
    ]
    documents = report.plan_document(made)["warnings"]
    assert [(each["code"], each["ml_pipeline"], each["schedule_id"]) for each in documents] == [
        ("ml_schedule", SCORE, "s1"),
        ("ml_schedule", SCORE, "s2"),
    ]
    assert "warnings" not in report.plan_document(plan(wanted(keep=10), seen()))


def test_a_selection_disables_versions_of_what_is_selected():
    assert disabled(plan(wanted(), seen(), selection=Selection(("ml_pipeline/score_*",))))
    with pytest.raises(Exception, match="matches nothing"):
        plan(wanted(), seen(), selection=Selection(("ml_pipeline/train_*",)))


def deployed(factory, machine_learning, content: str) -> None:
    activity = {"name": "score", "version": EndpointVersion(SCORE)}
    definition = Definition(SCORE, content)
    now = replace(desired(pipeline(SCORE, activity), ml_pipelines=(definition,)), keep_versions=2)
    observed = observe(factory, machine_learning, [SCORE], keep_versions=2)
    Executor(factory, machine_learning, Told()).apply(plan(now, observed))


def test_what_an_interruption_left_enabled_the_next_deployment_disables():
    """Nothing has to be remembered: what is enabled is read."""

    class Interrupted(FakeMachineLearning):
        broken = False

        def disable_version(self, name: str, version: str) -> None:
            if self.broken:
                raise ServiceRefused(f"disable version {version} of {name}", "503")
            super().disable_version(name, version)

    factory, machine_learning = FakeFactory(), Interrupted()
    for content in "abc":
        machine_learning.broken = content == "c"
        if machine_learning.broken:
            with pytest.raises(ApplyError, match="disable version 0 of score_churn"):
                deployed(factory, machine_learning, content)
        else:
            deployed(factory, machine_learning, content)
    assert machine_learning.enabled == {(SCORE, version) for version in "012"}
    assert factory.entities["pipeline", SCORE].properties["activities"][0]["version"] == "2"
    machine_learning.broken = False

    deployed(factory, machine_learning, "c")

    assert machine_learning.enabled == {(SCORE, version) for version in "12"}
