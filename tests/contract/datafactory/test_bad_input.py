"""Bodies and names that cannot be: the service's error, status 400, and nothing is stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.contract.datafactory.factories import activity, expression, reference, wait

if TYPE_CHECKING:
    from tests.contract.datafactory.factories import Factory

KINDS = ("pipelines", "datasets", "linkedservices", "triggers")
WAIT = {"activities": [wait("w")]}
CIRCLE = [wait("a", after={"b": ["Succeeded"]}), wait("b", after={"a": ["Succeeded"]})]
EACH = expression("@createArray(1)")
DAILY = {"frequency": "Day", "interval": 1, "startTime": "2026-11-01T00:00:00Z"}
COPY = {
    **activity("c", "Copy", source={"type": "BinarySource"}, sink={"type": "BinarySink"}),
    "inputs": [reference("missing", "DatasetReference")],
    "outputs": [reference("missing", "DatasetReference")],
}


def send(factory: Factory, method: str, path: str, body: bytes | None = None) -> requests.Response:
    """As it is written, without a client's own cleaning of paths."""
    azure = factory.azure
    url = f"{azure.control}{factory.path}{path}?api-version=2018-06-01"
    request = requests.Request(method, url, data=body, headers={"Content-Type": "application/json"})
    prepared = request.prepare()
    prepared.url = url
    prepared.headers["Authorization"] = f"Bearer {azure.token('https://management.azure.com')}"
    with requests.Session() as session:
        return session.send(prepared, verify=azure.bundle, timeout=30)


def stored(factory: Factory) -> Any:
    return [send(factory, "GET", f"/{kind}").json()["value"] for kind in KINDS]


def refused(factory: Factory, path: str, body: Any) -> str:
    """The message of a refusal that changed nothing."""
    before = stored(factory)
    content = body if isinstance(body, bytes) else json.dumps({"properties": body}).encode()

    answer = send(factory, "PUT", path, content)

    assert answer.status_code == 400, answer.text
    assert stored(factory) == before
    error = answer.json()["error"]
    assert error["code"]
    return str(error["message"])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff\xfe",
        b"{}",
        b'{"properties": []}',
        b'{"properties": {}}{',
        b'{"properties": {"runDimensions": {"a": NaN}}}',
        b"[" * 5000,
        b'{"properties": {"activities": ' + b"[" * 150 + b"]" * 150 + b"}}",
    ],
    ids=lambda one: one[:20].decode("latin1"),
)
def test_what_is_no_entity_is_refused(factory: Factory, kind: str, body: bytes) -> None:
    """Malformed JSON, other JSON than an object, no properties."""
    if kind == "pipelines" and body == b'{"properties": {}}':
        return
    assert refused(factory, f"/{kind}/x", body)


@pytest.mark.parametrize(
    ("kind", "properties", "words"),
    [
        ("pipelines", {"activities": {}}, "activities must be an array"),
        ("pipelines", {"activities": [None]}, "activities[0]"),
        ("pipelines", {"activities": [wait("w", True)]}, "waitTimeInSeconds"),
        ("pipelines", {**WAIT, "concurrency": "2"}, "concurrency"),
        ("pipelines", {**WAIT, "parameters": {"p": {"type": "text"}}}, "unknown type 'text'"),
        ("pipelines", {"activities": CIRCLE}, "in a circle"),
        ("pipelines", {"activities": [COPY]}, "invalid reference 'missing'"),
        (
            "pipelines",
            {"activities": [activity("e", "ForEach", items=[1, 2], activities=[])]},
            "items must be an Expression object",
        ),
        (
            "pipelines",
            {"activities": [activity("u", "Until", expression=expression("@equals(1"), activities=[])]},
            "InvalidTemplate",
        ),
        ("pipelines", {**WAIT, "actvities": []}, "unknown field 'actvities'"),
        ("pipelines", {"activities": [{**wait("w"), "dependOn": []}]}, "unknown field 'dependOn'"),
        ("pipelines", {"activities": [activity("w", "Wait", seconds=1)]}, "unknown field 'seconds'"),
        ("pipelines", {"activities": [wait("w", 1, policy={"retrys": 1})]}, "unknown field 'retrys'"),
        ("pipelines", {**WAIT, "folder": "f"}, "folder must be an object"),
        ("pipelines", {**WAIT, "description": 5}, "description must be text"),
        ("pipelines", {**WAIT, "variables": {"v": {"type": "Array", "defaultValue": "x"}}}, "not of type"),
        (
            "pipelines",
            {"activities": [activity("s", "SetVariable", variableName="gone", value="x")]},
            "sets variable 'gone'",
        ),
        (
            "pipelines",
            {"activities": [activity("e", "ForEach", items=expression("abc"), activities=[wait("w")])]},
            "items must be an expression of an array",
        ),
        (
            "pipelines",
            {"activities": [activity("e", "ForEach", items=EACH, isSequential="yes", activities=[])]},
            "isSequential must be true or false",
        ),
        ("pipelines", {"activities": [activity("e", "ForEach", items=EACH)]}, "activities is required"),
        (
            "pipelines",
            {"activities": [activity("u", "Until", expression=EACH, timeout="91.00:00:00", activities=[])]},
            "at most 90 days",
        ),
        (
            "triggers",
            {"type": "ScheduleTrigger", "typeProperties": {"recurrence": {**DAILY, "every": 2}}},
            "unknown field 'every'",
        ),
        (
            "triggers",
            {"type": "ScheduleTrigger", "typeProperties": {"recurrence": DAILY, "interval": 2}},
            "unknown field 'interval'",
        ),
        (
            "triggers",
            {
                "type": "ScheduleTrigger",
                "typeProperties": {"recurrence": {**DAILY, "endTime": "2026-10-01T00:00:00Z"}},
            },
            "never fires",
        ),
        (
            "triggers",
            {
                "type": "TumblingWindowTrigger",
                "typeProperties": {
                    "frequency": "Hour",
                    "interval": 1,
                    "startTime": "2026-11-01T00:00:00Z",
                    "endTime": "2026-11-01T00:30:00Z",
                    "maxConcurrency": 1,
                },
            },
            "it has no window",
        ),
        ("datasets", {"type": "Json"}, "linkedServiceName"),
        ("datasets", {"type": "Jsom", "linkedServiceName": {}}, "unknown type 'Jsom'"),
        ("linkedservices", {"type": "AzureBlobFS", "typeProperties": {}}, "needs 'url'"),
        ("linkedservices", {"type": "AzureSqlDatabase", "typeProperties": {"server": "s"}}, "'database'"),
        ("linkedservices", {"type": "AzureKeyVault", "typeProperties": {}}, "needs 'baseUrl'"),
        (
            "triggers",
            {
                "type": "ScheduleTrigger",
                "typeProperties": {
                    "recurrence": {
                        "frequency": "Month",
                        "interval": 1,
                        "startTime": "2026-11-01T00:00:00Z",
                        "schedule": {"monthDays": [32]},
                    }
                },
            },
            "monthDays",
        ),
    ],
)
def test_what_cannot_run_is_refused_and_named(
    factory: Factory, kind: str, properties: Any, words: str
) -> None:
    assert words in refused(factory, f"/{kind}/x", properties)


