"""A run is started once, whatever happens to the answer."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from azure.core.rest import HttpRequest

from adf.errors import DataFactoryError
from adf.gateway import DataFactory
from tests.contract.data_factories import empty_factory, local_azure

WAIT = {
    "parameters": {"window_start": {"type": "String", "defaultValue": "-"}},
    "activities": [{"name": "wait", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}],
}


@pytest.fixture(scope="module")
def factory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFactory]:
    with local_azure(tmp_path_factory.mktemp("azure") / "state") as addresses:
        live = empty_factory(addresses)
        live.put("pipeline", "p", WAIT)
        yield live


def order(factory: DataFactory, **fault: object) -> None:
    body = {"service": "control", "method": "POST", "path": "createRun", "times": 1, **fault}
    factory._client.send_request(HttpRequest("POST", "/_sandbox/faults", json=body)).raise_for_status()


def started(factory: DataFactory, window: str) -> list[str]:
    now = datetime.now(UTC)
    runs = factory.runs(now - timedelta(hours=1), now + timedelta(hours=1), PipelineName="p")
    return [run["runId"] for run in runs if run["parameters"]["window_start"] == window]


def test_a_lost_answer_starts_no_second_run(factory: DataFactory):
    """The run that Azure started is found and returned."""
    order(factory, action="drop_reply")
    run_id = factory.create_run("p", {"window_start": "lost"})

    assert started(factory, "lost") == [run_id]


def test_a_refused_request_starts_no_run(factory: DataFactory):
    """It is an error, and nothing runs."""
    order(factory, action="refuse", status=503, code="ServiceUnavailable")

    with pytest.raises(DataFactoryError, match="503 ServiceUnavailable"):
        factory.create_run("p", {"window_start": "refused"})
    assert started(factory, "refused") == []


def test_a_throttled_request_is_not_repeated_by_itself(factory: DataFactory):
    """The SDK would, and could not know whether the first was carried out."""
    order(factory, action="refuse", status=429, code="TooManyRequests")

    with pytest.raises(DataFactoryError, match="429"):
        factory.create_run("p", {"window_start": "throttled"})
    assert started(factory, "throttled") == []
