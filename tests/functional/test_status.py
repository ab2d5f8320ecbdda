"""status as whoever is on call uses it, against a local Azure of its own. The tests run in their order."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from deployment import portal
from sandbox.identity import Identity
from tests.functional.test_deployment import REPOSITORY, Project
from tests.portal import Visitor
from tests.ports import three_free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator

ALWAYS_THE_SAME = "models.diabetes.scoring.input=raw/diabetes/incoming/2026/11/22/*.csv"
ON = ("--set", "schedules=on", "--set", ALWAYS_THE_SAME)
TIME = "%Y-%m-%dT%H:%M:%SZ"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    made = Project(tmp_path_factory.mktemp("local") / "azure", three_free_ports())
    made.document("deploy", *ON)
    made.document("run", "--training", *ON)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def skipped(project: Project) -> datetime:
    """The start of a window that should have landed more than an hour ago: the release is moved back in time
    to a minute before it fell due, at six, as if it had been deployed then; and nothing was run.
    """
    fell_due = (datetime.now(UTC) - timedelta(hours=7)).replace(hour=0, minute=0, second=0, microsecond=0)
    fell_due += timedelta(hours=6)
    record = next((project.lake / "_deployments/adf-batch-scoring/local/releases").glob("*.json"))
    release = json.loads(record.read_text())
    release["at"] = (fell_due - timedelta(minutes=1)).strftime(TIME)
    for each in release["entities"]:
        if each["name"] == "tr_score_diabetes_daily":
            each["properties"]["typeProperties"]["startTime"] = (
                fell_due - timedelta(days=3, hours=6)
            ).strftime(TIME)
    record.write_text(json.dumps(release))
    return fell_due - timedelta(days=1, hours=6)


def windows(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["window_start"]: each for each in document["models"][0]["windows"]}


def test_check_is_red_while_a_window_has_not_been_run(project, skipped):
    """A cron probe sees the exit code; people see which window, and since when."""
    document = project.document("status", "--check", *ON, code=1)

    window = windows(document)[skipped.strftime(TIME)]
    assert (window["state"], window["trigger"]) == ("did not run", "tr_score_diabetes_daily")
    assert window["late_seconds"] > 0
    assert (document["models"][0]["late"], document["healthy"]) == (True, False)


@pytest.mark.usefixtures("skipped")
def test_without_check_the_same_status_ends_with_0(project):
    """To be shown is no failure."""
    assert project.document("status", *ON, code=0)["models"][0]["late"] is True


def test_check_is_green_after_the_window_was_run(project, skipped):
    """Whoever ran it; the line joins trigger, ADF run, ML run and what landed."""
    run = project.document("run", "--window", skipped.strftime("%Y-%m-%d"), *ON)["runs"][0]

    document = project.document("status", "--check", *ON)

    window = windows(document)[skipped.strftime(TIME)]
    assert (window["state"], window["late_seconds"]) == ("landed", None)
    assert {name: window[name] for name in ("adf_run_id", "ml_run_id", "rows_in", "output")} == {
        name: run[name] for name in ("adf_run_id", "ml_run_id", "rows_in", "output")
    }
    assert document["healthy"] is True


def test_the_portal_shows_the_same_windows_landed(project, skipped):
    """With their rows, from what was published and what lies in the lake, without any configuration."""
    token = Identity(project.state / "identity.secret").issue
    azure = SimpleNamespace(control=project.endpoints["control"], bundle=project.endpoints["ca"])
    with Visitor(azure) as visitor:
        visitor.ask("GET", portal.link(SimpleNamespace(state=project.state), SimpleNamespace(token=token)))
        chosen = skipped.strftime("%Y-%m-%dT%H-%M-%SZ")
        page = visitor.page(f"/portal/models?model=diabetes&window={chosen}")
        unknown = visitor.ask("GET", "/portal/models?model=diabetes&window=2020-01-01T00-00-00Z")

    landed = [
        start for start, each in windows(project.document("status", *ON)).items() if each["state"] == "landed"
    ]
    cells = re.findall(r'id="cell-diabetes-([^"]+)" class="cell good"', page)
    assert sorted(cells) == sorted(start.replace(":", "-") for start in landed)
    rows = windows(project.document("status", *ON))[skipped.strftime(TIME)]["rows_in"]
    assert f"<dt>Rows in</dt><dd>{rows}</dd>" in page
    assert unknown.status_code == 404


def test_a_run_is_shown_down_to_the_steps_of_its_ml_run(project, skipped):
    """The activities of the pipeline, and below them what Azure ML did."""
    run_id = windows(project.document("status", *ON))[skipped.strftime(TIME)]["adf_run_id"]

    document = project.document("status", run_id, *ON)

    nodes = [(each["depth"], each["name"], each["status"]) for each in document["activities"]]
    assert nodes[:4] == [
        (0, "score", "Succeeded"),
        (1, "stage", "Completed"),
        (1, "score", "Completed"),
        (1, "publish", "Completed"),
    ]


def test_a_run_that_nobody_knows_is_said_to_be_so(project):
    """Neither Data Factory nor a receipt."""
    document = project.document("status", "00000000-0000-4000-8000-000000000000", *ON, code=64)

    assert "neither Data Factory nor the lake" in document["error"]["message"]


def plain(project: Project, *arguments: str) -> list[str]:
    """A status for people, who have no -o json."""
    return [word for word in project.line("status", *arguments, *ON) if word not in {"-o", "json"}]


@pytest.mark.usefixtures("skipped")
def test_watching_ends_with_ctrl_c_and_0(project):
    """Elsewhere than on a terminal: the whole status once, then lines for changes only."""
    with subprocess.Popen(
        plain(project, "--watch"),
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    ) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline().startswith("Environment local, release 1")
        while not watching.stdout.readline().startswith("diabetes   20"):
            pass
        time.sleep(3)  # it looks again meanwhile, and finds nothing new to say
        watching.send_signal(signal.SIGINT)
        rest = watching.stdout.read()

    assert watching.returncode == 0
    assert "Environment" not in rest


@pytest.mark.usefixtures("skipped")
def test_watching_on_a_terminal_draws_the_status_anew(project):
    """And leaves what it showed last."""
    main, other = pty.openpty()
    watching = subprocess.Popen(
        plain(project, "--watch", "-q"),
        stdin=other,
        stdout=other,
        stderr=other,
        cwd=REPOSITORY,
        env={**os.environ, "COLUMNS": "100", "TERM": "xterm"},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )
    os.close(other)
    seen = b""
    deadline = time.monotonic() + 60
    while seen.count(b"Ctrl-C ends") < 2:
        assert time.monotonic() < deadline, seen
        if select.select([main], [], [], 1)[0]:
            seen += os.read(main, 65536)
    watching.send_signal(signal.SIGINT)

    assert watching.wait(timeout=30) == 0
    assert b"Traceback" not in seen
    os.close(main)
