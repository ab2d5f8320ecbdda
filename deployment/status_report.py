"""A status as people and scripts read it. Pure: values in, lines or a document out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from adf.windows import format_instant
from deployment import checks
from deployment.freshness import span
from deployment.report import (
    Line,
    Table,
    number,
    run_document,
    run_errors,
    run_table,
    unfinished_lines,
    window_name,
    with_unfinished,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deployment.runs import RunReport
    from deployment.status import ModelStatus, Status
    from deployment.window_status import WindowStatus

COLUMNS: Final = (
    "model",
    "window",
    "state",
    "late by",
    "rows in",
    "vs usual",
    "quarantined",
    "version",
    "trigger",
    "ADF run",
    "ML run",
    "path",
)
NUMBERS: Final = frozenset({"rows in", "vs usual", "quarantined"})
LONG: Final = frozenset({"version", "trigger", "ADF run", "ML run", "path"})


def document(status: Status) -> dict[str, Any]:
    return with_unfinished(status.unfinished) | {
        "env": status.environment,
        "healthy": status.healthy,
        "releases": [
            {
                "release": each.number,
                "at": each.at,
                "by": each.by,
                "commit": each.commit,
                "of_release": each.of_release,
            }
            for each in status.releases
        ],
        "triggers": [{"name": each.name, "state": each.state, "next": each.next} for each in status.triggers],
        "models": [_model_document(each) for each in status.models],
        "runs": [run_document(report) for report in status.runs],
    }


def _model_document(model: ModelStatus) -> dict[str, Any]:
    return {
        "model": model.model,
        "version": model.version,
        "sha256": model.sha256,
        "last_success": model.last_success,
        "late": model.late,
        "freshness": freshness(model),
        "windows": [_window_document(each) for each in model.windows],
    }


def _window_document(window: WindowStatus) -> dict[str, Any]:
    """`late_seconds` is null where it is not late; of `rows_in`, `usual_rows` is the median before."""
    late, expected, run = window.late_by, window.expected, window.run
    names = ("rows_in", "rows_scored", "rows_quarantined", "adf_run_id", "ml_run_id")
    return {
        "window_start": format_instant(window.window.start),
        "window_end": format_instant(window.window.end),
        "state": window.state,
        "late_seconds": None if late is None else int(late.total_seconds()),
        "deadline": None if expected is None else format_instant(expected.deadline),
        "trigger": window.trigger,
        "model_version": window.known("model_version"),
        "usual_rows": window.usual_rows,
        "output": _path(window),
        "error": None if run is None or window.state == "landed" else run.error,
    } | {name: window.known(name) for name in names}


def freshness(model: ModelStatus) -> str:
    """`on time`, `late by 2 h 10 min`, `2 windows late, the first by 3 d`, `failed`; or nothing."""
    late = [each.late_by for each in model.unhealthy if each.late_by is not None]
    if late:
        first = span(max(late))
        return f"late by {first}" if len(late) == 1 else f"{len(late)} windows late, the first by {first}"
    if model.unhealthy:
        return "failed"
    return "on time" if any(each.expected for each in model.windows) else ""


def parts(status: Status) -> Iterator[Line | Table]:
    yield Line(f"Environment {status.environment}, {release(status)}", "bold")
    yield from unfinished_lines(status.unfinished)
    yield from (Line(text, "red") for text in complaints(status))
    yield Line("")
    yield Table(("model", "version", "sha256", "last success", "freshness"), _model_rows(status))
    if status.triggers:
        rows = [[each.name, each.state, each.shown_next] for each in status.triggers]
        yield Table(("trigger", "state", "next"), rows)
    else:
        yield Line("No triggers.", "dim")
    yield from _windows(status)


def _model_rows(status: Status) -> list[list[str]]:
    return [
        [
            each.model,
            each.version or "none",
            (each.sha256 or "")[:12],
            each.last_success or "never",
            freshness(each) or "not scheduled",
        ]
        for each in status.models
    ]


def _windows(status: Status) -> Iterator[Line | Table]:
    windows = [window for model in status.models for window in model.windows]
    trainings = [each for each in status.runs if each.trains]
    if windows:
        yield Table(COLUMNS, [_row(each) for each in windows], NUMBERS, LONG)
    else:
        yield Line("No windows in the last days.", "dim")
    if trainings:
        yield run_table(trainings)
    if rows := checks.rows(status.runs, window_name):
        yield Table(("model", "window", *checks.COLUMNS), rows, long=frozenset({"found"}))
    yield from run_errors([*_failures(windows), *trainings])


def _failures(windows: list[WindowStatus]) -> list[RunReport]:
    return [each.run for each in windows if each.run is not None and each.state != "landed"]


def _row(window: WindowStatus) -> list[str]:
    return [
        window.model,
        window_of(window),
        window.state,
        "" if window.late_by is None else span(window.late_by),
        number(window.known("rows_in")),
        _percent(window.against_usual_percent),
        number(window.known("rows_quarantined")),
        str(window.known("model_version") or ""),
        window.trigger or "",
        window.known("adf_run_id") or "",
        window.known("ml_run_id") or "",
        _path(window) or "",
    ]


def _path(window: WindowStatus) -> str | None:
    found = None if window.manifest is None else window.manifest.get("path")
    return None if found is None else str(found)


def window_of(window: WindowStatus) -> str:
    return window_name(format_instant(window.window.start), format_instant(window.window.end))


def _percent(percent: int | None) -> str:
    return "" if percent is None else f"{percent:+} %"


def complaints(status: Status) -> Iterator[str]:
    """All that makes a status unhealthy, a sentence each."""
    for model in status.models:
        for each in reversed(model.unhealthy):
            late = "" if each.late_by is None else f", late by {span(each.late_by)}"
            yield f"{each.model}, window {window_of(each)}: {each.state}{late}"
    for report in status.failed_trainings:
        refused = f"was refused{f' (version {report.model_version})' if report.model_version else ''}"
        yield f"{report.model}: the last training {refused if report.decision == 'refused' else 'failed'}"


def release(status: Status) -> str:
    if not status.releases:
        return "no release yet"
    last = status.releases[0]
    commit = f", commit {last.commit[:12]}" if last.commit else ""
    commit += f", which is release {last.of_release} again" if last.of_release is not None else ""
    return f"release {last.number} of {last.at} by {last.by}{commit}"
