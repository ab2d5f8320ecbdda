"""The path of a storage event names its window: to format a window and read the path back changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from hypothesis import assume, given
from hypothesis import strategies as st
from tzlocal.windows_tz import win_tz

from adf import windows
from adf.windows import Grid, Window, window_id
from config.event_paths import InputPath, check
from ml_pipelines.steps import event_path, landing
from ml_pipelines.steps.errors import EventPathUnmatched
from ml_pipelines.steps.event_path import EventPath
from ml_pipelines.steps.landing import TemplateFields, format_template

ZONES = sorted(win_tz)
FORMS = ["yyyy/MM/dd", "yyyyMMdd", "yyyy/MM", "yyyy", "yyyy-MM-ddTHH", "yyyy/MM/dd/HH/mm", "HHmm", "dd.HH",
         None]  # fmt: skip
EVERY = ["minute", "5 minutes", "45 minutes", "hour", "90 minutes", "2 hours", "6 hours", "24 hours", "day",
         "week", "month"]  # fmt: skip
instants = st.integers(
    int(datetime(2000, 2, 1, tzinfo=UTC).timestamp()), int(datetime(2039, 11, 1, tzinfo=UTC).timestamp())
).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
ENDS = ["", "/*.csv", "/in.csv", "*.csv", "_*", "/", "/sub/*.csv"]
literals = st.sampled_from(["", "d=", "in-", "x.", "2026", "(a)"])


@st.composite
def templates(draw: st.DrawFn) -> str:
    segments = ["raw"]
    for _ in range(draw(st.integers(1, 3))):
        form = draw(st.sampled_from(FORMS))
        start = "{window_start}" if form is None else f"{{window_start:{form}}}"
        field = draw(st.sampled_from([start, start, "{window_id}", "{model}", "{window_end:dd}"]))
        segments.append(draw(literals) + field + draw(st.sampled_from(["", "-day", "_x"])))
    return "/".join(segments) + draw(st.sampled_from(ENDS))


@st.composite
def grids(draw: st.DrawFn) -> tuple[str, str, int]:
    every, zone = draw(st.sampled_from(EVERY)), draw(st.sampled_from(ZONES))
    longest = windows.Every.parse(every).shortest_minutes - 1
    return every, zone, draw(st.one_of(st.just(0), st.integers(0, longest)))


def accepted(template: str, every: str, zone: str) -> bool:
    model = {
        "scoring": {"input": template},
        "window": {"every": every, "time_zone": zone},
        "output": {"path": "out"},
        "schedules": {"score": {"arrived": {"type": "event", "ends_with": "/_SUCCESS"}}},
    }
    wrong = [each for each in check({"churn": model}, Path()) if "ends_with" not in each.below]
    return not wrong


def path_of(template: str, window: Window, zone: str) -> str:
    names = TemplateFields("churn", window_id(window), window.start, window.end, ZoneInfo(zone))
    return format_template(template, names).replace("*", "part-1")


@given(templates(), grids(), instants)
def test_reading_the_path_of_a_window_gives_that_window(
    template: str, grid_text: tuple[str, str, int], instant: datetime
):
    """For every template that the configuration accepts, in UTC and where clocks change."""
    every, windows_zone, offset = grid_text
    assume(accepted(template, every, windows_zone))
    zone = win_tz[windows_zone]
    grid = Grid.parse(every, zone=zone, offset_minutes=offset)
    window = grid.window_at(instant)
    path = path_of(template, window, zone)
    input_path = InputPath.of(template, "churn")
    assert input_path is not None
    folder = path.rpartition("/")[0] if "*" in template else path
    events = [path] if input_path.is_file else [path, f"{folder}/_SUCCESS"]

    for event in events:
        read = EventPath(f"data/{event}", "data", template, "churn", ZoneInfo(zone))
        assert read.window(grid, windows) == window


@given(templates(), grids(), st.text("0123456789/-T:Zd=rawin_.*{}", max_size=40))
def test_any_other_path_is_an_error_and_not_a_crash(
    template: str, grid_text: tuple[str, str, int], path: str
):
    """Whatever the file is called: a window whose path it is, or EventPathUnmatched."""
    every, windows_zone, offset = grid_text
    zone = ZoneInfo(win_tz[windows_zone])
    grid = Grid.parse(every, zone=zone.key, offset_minutes=offset)
    try:
        window = EventPath(f"data/{path}", "data", template, "churn", zone).window(grid, windows)
    except EventPathUnmatched:
        return
    assert path_of(template, window, zone.key).split("/")[0] == path.split("/", maxsplit=1)[0]


def test_the_configuration_and_the_steps_mean_the_same_format():
    """Two packages that do not know each other spell it."""
    from config import event_paths

    assert event_paths.DEFAULT_TIME_FORMAT == landing.DEFAULT_TIME_FORMAT
    assert set(event_paths.FORMAT_TOKENS) == set(event_path.TOKENS)
