"""Pipeline runs: starting them once, waiting, and what came of them.

A run is known in two places: Data Factory says how the pipeline ended, the receipt in the lake says what
landed. They meet in the run group's id. A window that a tumbling trigger has run is run again by that trigger
(window_reruns.py).
"""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any, Final, Protocol

from adf.errors import DataFactoryError, NotFound
from adf.windows import format_instant
from deployment.errors import (
    InterruptedByUserError,
    LakeError,
    LockLostError,
    NothingDeployedError,
    RunsFailedError,
)
from deployment.interrupts import kept
from deployment.scoring_progress import ScoringProgress
from deployment.window_reruns import ENDED, Rerun, Reruns
from ml_pipelines.steps.check_results import CheckResult, from_text
from ml_pipelines.steps.landing import LANDED, Receipt, receipt_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from concurrent.futures import Future
    from datetime import datetime

    from adf.trigger_runs import WindowRun
    from adf.windows import Window
    from deployment.gateways import LakeFiles
    from deployment.progress import Progress

NOT_STARTED: Final = "NotStarted"
Key = tuple[str, "datetime | None"]
"""Pipeline, and the start of the window that it runs for."""
AT_ONCE: Final = 4
"""Windows of a range that run side by side; scoring costs nodes."""
LOOKS: Final = 3
"""At a rerun that nobody waits for: a trigger takes a moment to begin."""


class FactoryRuns(Reruns, Protocol):
    def create_run(self, pipeline: str, parameters: Mapping[str, str]) -> str: ...
    def activity_runs(self, run_id: str) -> Sequence[Mapping[str, Any]]: ...


@dataclass(frozen=True)
class RunRequest:
    model: str
    pipeline: str
    parameters: Mapping[str, str]
    window: Window | None = None

    @property
    def key(self) -> Key:
        return self.pipeline, None if self.window is None else self.window.start

    def __str__(self) -> str:
        return (
            self.pipeline if self.window is None else f"{self.pipeline} {format_instant(self.window.start)}"
        )


@dataclass(frozen=True)
class RunOrder:
    """A run that is asked for, among others."""

    request: RunRequest
    after: Sequence[Key] = ()
    """Those that must have succeeded before, all of them among the others."""
    going: str | None = None
    """The run that does it already, which is waited for: none is started beside it."""
    of_trigger: WindowRun | None = None
    """What the tumbling trigger that owns the window made of it, which is asked to run it again."""

    @property
    def goes_on(self) -> bool:
        """It is waited for, as it is being done."""
        return self.going is not None or (self.of_trigger is not None and self.of_trigger.goes_on)


@dataclass(frozen=True)
class Begun:
    run_id: str
    """Empty while a trigger has not begun the window."""
    look: Callable[[], Mapping[str, Any]]
    """The pipeline run as it is now; its `runId` is empty as long."""


@dataclass(frozen=True)
class RunReport:
    """A run as ADF and the receipt tell it together; what is not known is None."""

    model: str
    pipeline: str
    status: str
    """Data Factory's word: Queued, InProgress, Succeeded, Failed, Cancelling, Cancelled; or NotStarted."""
    adf_run_id: str | None
    window_start: str | None = None
    window_end: str | None = None
    ml_run_id: str | None = None
    rows_in: int | None = None
    rows_scored: int | None = None
    rows_quarantined: int | None = None
    output: str | None = None
    """The landed file; of a training run the version that it registered."""
    error: str | None = None
    ended: str | None = None
    model_version: str | None = None
    """The registered version that scored, or that a training run made."""
    checks: Sequence[CheckResult] = ()
    """What the window's checks found, before it landed or did not; of a training run the gate's."""
    staged: str | None = None
    """Where the file lies that failed its checks."""
    decision: str | None = None
    """Of a training run: whether its model is `approved`, `refused`, or `passed` and to be approved yet."""
    gate_report: str | None = None
    """Of a training run: where its report lies in the lake."""
    trigger: str | None = None
    """The trigger that started it; None where somebody did."""
    started: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status == "Succeeded"

    @property
    def trains(self) -> bool:
        return self.pipeline == f"train_{self.model}"


