"""A sandbox seen from outside: found by its folder, asked, stopped. Standard library only: it is quick."""

from __future__ import annotations

import json
import os
import signal
import ssl
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from sandbox import status
from sandbox.errors import StillStopping, stop_command

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.state import StateFolder

_ANSWER_SECONDS = 5
_STOP_SECONDS = 30
_LOCKS = ("lock", "lake.lock")
_MANAGEMENT = "https://management.azure.com/"


@dataclass(frozen=True)
class Outside:
    """A sandbox that answered; `endpoints` are those of its folder."""

    endpoints: dict[str, Any]

    def get(self, path: str) -> dict[str, Any]:
        """Raises `OSError` where it does not answer."""
        return self.call("GET", path)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Raises `OSError` where it does not answer, `HTTPError` among them where it refuses."""
        token = self._ask(
            f"{self.endpoints['identity']}?api-version=2019-08-01&resource={quote(_MANAGEMENT, safe='')}",
            {"X-IDENTITY-HEADER": self.endpoints["identity_header"]},
        )["access_token"]
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return self._ask(f"{self.endpoints['control']}{path}", headers, method, body)

    def answers(self) -> bool:
        try:
            return self._ask(f"{self.endpoints['control']}/_sandbox/health", {}) == {"status": "ready"}
        except (OSError, ValueError):
            return False

    def _ask(
        self, url: str, headers: dict[str, str], method: str = "GET", body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        context = ssl.create_default_context(cafile=self.endpoints["ca"])
        opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
        content = None if body is None else json.dumps(body).encode()
        request = Request(url, content, headers, method=method)  # noqa: S310 - what endpoints.json says
        with opener.open(request, timeout=_ANSWER_SECONDS) as response:
            answer: dict[str, Any] = json.load(response)
            return answer


def find(folder: StateFolder) -> Outside | None:
    """The sandbox of this folder, if it is ready."""
    endpoints = folder.announced()
    if endpoints is None:
        return None
    found = Outside(endpoints)
    return found if found.answers() else None


def stop(folder: StateFolder, *, now: bool) -> int:
    """Returns when the process has ended, its lake too; says so where there was none.

    Raises `OwnerOutOfReach` and `StillStopping`.
    """
    owner = folder.owner()
    if owner is None:
        print(f"no local Azure runs on {folder.path}")  # noqa: T201
        return 0
    with suppress(ProcessLookupError):  # it has just ended by itself
        os.kill(owner, signal.SIGKILL if now else signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while not folder.is_free(*_LOCKS):
        if time.monotonic() >= deadline:
            raise StillStopping(folder.path, owner, _STOP_SECONDS)
        time.sleep(0.02)
    print(f"stopped the local Azure of {folder.path} (pid {owner})")  # noqa: T201
    return 0


def show_status(folder: StateFolder, *, as_json: bool) -> int:
    """0 where it runs and answers, 1 otherwise."""
    found = _status(folder)
    if as_json:
        print(json.dumps(found, indent=2))  # noqa: T201
    else:
        width = max(len(name) for name, _ in _lines(found))
        sys.stdout.writelines(f"{name:<{width}}  {text}\n" for name, text in _lines(found))
    return 0 if found["status"] == "running" else 1


def _status(folder: StateFolder) -> dict[str, Any]:
    known: dict[str, Any] = {
        "status": "stopped" if folder.is_free("lock") else "busy",
        "state": str(folder.path),
        "bytes": {"lake": _bytes(folder.path / "lake"), "all": _bytes(folder.path)},
        "logs": str(folder.logs),
    }
    endpoints = folder.announced()
    if endpoints is None:
        return known
    try:
        said = Outside(endpoints).get(status.PATH)
    except (OSError, ValueError):
        return known
    public = {name: value for name, value in endpoints.items() if name != "identity_header"}
    return {**known, **public, **said, "status": "running"}


def _lines(found: dict[str, Any]) -> list[tuple[str, str]]:
    sizes = found["bytes"]
    rest = [
        ("state", f"{found['state']}: lake {_size(sizes['lake'])}, all {_size(sizes['all'])}"),
        ("logs", found["logs"]),
    ]
    match found["status"]:
        case "stopped":
            return [("stopped", f"no local Azure runs on {found['state']}"), *rest]
        case "busy":
            return [("busy", "it starts or stops, or does not answer: the log says which"), *rest]
    return [
        ("running", f"since {found['since']}, pid {found['pid']}"),
        ("control", f"{found['control']} (Resource Manager, Azure ML, Data Factory)"),
        ("lake", found["lake"]),
        ("identity", found["identity"]),
        ("clock", status.clock_line(found.get("clock", status.WORLD))),
        ("runs", "; ".join(found["runs"]) or "none"),
        ("triggers", ", ".join(found["started_triggers"]) or "none started"),
        ("idle", f"for {found['idle_seconds']} s; {_end(found)}"),
        *rest,
        ("stop", stop_command(found["state"])),
    ]


def _end(found: dict[str, Any]) -> str:
    if not found["idle_minutes"]:
        return "runs until it is stopped"
    kept = "request, run and started trigger" if found["triggers_keep_it"] else "request and run"
    return f"stops after {found['idle_minutes']:g} minutes without {kept}"


def _bytes(folder: Path) -> int:
    """Of all files; what goes away meanwhile is not counted."""
    total = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - a lake has many
            except FileNotFoundError:
                continue
    return total


def _size(number: float) -> str:
    for unit in ("bytes", "KB", "MB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} GB"
