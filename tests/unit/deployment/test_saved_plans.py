"""A saved plan is applied exactly as it was made, or not at all."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from deployment import saved_plans
from deployment.errors import PlanFileError, PlanOutdatedError
from deployment.planner import plan
from deployment.resources import NOTHING, Observed, Owner
from deployment.saved_plans import PlanOptions
from tests.unit.deployment.fakes import Definition, Live, Published, calendar, desired, pipeline

OPTIONS = PlanOptions(prune=True, select=("*",))
WANTED = desired(pipeline(), calendar(), ml_pipelines=(Definition("score_churn", "new"),))
LIVE = Observed(
    True,
    (Live("pipeline", "score_churn", pipeline(folder="old").properties, "e1"),),
    {"score_churn": Published("score_churn", "id", "3", "old")},
)


def saved_plan(tmp_path, wanted=WANTED, observed=LIVE):
    file = tmp_path / "plan.json"
    made = saved_plans.saved(
        plan(wanted, observed), wanted, OPTIONS, at="2026-11-23T06:00:00Z", by="ada", commit="c0"
    )
    saved_plans.write(made, file)
    return file


def test_what_is_written_is_what_is_read(tmp_path):
    file = saved_plan(tmp_path)

    read = saved_plans.read(file)

    assert (read.options, read.by, len(read.steps)) == (OPTIONS, "ada", 3)
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]
    saved_plans.check_wanted(read, WANTED, file)
    saved_plans.check_unmoved(read, plan(WANTED, LIVE), file)


@pytest.mark.parametrize(
    "moved",
    [
        replace(LIVE, entities=(replace(LIVE.entities[0], etag="e2"),)),
        replace(LIVE, entities=()),
        replace(LIVE, entities=(*LIVE.entities, Live("trigger", "tr_daily", calendar().properties, "e1"))),
        replace(LIVE, ml_pipelines={"score_churn": Published("score_churn", "id", "4", "other")}),
        NOTHING,
    ],
)
def test_a_live_factory_that_moved_makes_the_plan_outdated(tmp_path, moved):
    """Edited, deleted, created by somebody else, published by somebody else, gone altogether."""
    file = saved_plan(tmp_path)

    with pytest.raises(PlanOutdatedError, match="changed after") as caught:
        saved_plans.check_unmoved(saved_plans.read(file), plan(WANTED, moved), file)
    assert caught.value.exit_code == 75


@pytest.mark.parametrize(
    "other",
    [
        desired(pipeline(folder="x"), calendar(), ml_pipelines=WANTED.ml_pipelines),
        desired(pipeline(), calendar(started=False), ml_pipelines=WANTED.ml_pipelines),
        desired(pipeline(), calendar(), ml_pipelines=(Definition("score_churn", "newer"),)),
        replace(WANTED, owner=Owner("shop", "prod")),
        replace(WANTED, factory="another"),
    ],
)
def test_a_plan_is_good_for_its_configuration_and_environment_only(tmp_path, other):
    """Another body, another state of a trigger, another ML pipeline, another environment or factory."""
    file = saved_plan(tmp_path)

    with pytest.raises(PlanFileError) as caught:
        saved_plans.check_wanted(saved_plans.read(file), other, file)
    assert caught.value.exit_code == 64


def test_a_plan_that_was_cut_off_anywhere_is_refused(tmp_path):
    file = saved_plan(tmp_path)
    whole = file.read_bytes().rstrip()
    for end in range(0, len(whole), 97):
        file.write_bytes(whole[:end])

        with pytest.raises(PlanFileError):
            saved_plans.read(file)


def test_a_plan_that_was_edited_is_refused(tmp_path):
    """Each of its values in turn."""
    file = saved_plan(tmp_path)
    whole = json.loads(file.read_text())
    for key in whole:
        file.write_text(json.dumps(whole | {key: "edited"}))

        with pytest.raises(PlanFileError):
            saved_plans.read(file)


@pytest.mark.parametrize("content", ["", "[]", "{}", "null", '{"kind": "adf-batch-scoring plan"}', "\x00"])
def test_what_is_no_plan_is_refused(tmp_path, content):
    file = tmp_path / "plan.json"
    file.write_text(content)

    with pytest.raises(PlanFileError):
        saved_plans.read(file)


def test_a_file_that_is_not_there_or_cannot_be_written_is_said(tmp_path):
    with pytest.raises(PlanFileError, match="No such file"):
        saved_plans.read(tmp_path / "nowhere.json")
    with pytest.raises(PlanFileError, match="cannot be written"):
        saved_plan(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (PlanOptions(), "all is as the configuration says"),
        (PlanOptions(select=("trigger/*",)), "what is selected is as the configuration says"),
        (PlanOptions(prune=True, release=7), "all is as it was after release 7"),
    ],
)
def test_nothing_to_do_is_said_of_what_was_compared(options, words):
    """A release is not the configuration, and what was not selected was not looked at."""
    assert options.nothing_to_do == f"Nothing to do: {words}."
