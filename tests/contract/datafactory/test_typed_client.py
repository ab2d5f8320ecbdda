"""azure-mgmt-datafactory 9.3.0, whose model classes can author a factory, against the local one.

It is installed once into the user's cache, beside the version that this project uses, and runs in a process
of its own. Where the package index cannot be reached the test is skipped and says so.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.contract.datafactory.factories import GROUP, SUBSCRIPTION

if TYPE_CHECKING:
    from tests.conftest import LocalAzure

VERSION = "9.3.0"
REQUIREMENT = (
    f"azure-mgmt-datafactory=={VERSION} "
    "--hash=sha256:fddb855a27e3f7b78328f184df146d71e433e1dfb9cc4923ea503c53813f0504"
)
SCRIPT = Path(__file__).parent / "typed_client.py"
UNREACHABLE = ("No matching distribution found", "Could not find a version", "Max retries exceeded")


def installed() -> Path:
    """Two test processes may install at once: the first rename wins."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adf-batch-scoring"
    place = cache / f"mgmt-datafactory-{VERSION}"
    if not place.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _install(Path(folder))
            try:
                (Path(folder) / "new").rename(place)
            except OSError:
                assert place.exists()
    return place


def _install(folder: Path) -> None:
    """Alone: what it needs is what this project's version needs."""
    (folder / "requirements.txt").write_text(REQUIREMENT)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command += ["--require-hashes", "-r", str(folder / "requirements.txt"), "--target", str(folder / "new")]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0 and any(sign in ended.stderr for sign in UNREACHABLE):
        pytest.skip(f"no package index has azure-mgmt-datafactory {VERSION}: it tries nothing here")
    assert ended.returncode == 0, ended.stderr


def test_the_typed_client_authors_runs_and_deletes_a_factory(sandbox: LocalAzure) -> None:
    """What its classes write is taken, what they read is of the class that was written."""
    sandbox.arm("PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}", {"location": "x"})
    environment = {
        **sandbox.environment,
        "PYTHONPATH": str(installed()),
        "CONTROL": sandbox.control,
        "TOKEN": sandbox.token("https://management.azure.com"),
        "SUBSCRIPTION": SUBSCRIPTION,
        "GROUP": GROUP,
    }

    ended = subprocess.run(
        [sys.executable, SCRIPT], env=environment, capture_output=True, text=True, check=False, timeout=120
    )

    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout) == {
        "version": VERSION,
        "factory": ["Succeeded", "SystemAssigned"],
        "read": ["BinaryDataset", ["IfConditionActivity", "SetVariableActivity"], ["ScheduleTrigger"]],
        "runs": [
            ["Succeeded", [["if", "Succeeded"], ["why", "Skipped"]]],
            ["Succeeded", [["fail", "Failed"], ["if", "Failed"], ["why", "Succeeded"]]],
        ],
        "started": "Started",
        "edited": [400, "TriggerEnabledCannotUpdate"],
        "referenced": [400, "BadRequest"],
        "deleted": [404, "ResourceNotFound"],
    }
