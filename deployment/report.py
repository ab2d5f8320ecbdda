"""Results as users read them (text) and as scripts do (JSON). Pure: values in, lines or documents out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from adf.windows import format_instant
from deployment import checks
from deployment.fires import firing_of
from deployment.firing_lines import told
from deployment.resources import OUTSIDE_THE_FACTORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from adf.entities import Entity
    from config.schema import Model
    from deployment.canonical import Difference
    from deployment.journal import Unfinished
    from deployment.missed import CaughtUp
    from deployment.origins import Origin, Origins
    from deployment.resources import Action, Change, Plan
    from deployment.runs import RunReport

SYMBOLS: Final[dict[Action, tuple[str, str]]] = {
    "create": ("+", "green"),
    "change": ("~", "yellow"),
    "recreate": ("-/+", "magenta"),
    "delete": ("-", "red"),
    "drift": ("!", "yellow"),
    "unchanged": ("=", "dim"),
}
LONGEST_VALUE: Final = 100


@dataclass(frozen=True)
class Line:
    text: str
    style: str = ""


@dataclass(frozen=True)
class Table:
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: frozenset[str] = frozenset()
    """Columns of numbers."""
    long: frozenset[str] = frozenset()
    """Columns that go below their row where the screen is too narrow: ids and paths."""


def plan_lines(
    plan: Plan,
    *,
    heading: str,
    now: datetime | None = None,
    outcome: str = "",
    unfinished: Unfinished | None = None,
    origins: Origins | None = None,
    adopting: bool = False,
) -> Iterator[Line]:
    """The plan, one line a change and one a difference, what came of it; the last line is the summary.

    With `now`, also when a trigger that is new or changed fires next; with `origins`, which key of the
    configuration set each new value; `adopting`, how to keep what was changed by hand.
    """
    yield Line(heading, "bold")
    yield from unfinished_lines(unfinished)
    if plan.changes:
        yield Line("")
    width = max((len(step.address.kind) for step in plan.changes), default=0)
    for step in plan.changes:
        yield from _step_lines(step, width, now, origins)
        if adopting:
            yield from _adopting_lines(step, origins)
    yield from (Line(f"warning: {each}", "yellow") for each in plan.warnings)
    for address in plan.unwanted:
        yield Line(f"      {address} is ours and no longer wanted: --prune deletes it", "dim")
    yield Line("")
    if outcome:
        yield Line(outcome, "green")
    yield Line(summary_line(plan), "bold")


def unfinished_lines(unfinished: Unfinished | None) -> Iterator[Line]:
    if unfinished is not None:
        names = ", ".join(unfinished.triggers)
        yield Line(
            f"{unfinished.by} stopped {names} at {unfinished.at} and has not started them again:", "yellow"
        )
        yield Line("that deployment goes on, or it has died and the next deploy starts them first", "yellow")


def _step_lines(step: Change, width: int, now: datetime | None, origins: Origins | None) -> Iterator[Line]:
    symbol, style = SYMBOLS[step.action]
    yield Line(f"{symbol:>3} {step.address.kind:<{width}}  {step.address.name}{_aside(step)}", style)
    for difference in step.drifted:
        yield Line(f"      by hand: {_difference(difference)}", "yellow")
    for difference in step.differences:
        if step.action != "create" or step.address.kind == "model":
            origin = _origin(step, difference, origins)
            yield Line(f"      {_difference(difference)}{'' if origin is None else f'  ({origin})'}")
    firing = None if now is None else firing_of(step, now)
    if firing is not None:
        yield from (Line(f"      {text}", style) for text, style in told(firing))


def _adopting_lines(step: Change, origins: Origins | None) -> Iterator[Line]:
    """How to keep what somebody changed by hand: by the key that decides it, or what and where it is."""
    for difference in step.drifted:
        origin = _origin(step, difference, origins)
        value = f"{difference.path} = {_shown(difference.after)}"
        if origin is None:
            yield Line(
                f"      to keep it: no key decides it; {step.address.kind}/{step.address.name}: {value}"
            )
        else:
            yield Line(f"      to keep it: change {origin} so that {value}")


def _origin(step: Change, difference: Difference, origins: Origins | None) -> Origin | None:
    if origins is None or step.wanted is None or step.address.kind in OUTSIDE_THE_FACTORY:
        return None
    return origins.of(cast("Entity", step.wanted), difference.path)


def _difference(difference: Difference) -> str:
    before, after = difference.before, difference.after
    if isinstance(before, str) and isinstance(after, str) and max(len(before), len(after)) > LONGEST_VALUE:
        before, after = _from_where_they_differ(before, after)
    return f"{difference.path}: {_shown(before)} → {_shown(after)}"


def _from_where_they_differ(before: str, after: str) -> tuple[str, str]:
    """Two long texts without what both begin with, but for the line that they differ in."""
    pairs = enumerate(zip(before, after, strict=False))
    same = next((at for at, (one, other) in pairs if one != other), min(len(before), len(after)))
    begin = max(before.rfind("\n", 0, same) + 1, same - LONGEST_VALUE // 2)
    return (f"…{before[begin:]}", f"…{after[begin:]}") if begin else (before, after)


def _aside(step: Change) -> str:
    """What a step's symbol does not say."""
    if step.action == "drift":
        return "  (changed by hand since the last release)"
    if step.action == "recreate":
        meanwhile = ", ".join(each.name for each in step.dependents)
        stopped = f"; stopped meanwhile: {meanwhile}" if meanwhile else ""
        return f"  (this cannot be edited: deleted and created again, its windows start over{stopped})"
    if step.action == "create" and step.address.kind == "trigger" and not step.differences:
        return "  (stays stopped)"
    return ""


