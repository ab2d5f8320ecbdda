"""State folders of other versions: an older one opens with all its data, a newer one is left as it is."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox import tls
from sandbox.clock import SystemClock
from sandbox.datalake import catalog
from sandbox.store import FORMAT
from tests.fault.test_datafactory_killed import FACTORY
from tests.fault.test_lifecycle_outside import Home
from tests.fault.test_machinelearning_killed import WORKSPACE, Machine

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import LocalAzure

FORMATS = Path(__file__).parent / "formats"
PROJECT = Path(__file__).parents[2]


def folder_of(number: str, state: Path) -> Path:
    """As the version that wrote the format left it, with the files' times in the catalog's keys."""
    shutil.copytree(FORMATS / number, state)
    for name in ("state", "lake"):
        with closing(sqlite3.connect(state / f"{name}.db")) as database:
            database.executescript((state / f"{name}.sql").read_text())
        (state / f"{name}.sql").unlink()
    (instant,) = re.findall(r"'f:(\d+):4'", (FORMATS / number / "lake.sql").read_text())
    os.utime(state / "lake/keptlake/data/kept", ns=(int(instant), int(instant)))
    tls.ensure(state / "tls", SystemClock().now())
    (state / "identity.secret").write_text("a" * 64)
    return state


@pytest.mark.parametrize("number", sorted(each.name for each in FORMATS.glob("[0-9]*")))
def test_a_folder_of_an_older_format_opens_with_all_its_data(
    number: str, start_sandbox: Callable[..., LocalAzure], tmp_path: Path
) -> None:
    """Entities, a started trigger, ML pipelines and runs with their logs, the lake's files and metadata,
    certificates and keys; and it works on.
    """
    state = folder_of(number, tmp_path / "state")
    authority = (state / "tls/ca.pem").read_bytes()

    machine = Machine(state, start_sandbox)

    assert machine.json("GET", f"{FACTORY}/pipelines/p")["name"] == "p"
    assert machine.json("GET", f"{FACTORY}/triggers/t")["properties"]["runtimeState"] == "Started"
    runs = machine.json("POST", f"/history/v1.0{WORKSPACE}/experiments/p/runs:query", {})["value"]
    assert {run["status"] for run in runs} == {"Completed"}
    (root,) = [run["runId"] for run in runs if not run.get("parentRunId")]
    log = f"/pipelines/v1.0{WORKSPACE}/PipelineRuns/{root}/Graph/Shareable/STDOUT"
    assert machine.call("POST", log, ["n1"]).text == "kept\n"
    with machine.azure.lake_client("keptlake") as client:
        file = client.get_file_client("data", "kept")
        assert file.download_file().readall() == b"kept"
        assert file.get_file_properties().metadata == {"k": "v"}
    account = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-tests/providers"
    found = machine.json("GET", f"{account}/Microsoft.Storage/storageAccounts/keptlake")
    assert found["properties"]["primaryEndpoints"]["dfs"] == f"{machine.azure.lake}/keptlake/"
    assert (state / "tls/ca.pem").read_bytes() == authority
    assert (state / "identity.secret").read_text() == "a" * 64
    assert [version_of(state / name) for name in ("state.db", "lake.db")] == [
        FORMAT.number,
        catalog.FORMAT.number,
    ]


def version_of(file: Path) -> int:
    with closing(sqlite3.connect(file)) as reader:
        return int(reader.execute("PRAGMA user_version").fetchone()[0])


@pytest.mark.parametrize("name", ["state.db", "lake.db"])
def test_a_folder_of_a_newer_format_is_refused_and_not_touched(tmp_path: Path, name: str) -> None:
    """Neither database is, whichever it is that is newer: the newer program finds what it wrote."""
    home = Home(folder_of("0", tmp_path / "state"))
    with closing(sqlite3.connect(home.folder / name)) as database:
        database.execute("PRAGMA user_version = 99")
    before = {file.name: file.read_bytes() for file in home.folder.glob("*.db")}

    refused = home.detach()

    assert refused.returncode == 1
    assert (
        f"{home.folder}/{name} was written by a newer version of the local Azure (format 99" in refused.stderr
    )
    assert "update this program" in refused.stderr
    assert {file.name: file.read_bytes() for file in home.folder.glob("*.db")} == before


def test_a_folder_of_something_else_is_refused_and_not_touched(tmp_path: Path) -> None:
    """Not even its mode changes."""
    home = Home(tmp_path)
    (tmp_path / "main.py").write_text("")
    tmp_path.chmod(0o755)

    refused = home.detach()

    assert (refused.returncode, tmp_path.stat().st_mode & 0o777) == (1, 0o755)
    assert "holds something else ('main.py') and was left as it is" in refused.stderr
    assert [file.name for file in tmp_path.iterdir()] == ["main.py"]


def test_what_somebody_put_into_a_folder_of_ours_is_no_reason_to_refuse_it(tmp_path: Path) -> None:
    home = Home(folder_of("0", tmp_path / "state"))
    (home.folder / "notes.txt").write_text("mine")

    assert home.detach().returncode == 0
    home.command("stop")


def test_a_start_or_an_upgrade_killed_anywhere_is_made_good_by_the_next(tmp_path: Path) -> None:
    """At every line of what writes certificates, the secret, databases and endpoints.json."""
    script = [sys.executable, "-m", "tests.fault.formats.killed_at_a_start", str(tmp_path)]

    swept = subprocess.run(script, cwd=PROJECT, capture_output=True, text=True, check=False, timeout=280)

    assert swept.returncode == 0, swept.stderr
    lines = {name: int(count) for name, count in (line.split() for line in swept.stdout.splitlines())}
    assert lines.keys() == {"new", "older", "renewed"}
    assert min(lines.values()) > 100
