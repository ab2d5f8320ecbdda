"""The third step of a training run: the user's evaluate.py says how good the model is, in a flat JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from . import receipts
from .errors import ScriptFailed
from .lake import Lake
from .parameters import Arguments
from .user_scripts import run_script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCRIPT = "evaluate.py"
METRICS_FILE = "metrics.json"


def main(argv: Sequence[str]) -> None:
    arguments = Arguments(argv)
    with receipts.training(Lake(arguments.text("lake-url"), arguments.text("file-system")), arguments):
        _evaluate(arguments)


def _evaluate(arguments: Arguments) -> None:
    folder = Path(arguments.text("metrics"))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / METRICS_FILE
    run_script(
        SCRIPT,
        ["--input", arguments.text("data"), "--model", arguments.text("trained"), "--output", str(file)],
    )
    print(json.dumps(dict(read_metrics(file))), flush=True)


def read_metrics(file: Path) -> Mapping[str, float]:
    """What evaluate.py wrote; raises ScriptFailed where it is no flat object of numbers."""
    if not file.is_file():
        raise ScriptFailed(SCRIPT, f"it wrote no --output {file.name}")
    try:
        found = json.loads(file.read_text())
    except ValueError as error:
        raise ScriptFailed(SCRIPT, f"its --output is no JSON: {error}") from error
    if not isinstance(found, dict) or not all(_is_number(value) for value in found.values()):
        raise ScriptFailed(SCRIPT, f"its --output is no flat object of numbers: {str(found)[:200]}")
    return {str(name): float(value) for name, value in found.items()}


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
