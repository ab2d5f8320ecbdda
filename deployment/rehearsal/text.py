"""The story as users read it on a terminal. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from adf.windows import format_instant
from deployment.rehearsal.model_windows import FATES
from deployment.report import Line, Table

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime, tzinfo

    from deployment.rehearsal.clock_changes import ClockChange
    from deployment.rehearsal.consequences import Failure
    from deployment.rehearsal.story import Story
    from deployment.rehearsal.timetable import Fire, Run

SHOWN: Final = 10
TRIGGER_COLUMNS: Final = (
    "trigger",
    "fires",
    "succeeded",
    "failed",
    "not run",
    "longest wait",
    "queue",
    "in all",
)
MODEL_COLUMNS: Final = ("model", "windows", *FATES, "repeated")


def parts(story: Story) -> Iterator[Line | Table]:
    timetable = story.timetable
    span = f"from {format_instant(timetable.start)} to {format_instant(timetable.end)}"
    if timetable.seed is None:
        yield Line(f"What happened in {story.environment} {span}, in the local Azure's time", "bold")
    else:
        rehearsal = f"Rehearsal of {story.environment} {span}, seed {timetable.seed}"
        yield Line(f"{rehearsal}: nothing was run in Azure", "bold")
    yield Line("")
    yield _triggers(story)
    yield _models(story)
    yield from _cluster(story)
    yield from _waits(story)
    for change in story.clock_changes:
        yield from _clock_change(change)
    yield from _failures(story)
    for run in story.misplaced[:SHOWN]:
        yield Line(f"{run.file} names no window: the run that it starts would fail", "red")
    if story.events:
        yield Line(
            f"No file came, in this rehearsal, that starts: {', '.join(story.events)} (--arrivals)", "yellow"
        )
    yield Line(summary_line(story), "bold")


def _triggers(story: Story) -> Table:
    rows = [
        [
            each.name,
            *(f"{number:,}" for number in (each.fires, each.succeeded, each.failed, each.not_run)),
            span(each.longest_wait),
            span(each.longest_queue),
            span(each.longest),
        ]
        for each in story.triggers
        if each.name not in story.events
    ]
    return Table(TRIGGER_COLUMNS, rows, right=frozenset(TRIGGER_COLUMNS[1:]))


def _models(story: Story) -> Table:
    rows = []
    for each in story.models:
        counts = each.counts()
        numbers = [len(each.windows), *(counts[fate] for fate in FATES), each.repeated]
        rows.append([each.model, *(f"{number:,}" for number in numbers)])
    return Table(MODEL_COLUMNS, rows, right=frozenset(MODEL_COLUMNS[1:]))


def _cluster(story: Story) -> Iterator[Line]:
    usage = story.usage
    if usage.peak_at is None:
        yield Line("Cluster: no ML run")
        return
    size = "as many nodes as were wanted" if usage.nodes is None else nodes(usage.nodes)
    busy = "" if usage.busy_percent is None else f", {usage.busy_percent:.1f} % of them busy"
    yield Line(
        f"Cluster of {size}: {usage.busy_node_hours:,.0f} node hours{busy}; "
        f"at most {nodes(usage.peak)} at one time, first at {format_instant(usage.peak_at)}"
    )
    if usage.queued_runs:
        runs = "1 ML run" if usage.queued_runs == 1 else f"{usage.queued_runs:,} ML runs"
        yield Line(f"  {runs} waited for nodes, the longest for {span(usage.longest_queue)}", "yellow")


def _waits(story: Story) -> Iterator[Line]:
    if not story.waits:
        return
    yield Line(f"Began later than due: {len(story.waits):,} runs, the longest:")
    for run in story.waits[:SHOWN]:
        yield Line(f"  {fire_name(run)} by {span(run.waited)}: it {reason(run)}")


def reason(run: Run) -> str:
    """Why it began later than it was due."""
    if run.attempt > 1:
        return f"is attempt {run.attempt}"
    if run.waited_for:
        return "waited for " + ", ".join(f"{name} {format_instant(start)}" for name, start in run.waited_for)
    return "waited for its turn (max_concurrency)"


def _clock_change(change: ClockChange) -> Iterator[Line]:
    zone = change.zone
    way = "forward" if change.by > timedelta() else "back"
    yield Line(
        f"Clocks go {way} by {span(abs(change.by))} in {change.time_zone} at {format_instant(change.at)} "
        f"({local(change.at, zone)} then):"
    )
    for gap in change.gaps[:SHOWN]:
        usual = "as usual" if gap.length == gap.usual else f"usually {span(gap.usual)}"
        yield Line(
            f"  {gap.trigger} fires at {local(gap.before, zone)} and at {local(gap.after, zone)}: "
            f"{span(gap.length)} apart, {usual}"
        )
    if len(change.gaps) > SHOWN:
        yield Line(f"  and {len(change.gaps) - SHOWN} triggers more")
    for model, window in change.windows:
        yield Line(f"  {model}: the window {format_instant(window.start)} has {span(window.length)}")


def _failures(story: Story) -> Iterator[Line]:
    """Those that stopped others first."""
    if not story.failures:
        return
    which = (
        "1 window"
        if len(story.failures) == 1
        else f"{len(story.failures):,}, first those that stopped others"
    )
    yield Line(f"Failed: {which}:")
    ordered = sorted(story.failures, key=lambda each: -len(each.stopped))
    for each in ordered[:SHOWN]:
        yield Line(f"  {_failure(each)}", "red")
    if len(ordered) > SHOWN:
        yield Line(f"  and {len(ordered) - SHOWN:,} more: -o json, or --html FILE, has them all")


def _failure(each: Failure) -> str:
    attempts = "" if each.attempts == 1 else f" after {each.attempts} attempts"
    if not each.stopped:
        return f"{fire_name(each.run)}{attempts}; nothing waits for it"
    first, *more = each.stopped
    others = f", and {len(more):,} more" if more else ""
    return f"{fire_name(each.run)}{attempts}: never ran for want of it: {fire_name(first)}{others}"


def summary_line(story: Story) -> str:
    """The last line."""
    told = ", ".join(f"{story.count(fate):,} {fate}" for fate in FATES)
    ran = "Triggers started" if story.timetable.seed is None else "Rehearsed"
    return f"{ran} {len(story.timetable.runs):,} pipeline runs; windows: {told}"


def fire_name(fire: Fire) -> str:
    """A trigger and its window, or its fire time."""
    return f"{fire.trigger} {format_instant(fire.window_start or fire.due)}"


def local(moment: datetime, zone: tzinfo) -> str:
    """With its offset: where clocks go back, a local time comes twice."""
    return moment.astimezone(zone).isoformat(" ", "minutes")


def nodes(count: int) -> str:
    return "1 node" if count == 1 else f"{count:,} nodes"


def span(length: timedelta) -> str:
    """`2 d 3 h`, `1 h 05 min`, `12 min`, `40 s`: at most two units."""
    seconds = round(length.total_seconds())
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes:02} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min"
    return f"{seconds} s" if seconds else "-"
