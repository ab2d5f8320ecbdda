"""What the gateway sends, and what it makes of the answers. Against a real Azure: tests/contract."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from adf.errors import (
    AccessDenied,
    AzureRequestFailed,
    ChangedSinceRead,
    NotFound,
    Provisioning,
    StillReferenced,
    SubscriptionNotReady,
    Throttled,
    TriggerStillStarted,
    Unreachable,
)
from adf.gateway import DataFactory
from tests.unit.adf.scripted_azure import ScriptedAzure

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
RUN = {"runId": "run-1", "runStart": "2026-11-23T06:00:00.1234567Z", "parameters": {"window_start": "w"}}


class Token:
    token = "t"
    expires_on = int(time.time()) + 3600


class Signed:
    """A credential."""

    def get_token(self, *_: str, **__: Any) -> Token:
        return Token()


def factory(azure: ScriptedAzure, slept: list[float] | None = None) -> DataFactory:
    return DataFactory(
        subscription_id="s",
        resource_group="rg",
        factory="f",
        credential=Signed(),
        transport=azure.transport(),
        sleep=(slept if slept is not None else []).append,
        now=lambda: NOW,
    )


def answer(name: str, **properties: Any) -> dict[str, Any]:
    return {"id": "x", "name": name, "type": "x", "etag": "e1", "properties": properties}


DAILY = "ScheduleTrigger"
ARRIVED = "BlobEventsTrigger"


def test_a_body_goes_over_the_wire_as_it_is():
    """Byte for byte, types and unknown keys included; the answer comes back as it is."""
    azure = ScriptedAzure().then(200, answer("p", activities=[{"type": "AzureMLExecutePipeline", "ü": None}]))
    body = {"activities": [{"name": "ß", "type": "AzureMLExecutePipeline", "unknown": {"a": None}}]}
    live = factory(azure).put("pipeline", "p", body)

    assert azure.bodies() == [{"properties": body}]
    assert azure.paths() == ["PUT f/pipelines/p"]
    assert (live.properties["activities"][0], live.etag) == (
        {"type": "AzureMLExecutePipeline", "ü": None},
        "e1",
    )


def test_an_etag_makes_a_write_conditional():
    """Without one the write is not."""
    azure = ScriptedAzure().then(200, answer("p")).then(200, answer("p"))
    factory(azure).put("pipeline", "p", {}, etag="e1")
    factory(azure).put("pipeline", "p", {})

    assert [request.headers.get("If-Match") for request in azure.sent] == ['"e1"', None]


def test_lists_are_read_to_the_end_and_lose_nothing():
    """Every page, with what the SDK's classes do not know."""
    next_page = "https://management.azure.com/next?api-version=2018-06-01"
    one = answer("t1", type="ScheduleTrigger", typeProperties={"recurrence": {"unknown": 1}})
    azure = (
        ScriptedAzure()
        .then(200, {"value": [one], "nextLink": next_page})
        .then(200, {"value": [answer("t2")]})
    )
    live = factory(azure).list("trigger")

    assert [each.name for each in live] == ["t1", "t2"]
    assert live[0].properties == one["properties"]


def test_what_is_absent_is_none_and_deleting_it_is_fine():
    """A 404 is an answer, not an accident."""
    azure = ScriptedAzure()
    for _ in range(4):
        azure.refuses(404, "ResourceNotFound", "The Resource was not found.")
    live = factory(azure)

    assert (live.factory(), live.get("pipeline", "p"), live.run("r")) == (None, None, None)
    live.delete("pipeline", "p")


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, "TriggerEnabledCannotUpdate", "Cannot update enabled Trigger. ", TriggerStillStarted),
        (400, "BadRequest", "The document cannot be deleted since it is referenced by X.", StillReferenced),
        (400, "BadRequest", "Resource cannot be updated during provisioning", Provisioning),
        (400, "BadRequest", "The document creation or update failed", AzureRequestFailed),
        (401, "ExpiredAuthenticationToken", "expired", AccessDenied),
        (403, "AuthorizationFailed", "no", AccessDenied),
        (404, "ResourceNotFound", "no", NotFound),
        (412, "PreconditionFailed", "no", ChangedSinceRead),
    ],
)
def test_a_refusal_keeps_what_azure_said(
    status: int, code: str, message: str, kind: type[AzureRequestFailed]
):
    """What was asked, the status, Azure's code and message, the id that support asks for, and a hint."""
    with pytest.raises(AzureRequestFailed) as caught:
        factory(ScriptedAzure().refuses(status, code, message)).put("pipeline", "p", {})

    error = caught.value
    assert type(error) is kind
    assert (error.asked, error.status, error.code, error.message) == (
        "write pipeline p",
        status,
        code,
        message.strip(),
    )
    assert str(error).startswith(
        f"Data Factory refused to write pipeline p: {status} {code}: {message.strip()}"
    )
    assert "correlation-1" in str(error)


def test_an_answer_that_is_no_json_is_still_an_error_of_ours():
    """A proxy in between answers HTML."""
    with pytest.raises(AzureRequestFailed, match="read pipeline p: 400"):
        factory(ScriptedAzure().then(400, "<html>")).get("pipeline", "p")


def test_no_answer_is_an_error_of_ours():
    """After the SDK's own retries of a read."""
    azure = ScriptedAzure()
    for _ in range(4):
        azure.then_raise(requests.exceptions.ConnectionError("refused"))
    client = factory(azure)
    client._client._config.retry_policy.backoff_factor = 0

    with pytest.raises(Unreachable, match="read factory f") as caught:
        client.factory()
    assert not caught.value.sent


