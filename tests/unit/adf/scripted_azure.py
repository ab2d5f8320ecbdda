"""An Azure that answers what it is told to: a `requests` adapter under the SDK's transport and policies."""

import io
import json
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import requests
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter

Answer = tuple[int, Any] | Exception


@dataclass
class ScriptedAzure(BaseAdapter):
    """Gives the answers in order; keeps what was sent."""

    answers: deque[Answer] = field(default_factory=deque)
    sent: list[requests.PreparedRequest] = field(default_factory=list)

    def then(self, status: int, body: Any = None) -> "ScriptedAzure":
        self.answers.append((status, body))
        return self

    def then_raise(self, error: Exception) -> "ScriptedAzure":
        self.answers.append(error)
        return self

    def refuses(self, status: int, code: str, message: str) -> "ScriptedAzure":
        return self.then(
            status, {"error": {"code": code, "message": message, "target": None, "details": None}}
        )

    def transport(self) -> RequestsTransport:
        session = requests.Session()
        session.mount("https://", self)
        return RequestsTransport(session=session, session_owner=False)

    def bodies(self) -> list[Any]:
        return [json.loads(request.body or b"null") for request in self.sent]

    def paths(self) -> list[str]:
        return [
            f"{request.method} {request.path_url.split('?')[0].rpartition('/factories/')[2]}"
            for request in self.sent
        ]

    def send(self, request: requests.PreparedRequest, **_: Any) -> requests.Response:
        self.sent.append(request)
        answer = self.answers.popleft()
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        response = requests.Response()
        response.status_code, response.request, response.url = status, request, request.url
        content = b"" if body is None else json.dumps(body).encode()
        response.headers["Content-Type"] = "application/json"
        response.headers["x-ms-correlation-request-id"] = "correlation-1"
        response.raw = io.BytesIO(content)
        return response

    def close(self) -> None:
        """Nothing is open."""
