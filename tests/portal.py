"""The portal as a program without a browser visits it, and a factory for it to look at."""

from __future__ import annotations

import re
import time
import uuid
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import requests

if TYPE_CHECKING:
    from tests.conftest import LocalAzure

SUBSCRIPTION = "sub-portal"
GROUP = "rg-portal"


class Visitor:
    """A browser's cookies, and no script."""

    def __init__(self, azure: LocalAzure) -> None:
        self.azure = azure
        self._session = requests.Session()
        self._session.verify = azure.bundle
        self._session.trust_env = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def enter(self) -> None:
        assert self.ask("GET", link(self.azure)).status_code == 200

    def ask(self, method: str, address: str, **options: Any) -> requests.Response:
        """Of an address of the portal, or a whole one."""
        url = address if address.startswith("https:") else f"{self.azure.control}{address}"
        return self._session.request(method, url, timeout=30, **options)

    def page(self, address: str) -> str:
        answer = self.ask("GET", address)
        assert answer.status_code == 200, answer.text
        return answer.text

    def press(self, page: str, action: str, **headers: str) -> requests.Response:
        """The button of a form on a page, as a browser does it."""
        html = self.page(page)
        (form,) = re.findall(
            rf'<form method="post" action="[^"]*/{action}[^"]*">.*?</form>', html, re.DOTALL
        )[:1]
        (address,) = re.findall(r'action="([^"]+)"', form)
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form))
        sent = {"Origin": self.azure.control, **headers}
        return self.ask("POST", address.replace("&amp;", "&"), data=fields, headers=sent)


def link(azure: LocalAzure) -> str:
    """A fresh one, which opens the portal once."""
    answer = azure.arm("POST", "/_sandbox/portal/links")
    answer.raise_for_status()
    return str(answer.json()["url"])


class Factory:
    """A data factory of one's own in the session's local Azure."""

    def __init__(self, azure: LocalAzure) -> None:
        self.azure = azure
        self.name = f"adf-{uuid.uuid4().hex[:12]}"
        group = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
        azure.arm("PUT", group, {"location": "here"}).raise_for_status()
        self.path = f"{group}/providers/Microsoft.DataFactory/factories/{self.name}"
        azure.arm(
            "PUT", self.path, {"location": "here", "identity": {"type": "SystemAssigned"}}
        ).raise_for_status()

    @property
    def address(self) -> str:
        """As the portal's pages name it."""
        return f"{SUBSCRIPTION}/{GROUP}/{self.name}"

    def page(self, name: str, **query: str) -> str:
        asked = {"factory": self.address, **query}
        return f"/portal/{name}?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in asked.items())

    def put(self, kind: str, name: str, properties: dict[str, Any]) -> None:
        answer = self.azure.arm("PUT", f"{self.path}/{kind}/{quote(name)}", {"properties": properties})
        assert answer.status_code == 200, answer.text

    def pipeline(self, name: str, *activities: dict[str, Any], **properties: Any) -> None:
        self.put("pipelines", name, {"activities": list(activities), **properties})

    def start(self, pipeline: str, parameters: dict[str, Any] | None = None) -> str:
        answer = self.azure.arm(
            "POST", f"{self.path}/pipelines/{quote(pipeline)}/createRun", parameters or {}
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["runId"])

    def run(self, pipeline: str, parameters: dict[str, Any] | None = None) -> str:
        """The run's id, once it is over."""
        run_id = self.start(pipeline, parameters)
        while self.status(run_id) in ("Queued", "InProgress", "Canceling"):
            time.sleep(0.05)
        return run_id

    def status(self, run_id: str) -> str:
        return str(self.azure.arm("GET", f"{self.path}/pipelineruns/{run_id}").json()["status"])