# ------------------------------------------------------------------------------------------- running


def scoring_request(model: str, window: Window) -> RunRequest:
    parameters = {"window_start": format_instant(window.start), "window_end": format_instant(window.end)}
    return RunRequest(model, f"score_{model}", parameters, window)


def training_request(model: str) -> RunRequest:
    return RunRequest(model, f"train_{model}", {})


@dataclass
class Runner:
    factory: FactoryRuns
    lake: LakeFiles
    progress: Progress
    environment: str
    polling_seconds: float
    go_on: Callable[[], None] = lambda: None
    """Asked before each start; raises LockLostError where others may be starting the same by now."""
    _any_begun: bool = False
    _going: dict[Key, str] = field(default_factory=dict)
    """What goes on in Data Factory: the id of its run, or whose window it is."""
    _stopped: threading.Event = field(default_factory=threading.Event)
    _lost: str | None = None
    """Why Azure cannot be asked any more, once it cannot."""

    def start(self, order: RunOrder) -> RunReport:
        """Start a run and do not wait; of a trigger's rerun no longer than for a look or two at its id."""
        request, begun = order.request, self._begin(order)
        for _ in range(LOOKS):
            run = begun.look()
            if run["runId"] or self._stopped.wait(self.polling_seconds):
                break
        said = f"ADF run {run['runId']}" if run["runId"] else f"by {_trigger(run)}, which has not begun yet"
        self.progress.note(f"{request}: started, {said}")
        return report_of(request.model, run, None, None)

    def run_all(self, orders: Sequence[RunOrder], at_once: int = AT_ONCE) -> list[RunReport]:
        """Run each to its end, a few side by side, each after those that it waits for; the reports in the
        order of the orders.

        Raises InterruptedByUserError on Ctrl-C: what was started goes on in Data Factory.
        """
        reports: dict[Key, RunReport] = {}
        graph = TopologicalSorter({each.request.key: each.after for each in orders})
        graph.prepare()
        self.progress.expects(len(orders), told_from=2)
        try:
            with kept() as self._stopped:
                self._run_in_order({each.request.key: each for each in orders}, graph, reports, at_once)
        except KeyboardInterrupt:
            raise InterruptedByUserError(going_on=sorted(self._going.values())) from None
        return [reports[each.request.key] for each in orders]

    def _run_in_order(
        self,
        orders: Mapping[Key, RunOrder],
        graph: TopologicalSorter[Key],
        reports: dict[Key, RunReport],
        at_once: int,
    ) -> None:
        """Fills `reports`; before Ctrl-C all of them."""
        futures: dict[Future[RunReport], Key] = {}
        pool = ThreadPoolExecutor(at_once, thread_name_prefix="run")
        try:
            while graph.is_active() and not self._stopped.is_set():
                for key in graph.get_ready():
                    futures[pool.submit(self._after, orders[key], reports)] = key
                for future in wait(futures, return_when=FIRST_COMPLETED).done:
                    key = futures.pop(future)
                    reports[key] = future.result()
                    graph.done(key)
        except BaseException:
            self._stopped.set()
            raise
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _after(self, order: RunOrder, reports: Mapping[Key, RunReport]) -> RunReport:
        """Run it, unless a window that it waits for did not succeed."""
        request = order.request
        if failed := [reports[key] for key in order.after if not reports[key].succeeded]:
            named = ", ".join(f"{each.pipeline} {each.window_start}" for each in failed)
            return self._not_started(request, f"it waits for {named}")
        return self.run(order)

    def run(self, order: RunOrder) -> RunReport:
        """Start, wait for the end, and join with the receipt.

        Where Azure stops answering, or the lock is lost, after runs were started, those are reported with the
        status that was seen last, as they may go on, and nothing more is started: the report of all the
        others is not lost.
        """
        request = order.request
        if not order.goes_on and (self._lost is not None or self._stopped.is_set()):
            return self._not_started(request, self._lost or "interrupted")
        try:
            begun = self._begin(order)
        except (DataFactoryError, LockLostError, NothingDeployedError) as error:
            if not self._any_begun:
                raise
            self._lost = _told(error)
            return self._not_started(request, self._lost)
        return self._watched(request, begun)

    def _begin(self, order: RunOrder) -> Begun:
        """Start it, unless it goes on."""
        request = order.request
        if order.going is not None:
            return self._begun(request, order.going)
        if not order.goes_on:
            self.go_on()
        if order.of_trigger is None:
            return self._begun(request, self._create(request))
        rerun = Rerun(self.factory, request.pipeline, request.parameters, order.of_trigger)
        rerun.ask()
        self._going[request.key] = f"{request} by {order.of_trigger.trigger}"
        return Begun("", rerun.look)

    def _begun(self, request: RunRequest, run_id: str) -> Begun:
        self._going[request.key] = run_id
        return Begun(run_id, lambda: self._read(run_id))

    def _watched(self, request: RunRequest, begun: Begun) -> RunReport:
        self._any_begun = True
        run: Mapping[str, Any] = {"runId": begun.run_id, "pipelineName": request.pipeline, "status": "Queued"}
        run = {**run, "parameters": request.parameters}
        scoring = ScoringProgress(self.lake)
        try:
            for run in self._states(begun):
                if run["status"] not in ENDED:
                    self.progress.state(str(request), self._how_far(request, run, scoring))
            report = self.joined(request.model, run)
        except DataFactoryError as error:
            self._lost = _told(error)
            report = _with_error(report_of(request.model, run, None, None), f"lost sight of it: {self._lost}")
        if report.status in ENDED or self._lost is not None:
            self.progress.done(str(request), _outcome(report), failed=not report.succeeded)
        if report.status in ENDED:
            del self._going[request.key]
        return report

    def _how_far(self, request: RunRequest, run: Mapping[str, Any], scoring: ScoringProgress) -> str:
        if run["runId"]:
            self._going[request.key] = str(run["runId"])
            far = scoring.of(request.model, run) or f"ADF run {run['runId']}"
        else:
            far = str(run.get("message") or f"by {_trigger(run)}")
        return f"{run['status']}, {far}"

    def _states(self, begun: Begun) -> Iterator[Mapping[str, Any]]:
        """The run as it is now, again and again until it has ended or nobody waits any more."""
        while True:
            run = begun.look()
            yield run
            if run["status"] in ENDED or self._stopped.wait(self.polling_seconds):
                return

    def _not_started(self, request: RunRequest, reason: str) -> RunReport:
        run = {"runId": "", "pipelineName": request.pipeline, "parameters": request.parameters}
        report = report_of(request.model, {**run, "status": NOT_STARTED}, None, None)
        report = _with_error(report, f"not started: {reason}")
        self.progress.done(str(request), _outcome(report), failed=True)
        return report

    def joined(self, model: str, run: Mapping[str, Any]) -> RunReport:
        """A run with its receipt, and with the first error of its activities if it has none.

        One that failed after its window had landed says itself what is in the lake and what is not elsewhere.
        What a trigger gave up before there was a run has none of them.
        """
        if not run["runId"]:
            return report_of(model, run, None, None)
        receipt, unread = self._receipt(model, str(run.get("runGroupId") or run["runId"]))
        error = None
        if run["status"] == "Failed" and not (receipt and (receipt.error or receipt.status in LANDED)):
            error = first_error(self.factory.activity_runs(str(run["runId"])))
        report = report_of(model, run, receipt, error)
        return report if unread is None else _with_error(report, unread)

    def _receipt(self, model: str, group: str) -> tuple[Receipt | None, str | None]:
        """The receipt, or why it cannot be read: what Data Factory says is worth telling without it."""
        try:
            content = self.lake.read(receipt_path(model, group))
            return (None if content is None else Receipt.from_json(content)), None
        except LakeError as error:
            return None, f"its receipt cannot be read: {_told(error)}"
        except (ValueError, TypeError) as error:
            return None, f"its receipt {receipt_path(model, group)} is damaged: {error}"

    def _read(self, run_id: str) -> Mapping[str, Any]:
        run = self.factory.run(run_id)
        if run is None:
            raise RunsFailedError(f"Data Factory no longer knows the run {run_id}")
        return run

    def _create(self, request: RunRequest) -> str:
        try:
            return self.factory.create_run(request.pipeline, dict(request.parameters))
        except NotFound as error:
            raise NothingDeployedError(f"pipeline {request.pipeline}", self.environment) from error


