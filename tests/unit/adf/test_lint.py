"""What is said of factories that others wrote: each mistake at its place; of what nobody knows, nothing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adf.entities import Entity, Unresolved
from adf.factory import build
from adf.rules import RULES
from adf.validation import lint
from tests.unit.adf.builders import calendar, contracts, model, settings, tumbling

Activity = dict[str, Any]


def expression(text: str) -> dict[str, str]:
    return {"value": text, "type": "Expression"}


def activity(name: str, kind: str, after: dict[str, str] | None = None, **type_properties: Any) -> Activity:
    depends_on = [{"activity": each, "dependencyConditions": [said]} for each, said in (after or {}).items()]
    policy = (
        {} if kind in {"Wait", "Fail", "SetVariable", "ForEach"} else {"policy": {"timeout": "0.01:00:00"}}
    )
    type_properties |= {"message": "it failed", "errorCode": "1"} if kind == "Fail" else {}
    return {"name": name, "type": kind, "dependsOn": depends_on, "typeProperties": type_properties, **policy}


def wait(name: str = "wait", after: dict[str, str] | None = None, **changed: Any) -> Activity:
    return activity(name, "Wait", after, waitTimeInSeconds=1) | changed


def pipeline(*activities: Activity, name: str = "p", **properties: Any) -> Entity:
    return Entity("pipeline", name, {"activities": list(activities), **properties})


def trigger(kind: str = "ScheduleTrigger", parameters: Any = None, **type_properties: Any) -> Entity:
    started = {"pipelineReference": {"referenceName": "p", "type": "PipelineReference"}}
    started |= {} if parameters is None else {"parameters": parameters}
    recurrence = {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z", "timeZone": "UTC"}
    if kind == "ScheduleTrigger":
        said: Any = {"pipelines": [started], "typeProperties": {"recurrence": recurrence | type_properties}}
    elif kind == "TumblingWindowTrigger":
        window = {
            "frequency": "Hour",
            "interval": 1,
            "startTime": "2026-01-01T00:00:00Z",
            "maxConcurrency": 1,
        }
        said = {"pipeline": started, "typeProperties": window | type_properties}
    else:
        said = {"pipelines": [started], "typeProperties": type_properties}
    return Entity("trigger", "t", {"type": kind, **said}, started=True)


def linked_service(**type_properties: Any) -> Entity:
    return Entity("linked_service", "ls", {"type": "AzureBlobStorage", "typeProperties": type_properties})


def machine_learning(**changed: Any) -> Activity:
    said = {"mlPipelineId": "00000000-0000-0000-0000-000000000001", "mlPipelineParameters": {}}
    reference = {"referenceName": "ml", "type": "LinkedServiceReference"}
    made = activity("ml", "AzureMLExecutePipeline", **said) | {"linkedServiceName": reference}
    return made | changed


def loop(*inner: Activity, kind: str = "ForEach", **said: Any) -> Activity:
    items = {"items": expression("@createArray(1)")} if kind == "ForEach" else {}
    return activity("loop", kind, **items, **said, activities=list(inner))


def set_variable(name: str, value: str) -> Activity:
    return activity(f"set_{name}", "SetVariable", variableName=name, value=value)


def found(*entities: Entity, **known: Any) -> list[tuple[str, str]]:
    return [(problem.rule, problem.path) for problem in lint(entities, **known)]


V = {"v": {"type": "String"}}
UNFINISHED = Unresolved("[parameters('x')]")
MISTAKES: dict[str, tuple[Entity | tuple[Entity, ...], str]] = {
    "ADF103": (
        pipeline({"name": "x", "type": "Lookup", "policy": {"timeout": "0.01:00:00"}}),
        "activities[0]",
    ),
    "ADF104": (pipeline(wait(userProperty=[]), concurency=1), "concurency"),
    "ADF201": (pipeline(wait(), name="a/b"), ""),
    "ADF202": ((pipeline(wait()), pipeline(wait(), name="P")), ""),
    "ADF203": (Entity("linked_service", "a-b", {"type": "X", "typeProperties": {}}), ""),
    "ADF204": (pipeline(wait("a.b")), "activities[0].name"),
    "ADF205": (pipeline(wait("a"), wait("A")), "activities[1].name"),
    "ADF301": (trigger(), "pipelines[0].pipelineReference.referenceName"),
    "ADF302": (
        pipeline(activity("x", "ExecutePipeline", pipeline={"referenceName": "p"})),
        "activities[0].typeProperties.pipeline",
    ),
    "ADF303": ((pipeline(wait()), trigger(parameters={"x": 1})), "pipelines[0].pipelineReference"),
    "ADF304": (
        (pipeline(wait(), parameters={"x": {"type": "string"}}), trigger()),
        "pipelines[0].pipelineReference",
    ),
    "ADF305": (pipeline(wait(after={"no": "Succeeded"})), "activities[0].dependsOn[0]"),
    "ADF306": (
        pipeline(wait("a"), wait("b", dependsOn=[{"activity": "a", "dependencyConditions": []}])),
        "activities[1].dependsOn[0]",
    ),
    "ADF307": (pipeline(wait("a", {"b": "Succeeded"}), wait("b", {"a": "Succeeded"})), "activities"),
    "ADF401": (pipeline(activity("x", "Delete", a="@concat(")), "activities[0].typeProperties.a"),
    "ADF402": (
        pipeline(activity("x", "Delete", a="@concat('" + "x" * 8192 + "')")),
        "activities[0].typeProperties.a",
    ),
    "ADF403": (pipeline(activity("x", "Delete", a="@trigger().startTime")), "activities[0].typeProperties.a"),
    "ADF404": (
        pipeline(activity("x", "Delete", a="@pipeline().parameters.q")),
        "activities[0].typeProperties.a",
    ),
    "ADF405": (pipeline(activity("x", "Delete", a="@variables('q')")), "activities[0].typeProperties.a"),
    "ADF406": (
        pipeline(wait("a"), activity("x", "Delete", a="@activity('a').output")),
        "activities[1].typeProperties.a",
    ),
    "ADF407": (trigger(interval="@pipeline().x"), "typeProperties.recurrence.interval"),
    "ADF408": (
        pipeline(activity("x", "ForEach", items="@createArray(1)", activities=[])),
        "activities[0].typeProperties.items",
    ),
    "ADF410": (
        (
            pipeline(wait(), parameters={"w": {"type": "string"}}),
            trigger(parameters={"w": "@trigger().outputs.windowStartTime"}),
        ),
        "pipelines[0].parameters.w",
    ),
    "ADF411": (
        pipeline(set_variable("v", "@concat(variables('v'), 'x')"), variables=V),
        "activities[0].typeProperties.value",
    ),
    "ADF502": (pipeline(wait(), description="x" * 210_000), ""),
    "ADF503": (pipeline(*(wait(f"w{number}") for number in range(121))), "activities"),
    "ADF504": (pipeline(), "activities"),
    "ADF505": (pipeline(wait(), parameters={f"p{n}": {"type": "int"} for n in range(51)}), "parameters"),
    "ADF506": (
        pipeline(wait(userProperties=[{"name": f"n{n}", "value": "x"} for n in range(6)])),
        "activities[0].userProperties",
    ),
    "ADF507": (
        pipeline(activity("x", "Delete") | {"policy": {"timeout": "soon"}}),
        "activities[0].policy.timeout",
    ),
    "ADF508": (
        pipeline(
            activity("x", "Delete") | {"policy": {"timeout": "0.01:00:00", "retryIntervalInSeconds": 5}}
        ),
        "activities[0].policy.retryIntervalInSeconds",
    ),
    "ADF509": (pipeline(loop(wait(), batchCount=51)), "activities[0].typeProperties.batchCount"),
    "ADF510": (pipeline(loop(loop(wait()) | {"name": "inner"})), "activities[0]"),
    "ADF511": (
        pipeline(activity("x", "Delete") | {"policy": {"timeout": "8.00:00:00"}}),
        "activities[0].policy.timeout",
    ),
    "ADF601": (
        Entity("trigger", "t", {"type": "CustomEventsTrigger", "typeProperties": {}}, started=True),
        "pipelines",
    ),
    "ADF602": ((pipeline(wait()), trigger(interval=1001)), "typeProperties.recurrence.interval"),
    "ADF603": ((pipeline(wait()), trigger(timeZone="Europe/Berlin")), "typeProperties.recurrence.timeZone"),
    "ADF604": (
        (pipeline(wait()), trigger(endTime="2027-01-01T00:00:00")),
        "typeProperties.recurrence.endTime",
    ),
    "ADF605": (
        (pipeline(wait()), trigger(schedule={"weekDays": ["Monday"]})),
        "typeProperties.recurrence.schedule.weekDays",
    ),
    "ADF606": ((pipeline(wait()), trigger(schedule={"minutes": [15]})), "typeProperties.recurrence.schedule"),
    "ADF607": (
        (pipeline(wait()), trigger(schedule={"hours": [24]})),
        "typeProperties.recurrence.schedule.hours",
    ),
    "ADF608": ((pipeline(wait()), trigger("TumblingWindowTrigger", maxConcurrency=51)), "typeProperties"),
    "ADF609": (
        (pipeline(wait(), concurrency=1), trigger("TumblingWindowTrigger", maxConcurrency=10)),
        "typeProperties.maxConcurrency",
    ),
    "ADF610": (
        (pipeline(wait()), trigger(endTime="2025-01-01T00:00:00Z")),
        "typeProperties.recurrence",
    ),
    "ADF611": (
        (
            pipeline(wait()),
            trigger(
                "BlobEventsTrigger",
                scope="lake",
                events=["Microsoft.Storage.BlobCreated"],
                blobPathBeginsWith="/data/blobs/",
            ),
        ),
        "typeProperties.scope",
    ),
    "ADF612": (
        (
            pipeline(wait()),
            replace(trigger(), name="daily"),
            trigger(
                "TumblingWindowTrigger",
                dependsOn=[
                    {
                        "type": "TumblingWindowTriggerDependencyReference",
                        "referenceTrigger": {"referenceName": "daily", "type": "TriggerReference"},
                    }
                ],
            ),
        ),
        "typeProperties.dependsOn",
    ),
    "ADF701": (pipeline(activity("ml", "AzureMLExecutePipeline", mlPipelineId="x")), "activities[0]"),
    "ADF702": (
        pipeline(machine_learning(typeProperties={"mlPipelineId": "x", "mlPipelineParameters": {"n": 1}})),
        "activities[0].typeProperties.mlPipelineParameters.n",
    ),
    "ADF703": (
        pipeline(machine_learning(typeProperties={"mlPipelineId": "x", "mlPipelineParameters": {"n": ""}})),
        "activities[0].typeProperties.mlPipelineParameters.n",
    ),
    "ADF705": (pipeline(machine_learning(typeProperties={})), "activities[0].typeProperties"),
    "ADF706": (
        pipeline(machine_learning(policy={"timeout": "0.01:00:00", "retry": 2})),
        "activities[0].policy.retry",
    ),
    "ADF707": (
        pipeline(
            machine_learning(
                typeProperties={"mlPipelineId": "x", "mlPipelineParameters": {"error_threshold": "-1"}}
            )
        ),
        "activities[0].typeProperties.mlPipelineParameters.error_threshold",
    ),
    "ADF801": (pipeline(wait("a"), wait("notify", {"a": "Failed"})), "activities[0]"),
    "ADF802": (
        linked_service(connectionString="DefaultEndpointsProtocol=https;AccountKey=" + "a1b2" * 16 + "=="),
        "typeProperties.connectionString",
    ),
    "ADF803": (
        pipeline(activity("x", "WebActivity", url="http://example.org", method="GET")),
        "activities[0].typeProperties.url",
    ),
    "ADF804": (pipeline({"name": "x", "type": "Delete", "typeProperties": {}}), "activities[0]"),
    "ADF805": (pipeline(loop(set_variable("v", "x")), variables=V), "activities[0]"),
}
ELSEWHERE = {"ADF101", "ADF102", "ADF105", "ADF106", "ADF409", "ADF501", "ADF704"}
"""Rules that one body alone cannot break: of files, of whole factories, of contracts."""


@pytest.mark.parametrize("rule", MISTAKES)
def test_a_mistake_is_found_by_its_rule_at_its_place(rule: str):
    """And by no other rule: one mistake is one finding, but for references that lead out of the case."""
    entities, path = MISTAKES[rule]
    several = entities if isinstance(entities, tuple) else (entities,)

    assert set(found(*several, complete=rule == "ADF301")) == {(rule, path)}


def test_each_rule_has_a_case():
    """Here or, for the few that need more than bodies, where files and contracts are tested."""
    assert MISTAKES.keys() | ELSEWHERE == RULES.keys()


def test_a_factory_of_ours_has_no_finding():
    """Neither error nor warning, whatever it schedules."""
    schedules = {
        "score": {"daily": calendar(), "hourly": tumbling()},
        "train": {"weekly": calendar(frequency="Week", week_days=["Monday"], hours=[6])},
    }
    one = model(training={"data": "raw/patients.csv"}, schedules=schedules)

    assert lint(build(settings(one), contracts("diabetes"))) == []


@pytest.mark.parametrize(
    "entity",
    [
        pipeline(activity("x", "NewerThanThis", anything={"at": ["all", 1, None]})),
        pipeline(wait(description="@home {work} @{mail}")),
        pipeline(wait("a"), wait("b", {"a": "Failed"}), activity("no", "Fail", {"b": "Completed"})),
        pipeline(activity("x", "Delete", a="@pipeline().globalParameters.any")),
        pipeline(
            loop(activity("poll", "WebActivity", method="GET", url="https://x"), kind="Until",
                 timeout="0.01:00:00",
                 expression=expression("@equals(activity('poll').output.status, 'done')"))
        ),
        pipeline(loop(set_variable("v", "x"), isSequential=True), variables=V),
        pipeline(wait(), parameters={"a": {"type": "string", "defaultValue": ""}, "b": {"type": "OBJECT"}}),
        pipeline(activity("x", "WebActivity", method="GET", url=UNFINISHED, headers={"api-key": UNFINISHED})),
        pipeline(machine_learning(), concurrency=UNFINISHED),
        pipeline(
            machine_learning(
                typeProperties={"mlPipelineEndpointId": "x", "mlPipelineParameters": expression("@json('')")}
            )
        ),
        trigger("BlobEventsTrigger", scope=UNFINISHED, events=["Microsoft.Storage.BlobCreated"]),
        trigger("TumblingWindowTrigger", {"w": "@trigger().outputs.windowStartTime"}, startTime=UNFINISHED),
        trigger(interval=UNFINISHED, timeZone=UNFINISHED, startTime=UNFINISHED),
        replace(trigger(), started=False, properties=trigger().properties | {"pipelines": []}),
        linked_service(
            password={"type": "AzureKeyVaultSecret", "secretName": "password", "store": {}},
            sas={"type": "SecureString", "value": "**********"},
            key={"type": "SecureString", "value": "@{concat('a', 'b')}"},
            encryptedCredential="ew0KICAiVmVyc2lvbiI6",
            secretName="a-secret-name",
        ),
    ],
    ids=lambda entity: str(entity.properties)[:60],
)  # fmt: skip
def test_what_nobody_knows_to_be_wrong_is_not_judged(entity: Entity):
    """No noise: other kinds, other cases, what a deployment fills in, secrets that are kept elsewhere."""
    assert found(entity, complete=False) == []


def test_a_reference_is_followed_where_all_is_there():
    """Names are the same in any case; outside of a whole factory, anything may exist."""
    assert found(trigger(), complete=False) == []
    assert found(pipeline(wait(), name="P"), trigger()) == []


def test_a_global_parameter_must_exist_where_the_factory_says_which_there_are():
    """Without the factory's file, nobody knows."""
    one = pipeline(activity("x", "Delete", a="@pipeline().globalParameters.region"))

    assert found(one, global_parameters={"Region"}) == []
    assert [rule for rule, _ in found(one, global_parameters={"other"})] == ["ADF409"]


