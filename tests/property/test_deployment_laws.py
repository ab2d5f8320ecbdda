"""Laws of planning and applying, over arbitrary configurations, against an Azure that enforces its rules."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from adf.entities import EndpointVersion, Entity
from deployment.canonical import canonical, differences
from deployment.executor import Executor
from deployment.observed import observe
from deployment.planner import plan, plan_destruction
from deployment.resources import Pinned
from tests.unit.deployment.fakes import (
    OWNER,
    Definition,
    FakeFactory,
    FakeMachineLearning,
    Told,
    calendar,
    dataset,
    desired,
    linked_service,
    open_start,
    pipeline,
    tumbling,
)

MODELS = ("churn", "price", "fraud")

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("abZ", max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abAB", max_size=2), inner, max_size=3)
    ),
    max_leaves=12,
)
bodies = st.dictionaries(
    st.sampled_from(["type", "parameters", "annotations", "a", "runtimeState"]), json_values
)


@st.composite
def configurations(draw: st.DrawFn) -> Any:
    """Some models, each with a dataset and a pipeline pinned to its ML pipeline; perhaps with a trigger, and
    that perhaps waits for the windows of others.
    """
    entities: list[Entity] = [linked_service(description=draw(st.sampled_from([None, "a", "b"])))]
    definitions = []
    for model in draw(st.lists(st.sampled_from(MODELS), unique=True)):
        name = f"score_{model}"
        definitions.append(Definition(name, draw(st.sampled_from(["f1", "f2"]))))
        activity = {"name": "score", "version": EndpointVersion(name)}
        entities += [
            dataset(f"ds_{model}"),
            pipeline(name, activity, folder=draw(st.sampled_from(["x", "y"]))),
        ]
        windowed = [each.name for each in entities if each.properties.get("type") == "TumblingWindowTrigger"]
        entities += draw(st.lists(_triggers(model, name, windowed), max_size=1))
    return desired(*entities, ml_pipelines=tuple(definitions))


def _triggers(model: str, name: str, windowed: list[str]) -> st.SearchStrategy[Entity]:
    calendars = st.builds(
        lambda started, hour: calendar(f"tr_{model}", name, started=started, hour=hour),
        st.booleans(),
        st.integers(6, 8),
    )
    hours = st.sampled_from([12, 24])
    after = st.lists(st.sampled_from(windowed), unique=True) if windowed else st.just([])
    tumblings = st.builds(
        lambda hours, after: tumbling(f"tr_{model}", name, hours=hours, after=after), hours, after
    )
    opens = st.builds(
        lambda hours, offset: tumbling(f"tr_{model}", name, hours=hours, start=open_start(hours, offset)),
        hours,
        st.sampled_from([0, 360]),
    )
    return calendars | tumblings | opens


class World:
    def __init__(self) -> None:
        self.factory, self.machine_learning = FakeFactory(), FakeMachineLearning()

    def plan(self, wanted):
        names = [definition.name for definition in wanted.ml_pipelines]
        observed = observe(self.factory, self.machine_learning, names, keep_versions=wanted.keep_versions)
        return plan(wanted, observed, prune=True)

    def apply(self, made) -> None:
        Executor(self.factory, self.machine_learning, Told(), workers=2).apply(made)


@settings(max_examples=60, deadline=None)
@given(st.lists(configurations(), min_size=1, max_size=3))
def test_after_apply_exactly_the_desired_resources_exist_and_a_second_plan_is_empty(history):
    """Whatever was deployed before. The second alone is blind to a planner that never updates or deletes.

    The fake refuses to edit or delete a started trigger, to break a reference, and to leave a placeholder:
    that no trigger is edited while started is a law because apply succeeds.
    """
    world = World()
    for wanted in history:
        world.apply(world.plan(wanted))

        assert set(world.factory.entities) == {(each.kind, each.name) for each in wanted.entities}
        for each in wanted.entities:
            if each.started is not None:
                assert world.factory.state(each.name) == ("Started" if each.started else "Stopped")
        assert world.plan(wanted).changes == []


@settings(max_examples=30, deadline=None)
@given(configurations(), configurations())
def test_destruction_leaves_nothing_of_ours_and_all_of_theirs(wanted, theirs):
    """Ours is what carries our three annotations."""
    world = World()
    world.apply(world.plan(wanted))
    foreign = {**theirs.entities[0].properties, "annotations": ["project:theirs"]}
    world.factory.put("linked_service", "ls_theirs", foreign)

    names = [definition.name for definition in wanted.ml_pipelines]
    world.apply(plan_destruction(OWNER, observe(world.factory, world.machine_learning, names)))

    assert set(world.factory.entities) == {("linked_service", "ls_theirs")}
    assert world.machine_learning.endpoints == {}


@given(bodies)
def test_canonicalising_is_idempotent(body):
    """A canonical body is its own canonical form."""
    once = canonical(body)

    assert canonical(once) == once


@given(bodies, bodies)
def test_there_is_a_difference_exactly_where_canonical_bodies_differ(before, after):
    """No change is overlooked and none is invented."""
    before, after = canonical(before), canonical(after)
    same = json_text(before) == json_text(after)

    assert (list(differences(before, after)) == []) == same


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefg"), st.booleans()), min_size=3, max_size=12), st.integers(2, 4)
)
def test_of_an_ml_pipelines_versions_the_last_few_stay_enabled_and_the_default_always(history, keep):
    """Whatever is published, published again or taken back; each plan does all that the next would."""
    world = World()
    for content, back in history:
        definition = Definition("score_churn", content)
        known = world.machine_learning.versions
        if back and known:
            (name, version), published = min(known.items())
            definition = Pinned(name, version, published.fingerprint)
        wanted = replace(
            desired(
                linked_service(),
                dataset(),
                pipeline("score_churn", {"name": "score", "version": EndpointVersion("score_churn")}),
                ml_pipelines=(definition,),
            ),
            keep_versions=keep,
        )
        world.apply(world.plan(wanted))

        enabled = {version for _, version in world.machine_learning.enabled}
        default = world.machine_learning.endpoints["score_churn"].version
        assert default in enabled
        assert len(enabled - {default}) <= keep
        assert len(enabled) >= min(keep, len(world.machine_learning.versions))
        assert world.plan(wanted).changes == []


def json_text(body: Any) -> str:
    return json.dumps(body, sort_keys=True)
