"""Entities through azure-mgmt-datafactory 10: statuses, etags, error words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)

from tests.contract.datafactory.factories import GROUP, activity, new_factory, reference, wait

if TYPE_CHECKING:
    from tests.contract.datafactory.factories import Factory

EVERY_DAY = {"recurrence": {"frequency": "Day", "interval": 1, "startTime": "2026-01-01T00:00:00Z"}}


def test_a_pipeline_comes_back_as_it_was_sent(factory: Factory) -> None:
    """Body, id, type and etag; found without regard to case; listed; deleted with 200, then 204."""
    body = {"activities": [wait("w")], "annotations": ["mine"], "folder": {"name": "f"}}

    stored = factory.put("pipelines", "Kept", body)

    assert stored["properties"] == body
    assert stored["id"] == f"{factory.path}/pipelines/Kept"
    assert factory.client.pipelines.get(*factory.place, "kept").as_dict()["etag"] == stored["etag"]
    assert "Kept" in [one.name for one in factory.client.pipelines.list_by_factory(*factory.place)]
    answers = [factory.azure.arm("DELETE", f"{factory.path}/pipelines/kept").status_code for _ in range(2)]
    assert answers == [200, 204]


def test_the_sdk_understands_the_conditions(factory: Factory) -> None:
    """412 as modified, existing or missing; 304 as None."""
    stored = factory.pipeline("conditional", wait("w"))
    body: dict[str, Any] = {"activities": []}
    with pytest.raises(ResourceModifiedError):
        factory.put("pipelines", "conditional", body, etag="x", match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceExistsError):
        factory.put("pipelines", "conditional", body, match_condition=MatchConditions.IfMissing)
    with pytest.raises(ResourceNotFoundError):
        factory.put("pipelines", "nowhere", body, match_condition=MatchConditions.IfPresent)

    same = {"etag": stored["etag"], "match_condition": MatchConditions.IfModified}
    assert factory.client.pipelines.get(*factory.place, "conditional", **same) is None
    same["match_condition"] = MatchConditions.IfNotModified
    assert factory.put("pipelines", "conditional", body, **same)["etag"] != stored["etag"]


def test_the_sdks_own_models_are_refused(factory: Factory) -> None:
    """azure-mgmt-datafactory 10's model classes write wrong types: here they are refused as in Azure."""
    from azure.mgmt.datafactory.models import PipelineResource, WaitActivity

    pipeline = PipelineResource(activities=[WaitActivity(name="w", wait_time_in_seconds=1)])

    with pytest.raises(HttpResponseError, match="unknown type 'Container'"):
        factory.client.pipelines.create_or_update(*factory.place, "typed", pipeline)


def test_errors_carry_the_services_code_and_target(factory: Factory) -> None:
    """What tools parse: BadRequest with the reference's name, the referrer's name, the pipeline as target."""
    used = activity("f", "Fail", message="@pipeline().parameters.gone", errorCode="1")
    with pytest.raises(HttpResponseError) as refusal:
        factory.pipeline("p", used)

    error = refusal.value.error
    assert (refusal.value.status_code, error.code, error.target) == (400, "BadRequest", "Pipeline/p")
    assert error.message == "Missing parameter definition for 'gone'"


def test_what_is_not_there_is_404(factory: Factory) -> None:
    """Entity, factory, run; a resource group says so in its own code."""
    client = factory.client
    for look in (
        lambda: client.pipelines.get(*factory.place, "nowhere"),
        lambda: client.factories.get(GROUP, "adf-nowhere"),
        lambda: client.pipeline_runs.get(*factory.place, "nowhere"),
        lambda: client.factories.create_or_update(
            "rg-nowhere", "adf-x", json.dumps({"location": "x"}).encode()
        ),
    ):
        with pytest.raises(ResourceNotFoundError):
            look()


