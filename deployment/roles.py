"""Azure's built-in roles that this project's parts need, and the wider ones that hold all of them. Pure.

By the ids of https://learn.microsoft.com/azure/role-based-access-control/built-in-roles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Role:
    """A built-in role; without an id, what no built-in role gives alone."""

    name: str
    id: str = ""
    within: tuple[Role, ...] = ()
    """Wider roles that hold all of it."""

    def ids(self) -> set[str]:
        """Of itself and of those that hold it."""
        return {self.id, *(each.id for each in self.within)} - {""}


OWNER: Final = Role("Owner", "8e3af657-a8ff-443c-a75c-2fe8c4bcb635")
CONTRIBUTOR: Final = Role("Contributor", "b24988ac-6180-42a0-ab88-20f7382dd24c")
FACTORY_CONTRIBUTOR: Final = Role(
    "Data Factory Contributor", "673868aa-7521-48a0-acc6-0f60742d39f5", (CONTRIBUTOR, OWNER)
)
DATA_SCIENTIST: Final = Role(
    "AzureML Data Scientist", "f6c7c914-8db3-469d-8ca1-694a8f32e121", (CONTRIBUTOR, OWNER)
)
BLOB_OWNER: Final = Role("Storage Blob Data Owner", "b7e6dc6d-f1e8-4753-8033-0f276bb0955b")
BLOB_CONTRIBUTOR: Final = Role(
    "Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe", (BLOB_OWNER,)
)
BLOB_READER: Final = Role(
    "Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", (BLOB_CONTRIBUTOR, BLOB_OWNER)
)
EVENT_GRID_CONTRIBUTOR: Final = Role("EventGrid Contributor", "1e241071-0855-49ea-94dc-649edcd759de")
EVENT_SUBSCRIBER: Final = Role(
    "EventGrid EventSubscription Contributor",
    "428e0ff0-5e57-4d9c-a221-2c70d0e0a443",
    (EVENT_GRID_CONTRIBUTOR, CONTRIBUTOR, OWNER),
)
SECRETS_USER: Final = Role(
    "Key Vault Secrets User",
    "4633458b-17de-408a-b874-0445c86b69e6",
    (
        Role("Key Vault Secrets Officer", "b86a8fe4-44ce-4948-aee5-eccb2c155cd7"),
        Role("Key Vault Administrator", "00482a5a-887f-4fb3-b363-3b7fe8e74483"),
    ),
)
MONITORING: Final = Role(
    "Monitoring Contributor", "749f88d5-cbae-40b8-bcfc-e573ddc772fa", (CONTRIBUTOR, OWNER)
)
LOG_ANALYTICS: Final = Role(
    "Log Analytics Contributor", "92aaf0da-9dab-42b6-94a3-d43ce8d16293", (CONTRIBUTOR, OWNER)
)
DASHBOARDS: Final = Role("a role with Microsoft.Portal/dashboards/*", within=(CONTRIBUTOR, OWNER))
DATABASE_USER: Final = Role("a user of the database")