def _outcome(report: RunReport) -> str:
    if not report.succeeded:
        return f"{report.status}: {report.error or 'no reason given'}"
    return f"{report.status}{f', {report.output}' if report.output else ''}"


def report_of(model: str, run: Mapping[str, Any], receipt: Receipt | None, error: str | None) -> RunReport:
    """Data Factory's run and the receipt of its group, as one."""
    parameters = run.get("parameters") or {}
    said = (error or run.get("message") or None) if run["status"] in {"Failed", "Cancelled"} else None
    report = RunReport(
        model=model,
        pipeline=str(run["pipelineName"]),
        status=str(run["status"]),
        adf_run_id=_given(str(run["runId"])),
        window_start=_given(parameters.get("window_start")),
        window_end=_given(parameters.get("window_end")),
        error=said,
        ended=run.get("runEnd"),
        trigger=_trigger(run),
        started=run.get("runStart"),
    )
    return _placed(report if receipt is None else _with_receipt(report, receipt))


def _trigger(run: Mapping[str, Any]) -> str | None:
    """Of `invokedBy`: its type is that of a trigger, or Manual."""
    by = run.get("invokedBy") or {}
    return _given(by.get("name")) if str(by.get("invokedByType", "")).endswith("Trigger") else None


def _placed(report: RunReport) -> RunReport:
    """With an error that names the model and the window, whoever said it."""
    start = report.window_start
    place = f"{report.model}, window {start.replace(':', '-')}" if start else report.model
    if report.error is None or report.error.startswith(place):
        return report
    return replace(report, error=f"{place}: {report.error}")