def test_a_body_beyond_the_limit_is_refused(factory: Factory) -> None:
    """200 KB of a pipeline; what no entity can have is not even read to its end."""
    assert "200 KB" in refused(factory, "/pipelines/x", {**WAIT, "description": "x" * 200 * 1024})

    answer = send(factory, "PUT", "/pipelines/x", b'{"properties": "' + b"x" * 65 * 1024 * 1024 + b'"}')

    assert answer.status_code == 413
    assert answer.json()["error"]["code"]


@pytest.mark.parametrize(
    "name",
    [
        "%2e%2e",
        "..%2f..%2fpipelines%2fx",
        "a%2fb",
        "a%5Cb",
        "a%00b",
        "%20",
        "a%0Ab",
        "%3Cscript%3E",
        "x" * 141,
        ".hidden",
        "a%25b",
        "%ff",
    ],
)
def test_names_that_are_none_are_refused(factory: Factory, name: str) -> None:
    """Whatever they would mean in a path."""
    before = stored(factory)

    answer = send(factory, "PUT", f"/pipelines/{name}", json.dumps({"properties": WAIT}).encode())

    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["error"]["code"]
    assert stored(factory) == before


def test_a_loop_over_no_array_fails_in_its_run(factory: Factory) -> None:
    """What the items are is known only then."""
    loop = activity("each", "ForEach", items=expression("@pipeline().parameters.p"), activities=[wait("w")])
    factory.pipeline("loop", loop, parameters={"p": {"type": "Object", "defaultValue": {"a": 1}}})

    run = factory.finish(factory.start("loop"))

    assert run["status"] == "Failed"
    assert "must be an array" in run["message"]


def test_a_loop_that_never_ends_fails_at_its_timeout(factory: Factory) -> None:
    """Instant rounds too: the others still have their turn."""
    endless = activity(
        "until",
        "Until",
        expression=expression("@equals(1, 2)"),
        timeout="0.00:00:02",
        activities=[wait("w", 0)],
    )
    factory.pipeline("endless", endless)
    factory.pipeline("other", wait("w"))
    run_id = factory.start("endless")

    assert factory.finish(factory.start("other"))["status"] == "Succeeded"

    run = factory.finish(run_id)
    assert (run["status"], "timed out" in run["message"]) == ("Failed", True)


@pytest.mark.parametrize("token", [None, "Bearer x", "Basic eDp5", "Bearer "])
def test_who_is_not_known_gets_nothing(factory: Factory, token: str | None) -> None:
    headers = {} if token is None else {"Authorization": token}
    url = f"{factory.azure.control}{factory.path}/pipelines?api-version=2018-06-01"

    answer = requests.get(url, headers=headers, verify=factory.azure.bundle, timeout=30)

    assert answer.status_code == 401
    assert "value" not in answer.json()


@pytest.mark.parametrize(
    "query",
    [
        "isRecovery=perhaps&referencePipelineRunId=x",
        "isRecovery=true",
        "startFromFailure=true",
        "startActivityName=w",
        "referencePipelineRunId=",
        "referencePipelineRunId=made-up",
    ],
)
def test_a_rerun_of_nothing_starts_nothing(factory: Factory, query: str) -> None:
    factory.pipeline("rerun", wait("w"))

    answer = factory.azure.arm("POST", f"{factory.path}/pipelines/rerun/createRun?{query}")

    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["code"] in ("BadRequest", "ReferencedPipelineRunNotValid")
    asked = [{"operand": "PipelineName", "operator": "Equals", "values": ["rerun"]}]
    assert factory.query("pipeline", filters=asked).value == []