def _shown(value: Any) -> str:  # noqa: ANN401 - any JSON
    if value is None:
        return "(none)"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def summary_line(plan: Plan) -> str:
    """The last line of every plan, which scripts may look for."""
    counts = plan.summary()
    return (
        f"Plan: {counts['add']} to add, {counts['change']} to change, "
        f"{counts['delete']} to delete, {counts['unchanged']} unchanged"
    )


def plan_document(
    plan: Plan,
    now: datetime | None = None,
    unfinished: Unfinished | None = None,
    origins: Origins | None = None,
) -> dict[str, Any]:
    """With `now`, the change of a trigger says `next`: its next fire times as UTC (none where it waits for
    files: `on_event`), and `before` what they are without the change, where they are others; with `origins`
    a difference says `key`, `file` and `line` of what set its new value.
    """
    return with_unfinished(unfinished) | {
        "env": plan.environment,
        "changes": [_change_document(step, now, origins) for step in plan.changes],
        "summary": plan.summary(),
        "unwanted": [{"kind": address.kind, "name": address.name} for address in plan.unwanted],
        **({"warnings": [each.document() for each in plan.warnings]} if plan.warnings else {}),
    }


def with_unfinished(unfinished: Unfinished | None) -> dict[str, Any]:
    """The key is there only where a deployment has not put its triggers back."""
    return {} if unfinished is None else {"unfinished": unfinished.document()}


def _change_document(step: Change, now: datetime | None, origins: Origins | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "action": step.action,
        "kind": step.address.kind,
        "name": step.address.name,
        "diff": [_difference_document(step, each, origins) for each in step.differences],
    }
    if step.drifted:
        document["by_hand"] = [_difference_document(step, each, origins) for each in step.drifted]
    firing = None if now is None else firing_of(step, now)
    if firing is not None:
        document["next"] = [format_instant(instant) for instant in firing.next]
        document["windows_at_once"] = firing.at_once.count if firing.at_once else 0
        if firing.files is not None:
            document["on_event"] = firing.files.document()
    if firing is not None and firing.before is not None:
        document["before"] = [format_instant(instant) for instant in firing.before]
    return document