def test_a_trigger_is_started_and_stopped_with_200(factory: Factory) -> None:
    """Started: no PUT, no DELETE; runtimeState is read back; a second start or stop changes nothing."""
    factory.pipeline("quiet", wait("w"))
    started = {"pipelineReference": reference("quiet", "PipelineReference"), "parameters": {}}
    body = {"type": "ScheduleTrigger", "pipelines": [started], "typeProperties": EVERY_DAY}
    assert factory.put("triggers", "t", body)["properties"]["runtimeState"] == "Stopped"

    for _ in range(2):
        factory.client.triggers.begin_start(*factory.place, "t").result()

    assert (
        factory.client.triggers.get(*factory.place, "t").as_dict()["properties"]["runtimeState"] == "Started"
    )
    with pytest.raises(HttpResponseError, match="Cannot update enabled Trigger") as refusal:
        factory.put("triggers", "t", body)
    assert refusal.value.error.code == "TriggerEnabledCannotUpdate"
    status = factory.client.triggers.get_event_subscription_status(*factory.place, "t")
    assert status.as_dict() == {"triggerName": "t", "status": "Disabled"}
    for _ in range(2):
        factory.client.triggers.begin_stop(*factory.place, "t").result()
    factory.client.triggers.delete(*factory.place, "t")


def test_an_illegal_schedule_is_refused(factory: Factory) -> None:
    """As Microsoft's engine would: month days belong to months."""
    schedule = {**EVERY_DAY["recurrence"], "schedule": {"monthDays": [1]}}

    with pytest.raises(HttpResponseError, match="monthDays") as refusal:
        factory.put(
            "triggers", "bad", {"type": "ScheduleTrigger", "typeProperties": {"recurrence": schedule}}
        )
    assert refusal.value.status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/integrationRuntimes/ir"),
        ("PUT", "/dataflows/df"),
        ("GET", "/credentials"),
        ("PUT", "/globalParameters/default"),
        ("POST", "/createDataFlowDebugSession"),
    ],
)
def test_what_is_not_implemented_says_so(factory: Factory, method: str, path: str) -> None:
    """501 with the operation's name, never a made-up answer."""
    answer = factory.azure.arm(method, factory.path + path, {"properties": {}})

    assert answer.status_code == 501
    assert answer.json()["error"]["code"] == "NotImplementedByLocalAzure"
    assert path in answer.json()["error"]["message"]


def test_factories_of_two_groups_do_not_meet(factory: Factory, sandbox: Any) -> None:
    """The same names in another factory are other entities; deleting one factory leaves the other."""
    other = new_factory(sandbox, factory.client)
    factory.pipeline("shared", wait("w"))
    with pytest.raises(ResourceNotFoundError):
        other.client.pipelines.get(*other.place, "shared")
    other.pipeline("shared", wait("w", 1))
    other.client.factories.delete(*other.place)

    assert factory.client.pipelines.get(*factory.place, "shared").name == "shared"
    names = [one.name for one in factory.client.factories.list_by_resource_group(GROUP)]
    assert factory.name in names
    assert other.name not in names


def test_triggers_are_queried(sandbox: Any, data_factory_client: Any) -> None:
    """All of them; of a parent those that rerun its windows, which nobody can make here."""
    factory = new_factory(sandbox, data_factory_client)
    for name in ("a", "b"):
        factory.put("triggers", name, {"type": "ScheduleTrigger", "typeProperties": EVERY_DAY})

    def names(asked: Any) -> list[str]:
        found = data_factory_client.triggers.query_by_factory(*factory.place, asked)
        assert found.continuation_token is None
        return [one.name for one in found.value]

    assert names({}) == ["a", "b"]
    assert names({"parentTriggerName": "A"}) == []
    with pytest.raises(ResourceNotFoundError):
        names({"parentTriggerName": "c"})
    for bad in ({"parentTriggerName": 1}, {"continuationToken": "x"}):
        with pytest.raises(HttpResponseError, match="BadRequest"):
            names(bad)
