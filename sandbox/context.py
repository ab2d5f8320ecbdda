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
    authorities: str


class Activity:
    """What is at work here, and when something last was; a run in progress counts as happening now."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._working = 0
        self._runs: list[str] = []
        self._asking = 0
        self._elsewhere = 0
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

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Hold this while another process is asked something that it answers at once."""
        with self._lock:
            self._asking += 1
        try:
            yield
        finally:
            with self._lock:
                self._asking -= 1

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """Hold this while another process does what takes the time that it takes: a step, a service that is
        asked again and again until it is done.
        """
        with self._lock:
            self._elsewhere += 1
        try:
            yield
        finally:
            with self._lock:
                self._elsewhere -= 1

    @property
    def is_asked_or_asks(self) -> bool:
        """Whether a request is in progress, in or out."""
        with self._lock:
            return self._asking > 0 or self._working > len(self._runs)

    @property
    def is_elsewhere(self) -> bool:
        """Whether work is in progress outside that takes its time."""
        with self._lock:
            return self._elsewhere > 0

    @property
    def has_runs(self) -> bool:
        with self._lock:
            return bool(self._runs)

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
