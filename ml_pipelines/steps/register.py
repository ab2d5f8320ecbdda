"""The last step of a training run: log the metrics, apply the gate, register the model, finish the receipt.

The registered model is the folder that train.py wrote, under the name `model`; its tags say the metrics, the
digest of the data, the Git commit that published this code, the folder's sha256, whether it is approved, and,
where evaluate.py left its predictions, how those are distributed.
"""

from __future__ import annotations

import json
import math
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import ml_run, models, receipts
from .errors import GateNotPassed
from .evaluate import METRICS_FILE, read_metrics, read_profile
from .lake import Lake
from .parameters import Arguments
from .prepare import FACTS_FILE
from .versions import APPROVED, SHA256
from .work import digest_of_folder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MODEL_FOLDER = "model"


def main(argv: Sequence[str]) -> None:
    arguments = Arguments(argv)
    lake = Lake(arguments.text("lake-url"), arguments.text("file-system"))
    with receipts.training(lake, arguments) as receipt:
        version = _register(arguments)
        receipts.write(lake, replace(receipt, status="committed", model_version=version))


def _register(arguments: Arguments) -> str:
    """The version that the model has now."""
    judged = Path(arguments.text("metrics"))
    metrics = read_metrics(judged / METRICS_FILE)
    ml_run.log_metrics(metrics)
    check_gate(
        arguments.text("model"),
        metrics,
        arguments.optional("gate-metric"),
        _bound(arguments, "gate-minimum"),
        _bound(arguments, "gate-maximum"),
    )
    trained = Path(arguments.text("trained"))
    facts = json.loads((Path(arguments.text("facts")) / FACTS_FILE).read_text())
    tags = tags_of(metrics, facts, trained, approved=arguments.flag("approve"))
    tags["git_commit"] = arguments.text("git-commit")
    profile = read_profile(judged, arguments.text("score-column"))
    if profile is not None:
        tags[models.SCORE_PROFILE] = profile.to_json()
    return register(arguments.text("registered-model"), trained, tags)


def _bound(arguments: Arguments, name: str) -> float | None:
    return None if arguments.optional(name) is None else arguments.decimal(name)


def check_gate(
    model: str,
    metrics: Mapping[str, float],
    metric: str | None,
    minimum: float | None,
    maximum: float | None,
) -> None:
    """Raises GateNotPassed where the metric is missing, is no number, or is outside its bounds."""
    if metric is None:
        return
    bounds = [f"{sign} {bound:g}" for sign, bound in ((">=", minimum), ("<=", maximum)) if bound is not None]
    wanted = " and ".join(bounds) or "to be there"
    value = metrics.get(metric)
    if value is None:
        raise GateNotPassed(model, metric, f"not among {', '.join(metrics) or 'no metrics'}", wanted)
    low, high = (-math.inf if minimum is None else minimum), (math.inf if maximum is None else maximum)
    if not low <= value <= high:
        raise GateNotPassed(model, metric, f"{value:g}", wanted)


def tags_of(
    metrics: Mapping[str, float], facts: Mapping[str, object], trained: Path, *, approved: bool
) -> dict[str, str]:
    return {
        "metrics": json.dumps(dict(metrics), sort_keys=True),
        "data_digest": str(facts["data_digest"]),
        SHA256: digest_of_folder(trained),
        APPROVED: str(approved).lower(),
    }


def register(name: str, trained: Path, tags: dict[str, str]) -> str:
    """The version that it was given."""
    from azureml.core import Model

    # The SDK registers what lies below the working folder only; the folder's own name goes into the model.
    with tempfile.TemporaryDirectory(prefix=".abs-", dir=Path.cwd()) as folder:
        named = Path(folder) / MODEL_FOLDER
        shutil.copytree(trained, named)
        found = Model.register(ml_run.workspace(), model_path=str(named), model_name=name, tags=tags)
    print(f"registered {name} version {found.version}, sha256 {tags[SHA256]}", flush=True)
    return str(found.version)
