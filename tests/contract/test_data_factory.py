"""What we rely on of Data Factory, through our gateway: the same tests for every Azure."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from adf import factory as generated
from adf.entities import resolve
from adf.errors import (
    AzureRequestFailed,
    ChangedSinceRead,
    DataFactoryError,
    StillReferenced,
    TriggerStillStarted,
)
from adf.gateway import DataFactory, LiveEntity
from adf.windows import upstream_of
from tests.contract.data_factories import REAL, local_factory, real_factory
from tests.unit.adf.builders import calendar, contracts, model, settings, tumbling

KINDS = ("trigger", "pipeline", "dataset", "linked_service")
WAIT = {"activities": [{"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}]}


@pytest.fixture(scope="module", params=["local", "real"])
def factory(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DataFactory]:
    if request.param == "local":
        with local_factory(tmp_path_factory.mktemp("azure") / "state") as live:
            yield live
    elif all(name in os.environ for name in REAL):
        yield real_factory()
    else:
        pytest.skip(f"no real Data Factory: set {', '.join(REAL)}")


@pytest.fixture
def name(factory: DataFactory) -> Iterator[str]:
    """A name of this test's own; what carries it is deleted in the end."""
    own = f"contract_{uuid.uuid4().hex[:12]}"
    yield own
    for kind in KINDS:
        for live in _dependents_first(factory.list(kind)):
            if own in live.name:
                with suppress(TriggerStillStarted):
                    factory.delete(kind, live.name)
                    continue
                factory.stop_trigger(live.name, live.properties["type"])
                factory.delete(kind, live.name)


def _dependents_first(found: list[LiveEntity]) -> list[LiveEntity]:
    return sorted(found, key=lambda live: not upstream_of(live.properties))


def daily(pipeline: str) -> dict[str, Any]:
    reference = {"referenceName": pipeline, "type": "PipelineReference"}
    recurrence = {"frequency": "Day", "interval": 1, "startTime": "2050-01-01T00:00:00Z", "timeZone": "UTC"}
    return {
        "type": "ScheduleTrigger",
        "pipelines": [{"pipelineReference": reference, "parameters": {}}],
        "typeProperties": {"recurrence": recurrence},
    }


def hourly(pipeline: str, waits_for: str | None = None) -> dict[str, Any]:
    """Windows of a time to come."""
    reference = {"referenceName": pipeline, "type": "PipelineReference"}
    window = {"frequency": "Hour", "interval": 1, "startTime": "2050-01-01T00:00:00Z", "maxConcurrency": 1}
    if waits_for is not None:
        trigger = {"referenceName": waits_for, "type": "TriggerReference"}
        dependency = {"type": "TumblingWindowTriggerDependencyReference", "referenceTrigger": trigger}
        window |= {"dependsOn": [dependency]}
    return {
        "type": "TumblingWindowTrigger",
        "pipeline": {"pipelineReference": reference, "parameters": {}},
        "typeProperties": window,
    }


def state_of(factory: DataFactory, trigger: str) -> str:
    live = factory.get("trigger", trigger)
    assert live is not None
    return str(live.properties["runtimeState"])


def finished(factory: DataFactory, run_id: str, within_seconds: int = 120) -> dict[str, Any]:
    deadline = time.monotonic() + within_seconds
    while time.monotonic() < deadline:
        run = factory.run(run_id)
        if run is not None and run["status"] not in ("Queued", "InProgress"):
            return run
        time.sleep(0.5)
    raise TimeoutError(run_id)


def test_a_written_entity_is_read_back(factory: DataFactory, name: str):
    """One by one and in the list, with an etag."""
    factory.put("pipeline", name, WAIT)
    one = factory.get("pipeline", name)
    [listed] = [live for live in factory.list("pipeline") if live.name == name]

    assert one is not None
    assert (one.properties, one.etag) == (listed.properties, listed.etag)
    assert one.etag
    assert one.properties["activities"][0]["typeProperties"] == {"waitTimeInSeconds": 1}


