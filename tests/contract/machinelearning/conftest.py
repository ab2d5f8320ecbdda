"""The real SDK, pointed at the session's local Azure by its documented variables (read once, at import)."""

from __future__ import annotations

import logging
import os
import sys
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import MANAGEMENT, LocalAzure
from tests.contract.machinelearning.workshop import (
    COMPUTE,
    FAIL,
    GROUP,
    PREPARE,
    PUBLISH,
    SCORE,
    SLEEP,
    STAGE,
    SUBSCRIPTION,
    TRAIN,
    Ran,
    Rest,
    batch_steps,
    folder,
    publish,
    training_steps,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What the SDK, which is finished software, warns of on newer Pythons is not ours to mend."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="session")
def azure_ml(sandbox: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """The environment of a client on this machine; put back at the end of the session."""
    names = ("ARM_CLOUD_METADATA_URL", "AZUREML_CURRENT_CLOUD", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
    wanted = {name: sandbox.environment[name] for name in names}
    wanted["HOME"] = str(tmp_path_factory.mktemp("home"))
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    logging.getLogger("azureml").setLevel(logging.CRITICAL)
    yield sandbox
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


@pytest.fixture(scope="session")
def rest(azure_ml: LocalAzure) -> Rest:
    """A workspace with one compute, created as an infrastructure team does."""

    name = f"mlw-{uuid.uuid4().hex[:8]}"
    made = Rest(azure_ml.control, lambda: azure_ml.token(MANAGEMENT), name)
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    cluster = {"computeType": "AmlCompute", "properties": {"scaleSettings": {"maxNodeCount": 4}}}
    for path, body in (
        (group, {"location": "westeurope"}),
        (made.scope, {"location": "westeurope"}),
        (f"{made.scope}/computes/{COMPUTE}", {"properties": cluster}),
    ):
        made.call("PUT", f"{path}?api-version=2022-05-01", body).raise_for_status()
    return made


@pytest.fixture(scope="session")
def workspace(rest: Rest) -> Any:
    from azureml.core import Workspace
    from azureml.core.authentication import TokenAuthentication

    authentication = TokenAuthentication(lambda _: rest.token())
    return Workspace(SUBSCRIPTION, GROUP, rest.workspace, auth=authentication)


@pytest.fixture(scope="session")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """All scripts of these tests in one folder. The SDK puts it on sys.path; it is taken off again."""
    before = list(sys.path)
    root: Path = tmp_path_factory.mktemp("source")
    yield folder(
        root / "all",
        prepare=PREPARE,
        train=TRAIN,
        fail=FAIL,
        sleep=SLEEP,
        stage=STAGE,
        score=SCORE,
        publish=PUBLISH,
    )
    sys.path[:] = before


@pytest.fixture(scope="session")
def training(workspace: Any, rest: Rest, scripts: str) -> Ran:
    from azureml.pipeline.core import PipelineRun

    pipeline = publish(
        workspace, "train_demo", training_steps(scripts), description="trains", version="f1ngerpr1nt"
    )
    run_id = rest.submit(pipeline.id, text="hello")
    assert rest.ended(run_id)["Status"]["StatusCode"] == "Finished", rest.error(run_id)
    return Ran(pipeline, PipelineRun.get(workspace, run_id))


@pytest.fixture(scope="session")
def batch(workspace: Any, scripts: str) -> Any:
    return publish(workspace, "score_demo", batch_steps(scripts))