def missed_lines(caught_up: Sequence[CaughtUp]) -> Iterator[Line]:
    """What schedule triggers did not run while they stood still, and what makes up for it."""
    for each in caught_up:
        at = f"{each.trigger} was stopped at its fire time {format_instant(each.fire)}"
        if each.run_id is None:
            yield Line(f"{at}: {each.pipeline} did not run; --catch-up runs what is missed", "yellow")
        else:
            yield Line(f"{at}: {each.pipeline} runs now, ADF run {each.run_id}")


def lines_without_model(models: Sequence[Model], environment: str) -> Iterator[Line]:
    """What is deployed and cannot score yet, and what to do about it."""
    for each in models:
        which = {"approved": "no approved version", "latest": "no version"}
        missing = which.get(each.model_version, f"no version {each.model_version}")
        yield Line(
            f"{each.name} cannot score yet: {missing} of the model {each.registered_name} is here", "yellow"
        )
        if each.training is not None:
            yield Line(
                f"  train one:    python deploy.py run --env {environment} --training --model {each.name}"
            )
        yield Line(f"  promote one:  `version` below `models.{each.name}` (docs/migrating.md)")


def missed_document(caught_up: Sequence[CaughtUp]) -> dict[str, Any]:
    """The key is there only where something was missed."""
    missed = [
        {
            "trigger": each.trigger,
            "fire": format_instant(each.fire),
            "pipeline": each.pipeline,
            "run": each.run_id,
        }
        for each in caught_up
    ]
    return {"missed": missed} if missed else {}


def _difference_document(step: Change, difference: Difference, origins: Origins | None) -> dict[str, Any]:
    origin = _origin(step, difference, origins)
    return difference.document() | ({} if origin is None else origin.document())


def run_document(report: RunReport) -> dict[str, Any]:
    """The keys that product scripts rely on, in their order; what is not known is null.

    What a run's checks found, and the gate of a training run, is there where it is known (checks.py).
    """
    return {
        "model": report.model,
        "pipeline": report.pipeline,
        "window_start": report.window_start,
        "window_end": report.window_end,
        "status": report.status,
        "adf_run_id": report.adf_run_id,
        "ml_run_id": report.ml_run_id,
        "rows_in": report.rows_in,
        "rows_scored": report.rows_scored,
        "rows_quarantined": report.rows_quarantined,
        "output": report.output,
        "error": report.error,
    } | checks.document(report)


RUN_COLUMNS: Final = (
    "model",
    "window",
    "status",
    "version",
    "rows in",
    "scored",
    "quarantined",
    "ADF run",
    "ML run",
    "path",
)
NUMBERS: Final = frozenset({"rows in", "scored", "quarantined"})
LONG: Final = frozenset({"ADF run", "ML run", "path"})


def run_table(reports: Sequence[RunReport]) -> Table:
    return Table(RUN_COLUMNS, [_run_row(report) for report in reports], NUMBERS, LONG)


def _run_row(report: RunReport) -> list[str]:
    return [
        report.model,
        "training" if report.trains else window_name(report.window_start, report.window_end),
        report.status,
        " ".join(filter(None, (report.model_version, report.decision))),
        number(report.rows_in),
        number(report.rows_scored),
        number(report.rows_quarantined),
        report.adf_run_id or "",
        report.ml_run_id or "",
        report.gate_report or "" if report.trains else report.output or "",
    ]


def run_errors(reports: Sequence[RunReport]) -> Iterator[Line]:
    for report in reports:
        if report.error:
            run = f" {report.adf_run_id}" if report.adf_run_id else ""  # none, where none was started
            yield Line(f"{report.pipeline}{run}: {report.error}", "red")


def window_name(start: str | None, end: str | None) -> str:
    """A UTC day by its date, any other window by both ends."""
    if start is None or end is None:
        return ""
    return start[:10] if _is_utc_day(start, end) else f"{start} to {end}"


def _is_utc_day(start: str, end: str) -> bool:
    from datetime import datetime, timedelta

    length = datetime.fromisoformat(end) - datetime.fromisoformat(start)
    return start.endswith("T00:00:00Z") and length == timedelta(days=1)


def number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