def test_a_password_kept_for_every_host_does_not_take_the_token_s_place(
    factory: DataFactory, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As ~/.netrc may hold one for a proxy or a feed of packages."""
    (tmp_path / "netrc").write_text("default login somebody password something")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    factory.put("pipeline", name, WAIT)

    assert factory.get("pipeline", name) is not None


def test_a_stale_etag_is_refused(factory: DataFactory, name: str):
    """Two deployers cannot overwrite each other."""
    first = factory.put("pipeline", name, WAIT)
    factory.put("pipeline", name, {**WAIT, "description": "changed"}, etag=first.etag)

    with pytest.raises(ChangedSinceRead):
        factory.put("pipeline", name, WAIT, etag=first.etag)


def test_what_is_referred_to_cannot_be_deleted(factory: DataFactory, name: str):
    """The referring entity first."""
    factory.put("pipeline", name, WAIT)
    factory.put("trigger", name, daily(name))

    with pytest.raises(StillReferenced):
        factory.delete("pipeline", name)


def test_a_trigger_that_another_one_waits_for_cannot_be_deleted(factory: DataFactory, name: str):
    """Until that one has let go of it; what a trigger waits for can be edited."""
    factory.put("pipeline", name, WAIT)
    factory.put("trigger", f"{name}_up", hourly(name))
    factory.put("trigger", f"{name}_down", hourly(name, waits_for=f"{name}_up"))

    with pytest.raises(StillReferenced):
        factory.delete("trigger", f"{name}_up")
    factory.put("trigger", f"{name}_down", hourly(name))
    factory.delete("trigger", f"{name}_up")

    assert factory.get("trigger", f"{name}_up") is None


def test_a_reference_to_nothing_is_refused(factory: DataFactory, name: str):
    """With the name that is missing."""
    with pytest.raises(AzureRequestFailed, match=f"{name}_absent"):
        factory.put("trigger", name, daily(f"{name}_absent"))


def test_writing_a_trigger_does_not_start_it(factory: DataFactory, name: str):
    """Only start does, and a started trigger refuses to be written."""
    factory.put("pipeline", name, WAIT)
    factory.put("trigger", name, daily(name))
    written = state_of(factory, name)
    factory.start_trigger(name, "ScheduleTrigger")

    assert (written, state_of(factory, name)) == ("Stopped", "Started")
    with pytest.raises(TriggerStillStarted):
        factory.put("trigger", name, daily(name))
    factory.stop_trigger(name, "ScheduleTrigger")
    assert state_of(factory, name) == "Stopped"


def test_deleting_what_is_absent_is_fine(factory: DataFactory, name: str):
    """As a second `destroy` does."""
    factory.delete("pipeline", name)


def test_a_run_can_be_followed(factory: DataFactory, name: str):
    """By its id, in the list of runs, and activity by activity."""
    factory.put("pipeline", name, WAIT)
    run_id = factory.create_run(name, {})
    run = finished(factory, run_id)
    now = datetime.now(UTC)
    listed = factory.runs(now - timedelta(hours=1), now + timedelta(minutes=5), PipelineName=name)
    activities = factory.activity_runs(run_id)

    assert (run["status"], [each["runId"] for each in listed]) == ("Succeeded", [run_id])
    assert [(each["activityName"], each["status"]) for each in activities] == [("wait", "Succeeded")]


def test_a_failed_run_says_why(factory: DataFactory, name: str):
    """The message that an expression of our Fail activities gives."""
    fail = {
        "message": {"value": "@concat('window ', pipeline().parameters.w)", "type": "Expression"},
        "errorCode": "E",
    }
    body = {
        "parameters": {"w": {"type": "String", "defaultValue": "-"}},
        "activities": [{"name": "fail", "type": "Fail", "typeProperties": fail}],
    }
    factory.put("pipeline", name, body)
    run_id = factory.create_run(name, {"w": "2026-11-22"})
    run = finished(factory, run_id)

    assert run["status"] == "Failed"
    assert factory.activity_runs(run_id)[0]["error"]["message"] == "window 2026-11-22"


def test_a_canceled_run_ends(factory: DataFactory, name: str):
    """And is not called failed."""
    waiting = {"activities": [{"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 600}}]}
    factory.put("pipeline", name, waiting)
    run_id = factory.create_run(name, {})
    factory.cancel(run_id)

    assert finished(factory, run_id)["status"] in ("Cancelled", "Canceling")


def test_everything_we_generate_is_taken(factory: DataFactory, name: str):
    """In the order in which it is built, and read back as it was written."""
    names = {
        "name": factory.name,
        "linked_service_lake": f"ls_{name}_lake",
        "linked_service_machine_learning": f"ls_{name}_ml",
    }
    waits = [{"schedule": "windows"}, {"offset_minutes": -1440}]
    windows = {"daily": tumbling(depends_on=waits), "windows": tumbling()}
    schedules = {"score": {"hourly": calendar(), **windows}, "train": {"weekly": calendar()}}
    ours = model(name, training={"data": "raw/x.csv"}, schedules=schedules)
    entities = generated.build(settings(ours, data_factory=names), contracts(name))
    published = {f"{kind}_{name}": (str(uuid.uuid4()), "1") for kind in ("score", "train")}

    for entity in entities:
        body = resolve(entity.properties, published)
        live = factory.put(entity.kind, entity.name, body)
        assert kept(body, live.properties), (entity.name, live.properties)
        [listed] = [each for each in factory.list(entity.kind) if each.name == entity.name]
        assert listed == live


def kept(sent: Any, live: Any) -> bool:
    """Whether all that was sent is there; Azure may add to it."""
    if isinstance(sent, dict):
        return isinstance(live, dict) and all(
            kept(value, live.get(key)) for key, value in sent.items() if value != []
        )
    if isinstance(sent, list):
        return isinstance(live, list) and len(sent) == len(live) and all(map(kept, sent, live))
    return bool(sent == live)


def test_errors_are_ours(factory: DataFactory):
    """Whatever Azure says, nothing of its SDK comes out."""
    with pytest.raises(DataFactoryError):
        factory.create_run("contract_absent_pipeline", {})
