"""One attempt of one activity: what it may read, and what it leaves for monitoring."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from sandbox.datafactory.errors import ActivityFailed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from sandbox.datafactory.activities.fields import Fields
    from sandbox.datafactory.frame import Frame, RunningPipeline
    from sandbox.datafactory.models import Json, JsonValue
    from sandbox.datafactory.view import View

NOTHING = object()


class Services(Protocol):
    """What the engine does for an activity beyond its own work."""

    @property
    def control(self) -> str:
        """Resource Manager's address."""
        ...

    @property
    def warehouse(self) -> Path:
        """The folder of the local databases; it need not exist."""
        ...

    def token(self, audience: str) -> str:
        """The factory's identity; raises `ActivityFailed` where the factory has none."""
        ...

    def view(self) -> View: ...

    async def send(self, request: Request) -> Response:
        """HTTPS with the local bundle. Raises `OSError` when nothing answers."""
        ...

    async def sleep(self, seconds: float) -> None: ...

    async def sleep_meanwhile(self, seconds: float) -> None:
        """While another process, whose time is the world's, does what the activity waits for."""

    async def run_inner(self, activities: Sequence[Json], frame: Frame) -> None:
        """Run a container's activities. Raises `ActivityFailed` when they failed."""
        ...

    def start_child(self, pipeline: str, parameters: Json) -> str:
        """Start another pipeline as this run's child; its run id."""
        ...

    async def wait_child(self, run_id: str) -> Json:
        """A child's final run document."""
        ...

    def on_cancel(self, undo: Callable[[], Awaitable[None]]) -> None:
        """What to do on the outside when the run is cancelled, or this attempt times out."""
        ...

    def remember(self, **facts: JsonValue) -> None:
        """With the activity run, at once; the API never shows them."""
        ...


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = None
    tries: int = 1
    """More than one is for requests that change nothing: another follows when the service is busy (429, 5xx)
    or does not answer.
    """
    seconds: float = 120
    """How long an answer may take."""


@dataclass(frozen=True)
class Response:
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Call:
    """`input` is what the activity run shows; an activity fills it before it acts."""

    activity: Json
    frame: Frame
    services: Services
    input: Json = field(default_factory=dict)

    @property
    def name(self) -> str:
        return str(self.activity["name"])

    @property
    def properties(self) -> Json:
        return dict(self.activity.get("typeProperties") or {})

    def evaluate(self, value: JsonValue) -> JsonValue:
        return self.frame.evaluate(value)

    def value(self, name: str, default: JsonValue = NOTHING) -> JsonValue:
        """A type property, evaluated. Without a default its absence fails the activity (2103)."""
        if name in self.properties and self.properties[name] is not None:
            return self.evaluate(self.properties[name])
        if default is NOTHING:
            raise ActivityFailed("2103", f"Please provide value for the required property '{name}'.")
        return default

    def text(self, name: str, default: JsonValue = NOTHING) -> str:
        """A type property that must be text (2104)."""
        value = self.value(name, default)
        if not isinstance(value, str):
            raise ActivityFailed("2104", f"The type of the property '{name}' is incorrect: text is expected.")
        return value


class Check(Protocol):
    def __call__(self, activity: Json, view: View, target: str, /) -> None:
        """Refuse what cannot run; `target` is `Pipeline/<name>`."""
        ...


def no_scopes(_: Json) -> list[tuple[str, list[Json]]]:
    return []


def no_trace(_run: RunningPipeline, _output: Json, /) -> None:
    """What most activities leave in the run that they are taken over into: their output alone."""


@dataclass(frozen=True)
class ActivityKind:
    """A type of activity. `scopes` are the lists of inner activities, each by a label for messages."""

    run: Callable[[Call], Awaitable[Json]]
    check: Check
    fields: Fields | None = None
    """Of its type properties; None where its check looks at them by itself."""
    again: Callable[[RunningPipeline, Json], None] = no_trace
    """Where a rerun takes it over with this output: what it did to the run's variables."""
    scopes: Callable[[Json], list[tuple[str, list[Json]]]] = no_scopes
    has_policy: bool = False
    is_loop: bool = False
    is_branch: bool = False
    may_nest: bool = True
