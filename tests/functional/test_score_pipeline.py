"""The generated score pipeline on the local Data Factory, with receipts in the local lake.

Where Azure ML would run stands an activity that waits, or fails: what is tested is how the run ends.
"""

import copy
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.storage.filedatalake import DataLakeServiceClient

from adf.entities import resolve
from adf.factory import build
from adf.gateway import DataFactory
from tests.contract.data_factories import LocalIdentity, empty_factory, local_azure, put_resource
from tests.unit.adf.builders import PUBLISHED, contracts, model, settings

ML_FAILED = {"type": "Fail", "typeProperties": {"message": "ML run abc failed", "errorCode": "4126"}}
ML_SUCCEEDED = {"type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}
TIME_TO_WRITE_THE_RECEIPT = {"type": "Wait", "typeProperties": {"waitTimeInSeconds": 2}}


@dataclass
class Azure:
    factory: DataFactory
    lake: DataLakeServiceClient

    def write_receipt(self, group_id: str, facts: dict[str, Any]) -> None:
        receipt = {"group_id": group_id, "window_start": "2026-11-22T00:00:00Z", "error": ""} | facts
        files = self.lake.get_file_system_client("data")
        path = f"_landing/diabetes/_runs/{group_id}.json"
        files.get_file_client(path).upload_data(json.dumps(receipt).encode(), overwrite=True)

    def finished(self, run_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 180
        while time.monotonic() < deadline:
            run = self.factory.run(run_id)
            assert run is not None
            if run["status"] not in ("Queued", "InProgress"):
                return run
            time.sleep(0.1)
        raise TimeoutError(run_id)


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    """A factory with the generated entities, and an empty lake."""
    with local_azure(tmp_path_factory.mktemp("azure") / "state") as addresses:
        factory = empty_factory(addresses)
        place = "/providers/Microsoft.Storage/storageAccounts/demolake?api-version=2023-05-01"
        put_resource(factory, place)
        identity = LocalIdentity(addresses["identity"], addresses["identity_header"])
        url = f"{addresses['lake']}/demolake"
        lake = DataLakeServiceClient(url, credential=identity, connection_verify=addresses["ca"])
        lake.create_file_system("data")
        made = settings(model(), lake={"account": "demolake", "file_system": "data", "url": url})
        for entity in build(made, contracts("diabetes")):
            body = resolve(entity.properties, PUBLISHED)
            if entity.kind == "pipeline":
                factory.put("pipeline", "score_succeeds", without_azure_ml(body, ML_SUCCEEDED))
                factory.put("pipeline", "score_fails", without_azure_ml(body, ML_FAILED))
            else:
                factory.put(entity.kind, entity.name, body)
        yield Azure(factory, lake)
        lake.close()


def without_azure_ml(body: dict[str, Any], instead: dict[str, Any]) -> dict[str, Any]:
    """The pipeline with another activity called `score`, after the time that it takes to write a receipt."""
    changed = copy.deepcopy(body)
    after = [{"activity": "before", "dependencyConditions": ["Succeeded"]}]
    changed["activities"][0] = {"name": "score", **instead, "dependsOn": after}
    changed["activities"].append({"name": "before", **TIME_TO_WRITE_THE_RECEIPT, "dependsOn": []})
    changed["activities"][1]["policy"]["retry"] = 0
    return changed


def run(azure: Azure, pipeline: str, receipt: dict[str, Any] | None) -> tuple[str, str]:
    """How a run ends, and its message."""
    run_id = azure.factory.create_run(pipeline, {})
    started = azure.factory.run(run_id)
    assert started is not None
    if receipt is not None:
        azure.write_receipt(started["runGroupId"], receipt)
    ended = azure.finished(run_id)
    return ended["status"], ended["message"] or ""


@pytest.mark.parametrize("status", ["committed", "unchanged"])
def test_a_window_that_landed_ends_green(azure: Azure, status: str):
    """By the receipt of this run group."""
    assert run(azure, "score_succeeds", {"status": status})[0] == "Succeeded"


def test_a_window_that_did_not_land_ends_red(azure: Azure):
    """With the status and the first error of the receipt in the run's message."""
    ended, message = run(
        azure, "score_succeeds", {"status": "superseded", "error": "a later attempt was first"}
    )

    assert ended == "Failed"
    assert "says superseded: a later attempt was first" in message


def test_a_receipt_of_another_group_ends_red(azure: Azure):
    """Green means: this very run landed the window."""
    assert run(azure, "score_succeeds", {"status": "committed", "group_id": "another"})[0] == "Failed"


def test_a_failed_score_ends_red_with_both_errors(azure: Azure):
    """The receipt's first error, and Azure ML's."""
    ended, message = run(azure, "score_fails", {"status": "failed", "error": "column bmi is missing"})

    assert ended == "Failed"
    assert "2026-11-22T00:00:00Z failed: column bmi is missing. Azure ML: ML run abc failed" in message


def test_a_failed_score_without_a_receipt_ends_red_and_not_in_a_crash(azure: Azure):
    """Even where Azure ML could not be reached at all."""
    ended, message = run(azure, "score_fails", None)

    assert ended == "Failed"
    assert "diabetes: scoring window last complete failed. Azure ML: ML run abc failed" in message
