"""The third step of a training run: the user's evaluate.py says how good the model is, in a flat JSON.

Beside it he may leave the predictions that it judges, `predictions.csv` or `predictions.parquet`: how they
are distributed goes with the registered model, and the drift of later windows is measured against it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from . import receipts
from .drift import profile_of
from .errors import ScriptFailed, describe
from .lake import Lake
from .parameters import Arguments
from .user_scripts import run_script

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa

    from .drift import Profile

SCRIPT = "evaluate.py"
METRICS_FILE = "metrics.json"
PREDICTIONS_FILES = ("predictions.csv", "predictions.parquet")


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


def read_profile(folder: Path, column: str) -> Profile | None:
    """How the predictions in the folder are distributed; None where evaluate.py left none.

    `column` of several; the only one, whatever its name. Raises ScriptFailed where it is not there.
    """
    file = next((folder / name for name in PREDICTIONS_FILES if (folder / name).is_file()), None)
    if file is None:
        return None
    table = _read_table(file)
    if table.num_columns != 1 and column not in table.column_names:
        there = ", ".join(table.column_names)
        raise ScriptFailed(SCRIPT, f"its {file.name} has no column {column!r}; it has {there}")
    values = table.column(column if column in table.column_names else 0).combine_chunks()
    return profile_of(column, values) if len(values) else None


def _read_table(file: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv, parquet

    try:
        return csv.read_csv(file) if file.suffix == ".csv" else parquet.read_table(file)
    except pa.ArrowInvalid as error:
        raise ScriptFailed(SCRIPT, f"its {file.name} cannot be read: {describe(error)}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
