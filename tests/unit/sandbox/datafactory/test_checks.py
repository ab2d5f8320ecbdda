"""What a PUT refuses, and in which words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.datafactory.conditions import Conditions
from sandbox.datafactory.errors import (
    BadRequest,
    InvalidReference,
    MissingParameters,
    NotRun,
    PreconditionFailed,
    Referenced,
)
from tests.unit.sandbox.datafactory.local_factory import LocalFactory, activity, expression, fail, wait

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json

LAKE = {"type": "AzureBlobFS", "typeProperties": {"url": "https://127.0.0.1:2/lake"}}
ML = {
    "type": "AzureMLService",
    "typeProperties": {
        "subscriptionId": "s",
        "resourceGroupName": "rg",
        "mlWorkspaceName": "w",
        "authentication": "MSI",
    },
}


def receipt(**location: object) -> Json:
    place = {"type": "AzureBlobFSLocation", "fileSystem": "fs", "fileName": "a.json", **location}
    service = {"referenceName": "ls_lake", "type": "LinkedServiceReference"}
    return {"type": "Json", "linkedServiceName": service, "typeProperties": {"location": place}}


def lookup(**source: object) -> Json:
    dataset = {"referenceName": "ds", "type": "DatasetReference"}
    return activity("look", "Lookup", source={"type": "JsonSource", **source}, dataset=dataset)


def ml(**properties: object) -> Json:
    service = {"referenceName": "ls_ml", "type": "LinkedServiceReference"}
    return {**activity("ml", "AzureMLExecutePipeline", **properties), "linkedServiceName": service}


def test_a_missing_reference_is_refused_in_the_services_words(factory: LocalFactory) -> None:
    """The name is told; one that is an expression counts as empty."""
    with pytest.raises(InvalidReference, match="because of invalid reference 'ls_lake'"):
        factory.put("datasets", "ds", receipt())
    dynamic = {"referenceName": "@dataset().x", "type": "LinkedServiceReference"}
    with pytest.raises(InvalidReference, match="because of invalid reference ''"):
        factory.put("datasets", "ds", {**receipt(), "linkedServiceName": dynamic})


def test_what_is_referenced_cannot_be_deleted(factory: LocalFactory) -> None:
    """One referrer is named, as tools parse it; without referrers it goes; a second time there is none."""
    factory.put("linkedservices", "ls_lake", LAKE)
    factory.put("datasets", "ds", receipt())
    with pytest.raises(
        Referenced, match=r"The document cannot be deleted since it is referenced by ds\."
    ) as refusal:
        factory.service.entities.delete(factory.id, "linkedservices", "ls_lake")
    factory.service.entities.delete(factory.id, "datasets", "ds")

    deleted = [factory.service.entities.delete(factory.id, "linkedservices", "ls_lake") for _ in range(2)]

    assert deleted == [True, False]
    assert refusal.value.target == "/Microsoft.DataFactory/factories/adf-test/linkedservices/ls_lake"


def test_undeclared_parameters_are_named(factory: LocalFactory) -> None:
    """All of them, nested activities included, with the pipeline as target."""
    inner = fail("f", expression("@pipeline().parameters.b"))
    branch = activity("if", "IfCondition", expression=expression("@bool('true')"), ifTrueActivities=[inner])

    with pytest.raises(MissingParameters, match="Missing parameter definition for 'a','b'") as refusal:
        factory.pipeline("p", wait("w", expression("@pipeline().parameters.a")), branch)
    assert refusal.value.target == "Pipeline/p"


def _returns(value: Any) -> Json:
    name = "pipelineReturnValue"
    return activity("s", "SetVariable", variableName=name, setSystemVariable=True, value=value)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        ({"name": "x", "typeProperties": {}}, "no 'type'"),
        ({"name": "x", "type": "Execution"}, "unknown type 'Execution'"),
        ({"name": "x", "type": "Container"}, "unknown type 'Container'"),
        ({**wait("w"), "name": "a" * 56}, "Invalid activity name"),
        (wait("w", after={"nobody": ["Succeeded"]}), "depends on 'nobody'"),
        (wait("w", after={"w": ["Succeeded"]}), "in a circle"),
        (wait("w", after={"w": ["Done"]}), "dependencyConditions"),
        ({**wait("w"), "dependsOn": 2 * [{"activity": "w", "dependencyConditions": ["Failed"]}]}, "twice"),
        (_returns("text"), "must be an array"),
        (_returns([{"key": "k"}]), "'k' must be an object"),
        (_returns([{"key": "k", "value": {"type": "Text", "content": ""}}]), "type is one of String"),
        (_returns([{"key": "k", "value": {"type": "Object", "content": {}}}]), "'k' must be an array"),
        (wait("w", "soon"), "waitTimeInSeconds"),
        (wait("w", policy={"retry": 1}), "takes no policy 'retry'"),
        (wait("w", expression("@nosuch()")), "InvalidTemplate"),
        (wait("w", expression("@variables('v')")), "variable 'v'"),
        (wait("w", expression("@activity('nobody').output")), "activity 'nobody'"),
        (wait("w", userProperties=[{"name": str(n), "value": n} for n in range(6)]), "the limit is 5"),
        (activity("if", "IfCondition", expression="@bool('true')"), "must be an Expression object"),
        (activity("each", "ForEach", items=expression("@createArray(1)"), batchCount=51), "batchCount"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_broken_activities_are_refused(factory: LocalFactory, broken: Json, words: str) -> None:
    """Each refusal says what is wrong; nothing is stored."""
    with pytest.raises(BadRequest, match=words):
        factory.pipeline("p", broken)
    assert factory.service.entities.list(factory.id, "pipelines") == []


def test_a_variable_that_is_set_from_itself_is_refused(factory: LocalFactory) -> None:
    """Reading it for another one is fine."""
    twice = expression("@concat(variables('V'), 'x')")
    variables = {"v": {"type": "String"}, "w": {"type": "String"}}

    factory.pipeline("p", activity("s", "SetVariable", variableName="w", value=twice), variables=variables)
    with pytest.raises(BadRequest, match="cannot refer to itself"):
        factory.pipeline(
            "p", activity("s", "SetVariable", variableName="v", value=twice), variables=variables
        )


def test_two_activities_of_one_name_are_refused(factory: LocalFactory) -> None:
    """Names are unique without regard to case, inside containers too."""
    branch = activity("if", "IfCondition", expression=expression("@bool('1')"), ifTrueActivities=[wait("A")])

    with pytest.raises(BadRequest, match="two activities"):
        factory.pipeline("p", wait("a"), branch)


def test_loops_in_loops_are_refused(factory: LocalFactory) -> None:
    """A branch in a loop is fine, a loop in a loop is not."""
    branch = activity(
        "if", "IfCondition", expression=expression("@bool('true')"), ifTrueActivities=[wait("w")]
    )
    loop = activity("in", "ForEach", items=expression("@createArray(1)"), activities=[branch])
    factory.pipeline("fine", loop)

    with pytest.raises(BadRequest, match="cannot stand inside another"):
        factory.pipeline(
            "p", activity("out", "Until", expression=expression("@bool('true')"), activities=[loop])
        )


@pytest.mark.parametrize(
    ("kind", "properties", "words"),
    [
        ("pipelines", {"activities": [activity("w", "WebHook")]}, "'w' of type WebHook"),
        (
            "pipelines",
            {"activities": [activity("n", "DatabricksNotebook")]},
            "'n' of type DatabricksNotebook",
        ),
        (
            "linkedservices",
            {**LAKE, "connectVia": {"referenceName": "ir", "type": "IntegrationRuntimeReference"}},
            "'ir'",
        ),
        (
            "linkedservices",
            {"type": "AzureBlobFS", "typeProperties": {"url": "u", "accountKey": "k"}},
            "accountKey",
        ),
    ],
)
def test_what_is_not_run_is_refused_by_name(
    factory: LocalFactory, kind: str, properties: Json, words: str
) -> None:
    """501 NotImplementedByLocalAzure at the PUT, never a surprise in a run."""
    with pytest.raises(NotRun, match=words) as refusal:
        factory.put(kind, "x", properties)  # type: ignore[arg-type]
    assert (refusal.value.status, refusal.value.code) == (501, "NotImplementedByLocalAzure")


def test_a_lookup_is_checked_with_its_dataset(factory: LocalFactory) -> None:
    """Source and dataset must agree; wildcards, folders and other stores are not run."""
    factory.put("linkedservices", "ls_lake", LAKE)
    factory.put("datasets", "ds", receipt())
    factory.pipeline("fine", lookup())
    with pytest.raises(BadRequest, match="read by a JsonSource"):
        factory.pipeline("p", lookup(type="DelimitedTextSource"))
    with pytest.raises(NotRun, match="wildcardFileName"):
        factory.pipeline(
            "p", lookup(storeSettings={"type": "AzureBlobFSReadSettings", "wildcardFileName": "*"})
        )
    factory.put("datasets", "ds", receipt(fileName=""))
    with pytest.raises(NotRun, match="of a folder"):
        factory.pipeline("p", lookup())


def test_a_pipeline_cannot_run_itself(factory: LocalFactory) -> None:
    """Neither directly nor through another one."""
    call = {name: {"referenceName": name, "type": "PipelineReference"} for name in ("a", "b")}
    factory.pipeline("a", wait("w"))
    factory.pipeline("b", activity("call", "ExecutePipeline", pipeline=call["a"]))
    for caller in ("a", "b"):
        with pytest.raises(BadRequest, match="would run itself"):
            factory.pipeline(caller, activity("call", "ExecutePipeline", pipeline=call["b"]))


def test_an_ml_activity_needs_its_linked_service_and_one_id(factory: LocalFactory) -> None:
    """mlPipelineId or mlPipelineEndpointId; version goes with the endpoint; the service is Azure ML."""
    factory.put("linkedservices", "ls_ml", ML)
    factory.pipeline("fine", ml(mlPipelineEndpointId="e", version="1"))
    for broken in (
        {},
        {"mlPipelineId": "a", "mlPipelineEndpointId": "b"},
        {"mlPipelineId": "a", "version": "1"},
    ):
        with pytest.raises(BadRequest):
            factory.pipeline("p", ml(**broken))
    factory.service.entities.delete(factory.id, "pipelines", "fine")
    factory.put("linkedservices", "ls_ml", LAKE)
    with pytest.raises(BadRequest, match="of type AzureMLService"):
        factory.pipeline("p", ml(mlPipelineId="a"))


def test_secrets_are_not_kept(factory: LocalFactory) -> None:
    """A SecureString of a linked service comes back masked, and is not in the state folder either."""
    secret = {"type": "SecureString", "value": "hush"}
    stored = factory.put(
        "linkedservices", "sql", {"type": "SqlServer", "typeProperties": {"password": secret}}
    )

    assert "hush" not in json.dumps(stored)
    assert b"hush" not in (factory.context.state / "state.db-wal").read_bytes()


def test_writes_hold_to_their_conditions(factory: LocalFactory) -> None:
    """If-Match with another etag, or If-None-Match: * on what exists, changes nothing (412)."""
    body = {"properties": {"activities": []}}
    put = factory.service.entities.put
    first = put(factory.id, "pipelines", "p", body, Conditions(if_none_match="*"))
    for conditions in (Conditions(if_none_match="*"), Conditions(if_match='"other"')):
        with pytest.raises(PreconditionFailed):
            put(factory.id, "pipelines", "P", body, conditions)
    second = put(factory.id, "pipelines", "P", body, Conditions(if_match=f'W/"{first["etag"]}"'))

    assert second["name"] == "p"
    assert second["etag"] != first["etag"]


@pytest.mark.parametrize("written", [["n"], {"n": 1}])
def test_global_parameters_are_objects(factory: LocalFactory, written: Any) -> None:
    with pytest.raises(BadRequest, match="must be an object"):
        factory.create(properties={"globalParameters": written})


def test_global_parameters_are_normalised_and_seen_by_runs(factory: LocalFactory) -> None:
    """`int` is answered as `Int`, as the service does."""
    made = factory.create(properties={"globalParameters": {"n": {"type": "int", "value": 1}}})

    assert made["properties"]["globalParameters"] == {"n": {"type": "Int", "value": 1}}
