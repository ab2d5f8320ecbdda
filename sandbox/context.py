"""What every service of the control process is given; a service has no other way to reach the outside."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox.clock import Clock
    from sandbox.identity import Identity
    from sandbox.store import Store


@dataclass(frozen=True)
class Endpoints:
    """Addresses as clients see them, without a trailing slash."""

    control: str
    lake: str
    identity: str
    identity_header: str
    bundle: str


class Activity:
    """When something last happened here; a run in progress counts as happening now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._working = 0
        self._runs: list[str] = []
        self._last = time.monotonic()

    @contextmanager
    def working(self, run: str | None = None) -> Iterator[None]:
        """Hold this while a request or a run is in progress: an idle stop waits for its end. `run` is how
        people are told of it.
        """
        with self._lock:
            self._working += 1
            self._runs += [run] if run else []
        try:
            yield
        finally:
            with self._lock:
                if run:
                    self._runs.remove(run)
                self._working -= 1
                self._last = time.monotonic()

    def runs(self) -> list[str]:
        """Those in progress, in the order in which they began."""
        with self._lock:
            return list(self._runs)

    def idle_seconds(self) -> float:
        with self._lock:
            return 0.0 if self._working else time.monotonic() - self._last


@dataclass(frozen=True)
class Context:
    state: Path
    store: Store
    clock: Clock
    identity: Identity
    endpoints: Endpoints
    activity: Activity = field(default_factory=Activity)
    step_python: str = sys.executable
    """Runs the steps of Azure ML. A virtual environment's is a link: it is never resolved."""
