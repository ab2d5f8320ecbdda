"""The example's conda file: its pip part resolved, and built once for all runs of the tests."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

FILE = Path("ml_pipelines/examples/diabetes/ml_environment.yml").resolve()
_UNREACHABLE = ("Failed to fetch", "dns error", "error sending request", "network was disabled")


def pip_part() -> tuple[str, list[str]]:
    """Its Python, and what pip is to install."""
    dependencies = yaml.safe_load(FILE.read_text())["dependencies"]
    python = next(each for each in dependencies if str(each).startswith("python="))
    return python.removeprefix("python="), next(
        each["pip"] for each in dependencies if isinstance(each, dict)
    )


def uv(*arguments: str, packages: list[str] | None = None) -> subprocess.CompletedProcess[str]:
    """`uv`, given the packages on its standard input; skips where it or a package index is not there."""
    program = shutil.which("uv", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("uv is not installed beside this Python")
    ended = subprocess.run(
        [program, *arguments], input="\n".join(packages or []), capture_output=True, text=True, check=False
    )
    if ended.returncode and any(each in ended.stderr for each in _UNREACHABLE):
        pytest.skip("no package index can be reached")
    return ended


def built() -> Path:
    """The Python of a virtual environment with the conda file's pip part.

    It is kept in the user's cache until the file changes; skips where the file's Python is not installed.
    """
    place = _cache() / _digest()
    python = place / "bin/python"
    place.parent.mkdir(parents=True, exist_ok=True)
    with (place.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not python.exists():
            shutil.rmtree(place.parent / "draft", ignore_errors=True)
            for other in place.parent.glob("env-*"):
                shutil.rmtree(other)
            _build(place.parent / "draft").rename(place)
    return python


def _cache() -> Path:
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "adf-batch-scoring/ml_environments"


def _digest() -> str:
    facts = FILE.read_text() + platform.platform()
    return f"env-{hashlib.sha256(facts.encode()).hexdigest()[:16]}"


def _build(draft: Path) -> Path:
    wanted, packages = pip_part()
    made = uv("venv", "--no-python-downloads", "--relocatable", "--python", wanted, str(draft))
    if made.returncode:
        pytest.skip(f"Python {wanted} of {FILE.name} is not installed here: {made.stderr.strip()}")
    filled = uv("pip", "install", "--python", str(draft / "bin/python"), "-r", "-", packages=packages)
    assert filled.returncode == 0, filled.stderr
    return draft


def versions(python: Path, *names: str) -> dict[str, str]:
    """The packages' versions, as that Python's importlib.metadata finds them."""
    code = "import sys; from importlib.metadata import version; print(*map(version, sys.argv[1:]))"
    ended = subprocess.run([str(python), "-c", code, *names], capture_output=True, text=True, check=True)
    return dict(zip(names, ended.stdout.split(), strict=True))
