"""Pipeline runs: which windows are meant, starting them once, waiting, and what came of them.

A run is known in two places: Data Factory says how the pipeline ended, the receipt in the lake says what
landed. They meet in the run group's id.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol
from zoneinfo import ZoneInfo

from adf.errors import DataFactoryError, NotFound
from adf.windows import Window, WindowError, format_instant, parse_instant, parse_window_id
from deployment.errors import (
    InterruptedByUserError,
    LakeError,
    NothingDeployedError,
    RunsFailedError,
    UsageError,
)
from deployment.scoring_progress import ScoringProgress
from ml_pipelines.steps.check_results import CheckResult, from_text
from ml_pipelines.steps.landing import LANDED, Receipt, receipt_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adf.windows import Grid
    from deployment.gateways import LakeFiles
    from deployment.progress import Progress

ENDED: Final = frozenset({"Succeeded", "Failed", "Cancelled"})
NOT_STARTED: Final = "NotStarted"
AT_ONCE: Final = 4
"""Windows of a range that run side by side; scoring costs nodes."""


class FactoryRuns(Protocol):
    def create_run(self, pipeline: str, parameters: Mapping[str, str]) -> str: ...
    def run(self, run_id: str) -> Mapping[str, Any] | None: ...
    def activity_runs(self, run_id: str) -> Sequence[Mapping[str, Any]]: ...


@dataclass(frozen=True)
class RunRequest:
    model: str
    pipeline: str
    parameters: Mapping[str, str]
    window: Window | None = None

    def __str__(self) -> str:
        return (
            self.pipeline if self.window is None else f"{self.pipeline} {format_instant(self.window.start)}"
        )


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
    """What the window's checks found, before it landed or did not."""
    staged: str | None = None
    """Where the file lies that failed its checks."""
    trigger: str | None = None
    """The trigger that started it; None where somebody did."""
    started: str | None = None

    @property
    def succeeded(self) -> bool:
        return self.status == "Succeeded"

    @property
    def trains(self) -> bool:
        return self.pipeline == f"train_{self.model}"


# ------------------------------------------------------------------------------------------- windows


def window_of(text: str, grid: Grid) -> Window:
    """The window that `2026-11-22` (a local day), a window id or an ISO instant names. Raises UsageError."""
    try:
        if _is_date(text):
            return _only_window_of_day(date.fromisoformat(text), grid)
        return grid.window_starting(_instant(text))
    except WindowError as error:
        raise UsageError(
            str(error), hint="--window 2026-11-22, a window id, or the instant it starts at"
        ) from error


def windows_between(since: str, until: str, grid: Grid) -> list[Window]:
    """The windows that start in [since, until). Raises UsageError if there is none."""
    try:
        start, end = _boundary(since, grid), _boundary(until, grid)
        found = list(grid.between(start, end))
    except WindowError as error:
        raise UsageError(str(error), hint="--from 2026-11-01 --to 2026-11-08") from error
    if not found:
        raise UsageError(f"no window starts from {since} to before {until}", hint=f"the grid is {grid}")
    return found


def _is_date(text: str) -> bool:
    try:
        return len(text) == len("2026-11-22") and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _instant(text: str) -> datetime:
    return parse_window_id(text) if "T" in text and text.count("-") == 4 else parse_instant(text)


def _boundary(text: str, grid: Grid) -> datetime:
    return _midnight(date.fromisoformat(text), grid) if _is_date(text) else _instant(text)


def _midnight(day: date, grid: Grid) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(grid.zone))


def _only_window_of_day(day: date, grid: Grid) -> Window:
    start, end = _midnight(day, grid), _midnight(day + timedelta(days=1), grid)
    found = list(grid.between(start, end))
    if len(found) == 1:
        return found[0]
    hint = f"--from {day} --to {day + timedelta(days=1)}, or the instant that a window starts at"
    raise UsageError(f"{len(found) or 'no'} windows of the grid ({grid}) start on {day}", hint=hint)


def scoring_request(model: str, window: Window) -> RunRequest:
    parameters = {"window_start": format_instant(window.start), "window_end": format_instant(window.end)}
    return RunRequest(model, f"score_{model}", parameters, window)


def training_request(model: str) -> RunRequest:
    return RunRequest(model, f"train_{model}", {})


# ------------------------------------------------------------------------------------------- running


