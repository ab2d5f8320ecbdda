"""--select: a plan of some of it, and never of what cannot be."""

from __future__ import annotations

import pytest

from adf.entities import EndpointVersion
from deployment.errors import NothingSelectedError, NotSelectedError
from deployment.planner import plan
from deployment.resources import NOTHING, Address, Observed
from deployment.selection import Selection
from tests.unit.deployment.fakes import (
    Definition,
    Live,
    Published,
    calendar,
    desired,
    linked_service,
    pipeline,
)

ACTIVITY = {"name": "score", "version": EndpointVersion("score_churn")}
WANTED = desired(
    linked_service(),
    pipeline("score_churn", ACTIVITY),
    calendar("tr_daily"),
    ml_pipelines=(Definition("score_churn", "new"),),
)


def selected(*globs: str, observed: Observed = NOTHING) -> list[str]:
    return [str(step.address) for step in plan(WANTED, observed, selection=Selection(globs)).changes]


@pytest.mark.parametrize(
    ("glob", "taken"),
    [("TR_*", True), ("trigger/tr_*", True), ("*daily", True), ("pipeline/*", False), ("tr", False)],
)
def test_a_glob_is_over_a_name_or_a_kind_and_a_name(glob, taken):
    """Without case, as Azure tells names apart."""
    assert Selection((glob,)).takes(Address("trigger", "tr_daily")) is taken


def test_without_a_glob_everything_is_selected():
    assert len(selected()) == 5


def test_several_globs_select_what_any_of_them_matches():
    """The factory is there for all of them."""
    assert selected("ls_*", "*/score_churn") == [
        "factory adf-shop",
        "ml_pipeline score_churn",
        "linked_service ls_lake",
        "pipeline score_churn",
    ]


def test_a_glob_that_matches_nothing_is_an_error_that_says_what_there_is():
    """A typing error must not be a plan that does nothing."""
    with pytest.raises(NothingSelectedError, match="tr_weekly") as caught:
        selected("tr_weekly")

    assert "trigger/tr_daily" in caught.value.hint


def test_what_is_selected_may_not_need_what_is_neither_there_nor_selected():
    """Data Factory would refuse it half-way."""
    with pytest.raises(NotSelectedError, match="trigger tr_daily refers to pipeline score_churn"):
        selected("trigger/*")
    with pytest.raises(NotSelectedError, match="pipeline score_churn refers to ml_pipeline score_churn"):
        selected("pipeline/*")


def test_an_ml_pipeline_that_is_not_selected_stays_at_its_live_version():
    """Its new content is not published, and nothing is pinned to a version that will not be."""
    published = {"score_churn": Published("score_churn", "id", "3", "old")}
    was = pipeline("score_churn", {"name": "score", "version": "2"})
    observed = Observed(True, (Live("pipeline", "score_churn", was.properties, "e"),), published)

    made = plan(WANTED, observed, selection=Selection(("pipeline/*",)))

    (step,) = made.changes
    assert [(each.path, each.after) for each in step.differences] == [("activities[score].version", "3")]
    assert made.endpoints == {"score_churn": ("id", "3")}


def test_deletions_are_selected_like_everything_else():
    """--prune --select deletes only what matches."""
    gone = [pipeline("score_old"), pipeline("train_old")]
    observed = Observed(True, tuple(Live(e.kind, e.name, e.properties, "e") for e in gone))

    made = plan(desired(linked_service()), observed, prune=True, selection=Selection(("*/ls_*", "score_*")))

    assert [f"{step.action} {step.address.name}" for step in made.changes] == [
        "create ls_lake",
        "delete score_old",
    ]
