"""Azure Resource Manager, for resources that have no SDK among the packages of this project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from deployment.errors import InfrastructureError

if TYPE_CHECKING:
    from collections.abc import Mapping

AZURE: Final = "https://management.azure.com"
API_VERSIONS: Final = {
    "resourcegroups": "2021-04-01",
    "microsoft.storage": "2023-05-01",
    "microsoft.machinelearningservices": "2022-05-01",
}


class ResourceManager:
    """GET and PUT by resource id, through azure-core's pipeline: its retries, its tokens."""

    def __init__(self, credential: Any, url: str = AZURE) -> None:  # noqa: ANN401 - azure-identity's
        from azure.core import PipelineClient
        from azure.core.pipeline.policies import BearerTokenCredentialPolicy, RetryPolicy

        # Tokens are always asked for Azure's own audience: the local identity issues them too.
        policies = [RetryPolicy(), BearerTokenCredentialPolicy(credential, f"{AZURE}/.default")]
        self._url = url.rstrip("/")
        self._client: Any = PipelineClient(url, policies=policies)

    def get(self, resource_id: str) -> dict[str, Any] | None:
        """The resource; None where there is none."""
        return self._send("GET", resource_id, None)

    def put(self, resource_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._send("PUT", resource_id, body) or {}

    def _send(self, method: str, resource_id: str, body: Mapping[str, Any] | None) -> dict[str, Any] | None:
        from azure.core.exceptions import AzureError
        from azure.core.rest import HttpRequest

        query = {"api-version": _api_version(resource_id)}
        request = HttpRequest(method, self._url + resource_id, params=query, json=body)
        try:
            response = self._client.send_request(request)
        except AzureError as error:
            raise InfrastructureError(
                f"Resource Manager cannot be asked for {resource_id}: {error}"
            ) from error
        if response.status_code == 404 and method == "GET":
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
