"""Deployments that die where they are told to: `deploy.py`, forked off a process that imported everything.

    python warm_process.py      one order a line on stdin, one answer a line on stdout, both JSON

    order    {"commands": [{"argv": [...], "log": FILE, "hit": null | {"request": KEY, "when", "signal"}}]}
    answer   [{"code": 0, "stdout": "...", "stderr": "..."}]       of the commands, which ran at the same time

Each command is a process of its own with real sockets. It writes the key of every HTTP request, and whether
it goes out or is answered, to its log; at the request that is to hit it, it sends itself a signal: before a
byte leaves, or when the answer is there. Keys say what a request is, not when it comes: workers race.
"""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
from collections import Counter
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

import requests

import deploy

if TYPE_CHECKING:
    from collections.abc import Mapping

RANDOM = re.compile(
    r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}|(?<=releases/)\d{6}|morning|evening|night"
    r"|(?<=LocalUpload/)\w+-[0-9a-f]{8}|(?<=%3A)\d+"
)
QUERY = re.compile(r"(?:action|comp|resource|restype|mode)=[^&]+")


class Doom:
    """Counts requests by what they are, and strikes at one of them."""

    def __init__(self, log: str, hit: Mapping[str, str] | None) -> None:
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self._hit = hit
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()

    def watch(self) -> None:
        """From now on, in this process."""
        send = requests.adapters.HTTPAdapter.send

        def watched(
            adapter: Any, request: requests.PreparedRequest, *rest: Any, **options: Any
        ) -> requests.Response:
            key = self._key(request)
            self._strike(key, "before")
            answer = send(adapter, request, *rest, **options)
            self._strike(key, "after")
            return answer

        requests.adapters.HTTPAdapter.send = watched  # type: ignore[method-assign]

    def _key(self, request: requests.PreparedRequest) -> str:
        what = named(request.method or "", request.url or "")
        with self._lock:
            self._seen[what] += 1
            return f"{what} #{self._seen[what]}"

    def _strike(self, key: str, when: str) -> None:
        os.write(self._log, f"{when} {key}\n".encode())
        if self._hit is not None and (self._hit["request"], self._hit["when"]) == (key, when):
            os.kill(os.getpid(), signal.Signals[self._hit["signal"]])


def named(method: str, url: str) -> str:
    """Method, path and what the query asks for; without what differs from one deployment to the next."""
    parts = urlsplit(url)
    asked = "&".join(QUERY.findall(parts.query))
    return RANDOM.sub("*", f"{method} {parts.path}{'?' if asked else ''}{asked}")


def import_everything() -> None:
    """What a deployment imports anyway, so that its forks need not."""
    for module in (
        "adf.gateway",
        "azure.identity",
        "azure.mgmt.datafactory",
        "azure.storage.filedatalake",
        "azureml.pipeline.core",
        "config.loader",
        "deployment.lake",
        "deployment.monitoring",
        "deployment.observed",
        "deployment.portal",
        "deployment.releases",
        "deployment.session",
        "deployment.verbs.deploy",
        "ml_pipelines.gateway",
    ):
        import_module(module)


class Started:
    """One command in a fork."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self._said = TemporaryFile(), TemporaryFile()  # noqa: SIM115 - closed when the command has ended
        self._pid = os.fork()
        if self._pid == 0:
            self._become(order)

    def _become(self, order: Mapping[str, Any]) -> None:
        for number, file in enumerate(self._said, start=1):
            os.dup2(file.fileno(), number)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        Doom(order["log"], order.get("hit")).watch()
        code = deploy.main(order["argv"])
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)

    def ended(self) -> dict[str, Any]:
        _, status = os.waitpid(self._pid, 0)
        said = []
        for file in self._said:
            file.seek(0)
            said.append(file.read().decode())
            file.close()
        return {"code": os.waitstatus_to_exitcode(status), "stdout": said[0], "stderr": said[1]}


def main() -> None:
    import_everything()
    answers = os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        started = [Started(order) for order in json.loads(line)["commands"]]
        print(json.dumps([each.ended() for each in started]), file=answers, flush=True)


if __name__ == "__main__":
    main()
