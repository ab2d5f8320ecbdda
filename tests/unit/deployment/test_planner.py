"""Which step a difference calls for, in which order, and what is never touched."""

from __future__ import annotations

import pytest

from adf.entities import EndpointId, EndpointVersion, Entity
from deployment.canonical import Difference, canonical
from deployment.drift import attempts
from deployment.errors import ForeignObjectsError
from deployment.planner import KNOWN_AFTER_PUBLISHING, plan, plan_destruction
from deployment.resources import NOTHING, Address, Observed, Written
from tests.unit.deployment.fakes import (
    OWNER,
    Definition,
    Live,
    Published,
    calendar,
    dataset,
    desired,
    linked_service,
    pipeline,
    tumbling,
)


def live(entity: Entity, **more: object) -> Live:
    state = {"runtimeState": "Started" if entity.started else "Stopped"} if entity.kind == "trigger" else {}
    return Live(entity.kind, entity.name, {**entity.properties, **state, **more}, "e1")


def seen(*entities: Live, **more: object) -> Observed:
    return Observed(True, entities, **more)  # type: ignore[arg-type]


def steps(made) -> list[str]:
    return [f"{step.action} {step.address}" for step in made.changes]


def test_what_is_referred_to_is_created_first():
    """Factory, ML pipelines, linked services, datasets, pipelines, triggers."""
    wanted = desired(
        calendar(), pipeline(), dataset(), linked_service(), ml_pipelines=(Definition("score_churn", "f1"),)
    )

    assert steps(plan(wanted, NOTHING)) == [
        "create factory adf-shop",
        "create ml_pipeline score_churn",
        "create linked_service ls_lake",
        "create dataset ds_receipt",
        "create pipeline score_churn",
        "create trigger tr_daily",
    ]


def test_what_is_as_wanted_is_unchanged_and_counted():
    """Names are compared without case, bodies canonical; the factory counts too."""
    spelt_otherwise = live(linked_service("LS_Lake"), description=None)

    made = plan(desired(linked_service()), seen(spelt_otherwise))

    assert made.changes == []
    assert made.summary() == {"add": 0, "change": 0, "delete": 0, "unchanged": 2}


def test_a_republished_ml_pipeline_changes_the_pipeline_that_is_pinned_to_it():
    """The endpoint's id is known before publishing, the new version is not."""
    activity = {"name": "score", "id": EndpointId("score_churn"), "version": EndpointVersion("score_churn")}
    was = pipeline("score_churn", {"name": "score", "id": "id-1", "version": "3"})
    published = {"score_churn": Published("score_churn", "id-1", "3", "old")}
    wanted = desired(pipeline("score_churn", activity), ml_pipelines=(Definition("score_churn", "new"),))

    ml_pipeline, factory_pipeline = plan(wanted, seen(live(was), ml_pipelines=published)).changes

    assert ml_pipeline.action == "change"
    (difference,) = factory_pipeline.differences
    assert difference.path == "activities[score].version"
    assert (difference.before, difference.after) == ("3", KNOWN_AFTER_PUBLISHING)


def test_an_unchanged_ml_pipeline_changes_nothing():
    """The live version is put in its place."""
    activity = {"name": "score", "version": EndpointVersion("score_churn")}
    was = pipeline("score_churn", {"name": "score", "version": "3"})
    published = {"score_churn": Published("score_churn", "id-1", "3", "same")}
    wanted = desired(pipeline("score_churn", activity), ml_pipelines=(Definition("score_churn", "same"),))

    assert plan(wanted, seen(live(was), ml_pipelines=published)).changes == []


def test_a_name_that_is_taken_by_what_is_not_ours_is_an_error():
    """Never an update; all of them are named at once."""
    others = [
        live(linked_service(annotations=["managed-by:adf-batch-scoring", "project:shop", "env:prod"])),
        live(pipeline(annotations=[])),
    ]

    with pytest.raises(ForeignObjectsError, match="linked_service ls_lake, pipeline score_churn"):
        plan(desired(linked_service(), pipeline()), seen(*others))


def test_what_is_ours_and_unwanted_is_shown_and_deleted_with_prune_only():
    """What lacks our annotations is not even shown."""
    observed = seen(live(pipeline("score_gone")), live(pipeline("theirs", annotations=[])))

    assert [str(each) for each in plan(desired(), observed).unwanted] == ["pipeline score_gone"]
    assert steps(plan(desired(), observed)) == []
    assert steps(plan(desired(), observed, prune=True)) == ["delete pipeline score_gone"]


def test_deletions_go_backwards_and_come_last():
    """A trigger before its pipeline, a pipeline before its dataset."""
    gone = [
        live(linked_service()),
        live(dataset()),
        live(pipeline("score_gone")),
        live(calendar(pipeline="score_gone")),
    ]

    assert steps(plan(desired(pipeline("score_new")), seen(*gone), prune=True)) == [
        "create pipeline score_new",
        "delete trigger tr_daily",
        "delete pipeline score_gone",
        "delete dataset ds_receipt",
        "delete linked_service ls_lake",
    ]