def test_more_entities_than_a_factory_holds_are_said_once():
    """Of the factory, not of an entity."""
    many = [Entity("linked_service", f"ls{n}", {"type": "X", "typeProperties": {}}) for n in range(5001)]

    assert found(*many) == [("ADF501", "")]


SECRETS = [
    {"url": "https://x.blob.core.windows.net/c?sv=2024-01-01&sig=abcdefghijklmnopqrstuvwxyz%3D"},
    {"connectionString": "Server=tcp:x;User ID=sa;Password=hunter2hunter2;"},
    {"headers": {"Authorization": "Bearer abcdefghijklmnopqrstuvwxyz"}},
    {"headers": {"x-functions-key": "abcdefghijklmnop"}},
    {"body": "grant_type=client_credentials&client_secret=abc~defghij"},
    {"servicePrincipalKey": {"type": "SecureString", "value": "x"}},
    {"mlPipelineParameters": {"storage_account_key": "abcdefghijklmnop"}},
    {"a": ["-----BEGIN RSA PRIVATE KEY-----"]},
]


@pytest.mark.parametrize("said", SECRETS, ids=lambda said: next(iter(said)))
def test_a_secret_is_found_and_never_repeated(said: dict[str, Any]):
    """A log of a CI system is read by more people than the file."""
    problems = lint([linked_service(**said)])

    assert [problem.rule for problem in problems] == ["ADF802"]
    assert not any(text in str(problems[0]) for text in ("hunter2", "abcdefghij", "abc~def", "BEGIN"))


@pytest.mark.parametrize(
    ("child", "rules"),
    [
        (pipeline(activity("no", "Fail"), name="child"), []),
        (pipeline(wait(), name="child"), ["ADF801"]),
    ],
)
def test_a_pipeline_that_is_called_to_fail_ends_red(child: Entity, rules: list[str]):
    """One that only tells somebody does not."""
    called = {"pipeline": {"referenceName": "child", "type": "PipelineReference"}}
    handler = activity("handle", "ExecutePipeline", {"a": "Failed"}, **called)

    assert [rule for rule, _ in found(pipeline(wait("a"), handler), child)] == rules


def test_what_is_misshapen_hides_nothing_else():
    """The rest of the entity is looked at all the same."""
    one = pipeline(wait(dependsOn="a"), wait("a.b"), concurrency="many")

    assert found(one) == [
        ("ADF103", "activities[0].dependsOn"),
        ("ADF103", "concurrency"),
        ("ADF204", "activities[1].name"),
    ]
