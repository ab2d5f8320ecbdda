"""One run from top to bottom: its activities, the steps of its ML run, the first error and the log's end.

Data Factory forgets a run after 45 days; its receipt stays in the lake and tells how it ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from adf.pipelines import score_name, train_name
from deployment.errors import UsageError
from deployment.freshness import span
from deployment.report import Line, run_document, window_name
from deployment.runs import Runner, RunReport, report_of
from ml_pipelines.errors import MachineLearningError
from ml_pipelines.steps.landing import LANDED, Receipt, receipt_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from config.schema import Settings
    from deployment.progress import Progress
    from deployment.session import Session
    from ml_pipelines.observed import MlRun

    Json = Mapping[str, Any]

LOG_LINES: Final = 40
BRANCHES: Final = ("ifTrueActivities", "ifFalseActivities", "activities", "defaultActivities")
SYMBOLS: Final = {
    **dict.fromkeys(("Succeeded", "Completed"), ("✓", "green")),
    **dict.fromkeys(("Failed", "Cancelled", "Canceled", "TimedOut"), ("✗", "red")),
}
OTHERWISE: Final = ("·", "dim")


@dataclass(frozen=True)
class Node:
    """An activity, or a step of an ML run."""

    name: str
    kind: str
    status: str
    depth: int
    took: str = ""
    error: str = ""


@dataclass(frozen=True)
class RunDetails:
    report: RunReport
    nodes: Sequence[Node]
    log_tail: str = ""
    portal_url: str | None = None
    """Of the ML run, in Azure ML studio."""
    ml_unread: str = ""
    """Why Azure ML cannot tell its part."""
    remembered: bool = True
    """Data Factory still knows it."""


def read(settings: Settings, session: Session, progress: Progress, run_id: str) -> RunDetails:
    """Raises UsageError where nobody knows the run, or where it is none of ours."""
    run = session.data_factory.run(run_id)
    if run is None:
        return _forgotten(settings, session, run_id)
    models = {each: name for name in settings.models for each in (score_name(name), train_name(name))}
    model = models.get(str(run["pipelineName"]))
    if model is None:
        raise UsageError(f"run {run_id} is one of {run['pipelineName']}, which is none of our pipelines")
    environment, seconds = settings.environment, session.polling_seconds
    runner = Runner(session.data_factory, session.lake, progress, environment, seconds)
    report = runner.joined(model, run)
    ml_run, log_tail, unread = _ml_run(session, report)
    activities = session.data_factory.activity_runs(run_id)
    live = session.data_factory.get("pipeline", report.pipeline)
    parents = _parents((live.properties if live else {}).get("activities") or ())
    nodes = tuple(_nodes(activities, parents, ml_run))
    portal_url = None if ml_run is None else ml_run.portal_url
    return RunDetails(report, nodes, log_tail, portal_url, unread)


def _forgotten(settings: Settings, session: Session, run_id: str) -> RunDetails:
    """Of a run that was no rerun, the run group has the same id."""
    for model in sorted(settings.models):
        content = session.lake.read(receipt_path(model, run_id))
        if content is not None:
            receipt = Receipt.from_json(content)
            pipeline = score_name(model) if receipt.window_id else train_name(model)
            status = "Succeeded" if receipt.status in LANDED else "Failed"
            run = {"runId": run_id, "pipelineName": pipeline, "status": status}
            return RunDetails(report_of(model, run, receipt, None), (), remembered=False)
    hint = "`status` shows the ids of ADF runs; Data Factory keeps them for 45 days"
    raise UsageError(f"neither Data Factory nor the lake knows a run {run_id}", hint=hint)


def _ml_run(session: Session, report: RunReport) -> tuple[MlRun | None, str, str]:
    """The ML run and, where the run has failed, the end of the log; or why Azure ML cannot tell."""
    if report.ml_run_id is None:
        return None, "", ""
    try:
        found = session.machine_learning.ml_run(report.ml_run_id)
        failed = report.status == "Failed"
        tail = session.machine_learning.log_tail(report.ml_run_id, LOG_LINES) if failed else ""
    except MachineLearningError as error:
        return None, "", str(error)
    return found, tail, ""


# ------------------------------------------------------------------------------------------- the tree


def _parents(activities: Sequence[Json], parent: str = "") -> dict[str, str]:
    """Activity → the one that it is inside of; Data Factory's list of activity runs is flat."""
    found: dict[str, str] = {}
    for each in activities:
        own = each.get("typeProperties") or {}
        inner = [one for branch in BRANCHES for one in own.get(branch) or ()]
        inner += [one for case in own.get("cases") or () for one in case.get("activities") or ()]
        found |= ({each["name"]: parent} if parent else {}) | _parents(inner, each["name"])
    return found


