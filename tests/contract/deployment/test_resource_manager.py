"""Resource Manager's gateway, and the infrastructure that the local session makes through it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from config.schema import Settings
from deployment import provisioning
from deployment.errors import InfrastructureError
from deployment.lake import Lake
from deployment.resource_manager import ResourceManager
from tests.unit.deployment.fakes import Told

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import LocalAzure


def settings(sandbox: LocalAzure, sample: Path) -> Settings:
    return Settings.model_validate(
        {
            "environment": "local",
            "project": "shop",
            "azure": {
                "cloud": "local",
                "subscription_id": "00000000-0000-0000-0000-00000000c0de",
                "resource_group": "rg-made",
                "location": "local",
            },
            "data_factory": {"name": "adf-made"},
            "machine_learning": {"workspace": "ml-made", "compute": "cpu"},
            "lake": {"account": "madelake", "file_system": "data", "url": f"{sandbox.lake}/madelake"},
            "sandbox": {"files": {"raw/shop": sample}},
            "models": {},
        }
    )


@pytest.fixture
def resources(sandbox: LocalAzure, monkeypatch: pytest.MonkeyPatch) -> ResourceManager:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", sandbox.bundle)
    return ResourceManager(sandbox.credential, sandbox.control)


def test_infrastructure_is_required_by_name_then_made_once_and_found(sandbox, resources, tmp_path):
    """All that is missing is named at once; making it twice changes nothing."""
    (tmp_path / "incoming").mkdir()
    (tmp_path / "incoming/a.csv").write_text("id\n1\n")
    wanted, told = settings(sandbox, tmp_path), Told()
    lake = Lake(wanted.lake_url, "data", sandbox.credential)

    with pytest.raises(
        InfrastructureError, match=r"rg-made, workspace ml-made, compute cpu, file system data"
    ):
        provisioning.require(wanted, resources, lake)
    provisioning.make(wanted, resources, lake, told)
    made = list(told.lines)
    provisioning.make(wanted, resources, lake, told)

    provisioning.require(wanted, resources, lake)
    assert told.lines == made
    assert lake.read("raw/shop/incoming/a.csv") == b"id\n1\n"


def test_a_refusal_is_in_resource_managers_words(resources):
    """With code and message."""
    resource = "/subscriptions/00000000-0000-0000-0000-00000000c0de/resourceGroups/rg-bad"

    with pytest.raises(InfrastructureError, match="400 LocationRequired"):
        resources.put(resource, {})
