"""Where the conformance cases lie: facts about Data Factory that are read, never copied."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(
    os.environ.get("CONFORMANCE_DIR") or Path(__file__).resolve().parents[3] / "shared" / "conformance"
)


def cases(name: str) -> list[Any]:
    """One parameter a case of a file; where the file is absent, one that skips and says so."""
    file = FOLDER / name
    if not file.is_file():
        reason = f"no {name} in {FOLDER}: set CONFORMANCE_DIR to a folder that has it"
        return [pytest.param({}, id=f"{name}-absent", marks=pytest.mark.skip(reason=reason))]
    found = json.loads(file.read_text("utf-8"))["cases"]
    return [pytest.param(case, id=f"{name}-{case.get('id', index)}") for index, case in enumerate(found)]


def only(name: str, *identifiers: str) -> list[Any]:
    """The cases of a file with these ids."""
    return [case for case in cases(name) if case.values[0].get("id") in {*identifiers, None}]
