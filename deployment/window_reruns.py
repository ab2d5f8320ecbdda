"""A window that a tumbling trigger has run is run again by that trigger, not beside it.

So the trigger knows how its window ended, and what waits for the window goes on; and its own rules hold: how
many run at once, which windows must have succeeded before (looked at anew), how often one that fails is tried
again. A window that no trigger run tells of, as it is not due yet or Data Factory has forgotten it (45 days),
is nobody's: it is run as any other.

Data Factory answers a rerun with nothing, so how it goes is read from the window's trigger run and from the
pipeline run that this one names.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from adf.errors import AzureRequestFailed, NotFound, Unreachable
from adf.trigger_runs import newest
from deployment.freshness import REMEMBERED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from adf.entities import Kind
    from adf.trigger_runs import WindowRun
    from adf.windows import Window
    from deployment.gateways import LiveEntity
    from deployment.resources import Owner

    Json = Mapping[str, Any]

ENDED: Final = frozenset({"Succeeded", "Failed", "Cancelled"})
SKEW: Final = timedelta(minutes=1)
"""By so much the clocks of this machine and of Azure may differ."""
MOMENT: Final = timedelta(seconds=1)
PATIENCE_SECONDS: Final = 120.0
"""So long a trigger run may look as if nobody had asked for a rerun: queries may lag behind."""


class Triggers(Protocol):
    """Of the factory, what tells which trigger has run a window."""

    def list(self, kind: Kind) -> Sequence[LiveEntity]: ...
    def trigger_runs(self, after: datetime, before: datetime, **equal: str) -> Sequence[Json]: ...


class Reruns(Protocol):
    """Of the factory, what runs a window again."""

    def now(self) -> datetime: ...
    def trigger_runs(self, after: datetime, before: datetime, **equal: str) -> Sequence[Json]: ...
    def rerun_window(self, trigger: str, trigger_run_id: str) -> object: ...
    def run(self, run_id: str) -> Json | None: ...


def of_pipelines(
    factory: Triggers, owner: Owner, since: Mapping[str, datetime], now: datetime
) -> dict[str, dict[datetime, WindowRun]]:
    """Pipeline → its windows that tumbling triggers of ours have run, by their start.

    `since`: pipeline → the end of the first window that is wanted, before which none of them falls due.
    """
    found: dict[str, dict[datetime, WindowRun]] = {pipeline: {} for pipeline in since}
    for trigger in _tumbling(factory, owner):
        pipeline = _pipeline(trigger.properties)
        if pipeline in since:
            found[pipeline] |= _windows(factory, trigger, since[pipeline], now)
    return found


def _windows(
    factory: Triggers, trigger: LiveEntity, since: datetime, now: datetime
) -> dict[datetime, WindowRun]:
    """What a stopped trigger has before it may lie there for ever: that is left out."""
    if since >= now:
        return {}
    runs = factory.trigger_runs(max(since, now - REMEMBERED), now + SKEW, TriggerName=trigger.name)
    started = trigger.properties.get("runtimeState") == "Started"
    return {start: run for start, run in newest(runs).items() if started or not run.goes_on}


def of_window(of_triggers: Mapping[datetime, WindowRun], window: Window | None) -> WindowRun | None:
    """What was made of this window: of the same start and end, should a trigger keep another grid."""
    found = None if window is None else of_triggers.get(window.start)
    return found if found is not None and found.window == window else None


def _tumbling(factory: Triggers, owner: Owner) -> list[LiveEntity]:
    """Ours; none where there is no factory."""
    try:
        triggers = factory.list("trigger")
    except NotFound:
        return []
    return [
        each
        for each in triggers
        if each.properties.get("type") == "TumblingWindowTrigger" and owner.owns(each)
    ]


def _pipeline(properties: Json) -> str:
    reference = (properties.get("pipeline") or {}).get("pipelineReference") or {}
    return str(reference.get("referenceName", ""))


@dataclass
class Rerun:
    """One window, run again by its trigger; or waited for, where that runs it already."""

    factory: Reruns
    pipeline: str
    parameters: Mapping[str, str]
    before: WindowRun
    """As it was when it was decided that it should be run."""
    seconds: Callable[[], float] = time.monotonic
    _since: datetime = field(init=False)
    """A newer trigger run of the window is younger than that."""
    _asked_at: float | None = field(default=None, init=False)
    """By `seconds`; None where nobody asked, as the trigger runs it already."""
    _run_id: str | None = field(default=None, init=False)
    """The pipeline run that is watched."""

    def __post_init__(self) -> None:
        self._since = self.factory.now()

    def ask(self) -> None:
        """For the rerun, once. An answer that got lost is no reason to ask again: the trigger run tells
        whether it was heard. Where somebody else was faster, theirs is waited for.
        """
        if self.before.goes_on:
            return
        self._asked_at = self.seconds()
        try:
            self.factory.rerun_window(self.before.trigger, self.before.run_id)
        except (Unreachable, AzureRequestFailed):
            if self._newest() == self.before:
                raise

    def look(self) -> Json:
        """The pipeline run as it is now. It has ended only when the trigger is done with the window: until
        then one that failed may be tried again. `Queued`, without an id, before there is one.
        """
        if self._run_id is not None:
            run = self._run(self._run_id)
            if run["status"] not in ENDED:
                return run
        window = self._newest()
        if self._asked_at is not None and window == self.before:
            return self._unheard(self.seconds() - self._asked_at)
        is_new = self._asked_at is None or window.pipeline_run != self.before.pipeline_run
        self._run_id = window.pipeline_run if is_new else None
        run = self._none(_status(window), window.message) if self._run_id is None else self._run(self._run_id)
        return self._none("Queued", window.message) if window.goes_on and run["status"] in ENDED else run

    def _unheard(self, seconds: float) -> Json:
        """The trigger run looks, after so long, as if nobody had asked for anything."""
        if seconds <= PATIENCE_SECONDS:
            return self._none("Queued", "")
        return self._none("Failed", f"{self.before.trigger} did not run it again: {self.before.message}")

    def _newest(self) -> WindowRun:
        """Of the window: its trigger run, or one that came after it, should a rerun be one of its own."""
        at = self.before.at
        periods = ((at - MOMENT, at + MOMENT), (self._since - SKEW, self.factory.now() + SKEW))
        runs = [
            run
            for after, before in periods
            for run in self.factory.trigger_runs(after, before, TriggerName=self.before.trigger)
        ]
        return newest(runs).get(self.before.window.start, self.before)

    def _run(self, run_id: str) -> Json:
        return self.factory.run(run_id) or self._none("Queued", f"run {run_id} is not to be seen yet")

    def _none(self, status: str, message: str) -> Json:
        """A pipeline run that there is not, or not yet."""
        return {
            "runId": "",
            "pipelineName": self.pipeline,
            "parameters": self.parameters,
            "status": status,
            "message": message,
            "invokedBy": {"name": self.before.trigger, "invokedByType": "TumblingWindowTrigger"},
        }


def _status(window: WindowRun) -> str:
    """Of a pipeline run that never was."""
    return "Queued" if window.goes_on else window.status
