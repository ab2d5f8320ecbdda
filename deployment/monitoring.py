"""The resources that watch a factory, through Resource Manager: each by its id, as its provider answers it.

A list of resources is Resource Manager's own, and lags behind what was written; so what is asked for by name
is read, and nothing else. What a body holds beside what this program writes is not told.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from adf.monitor.kinds import TYPES, encoded, ours
from adf.monitor.resources import normal_location, resource_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from adf.entities import Kind, ResourceKind
    from config.schema import Settings
    from deployment.resource_manager import ResourceManager
    from deployment.resources import Address

WORKERS = 8


@dataclass(frozen=True)
class LiveResource:
    """`properties` is the whole body: `location`, `tags`, `properties`."""

    kind: ResourceKind
    name: str
    properties: Mapping[str, Any]
    etag: str | None = None


class Monitoring:
    """Reads and writes the resources of one installation."""

    def __init__(self, resources: ResourceManager, settings: Settings) -> None:
        self._resources = resources
        self._settings = settings

    def read(self, addresses: Iterable[Address]) -> list[LiveResource]:
        """Those that exist. Raises InfrastructureError."""
        wanted = [(cast("ResourceKind", each.kind), each.name) for each in addresses]
        if not wanted:
            return []
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="monitoring") as pool:
            found = pool.map(lambda each: self._get(*each), wanted)
            return [each for each in found if each is not None]

    def put(self, kind: Kind, name: str, properties: dict[str, Any]) -> None:
        """Tags of others stay as they are."""
        kind = cast("ResourceKind", kind)
        place = resource_id(self._settings, kind, name)
        before = self._resources.get(place) or {}
        body = encoded(properties)
        if "tags" in body:
            body["tags"] = {**(before.get("tags") or {}), **body["tags"]}
        self._resources.put(place, body)

    def delete(self, kind: Kind, name: str) -> None:
        self._resources.delete(resource_id(self._settings, cast("ResourceKind", kind), name))

    def _get(self, kind: ResourceKind, name: str) -> LiveResource | None:
        place = resource_id(self._settings, kind, name)
        more = {"canFetchContent": "true"} if kind == "workbook" else {}
        answer = self._resources.get(place, more)
        return None if answer is None else LiveResource(kind, name, decoded(kind, answer))


def decoded(kind: ResourceKind, answer: Mapping[str, Any]) -> dict[str, Any]:
    """As `adf.monitor` writes it: logs that are on, in their order; the content of a workbook as JSON."""
    body = ours(TYPES[kind].shape, answer)
    if "location" in body:
        body["location"] = normal_location(str(body["location"]))
    properties = body.get("properties") or {}
    if isinstance(properties.get("logs"), list):
        properties["logs"] = _logs(properties["logs"])
    if isinstance(properties.get("serializedData"), str):
        properties["serializedData"] = _content(properties["serializedData"])
    return body


def _logs(logs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Azure answers with every category there is; which are on is what counts."""
    on = [each for each in logs if each.get("enabled")]
    return sorted(on, key=lambda each: str(each.get("category") or each.get("categoryGroup")))


def _content(text: str) -> Any:  # noqa: ANN401 - any JSON
    try:
        return json.loads(text)
    except ValueError:
        return text
