"""`run --simulate` from the command line: the factory that would be deployed, rehearsed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adf.recurrence import Recurrence
from adf.windows import format_instant

REPOSITORY = Path(__file__).resolve().parents[2]
BASE = """\
project: shop
azure: {subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: rg}
data_factory: {name: adf-shop}
machine_learning: {workspace: ml-shop, compute: cpu-cluster}
lake: {account: shop, file_system: data}
warehouse: {server: shop.database.windows.net, database: dw}
"""
HOURLY = """\
source: code
scoring: {input: "raw/{window_start:yyyy/MM/dd/HH}", row_key: id, expected_minutes: 20}
output: {path: out/cleaning}
window: {every: hour}
schedules: {score: {hourly: {type: tumbling, frequency: Hour, interval: 1}}}
"""
DAILY = """\
source: code
training: {data: raw/training}
scoring: {input: "raw/{window_start:yyyy/MM/dd}", row_key: id, node_count: 2}
output:
  path: out/churn
  warehouse: {table: dw.churn, columns: {prediction: float}}
schedules:
  score:
    daily: {type: tumbling, frequency: Hour, interval: 24, depends_on: [{model: cleaning, schedule: hourly}]}
"""
MORNINGS = """\
source: code
scoring: {input: "raw/{window_start:yyyy/MM/dd}", row_key: id}
output: {path: out/forecast}
window: {every: day, time_zone: W. Europe Standard Time}
schedules:
  score:
    mornings:
      type: calendar
      frequency: Day
      start: 2026-01-01T00:00:00
      hours: [2]
      minutes: [30]
      time_zone: W. Europe Standard Time
"""
MONTH = ("--from", "2026-10-01", "--to", "2026-11-01")


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rehearsed")
    files = {"base": BASE, "prod": "{}\n", "models/cleaning": HOURLY, "models/churn": DAILY}
    for name, text in {**files, "models/forecast": MORNINGS}.items():
        file = folder / f"config/{name}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    (folder / "code").mkdir()
    for name in ("score.py", "prepare.py", "train.py", "evaluate.py", "ml_environment.yml"):
        (folder / "code" / name).write_text("")
    return folder


def simulate(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "deploy.py", "run", "-e", "prod", "--project-dir", str(project), "--simulate"]
    return subprocess.run(
        [*command, *arguments], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=120
    )


def rehearsed(project: Path, *arguments: str) -> dict:
    ended = simulate(project, *MONTH, "-o", "json", *arguments)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


@pytest.fixture(scope="module")
def month(project) -> dict:
    return rehearsed(project, "--minutes", "cleaning=8", "--minutes", "churn=30", "--nodes", "2")


def of_trigger(told: dict, trigger: str) -> list[dict]:
    return [run for run in told["timetable"]["runs"] if run["trigger"] == trigger]


def test_a_month_with_a_change_of_the_clocks_agrees_with_its_trigger(month):
    """Every fire of the factory's own JSON, each once, the 25th of October with its 25 hours among them."""
    recurrence = Recurrence.from_json(
        {
            "frequency": "Day",
            "interval": 1,
            "startTime": "2026-01-01T00:00:00",
            "timeZone": "W. Europe Standard Time",
            "schedule": {"hours": [2], "minutes": [30]},
        }
    )
    start, end = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)

    fires = [run["due"] for run in of_trigger(month, "tr_score_forecast_mornings")]
    assert fires == [format_instant(fire) for fire in recurrence.between(start, end)]
    (change,) = month["clock_changes"]
    assert [each["hours"] for each in change["windows"]] == [25]


def test_every_window_lands_and_goes_to_the_warehouse(month):
    """The whole pipeline runs: receipt, checks and copy are stood in for, and what they decide is not."""
    counts = {each["model"]: (each["landed"] + each["late"], each["failed"]) for each in month["models"]}

    assert counts == {"churn": (31, 0), "cleaning": (744, 0), "forecast": (31, 0)}


def test_daily_windows_wait_for_the_hours_of_their_day_and_for_nodes(month):
    """Two nodes: the daily run has both, and the hourly ones wait for it."""
    assert all(run["waited_for"] for run in of_trigger(month, "tr_score_churn_daily"))
    assert month["cluster"]["peak"] == 2
    assert month["cluster"]["queued_runs"] > 0


def test_the_same_seed_is_the_same_bytes(project):
    """And another one is not."""
    week = ("--from", "2026-10-20", "--to", "2026-10-27", "--failures", "3", "-o", "json")
    first, again, other = (simulate(project, *week, "--seed", seed).stdout for seed in ("5", "5", "6"))

    assert first == again
    assert first != other


def test_a_failed_hour_stops_its_day(project):
    """And no other day."""
    told = rehearsed(project, "--fail", "cleaning=2026-10-20T05:00:00Z")

    (failure,) = told["failures"]
    assert (failure["trigger"], failure["window_start"]) == (
        "tr_score_cleaning_hourly",
        "2026-10-20T05:00:00Z",
    )
    assert failure["stopped"] == [{"trigger": "tr_score_churn_daily", "window_start": "2026-10-20T00:00:00Z"}]