@dataclass
class Runner:
    factory: FactoryRuns
    lake: LakeFiles
    progress: Progress
    environment: str
    polling_seconds: float
    _going: set[str] = field(default_factory=set)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _lost: str | None = None
    """Why Azure cannot be asked any more, once it cannot."""

    def start(self, request: RunRequest) -> RunReport:
        """Start a run and do not wait."""
        run_id = self._create(request)
        self.progress.note(f"{request}: started, ADF run {run_id}")
        return report_of(request.model, self._read(run_id), None, None)

    def run_all(self, requests: Sequence[RunRequest]) -> list[RunReport]:
        """Run each to its end, a few side by side; the reports in the order of the requests.

        Raises InterruptedByUserError on Ctrl-C: what was started goes on in Data Factory.
        """
        pool = ThreadPoolExecutor(min(AT_ONCE, len(requests)), thread_name_prefix="run")
        try:
            return list(pool.map(self.run, requests))
        except KeyboardInterrupt:
            raise InterruptedByUserError(going_on=sorted(self._going)) from None
        finally:
            self._stopped.set()
            pool.shutdown(wait=True, cancel_futures=True)

    def run(self, request: RunRequest) -> RunReport:
        """Start, wait for the end, and join with the receipt.

        Where Azure stops answering after runs were started, those are reported with the status that was seen
        last, as they may go on, and nothing more is started: the report of all the others is not lost.
        """
        if self._lost is not None:
            return self._not_started(request, self._lost)
        try:
            run_id = self._create(request)
        except DataFactoryError as error:
            if not self._going:
                raise
            return self._not_started(request, _told(error))
        self._going.add(run_id)
        return self._watched(request, run_id)

    def _watched(self, request: RunRequest, run_id: str) -> RunReport:
        run: Mapping[str, Any] = {"runId": run_id, "pipelineName": request.pipeline, "status": "Queued"}
        run = {**run, "parameters": request.parameters}
        scoring = ScoringProgress(self.lake)
        try:
            for run in self._states(run_id):
                if run["status"] not in ENDED:
                    far = scoring.of(request.model, run) or f"ADF run {run_id}"
                    self.progress.state(str(request), f"{run['status']}, {far}")
            report = self.joined(request.model, run)
        except DataFactoryError as error:
            self._lost = _told(error)
            report = _with_error(report_of(request.model, run, None, None), f"lost sight of it: {self._lost}")
        if report.status in ENDED or self._lost is not None:
            self.progress.done(str(request), _outcome(report), failed=not report.succeeded)
        if report.status in ENDED:
            self._going.discard(run_id)
        return report

    def _states(self, run_id: str) -> Iterator[Mapping[str, Any]]:
        """The run as it is now, again and again until it has ended or nobody waits any more."""
        while True:
            run = self._read(run_id)
            yield run
            if run["status"] in ENDED or self._stopped.wait(self.polling_seconds):
                return

    def _not_started(self, request: RunRequest, reason: str) -> RunReport:
        self._lost = reason
        run = {"runId": "", "pipelineName": request.pipeline, "parameters": request.parameters}
        report = report_of(request.model, {**run, "status": NOT_STARTED}, None, None)
        report = replace(_with_error(report, f"not started: {reason}"), adf_run_id=None)
        self.progress.done(str(request), _outcome(report), failed=True)
        return report

    def joined(self, model: str, run: Mapping[str, Any]) -> RunReport:
        """A run with its receipt, and with the first error of its activities if it has none.

        One that failed after its window had landed says itself what is in the lake and what is not elsewhere.
        """
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
        adf_run_id=str(run["runId"]),
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
    return _with_model(known) if report.trains else _with_window(known, receipt)


def _with_model(report: RunReport) -> RunReport:
    """What a training run leaves is a registered version."""
    return replace(report, output=report.model_version and f"version {report.model_version}")


def _with_window(report: RunReport, receipt: Receipt) -> RunReport:
    return replace(
        report,
        window_start=_given(receipt.window_start) or report.window_start,
        window_end=_given(receipt.window_end) or report.window_end,
        rows_in=receipt.rows_in,
        rows_scored=receipt.rows_scored,
        rows_quarantined=receipt.rows_quarantined,
        output=_given(receipt.path),
        checks=tuple(from_text(receipt.checks)),
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