def _nodes(activities: Sequence[Json], parents: Mapping[str, str], ml_run: MlRun | None) -> Iterator[Node]:
    names = {str(each["activityName"]) for each in activities}

    def below(parent: str | None, depth: int) -> Iterator[Node]:
        for each in activities:
            name = str(each["activityName"])
            inside = parents.get(name)
            if (inside if inside in names else None) != parent:
                continue
            yield _activity(each, depth)
            if each.get("activityType") == "AzureMLExecutePipeline" and ml_run is not None:
                for step in ml_run.steps:
                    yield Node(step.name, "ML step", step.status, depth + 1, error=step.error)
            yield from below(name, depth + 1)

    return below(None, 0)


def _activity(run: Json, depth: int) -> Node:
    error = (run.get("error") or {}).get("message") or ""
    kind = str(run.get("activityType") or "")
    return Node(str(run["activityName"]), kind, str(run["status"]), depth, _took(run), str(error))


def _took(run: Json) -> str:
    from datetime import timedelta

    milliseconds = run.get("durationInMs")
    if not milliseconds:
        return ""
    seconds = milliseconds / 1000
    return f"{seconds:.0f} s" if seconds < 60 else span(timedelta(seconds=seconds))


# ------------------------------------------------------------------------------------------- shown


def document(details: RunDetails) -> dict[str, Any]:
    return {
        "run": run_document(details.report),
        "trigger": details.report.trigger,
        "started": details.report.started,
        "ended": details.report.ended,
        "remembered": details.remembered,
        "activities": [
            {"name": each.name, "type": each.kind, "status": each.status, "depth": each.depth}
            | {"error": each.error or None}
            for each in details.nodes
        ],
        "ml_portal_url": details.portal_url,
        "log_tail": details.log_tail.splitlines(),
    }


def parts(details: RunDetails) -> Iterator[Line]:
    report = details.report
    window = window_name(report.window_start, report.window_end)
    yield Line(f"{report.pipeline}{f', window {window}' if window else ''}: {report.status}", "bold")
    yield from (Line(f"  {name:<10} {value}") for name, value in _facts(details) if value)
    yield Line("")
    yield from _tree(details.nodes)
    if report.error:
        yield from (Line(""), Line("The first error", "bold"), Line(f"  {report.error}", "red"))
    if details.ml_unread:
        yield from (Line(""), Line(f"Azure ML cannot tell its part: {details.ml_unread}", "yellow"))
    if details.log_tail:
        yield from (Line(""), Line("The end of the log", "bold"))
        yield from (Line(f"  {each}") for each in details.log_tail.splitlines())


def _facts(details: RunDetails) -> Iterator[tuple[str, str | None]]:
    report = details.report
    started_by = report.trigger or ("somebody, by hand" if details.remembered else None)
    yield "started by", started_by
    yield "from", report.started
    yield "to", report.ended
    yield "ADF run", report.adf_run_id
    yield "ML run", report.ml_run_id
    yield "studio", details.portal_url
    yield "version", report.model_version
    yield "rows in", None if report.rows_in is None or report.trains else f"{report.rows_in:,}"
    yield "output", report.output
    yield "report", report.gate_report
    if not details.remembered:
        yield "known from", "its receipt in the lake: Data Factory no longer knows it"


def _tree(nodes: Sequence[Node]) -> Iterator[Line]:
    names = max((len(each.name) + 2 * each.depth for each in nodes), default=0)
    kinds = max((len(each.kind) for each in nodes), default=0)
    for each in nodes:
        symbol, style = SYMBOLS.get(each.status, OTHERWISE)
        name = f"{'  ' * each.depth}{symbol} {each.name}"
        yield Line(
            f"  {name:<{names + 2}}  {each.kind:<{kinds}}  {each.status:<10} {each.took}".rstrip(), style
        )
