"""Event schedules that could never work, or would never end, are told before anything is deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from config.errors import ConfigurationError, Problem
from config.event_paths import Folders, begins_with, ignores_empty, minutes_repeated, tokens_needed
from config.loader import load
from tests.unit.config import project

if TYPE_CHECKING:
    from pathlib import Path

    from config.schema import Model

TEMPLATE = "raw/churn/{window_start:yyyy/MM/dd}/*.csv"
MODEL = """\
source: models/churn
scoring:
  input: "%s"
output:
  path: predictions/churn
window: %s
schedules:
  score:
    arrived:
      type: event
      %s
"""
BERLIN = "time_zone: W. Europe Standard Time"
MARKER = "ends_with: /_SUCCESS"


def write(folder: Path, said: str = MARKER, *, template: str = TEMPLATE, window: str = "{}") -> Path:
    lines = said.replace(", ", "\n      ")
    return project.write(folder, model=MODEL % (template, window, lines))


def model(folder: Path, said: str = MARKER, **parts: str) -> Model:
    return load(write(folder, said, **parts), "dev").models["churn"]


def problem(folder: Path, said: str = MARKER, **parts: str) -> Problem:
    with pytest.raises(ConfigurationError) as raised:
        load(write(folder, said, **parts), "dev")
    (found,) = raised.value.problems
    return found


@pytest.mark.parametrize(
    ("said", "line", "key"),
    [
        ("ignore_empty_files: true", 9, "arrived"),
        ("begins_with: ''", 9, "arrived"),
        ("begins_with: /raw/churn/", 11, "begins_with"),
        ("begins_with: raw/churn/*", 11, "begins_with"),
        ("ends_with: '*.csv'", 11, "ends_with"),
        ("begins_with: raw/churn/{window_start:yyyy}", 11, "begins_with"),
        ("begins_with: raw/../churn", 11, "begins_with"),
        ("begins_with: raw//churn", 11, "begins_with"),
    ],
)
def test_a_pattern_is_plain_text_inside_the_file_system(tmp_path, said, line, key):
    """Which files, with file and line; a leading slash is mended by name."""
    found = problem(tmp_path, said)

    assert (str(found.where.source), found.where.line) == ("config/models/churn.yaml", line)
    assert found.key.endswith(key)
    assert found.nearest == ("raw/churn/" if "/raw" in said else None)


@pytest.mark.parametrize(
    ("template", "window", "mend"),
    [
        ("raw/churn/*.csv", "{every: day}", "{window_start:yyyy/MM/dd}"),
        ("raw/{window_start:yyyy/MM}/*.csv", "{every: day}", "dd is missing"),
        ("raw/{window_start:MM/dd}/*.csv", "{every: day}", "yyyy is missing"),
        ("raw/{window_end:yyyy/MM/dd}/*.csv", "{every: day}", "yyyy MM dd is missing"),
        ("raw/{window_start:yyyy/MM/dd}/*.csv", "{every: hour}", "{window_start:yyyy/MM/dd/HH}"),
        ("raw/{window_start:yyyy/MM/dd/HH}", "{every: 15 minutes}", "mm is missing"),
        ("raw/{window_start:yyyy/MM/dd/HH}", f"{{every: hour, {BERLIN}}}", "{window_id}"),
        ("raw/{window_start:yyyy/MM/dd}", f"{{every: 24 hours, {BERLIN}}}", "HH is missing"),
        ("raw/*/{window_start:yyyy/MM/dd}", "{every: day}", "wildcards in its last name only"),
    ],
)  # fmt: skip
def test_the_input_must_tell_every_window_of_the_grid_apart(tmp_path, template, window, mend):
    """Or two days would be one path; the message says what to write."""
    found = problem(tmp_path, template=template, window=window)

    assert (found.key, found.where.line) == ("models.churn.scoring.input", 3)
    assert mend in found.expected


@pytest.mark.parametrize(
    ("template", "window"),
    [
        (TEMPLATE, "{every: day, time_zone: W. Europe Standard Time}"),
        (TEMPLATE, "{every: week}"),
        (TEMPLATE, "{every: 24 hours}"),
        ("raw/{window_start:yyyy/MM}", "{every: month}"),
        ("raw/{window_start:yyyy/MM/dd/HH}", "{every: hour}"),
        ("raw/{window_start:yyyy/MM/dd/HH}", "{every: hour, time_zone: India Standard Time}"),
        ("raw/{window_start:yyyy/MM/dd/HH}", "{every: 6 hours, time_zone: W. Europe Standard Time}"),
        ("raw/{window_start}", "{every: 5 minutes}"),
        ("raw/{window_id}/*", "{every: hour, time_zone: W. Europe Standard Time}"),
        ("{window_start:yyyy}/{window_start:MM}/{window_start:dd}.csv", "{every: day}"),
    ],
)
def test_an_input_that_tells_them_apart_is_taken(tmp_path, template, window):
    """As coarse as the grid allows."""
    assert model(tmp_path, f"{MARKER}, begins_with: '2'" if template[0] == "{" else MARKER,
                 template=template, window=window)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "template", "key"),
    [
        ("begins_with: raw/other/", TEMPLATE, "begins_with"),
        ("begins_with: raw/churn/incoming/", TEMPLATE, "begins_with"),
        ("begins_with: raw/churn/2026/11/22x", TEMPLATE, "begins_with"),
        ("ends_with: _SUCCESS", "raw/{window_start:yyyy-MM-dd}_*.csv", "ends_with"),
        ("ends_with: /_SUCCESS", "raw/{window_start:yyyy-MM-dd}_*.csv", "ends_with"),
    ],
)
def test_a_file_that_could_never_name_a_window_is_refused(tmp_path, said, template, key):
    """The trigger would fire, and every run fail."""
    assert problem(tmp_path, said, template=template).key == f"models.churn.schedules.score.arrived.{key}"


@pytest.mark.parametrize(
    "said",
    [
        "begins_with: raw/churn/2026/",
        "begins_with: raw/ch",
        "begins_with: raw/churn/2026/11/22/_SUCC",
        "ends_with: .csv",
        "begins_with: raw/churn/, ends_with: /clinic_a.csv",
    ],
)
def test_a_file_that_names_a_window_is_taken(tmp_path, said):
    """A prefix may stop anywhere."""
    assert model(tmp_path, said)


@pytest.mark.parametrize(
    ("said", "template", "folder"),
    [
        (MARKER, "predictions/churn/window={window_id}/*.parquet", "predictions/churn/window="),
        ("begins_with: p", "predictions/churn/window={window_id}/*.parquet", "predictions/churn/window="),
        ("begins_with: ''\n      ends_with: .csv", "{window_start:yyyy/MM/dd}/*.csv", "_landing/"),
        (MARKER, "quarantine/churn/window={window_id}/*.csv", "quarantine/"),
        (MARKER, "_landing/{window_id}/x", "_landing/"),
    ],
)
def test_what_runs_write_may_not_start_runs(tmp_path, said, template, folder):
    """Or the first file would start them for ever."""
    with pytest.raises(ConfigurationError) as raised:
        load(write(tmp_path, said, template=template), "dev")

    (found,) = (each for each in raised.value.problems if "schedules" in each.key)
    assert folder in found.expected
    assert found.where.line in (9, 11)


def test_the_predictions_of_another_model_raise_no_event_either(tmp_path):
    """They land by a rename, which Data Factory does not hear; their parts would fire too early."""
    folder = write(tmp_path, template="predictions/risk/window={window_id}/*.parquet")
    other = project.MODEL.replace("predictions/churn", "predictions/risk")
    (folder / "config/models/risk.yaml").write_text(other)

    with pytest.raises(ConfigurationError, match="predictions/risk/window="):
        load(folder, "dev")


@pytest.mark.parametrize("path", ["", "a", "a/", "a/b/", "a/b/c/", "b/window=x", "c", "ab/", "z"])
def test_the_first_folder_in_the_way_is_the_one_that_looking_at_each_finds(path):
    """Sorted folders are looked up, whatever their order and however often they come."""
    folders = ["b/window=", "a/b/window=", "a/", "b/", "ab/window=", "a/b/", "b/window=", "a/bc/"]
    each = (folder for folder in folders if folder.startswith(path) or path.startswith(folder))

    assert Folders(folders).first_in_the_way(path) == next(each, None)


def test_events_are_for_scoring_only(tmp_path):
    """Training has no window."""
    train = project.MODEL + "schedules:\n  train:\n    arrived: {type: event, ends_with: x}\n"

    with pytest.raises(ConfigurationError, match=r"schedules\.train\.arrived"):
        load(project.write(tmp_path, model=train), "dev")


def test_where_the_prefix_is_left_out_it_is_the_inputs_own(tmp_path):
    """No file elsewhere could name a window."""
    churn = model(tmp_path, template="raw/{model}/d={window_start:yyyy-MM-dd}/*.csv")

    assert begins_with(churn, churn.schedules.score["arrived"]) == "raw/churn/"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("said", "ignores"),
    [
        ("ends_with: /_SUCCESS", False),
        ("ends_with: _SUCCESS", False),
        ("ends_with: /done.txt", False),
        ("ends_with: .csv", True),
        ("ends_with: /last.csv", True),
        ("begins_with: raw/churn/", True),
        ("ends_with: /_SUCCESS, ignore_empty_files: true", True),
        ("ends_with: .csv, ignore_empty_files: false", False),
    ],
)
def test_an_empty_marker_counts_and_an_empty_input_file_does_not(tmp_path, said, ignores):
    """Unless the configuration says otherwise."""
    churn = model(tmp_path, said)

    assert ignores_empty(churn, churn.schedules.score["arrived"]) is ignores  # type: ignore[arg-type]


def test_how_far_clocks_are_set_back_decides_what_local_time_can_tell():
    """An hour in most zones, half of one on Lord Howe Island, none in India."""
    zones = ("UTC", "India Standard Time", "W. Europe Standard Time", "Lord Howe Standard Time")

    assert [minutes_repeated(zone) for zone in zones] == [0, 0, 60, 30]
    assert tokens_needed("45 minutes", "Lord Howe Standard Time") == ("yyyy", "MM", "dd", "HH", "mm")
    assert tokens_needed("30 minutes", "Lord Howe Standard Time") is None
