"""What we render, judged by Microsoft's JavaScript client of Data Factory (npm, @azure/arm-datafactory).

It is installed from the lock file beside `judge.mjs` into the user's cache, once. Where node or npm is
absent, or the registry cannot be reached, these tests are skipped and say so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from adf.entities import StartAtCreation
from adf.git_layout import documents
from tests.golden.test_factory_bodies import CASES
from tests.unit.adf.builders import built, calendar, model, tumbling

if TYPE_CHECKING:
    from collections.abc import Callable

    from adf.entities import Entity, Placeholder

JUDGE = Path(__file__).parent / "data_factory_mappers"
LOCK = JUDGE / "package-lock.json"
NO_NETWORK = ("ENOTFOUND", "ECONN", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH", "ERR_SOCKET", "E5", "network")
INSTALL_SECONDS = 150

Body = dict[str, Any]


@pytest.fixture(scope="session")
def modules() -> Path:
    """The client's node_modules. Two test processes may install at once: the first rename wins."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(
                f"{program} is not installed: the mappers of @azure/arm-datafactory judge nothing here"
            )
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adf-batch-scoring"
    installed = cache / f"mappers-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]}"
    if not installed.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _install(Path(folder) / "new")
            if not installed.exists():
                _keep(Path(folder) / "new", installed)
    return installed / "node_modules"


def _install(folder: Path) -> None:
    """Exactly what the lock file says, by its digests; no package's own scripts."""
    folder.mkdir()
    for file in ("package.json", "package-lock.json"):
        shutil.copy(JUDGE / file, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    try:
        ended = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install @azure/arm-datafactory within {INSTALL_SECONDS} s")
    if ended.returncode != 0 and any(sign in ended.stderr for sign in NO_NETWORK):
        pytest.skip(f"npm cannot reach its registry: {ended.stderr.strip().splitlines()[0]}")
    assert ended.returncode == 0, ended.stderr


def _keep(new: Path, installed: Path) -> None:
    try:
        new.rename(installed)
    except OSError:
        assert installed.exists()


@pytest.fixture
def findings(modules: Path) -> Callable[[list[tuple[str, Body]]], list[list[str]]]:
    """What the mappers find in each body; local times are read as UTC."""

    def found(bodies: list[tuple[str, Body]]) -> list[list[str]]:
        ended = subprocess.run(
            ["node", JUDGE / "judge.mjs", modules],
            input=json.dumps([{"kind": kind, "properties": body} for kind, body in bodies]),
            env={**os.environ, "TZ": "UTC"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ended.returncode == 0, ended.stderr
        return list(json.loads(ended.stdout))

    return found


def rendered(entities: dict[str, Entity]) -> dict[str, Body]:
    """Name → what the Git layout says; the ARM template says the same (tests/property)."""

    def known(_: Entity, placeholder: Placeholder) -> str:
        return "2026-11-01T00:00:00Z" if isinstance(placeholder, StartAtCreation) else "7"

    made = documents(list(entities.values()), known, factory="adf-demo", location="westeurope")
    return {body["name"]: body["properties"] for body in made.values() if body.get("name") in entities}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_microsofts_client_reads_and_writes_what_we_render_unchanged(case, findings):
    """Each property is one that it knows, of the type it knows, inside of its bounds."""
    entities = case()
    bodies = rendered(entities)

    assert list(bodies) == list(entities)
    assert dict(
        zip(bodies, findings([(entities[name].kind, body) for name, body in bodies.items()]), strict=True)
    ) == {name: [] for name in entities}


FAULTS: list[tuple[str, str, object]] = [
    ("score_diabetes", "activities.0.dependOn", []),
    ("score_diabetes", "activities.0.type", "AzureMLExecutePipelines"),
    ("score_diabetes", "activities.0.typeProperties.mlPipelineEndpointID", "x"),
    ("score_diabetes", "activities.0.policy.retryIntervalInSeconds", 5),
    ("score_diabetes", "activities.0.userProperties.0.name", None),
    ("score_diabetes", "activities.1.name", None),
    ("score_diabetes", "activities.1.dependsOn", "score"),
    ("ds_lake_receipt", "typeProperties.folder", "x"),
    ("ls_azureml", "typeProperties.mlWorkspaceName", None),
    ("tr_score_diabetes_daily", "runtimestate", "Started"),
    ("tr_score_diabetes_daily", "typeProperties.recurrence.interval", "1"),
    ("tr_score_diabetes_daily", "typeProperties.recurrence.time_zone", "UTC"),
    ("tr_score_diabetes_hourly", "typeProperties.maxConcurrency", 51),
    ("tr_score_diabetes_hourly", "typeProperties.retryPolicy.intervalInSeconds", 5),
]


def test_the_judge_finds_what_is_wrong(findings):
    """Unknown properties, wrong types, broken bounds, what is required: the judge can say no."""
    schedules = {"score": {"daily": calendar(), "hourly": tumbling()}}
    entities = built(model(schedules=schedules))
    wrong = [
        (entities[name].kind, changed(rendered(entities)[name], path.split("."), value))
        for name, path, value in FAULTS
    ]

    silent = [fault for fault, found in zip(FAULTS, findings(wrong), strict=True) if not found]
    assert silent == []


def changed(body: Any, path: list[str], value: object) -> Any:
    """The body with another value at a path; None removes it."""
    first, *rest = path
    key = int(first) if isinstance(body, list) else first
    if rest:
        changed(body[key], rest, value)
    elif value is None:
        del body[key]
    else:
        body[key] = value
    return body
