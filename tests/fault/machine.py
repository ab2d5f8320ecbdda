"""A local Azure with a Data Factory in it, which dies and is started again."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.conftest import LocalAzure

GROUP = "/subscriptions/s/resourceGroups/rg"
FACTORY = f"{GROUP}/providers/Microsoft.DataFactory/factories/adf-fault"
FOREVER = {"lastUpdatedAfter": "2020-01-01T00:00:00Z", "lastUpdatedBefore": "2100-01-01T00:00:00Z"}
STOPPED = "the local Azure stopped while this ran"
WAIT_SECONDS = 60


class Machine:
    """One state folder with a factory in it; `restart` after the process died."""

    def __init__(self, state: Path, launch: Callable[..., LocalAzure]) -> None:
        self._state = state
        self._launch = launch
        self.azure = launch(state)

    def restart(self) -> None:
        self.azure = self._launch(self._state)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.azure.arm(method, FACTORY + path, body)
        assert answer.ok, answer.text
        return answer.json() if answer.content else None

    def waits(self, name: str, seconds: int) -> None:
        wait = {"name": "w", "type": "Wait", "typeProperties": {"waitTimeInSeconds": seconds}}
        self.call("PUT", f"/pipelines/{name}", {"properties": {"activities": [wait]}})

    def windows(self, name: str, minutes: int, **written: Any) -> None:
        """A started tumbling trigger over the five-minute windows of the last `minutes`."""
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        start, end = now - timedelta(minutes=minutes), now
        reference = {"referenceName": name, "type": "PipelineReference"}
        properties = {
            "type": "TumblingWindowTrigger",
            "pipeline": {"pipelineReference": reference, "parameters": {}},
            "typeProperties": {
                "frequency": "Minute",
                "interval": 5,
                "startTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                "endTime": f"{end:%Y-%m-%dT%H:%M:%SZ}",
                "maxConcurrency": 1,
                **written,
            },
        }
        self.call("PUT", "/triggers/t", {"properties": properties})
        self.call("POST", "/triggers/t/start")

    def runs(self) -> list[Any]:
        return self.call("POST", "/queryPipelineRuns", FOREVER)["value"]

    def trigger_runs(self) -> list[Any]:
        return self.call("POST", "/queryTriggerRuns", FOREVER)["value"]


def eventually(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        value = found()
        if value:
            return value
        time.sleep(0.05)
    raise TimeoutError
