"""Azure Resource Manager, for resources that have no SDK among the packages of this project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from adf.monitor.kinds import TYPES
from deployment.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Mapping

AZURE: Final = "https://management.azure.com"
API_VERSIONS: Final = {
    "resourcegroups": "2021-04-01",
    "microsoft.storage": "2023-05-01",
    "microsoft.machinelearningservices": "2022-05-01",
    "microsoft.datafactory": "2018-06-01",
    "microsoft.operationalinsights": "2022-10-01",
    "microsoft.authorization": "2022-04-01",
    **{each.name.lower(): each.api_version for each in TYPES.values()},
}
"""The last that stands in an id counts: what is about a resource is named behind it."""


class ResourceManager:
    """By resource id, through azure-core's pipeline: its retries, its tokens."""

    def __init__(self, credential: Any, url: str = AZURE) -> None:  # noqa: ANN401 - azure-identity's
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy

        # Tokens are always asked for Azure's own audience: the local identity issues them too.
        policies = [RetryPolicy(), BearerTokenCredentialPolicy(credential, f"{AZURE}/.default")]
        self._url = url.rstrip("/")
        self._client: Any = PipelineClient(url, policies=policies)

    def get(self, resource_id: str, query: Mapping[str, str] | None = None) -> dict[str, Any] | None:
        """The resource; None where there is none."""
        return self._send("GET", resource_id, query=query)

    def put(self, resource_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._send("PUT", resource_id, body) or {}

    def delete(self, resource_id: str) -> None:
        """It may be gone already."""
        self._send("DELETE", resource_id)

    def list(self, collection_id: str, **query: str) -> list[dict[str, Any]]:
        """What a collection holds, all its pages; one that is not there is refused."""
        page = self._send("GET", collection_id, query=query)
        found: list[dict[str, Any]] = []
        while page is not None:
            found += page.get("value") or ()
            if not page.get("nextLink"):
                return found
            page = self._ask("GET", collection_id, url=page["nextLink"])
        raise InfrastructureError(f"Resource Manager knows no {collection_id}")

    def _send(
        self,
        method: str,
        resource_id: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> dict[str, Any] | None:
        said = {"api-version": _api_version(resource_id), **(query or {})}
        return self._ask(method, resource_id, url=self._url + resource_id, params=said, json=body)

    def _ask(self, method: str, resource_id: str, **request: Any) -> dict[str, Any] | None:  # noqa: ANN401
        from azure.core.exceptions import AzureError
        from azure.core.rest import HttpRequest

        try:
            response = self._client.send_request(HttpRequest(method, **request))
        except AzureError as error:
            raise InfrastructureError(
                f"Resource Manager cannot be asked for {resource_id}: {error}"
            ) from error
        if response.status_code == 404 and method != "PUT":
            return None
        if response.status_code >= 400:
            said = _message(response.text())
            raise InfrastructureError(
                f"Resource Manager refused {resource_id}: {response.status_code} {said}"
            )
        return dict(response.json()) if response.text() else {}


def _api_version(resource_id: str) -> str:
    lowered = resource_id.lower()
    return next(version for part, version in reversed(API_VERSIONS.items()) if f"/{part}/" in lowered)


def _message(text: str) -> str:
    try:
        error = json.loads(text)["error"]
        return f"{error['code']}: {error['message']}"
    except (ValueError, KeyError, TypeError):
        return text[:200]