def test_a_trigger_that_only_should_run_is_changed_without_touching_its_body():
    """The runtime state is no part of the body."""
    (step,) = plan(desired(calendar()), seen(live(calendar(started=False)))).changes

    assert (step.action, step.body_changes) == ("change", False)


@pytest.mark.parametrize(
    ("before", "after", "action"),
    [
        (tumbling(hours=24), tumbling(hours=12), "recreate"),
        (tumbling(concurrency=1), tumbling(concurrency=2), "change"),
        (calendar(), tumbling(), "recreate"),
        (calendar(hour=6), calendar(hour=7), "change"),
    ],
)
def test_what_cannot_be_edited_is_recreated(before, after, action):
    """A trigger's type, and a tumbling window trigger's frequency, interval and start."""
    (step,) = plan(desired(after), seen(live(before))).changes

    assert step.action == action


def test_what_was_changed_by_hand_since_the_last_release_is_drift():
    """Wanted and released agree, and what is there does not."""
    released = {("pipeline", "score_churn"): canonical(pipeline().properties)}
    by_hand = live(pipeline(description="edited in the portal"))

    (step,) = plan(desired(pipeline()), seen(by_hand, written=Written(released))).changes

    assert step.action == "drift"
    assert step.drifted == (Difference("description", None, "edited in the portal"),)


def test_a_change_by_hand_under_a_change_of_ours_is_drift_too():
    """Overwriting it needs a word all the same; a change by hand that is wanted now needs none."""
    released = Written({("pipeline", "score_churn"): canonical(pipeline().properties)})
    by_hand = live(pipeline(description="edited in the portal"))

    (other,) = plan(desired(pipeline(folder="x")), seen(by_hand, written=released)).changes
    same = plan(desired(pipeline(description="edited in the portal")), seen(by_hand, written=released))

    assert (other.action, len(other.drifted), len(other.differences)) == ("drift", 1, 2)
    assert same.changes == []


def test_a_trigger_that_somebody_stopped_is_drift():
    """Whoever stops a trigger in the portal has a reason: a deployment does not start it again unasked."""
    trigger = calendar()
    released = {("trigger", "tr_daily"): canonical(trigger.properties) | {"runtimeState": "Started"}}
    stopped = live(calendar(started=False))

    (step,) = plan(desired(trigger), seen(stopped, written=Written(released))).changes

    assert (step.action, step.drifted) == ("drift", (Difference("runtimeState", "Started", "Stopped"),))


def test_what_a_deployment_that_died_wrote_is_no_drift():
    """Its attempt says so; what it could not know before publishing may be anything."""
    key = ("pipeline", "score_churn")
    activity = {"name": "score", "version": EndpointVersion("score_churn")}
    first = plan(
        desired(pipeline("score_churn", activity), ml_pipelines=(Definition("score_churn", "f"),)), NOTHING
    )
    written = Written(
        {key: canonical(pipeline(folder="old").properties)}, {k: [b] for k, b in attempts(first)}
    )
    half_way = live(pipeline("score_churn", {"name": "score", "version": "3"}))

    (step,) = plan(desired(pipeline(folder="new")), seen(half_way, written=written)).changes

    assert (step.action, step.drifted) == ("change", ())


def test_what_a_deployment_that_died_only_stopped_is_no_drift():
    """For an edit that it did not come to, or to be deleted."""
    before = live(calendar(), runtimeState="Started")
    key, released = (
        Address("trigger", "tr_daily").key,
        {**canonical(before.properties), "runtimeState": "Started"},
    )
    for wanted in (desired(calendar(hour=7, started=False)), desired()):
        tried = {k: [b] for k, b in attempts(plan(wanted, seen(before), prune=True))}

        stopped = live(calendar(), runtimeState="Stopped")
        (step,) = plan(wanted, seen(stopped, written=Written({key: released}, tried)), prune=True).changes

        assert step.drifted == ()


def test_destruction_spares_the_factory_and_what_is_not_ours():
    """Only our annotations decide."""
    observed = seen(
        live(pipeline()),
        live(calendar()),
        live(pipeline("theirs", annotations=["hello"])),
        ml_pipelines={"score_churn": Published("score_churn", "i", "1", "f")},
    )

    assert steps(plan_destruction(OWNER, observed)) == [
        "delete trigger tr_daily",
        "delete pipeline score_churn",
        "delete ml_pipeline score_churn",
    ]


def test_an_ml_pipeline_of_the_last_release_that_is_wanted_no_more_is_retired_with_prune():
    """A model that left the configuration leaves its endpoint behind otherwise."""
    observed = seen(ml_pipelines={"score_old": Published("score_old", "i", "1", "f")})

    assert [str(each) for each in plan(desired(), observed).unwanted] == ["ml_pipeline score_old"]
    assert steps(plan(desired(), observed, prune=True)) == ["delete ml_pipeline score_old"]
