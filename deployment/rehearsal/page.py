"""The story as one HTML file: no script, nothing fetched, light and dark, every text escaped. Pure.

At most so many rows and marks are drawn that a browser shows the page at once; what is left out is said, and
`-o json` has it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from adf.windows import format_instant
from deployment.rehearsal import text
from deployment.rehearsal.consequences import last_attempts
from deployment.rehearsal.model_windows import FATES

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from deployment.rehearsal.cluster import Usage
    from deployment.rehearsal.model_windows import Fate, ModelWindows
    from deployment.rehearsal.story import Story
    from deployment.rehearsal.timetable import Run

WIDTH: Final = 1000
"""Of a drawing, in its own units."""
MOST_BARS, MOST_CELLS, MOST_ROWS, MOST_MODELS = 400, 400, 200, 300
_WORST_FIRST: Final[Sequence[Fate]] = ("failed", "waiting", "skipped", "late", "landed")
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Bar:
    """A run on the drawing of a day: it waited from `due`, ran from `start`; `x` and widths in units."""

    y: int
    due_x: float
    start_x: float
    width: float
    queues: Sequence[tuple[float, float]]
    """Where it waited for nodes: x and width."""
    status: str
    title: str
    name: str


@dataclass(frozen=True)
class Cell:
    """A window of a model, or several where there are too many: then the worst of them."""

    x: float
    width: float
    fate: Fate
    title: str


@dataclass(frozen=True)
class Column:
    """A stretch of time on the drawing of the cluster: at most so many nodes busy, and waited for, as
    heights.
    """

    x: float
    width: float
    busy: float
    waiting: float
    title: str


@dataclass(frozen=True)
class Day:
    """The day on which runs waited and queued the longest, drawn run by run."""

    start: datetime
    length: timedelta
    """A day, or longer where its last run ends later."""
    bars: Sequence[Bar]
    left_out: int

    @property
    def ticks(self) -> list[tuple[int, float]]:
        """Every six hours: so many after midnight, and where."""
        hours = range(0, int(self.length / timedelta(hours=1)), 6)
        return [(number, WIDTH * (timedelta(hours=number) / self.length)) for number in hours]

    @property
    def height(self) -> int:
        return 18 * len(self.bars) + 24


def page(story: Story) -> str:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"instant": format_instant, "span": text.span, "fire": text.fire_name}
    template = environment.get_template("page.html.j2")
    return template.render(
        story=story,
        text=text,
        fates=FATES,
        most=MOST_ROWS,
        width=WIDTH,
        models=[(each, list(_cells(each))) for each in story.models[:MOST_MODELS]],
        models_left_out=max(0, len(story.models) - MOST_MODELS),
        columns=list(_columns(story.usage)),
        tallest=_tallest(story.usage),
        day=_worst_day(story),
        failures=sorted(story.failures, key=lambda each: -len(each.stopped)),
    )


# ------------------------------------------------------------------------------------------- windows


def _cells(of_model: ModelWindows) -> Iterator[Cell]:
    windows = of_model.windows
    at_a_time = -(-len(windows) // MOST_CELLS)
    width = WIDTH / -(-len(windows) // at_a_time)
    for number, first in enumerate(range(0, len(windows), at_a_time)):
        some = windows[first : first + at_a_time]
        fate = min((each.fate for each in some), key=_WORST_FIRST.index)
        start, end = format_instant(some[0].window.start), format_instant(some[-1].window.end)
        landed = some[0].landed
        when = f", landed {format_instant(landed)}" if landed is not None and len(some) == 1 else ""
        yield Cell(number * width, width, fate, f"{start} to {end}: {fate}{when}")


# ------------------------------------------------------------------------------------------- the cluster


def _tallest(usage: Usage) -> float:
    return max([usage.nodes or 0, *(each.busy + each.waiting for each in usage.hours)], default=0) or 1


def _columns(usage: Usage) -> Iterator[Column]:
    """120 units high; several hours to a column where there are too many."""
    hours, tallest = usage.hours, _tallest(usage)
    at_a_time = -(-len(hours) // MOST_CELLS)
    width = WIDTH / -(-len(hours) // at_a_time)
    for number, first in enumerate(range(0, len(hours), at_a_time)):
        some = hours[first : first + at_a_time]
        top = max(some, key=lambda each: each.busy + each.waiting)
        yield Column(
            number * width,
            width,
            120 * top.busy / tallest,
            120 * top.waiting / tallest,
            f"{format_instant(top.start)}: {top.busy:.1f} nodes busy, {top.waiting:.1f} waited for",
        )


# ------------------------------------------------------------------------------------------- a day


def _worst_day(story: Story) -> Day | None:
    """The first one where all are alike."""
    lost: dict[datetime, timedelta] = {}
    runs = last_attempts(story.timetable)
    for run in runs:
        day = _midnight(run.due)
        lost[day] = lost.get(day, timedelta()) + run.waited + run.queued
    if not lost:
        return None
    worst = max(sorted(lost), key=lambda day: lost[day])
    of_day = [run for run in runs if _midnight(run.due) == worst]
    shown = sorted(of_day, key=lambda run: (-(run.waited + run.queued), run.due))[:MOST_BARS]
    shown.sort(key=lambda run: (run.due, run.trigger))
    last = max(run.ended or run.started for run in shown)
    length = max(last - worst, _DAY)
    bars = [_bar(run, number, worst, length) for number, run in enumerate(shown)]
    return Day(worst, length, bars, len(of_day) - len(shown))


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _bar(run: Run, number: int, origin: datetime, length: timedelta) -> Bar:
    def x(moment: datetime) -> float:
        return WIDTH * ((moment - origin) / length)

    ended = run.ended or run.started
    queues = [(x(each.asked), x(each.began) - x(each.asked)) for each in run.ml_runs if each.queued]
    queued = f", queued {text.span(run.queued)}" if run.queued else ""
    waited = f", {text.reason(run)} {text.span(run.waited)}" if run.waited else ""
    took = text.span(ended - run.started)
    title = f"{text.fire_name(run)}: {run.status}, took {took}{waited}{queued}"
    width = max(x(ended) - x(run.started), 1.5)
    y = 18 * number + 20
    return Bar(y, x(run.due), x(run.started), width, queues, run.status, title, text.fire_name(run))