def test_a_run_is_started_with_its_parameters():
    """As the flat map that Azure takes."""
    azure = ScriptedAzure().then(200, {"runId": "run-1"})

    assert factory(azure).create_run("p", {"window_start": "w"}) == "run-1"
    assert azure.bodies() == [{"window_start": "w"}]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_starting_a_run_is_never_sent_twice(status: int):
    """The SDK would repeat a POST, and a second run would score the window again."""
    azure = ScriptedAzure().refuses(status, "x", "x").then(200, {"value": []})
    kind = Throttled if status == 429 else AzureRequestFailed

    with pytest.raises(kind):
        factory(azure).create_run("p", {})
    assert azure.paths().count("POST f/pipelines/p/createRun") == 1


@pytest.mark.parametrize("lost", [requests.exceptions.ReadTimeout("slow"), None])
def test_a_run_whose_answer_got_lost_is_found_again(lost: Exception | None):
    """By its pipeline, its parameters and its time."""
    azure = ScriptedAzure()
    azure = azure.then_raise(lost) if lost else azure.refuses(500, "InternalServerError", "x")
    other, old = (
        {**RUN, "runId": "2", "parameters": {}},
        {**RUN, "runId": "3", "runStart": "2026-11-23T05:00:00Z"},
    )
    azure.then(200, {"value": [old, RUN, other]})

    assert factory(azure).create_run("p", {"window_start": "w"}) == "run-1"
    assert azure.bodies()[1]["filters"] == [
        {"operand": "PipelineName", "operator": "Equals", "values": ["p"]}
    ]


def test_runs_are_read_page_after_page():
    """The query's token leads to the next."""
    azure = ScriptedAzure().then(200, {"value": [RUN], "continuationToken": "t"}).then(200, {"value": [RUN]})
    runs = factory(azure).runs(NOW, NOW, PipelineName="p")

    assert len(runs) == 2
    assert [body.get("continuationToken") for body in azure.bodies()] == [None, "t"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_window_is_never_asked_for_twice(status: int):
    """A rerun has no body and no key: Azure could not tell a second request from a second wish."""
    asked, refused = ScriptedAzure().then(200), ScriptedAzure().refuses(status, "x", "x")

    factory(asked).rerun_window("t", "run-1")
    with pytest.raises(Throttled if status == 429 else AzureRequestFailed) as caught:
        factory(refused).rerun_window("t", "run-1")

    assert asked.paths() == refused.paths() == ["POST f/triggers/t/triggerRuns/run-1/rerun"]
    assert caught.value.may_have_happened == (status != 429)


def test_a_trigger_that_is_being_provisioned_is_waited_for():
    """A second, then longer and longer."""
    azure, slept = ScriptedAzure(), []
    for _ in range(5):
        azure.refuses(400, "BadRequest", "Resource cannot be updated during provisioning")
    factory(azure.then(200), slept).start_trigger("t", DAILY)

    assert azure.paths() == ["POST f/triggers/t/start"] * 6
    assert slept == [1, 2, 4, 8, 10]


def test_waiting_for_a_trigger_has_an_end():
    """Five minutes, and then Azure's own words."""
    azure, slept = ScriptedAzure(), []
    for _ in range(34):
        azure.refuses(400, "BadRequest", "Resource cannot be updated during provisioning")

    with pytest.raises(Provisioning, match="start trigger t"):
        factory(azure, slept).start_trigger("t", DAILY)
    assert sum(slept) == 300


def test_a_refusal_that_waiting_does_not_cure_is_not_waited_for():
    """A trigger without pipelines stays without."""
    azure, slept = ScriptedAzure(), []
    azure.refuses(400, "BadRequest", "Missing or invalid pipeline references for trigger t")

    with pytest.raises(AzureRequestFailed, match="Missing or invalid pipeline references"):
        factory(azure, slept).start_trigger("t", DAILY)
    assert slept == []


def status(word: str) -> dict[str, str]:
    return {"triggerName": "t", "status": word}


def test_a_trigger_of_storage_events_hears_them_before_it_starts():
    """Subscribed first, as Microsoft's own deployment script does; while that is provisioned nothing else is
    asked.
    """
    azure, slept = ScriptedAzure().then(202), []
    azure.then(200, status("Disabled")).then(200, status("Provisioning")).then(200, status("Enabled")).then(
        200
    )
    factory(azure, slept).start_trigger("t", ARRIVED)

    assert azure.paths() == [
        "POST f/triggers/t/subscribeToEvents",
        *["POST f/triggers/t/getEventSubscriptionStatus"] * 3,
        "POST f/triggers/t/start",
    ]
    assert slept == [1, 2]


def test_a_subscription_that_is_not_made_in_time_is_an_error_and_no_start():
    """A started trigger that is deaf would be worse than none."""
    azure, slept = ScriptedAzure().then(202), []
    for _ in range(34):
        azure.then(200, status("Provisioning"))

    with pytest.raises(
        SubscriptionNotReady, match="after 300 seconds its event subscription is Provisioning"
    ):
        factory(azure, slept).start_trigger("t", ARRIVED)
    assert sum(slept) == 300
    assert azure.paths()[-1] != "POST f/triggers/t/start"


@pytest.mark.parametrize("said", [["Disabled"], ["Enabled", 202, "Deprovisioning", "Disabled"]])
def test_a_stopped_trigger_of_storage_events_leaves_no_subscription(said: list[Any]):
    """Whether Azure ends it with the trigger's stop or not."""
    azure, slept = ScriptedAzure().then(200), []
    for each in said:
        azure.then(*((each,) if isinstance(each, int) else (200, status(each))))
    factory(azure, slept).stop_trigger("t", ARRIVED)

    asked = [path for path in azure.paths() if not path.endswith("Status")]
    unsubscribed = ["POST f/triggers/t/unsubscribeFromEvents"] if 202 in said else []
    assert asked == ["POST f/triggers/t/stop", *unsubscribed]
