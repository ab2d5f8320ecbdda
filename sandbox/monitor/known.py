"""What a resource may refer to: factories, action groups and workspaces that are there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sandbox.datafactory.models import FactoryId
from sandbox.errors import AzureError
from sandbox.monitor.fields import BadField

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.store import Store

_ID: Final = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)/providers/"
    r"(?P<type>[^/]+/[^/]+)/(?P<name>[^/]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Known:
    """Each question is asked with an id and the field that it stands in, which an error names."""

    store: Store
    require_factory: Callable[[FactoryId], object]
    """Raises where there is none."""

    def factory(self, resource_id: str, path: str) -> None:
        found = self._parsed(resource_id, "Microsoft.DataFactory/factories", path)
        self.require_factory(FactoryId(found["subscription"], found["group"], found["name"]))

    def workspace(self, resource_id: str, path: str) -> None:
        self._resource(resource_id, "Microsoft.OperationalInsights/workspaces", path)

    def action_group(self, resource_id: str, path: str) -> None:
        self._resource(resource_id, "Microsoft.Insights/actionGroups", path)

    def _resource(self, resource_id: str, kind: str, path: str) -> None:
        found = self._parsed(resource_id, kind, path)
        scope = group_scope(found["subscription"], found["group"])
        if self.store.get(scope, kind, found["name"]) is None:
            raise NotThere(kind, found["name"], found["group"])

    @staticmethod
    def _parsed(resource_id: str, kind: str, path: str) -> re.Match[str]:
        found = _ID.fullmatch(resource_id)
        if found is None or found["type"].lower() != kind.lower():
            raise BadField(path, f"must be the id of a {kind}, not '{resource_id[:200]}'")
        return found


class NotThere(AzureError):
    """404, as Resource Manager words it."""

    def __init__(self, kind: str, name: str, group: str) -> None:
        message = f"The Resource '{kind}/{name}' under resource group '{group}' was not found."
        super().__init__(404, "ResourceNotFound", message)


def group_scope(subscription: str, group: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}"
