"""A store that notes what the runtime writes of runs: what waited, queued, ran and ended, and when.

Activity runs are noted and not kept: nothing in a rehearsal asks for them, and a month of them is large.
Other runs are kept until they are over and time has passed: whoever waits for one is told at that instant.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.datafactory.models import TERMINAL, parse_instant
from sandbox.simulation.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


_UNDER_WAY = frozenset({"running", "retry"})


@dataclass(slots=True)
class Computed:
    """An ML run on the cluster: it asked for nodes, had them, gave them back."""

    asked: datetime
    began: datetime
    ended: datetime
    nodes: int | None
    """None where nobody knows."""


@dataclass(slots=True)
class PipelineRun:
    pipeline: str
    trigger_run: str
    """The id of its trigger run; of a child, its parent's run id."""
    asked: datetime
    status: str
    message: str = ""
    launched: datetime | None = None
    ended: datetime | None = None
    computed: list[Computed] = field(default_factory=list)
    retried: list[str] = field(default_factory=list)
    """Activities that failed and were tried again."""


@dataclass(slots=True)
class TriggerRun:
    trigger: str
    at: datetime
    status: str
    message: str
    file: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    state: str = "over"
    waited_for: list[tuple[str, str]] = field(default_factory=list)
    """What it waited for at the last: the trigger, and the start of that trigger's window."""
    pipeline_runs: list[str] = field(default_factory=list)


class Witness(Memory):
    def __init__(self, now: Callable[[], datetime], most_runs: int) -> None:
        super().__init__()
        self._now = now
        self._most_runs = most_runs
        self.too_many = asyncio.Event()
        """Pipeline runs were started. Not raised: who starts one would take it for a fire that failed."""
        self.pipeline_runs: dict[str, PipelineRun] = {}
        self.trigger_runs: dict[str, TriggerRun] = {}
        self._open: set[str] = set()
        self._over: deque[tuple[datetime, tuple[str, str, str]]] = deque()

    @property
    def is_quiet(self) -> bool:
        """No pipeline run is under way, and no window is to be tried again."""
        return not self._open

    def has(self, scope: str, kind: str, name: str) -> bool:
        """It has seen every pipeline run."""
        return name in self.pipeline_runs if kind == "pipelineruns" else super().has(scope, kind, name)

    def put(self, scope: str, kind: str, name: str, body: Mapping[str, Any]) -> None:
        is_over = False
        match kind:
            case "activityruns":
                self._see_activity_run(body)
                return
            case "pipelineruns":
                is_over = self._see_pipeline_run(name, body)
            case "triggerruns":
                is_over = self._see_trigger_run(name, body)
        super().put(scope, kind, name, body)
        if is_over:
            self._forget_earlier()
            self._over.append((self._now(), (scope, kind, name)))

    def computed(self, run_id: str, asked: datetime, began: datetime, ended: datetime, nodes: int) -> None:
        self.pipeline_runs[run_id].computed.append(Computed(asked, began, ended, nodes))

    def _forget_earlier(self) -> None:
        """What was over before time passed."""
        now = self._now()
        while self._over and self._over[0][0] < now:
            self.delete(*self._over.popleft()[1])

    def _see_activity_run(self, body: Mapping[str, Any]) -> None:
        if body["retryAttempt"] and body["status"] in TERMINAL:
            self.pipeline_runs[body["pipelineRunId"]].retried.append(body["activityName"])

    def _see_pipeline_run(self, run_id: str, body: Mapping[str, Any]) -> bool:
        """Whether it is over."""
        run = self.pipeline_runs.get(run_id)
        if run is None:
            run = self._new(run_id, body)
        run.status, run.message = body["status"], body["message"]
        changed = parse_instant(body["lastUpdated"])
        if run.launched is None and run.status == "InProgress":
            run.launched = changed
        if run.status in TERMINAL:
            run.ended = changed
            self._open.discard(run_id)
        else:
            self._open.add(run_id)
        return run.ended is not None

    def _new(self, run_id: str, body: Mapping[str, Any]) -> PipelineRun:
        asked = parse_instant(body["runStart"])
        run = PipelineRun(body["pipelineName"], body["invokedBy"]["id"], asked, body["status"])
        self.pipeline_runs[run_id] = run
        if len(self.pipeline_runs) > self._most_runs:
            self.too_many.set()
        return run

    def _see_trigger_run(self, run_id: str, body: Mapping[str, Any]) -> bool:
        """Whether it is over."""
        run = self.trigger_runs.get(run_id)
        if run is None:
            at = parse_instant(body["triggerRunTimestamp"])
            run = self.trigger_runs[run_id] = TriggerRun(body["triggerName"], at, "", "")
            run.file = body["_"].get("file")
            if "start" in body["_"]:
                run.start, run.end = parse_instant(body["_"]["start"]), parse_instant(body["_"]["end"])
        run.status, run.message = body["status"], body["message"]
        run.state = body["_"].get("state", "over")
        run.waited_for = [(name, start) for name, start in body["_"].get("waited", ())]
        for pipeline_run in body["triggeredPipelines"].values():
            if pipeline_run not in run.pipeline_runs:
                run.pipeline_runs.append(pipeline_run)
        if run.state in _UNDER_WAY:
            self._open.add(run_id)
        else:
            self._open.discard(run_id)
        return run.state == "over"
