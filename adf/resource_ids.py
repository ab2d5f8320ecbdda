"""Resource Manager's ids of what an environment names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config.schema import Settings


def resource_group_id(settings: Settings) -> str:
    return f"/subscriptions/{settings.azure.subscription_id}/resourceGroups/{settings.azure.resource_group}"


def factory_id(settings: Settings) -> str:
    provider = "providers/Microsoft.DataFactory/factories"
    return f"{resource_group_id(settings)}/{provider}/{settings.data_factory.name}"


def lake_group_id(settings: Settings) -> str:
    """The storage account may lie in a resource group of its own."""
    group = settings.lake.resource_group or settings.azure.resource_group
    return f"/subscriptions/{settings.azure.subscription_id}/resourceGroups/{group}"


def storage_account_id(settings: Settings) -> str:
    return f"{lake_group_id(settings)}/providers/Microsoft.Storage/storageAccounts/{settings.lake.account}"


def workspace_id(settings: Settings) -> str:
    provider = "providers/Microsoft.MachineLearningServices/workspaces"
    return f"{resource_group_id(settings)}/{provider}/{settings.machine_learning.workspace}"


def compute_id(settings: Settings) -> str:
    return f"{workspace_id(settings)}/computes/{settings.machine_learning.compute}"
