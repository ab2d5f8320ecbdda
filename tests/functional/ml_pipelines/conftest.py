"""One workspace with a compute and a lake for the session, made as an infrastructure team does."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ResourceExistsError
from azure.storage.filedatalake import DataLakeServiceClient

from ml_pipelines.gateway import MachineLearning
from ml_pipelines.steps.lake import Lake
from tests.functional.ml_pipelines.workspace import (
    COMPUTE,
    FILE_SYSTEM,
    GROUP,
    SUBSCRIPTION,
    WORKSPACE,
    Workspace,
    new_model,
    script,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import LocalAzure

CLIENT_VARIABLES = (
    "ARM_CLOUD_METADATA_URL",
    "AZUREML_CURRENT_CLOUD",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_FILE",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    ignore_warnings_below(Path(__file__).parent, items)


def ignore_warnings_below(folder: Path, items: list[pytest.Item]) -> None:
    """What the SDK v1, which is finished software, warns of is not ours to mend."""
    for item in items:
        if item.path.is_relative_to(folder):
            item.add_marker(pytest.mark.filterwarnings("ignore"))


@pytest.fixture(scope="session")
def workspace(sandbox: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    wanted = {name: sandbox.environment[name] for name in CLIENT_VARIABLES}
    wanted["HOME"] = str(tmp_path_factory.mktemp("home"))
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    yield provisioned(sandbox)
    for name, value in before.items():
        os.environ.pop(name) if value is None else os.environ.update({name: value})


def provisioned(sandbox: LocalAzure) -> Workspace:
    url = sandbox.account("steps")
    with DataLakeServiceClient(url, credential=sandbox.credential) as service, suppress(ResourceExistsError):
        service.create_file_system(FILE_SYSTEM).close()
    group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    place = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{WORKSPACE}"
    cluster = {"computeType": "AmlCompute", "properties": {"scaleSettings": {"maxNodeCount": 4}}}
    sandbox.arm("PUT", place, {"location": "local"}).raise_for_status()
    sandbox.arm("PUT", f"{place}/computes/{COMPUTE}", {"properties": cluster}).raise_for_status()
    gateway = MachineLearning(
        subscription_id=SUBSCRIPTION, resource_group=GROUP, workspace=WORKSPACE, token=sandbox.token
    )
    lake = Lake(url, FILE_SYSTEM, sandbox.credential)
    return Workspace(sandbox.control, sandbox.token, url, lake, gateway)


@pytest.fixture
def new_scored_model(workspace: Workspace, tmp_path: Path):
    """`new_scored_model(score_py, files, **changes)`: a model with a registered version and a day's input."""

    def make(text: str, files: dict[str, bytes], *, register: bool = True, **changes):
        source = tmp_path / "source"
        source.mkdir(exist_ok=True)
        model = new_model(script(source, text), **changes)
        workspace.put({f"in/{model.name}/2026/11/22/{name}": content for name, content in files.items()})
        if register:
            content = tmp_path / "weights.txt"
            content.write_text("3")
            workspace.gateway.register_model(model.name, content, {"approved": "true"})
        return model

    return make