def test_a_rehearsal_leaves_nothing_but_the_page_that_was_asked_for(project, tmp_path):
    """No local Azure, no state, nothing half written; the page needs nothing else."""
    before = sorted(project.rglob("*"))
    file = tmp_path / "month.html"

    ended = simulate(project, *MONTH, "--failures", "2", "--html", str(file))

    assert ended.returncode == 0, ended.stderr
    assert sorted(project.rglob("*")) == before
    assert list(tmp_path.iterdir()) == [file]
    page = file.read_text()
    assert "tr_score_cleaning_hourly" in page
    assert not re.search(r"<script|<link|<img|src=|url\(|https?://", page)
    assert ended.stdout.splitlines()[-1].startswith("Rehearsed ")


def test_an_interrupted_rehearsal_leaves_nothing(project, tmp_path):
    """Ctrl-C while its process runs: of that, too, nothing is left."""
    command = [sys.executable, "deploy.py", "run", "-e", "prod", "--project-dir", str(project), "--simulate"]
    process = subprocess.Popen(
        [*command, "--from", "2026-01-01", "--to", "2026-12-31"],
        cwd=REPOSITORY,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        start_new_session=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    while process.poll() is None and not list(tmp_path.glob("rehearsal-*/rehearsal-*/identity.key")):
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    printed, _ = process.communicate(timeout=60)

    assert (process.returncode, printed) == (130, b"")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--from", "2026-10-02", "--to", "2026-10-01"), "ends before it begins"),
        ((*MONTH, "--html", "/no/such/folder/page.html"), "No such file or directory"),
    ],
)
def test_a_mistake_ends_with_64_and_says_what_to_do(project, arguments, message):
    """On stderr; stdout stays empty."""
    ended = simulate(project, *arguments)

    assert (ended.returncode, ended.stdout) == (64, "")
    assert message in ended.stderr


def test_options_of_a_rehearsal_start_nothing_real(project):
    """Without --simulate they would be overlooked, and windows run."""
    command = [sys.executable, "deploy.py", "run", "-e", "prod", "--project-dir", str(project)]
    ended = subprocess.run(
        [*command, "--nodes", "3"], cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=60
    )

    assert ended.returncode == 64
    assert "add --simulate" in ended.stderr


EVENTS = (
    "--set",
    "models.churn.schedules.score={daily: null, arrived: {type: event, ends_with: /_SUCCESS}}",
    *("--from", "2026-10-01", "--to", "2026-10-11", "-o", "json"),
)


def test_each_windows_file_comes_at_its_end_and_is_the_one_that_fails(project):
    """As the schedule that waits for files sees it: ten windows, the last of September among them."""
    told = json.loads(simulate(project, *EVENTS, "--fail", "churn=2026-10-04").stdout)
    (churn,) = (each for each in told["models"] if each["model"] == "churn")

    fates = {each["window_start"][:10]: each["fate"] for each in churn["windows"]}
    assert list(fates) == ["2026-09-30", *(f"2026-10-0{day}" for day in range(1, 10))]
    assert [day for day, fate in fates.items() if fate == "failed"] == ["2026-10-04"]
    arrived = of_trigger(told, "tr_score_churn_arrived")
    assert arrived[0]["file"] == "data/raw/2026/09/30/_SUCCESS"
    assert {run["due"][10:] for run in arrived} == {"T00:00:00Z"}


def test_files_come_as_they_are_said_to(project, tmp_path):
    """And no others; a path that names no window is told."""
    said = [
        {"at": "2026-10-03T09:30:00Z", "path": "data/raw/2026/10/02/_SUCCESS"},
        {"at": "2026-10-04T00:00:00Z", "path": "data/raw/second/_SUCCESS"},
    ]
    file = tmp_path / "arrivals.json"
    file.write_text(json.dumps({"arrivals": said}))

    told = json.loads(simulate(project, *EVENTS, "--arrivals", str(file)).stdout)
    shown = simulate(project, *EVENTS[:-2], "--arrivals", str(file)).stdout

    (churn,) = (each for each in told["models"] if each["model"] == "churn")
    assert [each["window_start"] for each in churn["windows"]] == ["2026-10-02T00:00:00Z"]
    assert column(of_trigger(told, "tr_score_churn_arrived"), "due") == [each["at"] for each in said]
    assert "data/raw/second/_SUCCESS names no window: the run that it starts would fail" in shown


def test_arrivals_that_cannot_be_are_refused(project, tmp_path):
    file = tmp_path / "arrivals.json"
    file.write_text('{"arrivals": [{"at": "soon", "path": "data/x"}]}')

    ended = simulate(project, *EVENTS, "--arrivals", str(file))

    assert ended.returncode == 64
    assert f"{file}: arrivals[0].at: found 'soon', expected an instant" in ended.stdout


def column(entries: list[dict], key: str) -> list:
    return [entry[key] for entry in entries]
