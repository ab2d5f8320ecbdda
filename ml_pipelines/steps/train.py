"""The second step of a training run: the user's train.py makes a model folder of the prepared data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from . import receipts
from .lake import Lake
from .parameters import Arguments
from .user_scripts import require_content, run_script

if TYPE_CHECKING:
    from collections.abc import Sequence

SCRIPT = "train.py"


def main(argv: Sequence[str]) -> None:
    arguments = Arguments(argv)
    with receipts.training(Lake(arguments.text("lake-url"), arguments.text("file-system")), arguments):
        _train(arguments)


def _train(arguments: Arguments) -> None:
    model = Path(arguments.text("trained"))
    model.mkdir(parents=True, exist_ok=True)
    hyperparameters = json.loads(arguments.text("hyperparameters"))
    run_script(
        SCRIPT,
        ["--input", arguments.text("data"), "--output", str(model), *as_arguments(hyperparameters)],
    )
    require_content(SCRIPT, model)


def as_arguments(hyperparameters: dict[str, object]) -> list[str]:
    """`{"alpha": 0.5}` → `--alpha 0.5`; a boolean is `true` or `false`."""
    pairs = ((f"--{name}", _text(value)) for name, value in hyperparameters.items())
    return [each for pair in pairs for each in pair]


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