def _with_error(report: RunReport, error: str) -> RunReport:
    """What else went wrong, after what is known already."""
    return _placed(replace(report, error="; ".join(filter(None, [report.error, error]))))


def _told(error: Exception) -> str:
    hint = getattr(error, "hint", None)
    return f"{error} ({hint})" if hint else str(error)


def _with_receipt(report: RunReport, receipt: Receipt) -> RunReport:
    known = replace(
        report,
        ml_run_id=_given(receipt.ml_run_id),
        model_version=_given(receipt.model_version),
        error=_given(receipt.error) or report.error,
    )
    known = replace(known, checks=tuple(from_text(receipt.checks)))
    return _with_model(known, receipt) if report.trains else _with_window(known, receipt)


def _with_model(report: RunReport, receipt: Receipt) -> RunReport:
    """What a training run leaves is a registered version, and what was decided about it."""
    return replace(
        report,
        output=report.model_version and f"version {report.model_version}",
        decision=_given(receipt.decision),
        gate_report=_given(receipt.report),
    )


def _with_window(report: RunReport, receipt: Receipt) -> RunReport:
    """A receipt has 0 for what is not known: rows were counted where some came in, or the window landed."""
    if receipt.rows_in or receipt.status in LANDED:
        report = replace(
            report,
            rows_in=receipt.rows_in,
            rows_scored=receipt.rows_scored,
            rows_quarantined=receipt.rows_quarantined,
        )
    return replace(
        report,
        window_start=_given(receipt.window_start) or report.window_start,
        window_end=_given(receipt.window_end) or report.window_end,
        output=_given(receipt.path),
        staged=_given(receipt.staged),
    )


def _given(text: str | None) -> str | None:
    return None if text in (None, "", "-") else text


def first_error(activities: Sequence[Mapping[str, Any]]) -> str | None:
    """The message of the first activity that failed: what follows it is only a consequence."""
    for message in _errors(activities):
        return message
    return None


def _errors(activities: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for activity in sorted(activities, key=lambda each: str(each.get("activityRunEnd") or "")):
        message = (activity.get("error") or {}).get("message")
        if activity.get("status") == "Failed" and message:
            yield f"{activity.get('activityName')}: {message}"
