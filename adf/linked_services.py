"""The linked services: Azure ML, the lake, the warehouse: all by the factory's managed identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf.entities import Entity
from adf.ownership import annotations_of

if TYPE_CHECKING:
    from config.output_schema import Warehouse
    from config.schema import Settings


def machine_learning(settings: Settings) -> Entity:
    """`AzureMLService` with `authentication: MSI`: no principal, no key."""
    properties = {
        "type": "AzureMLService",
        "description": "The Azure ML workspace that trains and scores.",
        "annotations": annotations_of(settings),
        "typeProperties": {
            "subscriptionId": settings.azure.subscription_id,
            "resourceGroupName": settings.azure.resource_group,
            "mlWorkspaceName": settings.machine_learning.workspace,
            "authentication": "MSI",
        },
    }
    return Entity("linked_service", settings.data_factory.linked_service_machine_learning, properties)


def lake(settings: Settings) -> Entity:
    """`AzureBlobFS` with a url and nothing else: that means the factory's managed identity."""
    properties = {
        "type": "AzureBlobFS",
        "description": "The data lake: inputs, predictions and receipts.",
        "annotations": annotations_of(settings),
        "typeProperties": {"url": settings.lake_url},
    }
    return Entity("linked_service", settings.data_factory.linked_service_lake, properties)


def warehouse(settings: Settings, place: Warehouse) -> Entity:
    """`AzureSqlDatabase` by its separate properties: a connection string would have room for a password."""
    properties = {
        "type": "AzureSqlDatabase",
        "description": "The warehouse: tables that landed windows are copied to.",
        "annotations": annotations_of(settings),
        "typeProperties": {
            "server": place.server,
            "database": place.database,
            "encrypt": "mandatory",
            "trustServerCertificate": False,
            "authenticationType": "SystemAssignedManagedIdentity",
        },
    }
    return Entity("linked_service", settings.data_factory.linked_service_warehouse, properties)


def reference(name: str) -> dict[str, str]:
    return {"referenceName": name, "type": "LinkedServiceReference"}
