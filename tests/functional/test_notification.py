"""A failed run on the local Data Factory tells a workflow on this machine, whose address the vault knows.

Where Azure ML would run stands an activity that fails: what is tested is who is told, and who learns where.
"""

from __future__ import annotations

import json
import threading
from contextlib import closing
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import requests

from adf.entities import resolve
from adf.factory import build
from tests.conftest import SUBSCRIPTION, LocalAzure
from tests.contract.datafactory.factories import GROUP, Factory, client_of, new_factory
from tests.unit.adf.builders import PUBLISHED, contracts, model, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "Zm9vYmFyZm9vYmFyZm9vYmFy"
FAILS = {"type": "Fail", "typeProperties": {"message": "ML run 5f0f3c5e failed", "errorCode": "4126"}}
SUCCEEDS = {"type": "Wait", "typeProperties": {"waitTimeInSeconds": 0}}
ORDER = {"linked_service": "linked_services", "dataset": "datasets", "pipeline": "pipelines"}


@dataclass
class Workflow:
    """What a Teams workflow or a Logic App is to Data Factory: something that takes a POST."""

    status: int = 202
    paths: list[str] = field(default_factory=list)
    messages: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        workflow = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                workflow.paths.append(self.path)
                workflow.messages.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(workflow.status)
                self.send_header("Location", f"http://{self.headers['Host']}{self.path}")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """The test's output is no place for requests."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/workflows/1?sig={KEY}"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def workflow() -> Iterator[Workflow]:
    with closing(Workflow()) as made:
        yield made


@pytest.fixture(scope="module")
def factory(sandbox: LocalAzure) -> Iterator[Factory]:
    """The generated factory, with a score pipeline that fails and one that succeeds."""
    client = client_of(sandbox)
    made = new_factory(sandbox, client)
    with sandbox.lake_client("notifiedlake") as lake:
        lake.create_file_system("data")
    for entity in build(_settings(sandbox, made.name), contracts("diabetes")):
        body = resolve(entity.properties, PUBLISHED)
        if entity.kind == "pipeline":
            for name, instead in (("fails", FAILS), ("succeeds", SUCCEEDS)):
                made.put("pipelines", name, _without_azure_ml(body, instead))
        else:
            made.put(ORDER[entity.kind], entity.name, body)
    yield made
    client.close()


def _settings(azure: LocalAzure, factory: str) -> Any:
    place = {"cloud": "local", "subscription_id": SUBSCRIPTION, "resource_group": GROUP}
    url = f"{azure.lake}/notifiedlake"
    return settings(
        model(),
        azure=place,
        data_factory={"name": factory},
        lake={"account": "notifiedlake", "file_system": "data", "url": url},
        sandbox={"port": azure.ports[0]},
        notification={"vault": "kv-notified", "secret": "failure-webhook"},
    )


def _without_azure_ml(body: dict[str, Any], instead: dict[str, Any]) -> dict[str, Any]:
    """With another activity called `score`; nothing is tried twice, as a test does not wait for that."""
    steps = [
        each if each["name"] != "score" else {"name": "score", "dependsOn": [], **instead}
        for each in json.loads(json.dumps(body["activities"]))
    ]
    for step in steps:
        if "policy" in step:
            step["policy"]["retry"] = 0
    return {**body, "activities": steps}


def keep_in_the_vault(azure: LocalAzure, address: str) -> None:
    requests.put(
        f"{azure.control}/keyvault/kv-notified/secrets/failure-webhook?api-version=7.4",
        json={"value": address},
        headers={"Authorization": f"Bearer {azure.token('https://vault.azure.net')}"},
        verify=azure.bundle,
        timeout=10,
    ).raise_for_status()


def everything_shown(factory: Factory, run: Any) -> str:
    """What ADF Monitor shows of a run, and what the local Azure has logged."""
    records = [one.as_dict() for one in factory.activities(run["runId"]).values()]
    logs = [path.read_text() for path in (factory.azure.state / "logs").glob("*.log")]
    return json.dumps([run.as_dict(), records]) + "".join(logs)


def test_a_failed_run_is_told_and_still_fails(factory: Factory, workflow: Workflow):
    """The workflow gets the message; nobody else gets the workflow's address."""
    keep_in_the_vault(factory.azure, workflow.address)

    run = factory.finish(factory.start("fails"))
    (message,) = workflow.messages

    assert run["status"] == "Failed"
    assert run["message"].startswith("Operation on target fail_run failed: diabetes: scoring window")
    assert "Nobody was told" not in run["message"]
    assert workflow.paths == [f"/workflows/1?sig={KEY}"]
    assert message["failure"]["adf_run_id"] == run["runId"]
    assert message["failure"]["message"] in run["message"]
    assert KEY not in everything_shown(factory, run)


@pytest.mark.parametrize(
    ("pipeline", "receipt", "expected"),
    [
        ("fails", {"status": "failed", "error": "no column bmi"}, "failed: no column bmi. Azure ML: ML run"),
        ("succeeds", {"status": "superseded"}, "diabetes: window last complete has not landed."),
    ],
)
def test_the_message_links_to_the_ml_run_of_the_receipt(
    factory: Factory, workflow: Workflow, pipeline: str, receipt: dict[str, str], expected: str
):
    """And says why: a check inside of an If does so without what Data Factory puts around its message."""
    keep_in_the_vault(factory.azure, workflow.address)
    first = factory.finish(factory.start(pipeline))
    assert "the ML run succeeded, but its receipt" in first["message"] or pipeline == "fails"
    group = first["runGroupId"]
    with factory.azure.lake_client("notifiedlake") as lake:
        file = lake.get_file_client("data", f"_landing/diabetes/_runs/{group}.json")
        receipt = receipt | {"group_id": group, "ml_run_id": "5f0f3c5e"}
        file.upload_data(json.dumps(receipt).encode(), overwrite=True)

    again = factory.start(pipeline, reference_pipeline_run_id=first["runId"], is_recovery=True)
    factory.finish(again)
    failure = workflow.messages[-1]["failure"]

    assert (failure["adf_run_id"], failure["adf_group_id"]) == (again, group)
    assert failure["ml_run_id"] == "5f0f3c5e"
    assert expected in failure["message"]
    assert "Inner activity" not in failure["message"]


def test_a_run_that_nobody_can_be_told_of_fails_with_its_own_error(factory: Factory, workflow: Workflow):
    """A workflow that refuses; and one that is gone, whose address is in the error of no activity."""
    workflow.status = 500
    keep_in_the_vault(factory.azure, workflow.address)
    refused = factory.finish(factory.start("fails"))
    workflow.close()
    gone = factory.finish(factory.start("fails"))

    for run in (refused, gone):
        assert run["status"] == "Failed"
        assert "ML run 5f0f3c5e failed" in run["message"]
        assert "Nobody was told: see read_webhook and post_failure" in run["message"]
        assert factory.activities(run["runId"])["post_failure"]["status"] == "Failed"
        assert KEY not in everything_shown(factory, run)
