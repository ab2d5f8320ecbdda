"""What `tests/javascript` locks (Microsoft's JavaScript clients, axe), installed once into the user's cache.

Where node or npm is absent, or the registry cannot be reached, tests that need them are skipped and say so.
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

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPTS = Path(__file__).parent / "javascript"
_LOCK = SCRIPTS / "package-lock.json"
_NO_NETWORK = ("ENOTFOUND", "ECONN", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH", "ERR_SOCKET", "E5", "network")
_INSTALL_SECONDS = 150
_RUN_SECONDS = 120


def modules() -> Path:
    """The clients' node_modules. Two test processes may install at once: the first rename wins."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: what it would try is not tried here")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "adf-batch-scoring"
    installed = cache / f"javascript-{hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:16]}"
    if not installed.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as folder:
            _install(Path(folder) / "new")
            if not installed.exists():
                _keep(Path(folder) / "new", installed)
    return installed / "node_modules"


def run(script: str, *arguments: str, environment: Mapping[str, str]) -> Any:
    """What a script of `tests/javascript` prints, which is JSON; its first argument is the node_modules."""
    ended = subprocess.run(
        ["node", SCRIPTS / script, modules(), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=_RUN_SECONDS,
    )
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def _install(folder: Path) -> None:
    """Exactly what the lock file says, by its digests; no package's own scripts."""
    folder.mkdir()
    for file in ("package.json", "package-lock.json"):
        shutil.copy(SCRIPTS / file, folder)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1"]
    try:
        ended = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_INSTALL_SECONDS
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install what tests/javascript locks within {_INSTALL_SECONDS} s")
    if ended.returncode != 0 and any(sign in ended.stderr for sign in _NO_NETWORK):
        pytest.skip(f"npm cannot reach its registry: {ended.stderr.strip().splitlines()[0]}")
    assert ended.returncode == 0, ended.stderr


def _keep(new: Path, installed: Path) -> None:
    try:
        new.rename(installed)
    except OSError:
        assert installed.exists()
