"""What the checks of windows and of trainings found, as rows of a table and as JSON. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from ml_pipelines.steps.check_results import to_documents

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deployment.runs import RunReport

COLUMNS: Final = ("check", "outcome", "allowed", "found")


def document(report: RunReport) -> dict[str, Any]:
    """`checks` is there where the run has some, `staged` where a window failed them; of a training run that
    was judged, `decision` and `gate_report`.
    """
    found = {"checks": to_documents(report.checks)} if report.checks else {}
    said = {name: getattr(report, name) for name in ("staged", "decision", "gate_report")}
    return found | {name: value for name, value in said.items() if value}


def rows(
    reports: Sequence[RunReport], window_name: Callable[[str | None, str | None], str]
) -> list[list[str]]:
    """Model, window and COLUMNS, of each pipeline's newest run that says some.

    `reports`: the newest first.
    """
    newest: dict[str, RunReport] = {}
    for report in reports:
        if report.checks:
            newest.setdefault(report.pipeline, report)
    return [
        [report.model, "training" if report.trains else window_name(report.window_start, report.window_end)]
        + [result.document()[column] for column in COLUMNS]
        for report in newest.values()
        for result in report.checks
    ]
