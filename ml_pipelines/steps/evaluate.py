"""The third step of a training run: the user's evaluate.py says how good the model is, in a flat JSON.

Where there is a gate, it says so of the champion too, with the same data, in a folder beside.

Beside it he may leave the predictions that it judges, `predictions.csv` or `predictions.parquet`: how they
are distributed goes with the registered model, and the drift of later windows is measured against it.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import receipts
from .champion import Champion
from .errors import ChampionNotJudged, MetricMissing, ScriptFailed, describe
from .lake import Lake
from .parameters import Arguments
from .prepare import FACTS_FILE
from .user_scripts import run_script

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pyarrow as pa

SCRIPT = "evaluate.py"
CHAMPION_FOLDER = "champion"
METRICS_FILE = "metrics.json"
PREDICTIONS_FILES = ("predictions.csv", "predictions.parquet")


def main(argv: Sequence[str]) -> None:
    arguments = Arguments(argv)
    with receipts.training(Lake(arguments.text("lake-url"), arguments.text("file-system")), arguments):
        _evaluate(arguments)


def _evaluate(arguments: Arguments) -> None:
    """The champion, if any, is judged by the same script with the same data."""
    folder = Path(arguments.text("metrics"))
    demanded = arguments.document("gate")
    metrics = _judge(arguments, Path(arguments.text("trained")), folder)
    require_metrics(arguments.text("model"), demanded, metrics)
    facts = json.loads((Path(arguments.text("facts")) / FACTS_FILE).read_text())
    found = Champion.from_document(facts["champion"])
    if found is not None and demanded:
        _judge_champion(arguments, found, folder / CHAMPION_FOLDER, demanded)


def _judge(arguments: Arguments, model: Path, folder: Path) -> Mapping[str, float]:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / METRICS_FILE
    run_script(
        SCRIPT,
        ["--input", arguments.text("data"), "--model", str(model), "--output", str(file)],
    )
    metrics = read_metrics(file)
    print(json.dumps(dict(metrics)), flush=True)
    return metrics


def _judge_champion(arguments: Arguments, found: Champion, folder: Path, demanded: Mapping[str, Any]) -> None:
    """Raises ChampionNotJudged where the script cannot read it, or does not say what the gate compares."""
    print(f"judging the champion, version {found.version}", flush=True)
    try:
        metrics = _judge(arguments, found.folder(), folder)
    except ScriptFailed as error:
        raise ChampionNotJudged(found.name, found.version, str(error)) from error
    for metric in demanded:
        if not math.isfinite(metrics.get(metric, math.nan)):
            said = f"evaluate.py gives {metric} {metrics.get(metric, 'not at all')}"
            raise ChampionNotJudged(found.name, found.version, said)


def require_metrics(model: str, demanded: Iterable[str], metrics: Mapping[str, float]) -> None:
    for metric in demanded:
        if metric not in metrics:
            raise MetricMissing(model, metric, list(metrics))


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


def read_predictions(folder: Path, column: str) -> pa.Array | None:
    """The predictions in the folder; None where evaluate.py left none.

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
    return values if len(values) else None


def _read_table(file: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv, parquet

    try:
        return csv.read_csv(file) if file.suffix == ".csv" else parquet.read_table(file)
    except pa.ArrowException as error:
        raise ScriptFailed(SCRIPT, f"its {file.name} cannot be read: {describe(error)}") from error


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
