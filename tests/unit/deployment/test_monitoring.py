"""What watches a factory, planned and applied as everything else is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from adf.factory import build
from adf.monitor import resources
from deployment.canonical import canonical
from deployment.errors import ApplyError, ForeignObjectsError, InfrastructureError, NotSelectedError
from deployment.executor import Executor
from deployment.monitoring import LiveResource, Monitoring
from deployment.observed import observe
from deployment.planner import plan
from deployment.resources import RESOURCE_KINDS, Address, Desired, Owner, Written
from deployment.selection import Selection
from tests.unit.adf.builders import contracts, model, settings, tumbling
from tests.unit.deployment.fakes import FakeFactory, FakeMachineLearning, Told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from adf.entities import Entity, Kind
    from config.schema import Settings

WORKSPACE = "/subscriptions/0/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/log-demo"
SAID = {"workspace_id": WORKSPACE, "receivers": {"emails": {"on-call": "on-call@example.org"}}}
SCHEDULED = model(schedules={"score": {"daily": tumbling()}})


@dataclass
class FakeResources:
    """What is there, by kind and name; an alert rule needs its action group, which stays while it has one."""

    there: dict[tuple[Kind, str], dict[str, Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    refuses: str = ""

    def read(self, addresses: Iterable[Address]) -> list[LiveResource]:
        found = [(each, self.there.get((each.kind, each.name))) for each in addresses]  # type: ignore[arg-type]
        return [LiveResource(a.kind, a.name, body) for a, body in found if body is not None]  # type: ignore[arg-type]

    def put(self, kind: Kind, name: str, properties: dict[str, Any], _etag: str | None = None) -> None:
        self.calls.append(f"put {kind} {name}")
        if name == self.refuses:
            raise InfrastructureError(f"Resource Manager refused {name}: 403 AuthorizationFailed: no")
        if kind.endswith("_alert"):
            assert any(other == "action_group" for other, _ in self.there), (
                "an alert tells a group that is not"
            )
        self.there[kind, name] = properties

    def delete(self, kind: Kind, name: str) -> None:
        self.calls.append(f"delete {kind} {name}")
        if kind == "action_group":
            assert not any(other.endswith("_alert") for other, _ in self.there)
        del self.there[kind, name]


@dataclass
class World:
    resources: FakeResources = field(default_factory=FakeResources)
    told: Told = field(default_factory=Told)
    written: Written = field(default_factory=Written)

    def plan(self, wanted: Desired, **options: Any) -> Any:
        observed = observe(
            FakeFactory(exists=True),
            FakeMachineLearning(),
            (),
            self.written,
            resources=self.resources,
            wanted=[Address(each.kind, each.name) for each in wanted.resources],
        )
        return plan(wanted, observed, **options)

    def deploy(self, wanted: Desired, **options: Any) -> Any:
        made = self.plan(wanted, **options)
        self.resources.calls.clear()
        factory, machine_learning = FakeFactory(exists=True), FakeMachineLearning()
        Executor(factory, machine_learning, self.told, resources=self.resources).apply(made)
        released = {
            (kind, name.casefold()): canonical(body) for (kind, name), body in self.resources.there.items()
        }
        self.written = Written(released)
        return made


@pytest.fixture
def world() -> World:
    return World()


def wanted(monitoring: dict[str, Any] | None = None, **parts: Any) -> Desired:
    """The resources alone: the factory has its own tests."""
    made: Settings = settings(SCHEDULED, monitoring={**SAID, **(monitoring or {})}, **parts)
    watching = resources.build(made, build(made, contracts("diabetes")))
    return Desired(Owner(made.project, made.environment), "adf-demo", "westeurope", (), tuple(watching))


NOTHING_WANTED = Desired(Owner("demo", "dev"), "adf-demo", "westeurope", (), ())


def actions(made: Any) -> list[str]:
    return [f"{step.action} {step.address}" for step in made.changes]


def test_a_group_is_made_before_what_tells_it_and_deleted_after(world):
    world.deploy(wanted())
    made = list(world.resources.calls)
    world.deploy(NOTHING_WANTED, prune=True)

    assert len(made) == len(world.resources.calls) == len(wanted().resources)
    assert world.resources.there == {}


def test_a_second_plan_is_empty_and_calls_nothing(world):
    world.deploy(wanted())
    made = world.deploy(wanted())

    assert made.changes == []
    assert world.resources.calls == []


def test_only_what_changes_is_written(world):
    world.deploy(wanted())
    made = world.deploy(wanted({"failed_pipelines": {"threshold": 3}}))

    assert actions(made) == ["change metric_alert demo-dev-failed-pipelines"]
    assert world.resources.calls == ["put metric_alert demo-dev-failed-pipelines"]


def test_an_alert_that_somebody_edited_is_drift(world):
    """It says what was changed by hand, and what it would be again."""
    world.deploy(wanted())
    key = ("metric_alert", "demo-dev-failed-pipelines")
    edited = world.resources.there[key]
    world.resources.there[key] = edited | {"properties": edited["properties"] | {"enabled": False}}

    (step,) = world.plan(wanted()).changes

    assert step.action == "drift"
    assert [(each.path, each.before, each.after) for each in step.drifted] == [
        ("properties.enabled", True, False)
    ]


def test_what_was_deleted_by_hand_is_made_again(world):
    world.deploy(wanted())
    del world.resources.there["workbook", "demo-dev"]

    assert actions(world.plan(wanted())) == ["create workbook demo-dev"]


def test_what_is_no_longer_wanted_is_said_and_pruned_on_demand(world):
    """Found by what the last release wrote."""
    world.deploy(wanted())
    off = wanted({"alerts": "off"})

    assert {each.kind for each in world.plan(off).unwanted} == {"action_group", "metric_alert", "log_alert"}
    world.deploy(off, prune=True)
    assert {kind for kind, _ in world.resources.there} == {"diagnostic_setting", "workbook", "dashboard"}


def test_what_others_made_under_our_names_is_never_touched(world):
    """Without our tags: an error before anything is written."""
    theirs = {"location": "global", "tags": {"project": "demo"}, "properties": {"enabled": True}}
    world.resources.there["action_group", "demo-dev"] = theirs

    with pytest.raises(ForeignObjectsError, match="action_group demo-dev"):
        world.deploy(wanted())
    assert world.resources.there["action_group", "demo-dev"] is theirs


@pytest.mark.parametrize("tag", ["managed-by", "project", "env"])
def test_what_lost_one_of_our_tags_is_not_pruned(world, tag):
    world.deploy(wanted())
    tags = world.resources.there["dashboard", "demo-dev"]["tags"]
    world.resources.there["dashboard", "demo-dev"]["tags"] = {k: v for k, v in tags.items() if k != tag}
    world.deploy(NOTHING_WANTED, prune=True)

    assert list(world.resources.there) == [("dashboard", "demo-dev")]


def test_a_resource_that_must_move_is_made_anew(world):
    """Resource Manager moves none; deleting it is asked about."""
    world.deploy(wanted({"alerts": "off"}))
    north = settings(SCHEDULED).azure.model_dump() | {"location": "North Europe"}
    made = world.deploy(wanted({"alerts": "off"}, azure=north))

    assert actions(made) == ["recreate workbook demo-dev", "recreate dashboard demo-dev"] or actions(
        made
    ) == [
        "recreate dashboard demo-dev",
        "recreate workbook demo-dev",
    ]
    assert world.resources.there["workbook", "demo-dev"]["location"] == "northeurope"


def test_an_alert_is_not_selected_without_the_group_that_it_tells(world):
    with pytest.raises(NotSelectedError, match="action_group demo-dev"):
        world.plan(wanted(), selection=Selection(("metric_alert/*",)))

    made = world.plan(wanted(), selection=Selection(("metric_alert/*", "action_group/*")))
    assert {step.address.kind for step in made.changes} == {"metric_alert", "action_group"}


def test_a_refusal_is_told_with_what_was_refused(world):
    world.resources.refuses = "demo-dev-elapsed-time"

    with pytest.raises(ApplyError, match="AuthorizationFailed"):
        world.deploy(wanted())


# ------------------------------------------------------------------------------------------- Azure's answers


class Answers:
    """Resource Manager with one resource that answers as Azure does: more than was sent, in other letters."""

    def __init__(self, **answer: Any) -> None:
        self.answer = answer
        self.sent: list[tuple[str, Any]] = []

    def get(self, resource_id: str, query: Any = None) -> dict[str, Any] | None:
        self.sent.append((resource_id, query))
        return self.answer or None

    def put(self, resource_id: str, body: dict[str, Any]) -> dict[str, Any]:
        self.sent.append((resource_id, body))
        return body


def gateway(answers: Answers) -> Monitoring:
    return Monitoring(answers, settings(SCHEDULED, monitoring=SAID))  # type: ignore[arg-type]


def entity(kind: str) -> Entity:
    return next(each for each in wanted().resources if each.kind == kind)


def read_back(kind: str, **changed: Any) -> dict[str, Any]:
    """What is compared, where Azure answers with what was sent and with `changed`."""
    answers = Answers()
    gateway(answers).put(entity(kind).kind, entity(kind).name, entity(kind).properties)
    ((_, _), (_, sent)) = answers.sent
    properties = {**sent["properties"], **changed.pop("properties", {})}
    answered = Answers(**{**sent, **changed, "properties": properties})
    (found,) = gateway(answered).read([Address(entity(kind).kind, entity(kind).name)])
    return canonical(found.properties)


@pytest.mark.parametrize("kind", RESOURCE_KINDS)
def test_what_azure_adds_is_no_difference(kind):
    """Ids, read-only properties, other letters in a place, tags of a policy."""
    body = entity(kind).properties
    more = {"id": "/x", "name": "x", "type": "y", "systemData": {}, "etag": "z"}
    placed = {"location": "West Europe"} if body.get("location") == "westeurope" else {}
    tagged = {"tags": {**body["tags"], "cost-centre": "7"}} if "tags" in body else {}

    found = read_back(kind, **more, **placed, **tagged, properties={"isLegacy": False, "timeModified": "now"})

    assert found == canonical(body)


def test_the_order_of_logs_and_those_that_are_off_are_no_difference():
    on = [
        {"category": each, "enabled": True, "retentionPolicy": {}} for each in ("TriggerRuns", "PipelineRuns")
    ]
    off = {"category": "SandboxPipelineRuns", "enabled": False}
    logs = [*on, off, {"category": "ActivityRuns", "enabled": True}]

    assert read_back("diagnostic_setting", properties={"logs": logs}) == canonical(
        entity("diagnostic_setting").properties
    )


def test_a_receiver_that_somebody_added_is_a_difference():
    sms = [{"name": "me", "countryCode": "49", "phoneNumber": "1"}]

    assert read_back("action_group", properties={"smsReceivers": sms}) != canonical(
        entity("action_group").properties
    )


def test_an_id_in_other_letters_is_no_difference():
    group = entity("metric_alert").properties["properties"]["actions"][0]["actionGroupId"]
    other = group.replace("resourceGroups", "resourcegroups").replace(
        "Microsoft.Insights", "microsoft.insights"
    )

    assert read_back("metric_alert", properties={"actions": [{"actionGroupId": other}]}) == canonical(
        entity("metric_alert").properties
    )


def test_tags_of_others_stay_when_ours_is_written():
    answers = Answers(tags={"cost-centre": "7", "env": "old"}, properties={})
    gateway(answers).put("workbook", "demo-dev", entity("workbook").properties)
    _, (_, sent) = answers.sent

    assert sent["tags"] == {**entity("workbook").properties["tags"], "cost-centre": "7"}


def test_a_workbook_is_asked_for_with_its_content():
    answers = Answers()
    gateway(answers).read([Address("workbook", "demo-dev"), Address("dashboard", "demo-dev")])

    assert {(each.rpartition("/")[0].rpartition("/")[2], str(query)) for each, query in answers.sent} == {
        ("workbooks", "{'canFetchContent': 'true'}"),
        ("dashboards", "{}"),
    }
