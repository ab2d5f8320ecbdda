"""npm's @azure/arm-datafactory against the local Data Factory: written by nobody of this project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import npm
from tests.contract.datafactory.factories import GROUP, SUBSCRIPTION

if TYPE_CHECKING:
    from tests.conftest import LocalAzure


def test_the_javascript_client_makes_runs_and_deletes_a_factory(sandbox: LocalAzure) -> None:
    """It reads what it wrote, its pollers end, its pages are read through, its errors have the codes."""
    sandbox.arm("PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}", {"location": "x"})
    environment = {
        "CONTROL": sandbox.control,
        "TOKEN": sandbox.token("https://management.azure.com"),
        "SUBSCRIPTION": SUBSCRIPTION,
        "GROUP": GROUP,
        "NODE_EXTRA_CA_CERTS": sandbox.bundle,
    }

    seen = npm.run("data_factory.mjs", environment=environment)

    assert seen == {
        "factory": ["westeurope", "SystemAssigned", "Succeeded", {"type": "Int", "value": 2}],
        "pipeline": [["ForEach", "SetVariable"], "Array"],
        "lists": [["each"], ["ds_json"], ["ls_lake"]],
        "run": ["Succeeded", "Manual", True],
        "activities": [["append", "Succeeded"]] * 2 + [["each", "Succeeded"], ["return", "Skipped"]],
        "query": [True],
        "started": "Started",
        "edited": [400, "TriggerEnabledCannotUpdate"],
        "gone": [404, "ResourceNotFound"],
        "referenced": [400, "BadRequest"],
        "deleted": [404, "ResourceNotFound"],
    }
