"""The training pipeline of a model: prepare → train → evaluate → register."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ml_pipelines.definition import (
    Argument,
    MlPipelineDefinition,
    Note,
    Parameter,
    Read,
    ScriptStep,
    Written,
    owner_of,
    said,
)
from ml_pipelines.errors import ScriptMissing
from ml_pipelines.steps.parameters import NONE, TRAINING_PARAMETERS, argument, literal, map_literal, map_text

if TYPE_CHECKING:
    from config.schema import Model, Settings
    from config.training_schema import Training
    from ml_pipelines.snapshot import Sources

SCRIPTS = {
    "train.py": "it trains: train.py --input DIR --output DIR",
    "evaluate.py": "it judges: evaluate.py --input DIR --model DIR --output FILE.json",
}


Pair = tuple[str, str]
"""An argument and its value."""


def name_of(model: str) -> str:
    return f"train_{model}"


def build(
    settings: Settings, model: Model, sources: Sources, *, git_commit: str = NONE
) -> MlPipelineDefinition:
    """Raises a SourceError where something is missing in the model's folder or in the way.

    `git_commit` is told to the registered model and is no part of the fingerprint.
    """
    if model.training is None:
        raise ScriptMissing(model.name, model.source, "train.py", "the model has no `training` section")
    source = sources.of(model, SCRIPTS)
    return MlPipelineDefinition(
        name=name_of(model.name),
        model=model.name,
        kind="training",
        parameters=_parameters(model.training),
        steps=_steps(settings, model, model.training, git_commit),
        snapshot=source.files,
        ml_environment=source.ml_environment,
        code=source.code,
        compute=settings.machine_learning.compute,
        owner=owner_of(settings),
    )


def _parameters(training: Training) -> dict[str, str]:
    """Which version is in use is told by each run: pinning another publishes nothing."""
    champion = {} if training.champion == "in_use" else {"champion": NONE}
    return TRAINING_PARAMETERS | {"training_data": training.data} | champion


def _steps(settings: Settings, model: Model, training: Training, git_commit: str) -> tuple[ScriptStep, ...]:
    run = _run_arguments(settings, model)
    judged_with = "data" if training.held_out is None else "held_out"
    # A drift of which nothing more is said is watched too.
    checks: Pair = argument("checks"), map_literal(said(training.checks))
    gate: Pair = argument("gate"), map_literal({name: said(each) for name, each in training.gate.items()})

    def step(name: str, *arguments: Argument) -> ScriptStep:
        return ScriptStep(name, "abs_step.py", (name, *run, *arguments), training.timeout_minutes)

    return (
        step("prepare", *_prepare_arguments(model, training, checks, gate)),
        step(
            "train",
            *(argument("data"), Read("data")),
            *(argument("trained"), Written("trained")),
            *(argument("hyperparameters"), map_text(training.hyperparameters)),
        ),
        step(
            "evaluate",
            *(argument("data"), Read(judged_with)),
            *(argument("trained"), Read("trained")),
            *(argument("facts"), Read("facts")),
            *gate,
            *(argument("metrics"), Written("metrics")),
        ),
        step("register", *_register_arguments(model, training, git_commit, checks, gate)),
    )


def _prepare_arguments(model: Model, training: Training, checks: Pair, gate: Pair) -> tuple[Argument, ...]:
    apart: tuple[Argument, ...] = ()
    if training.held_out is not None:
        held_out = (argument("held_out"), literal(training.held_out))
        apart = (*held_out, argument("held_out_data"), Written("held_out"))
    return (
        *(argument("training_data"), Parameter("training_data")),
        *(argument("configured_training_data"), literal(training.data)),
        *(argument("registered_model"), model.registered_name),
        *(argument("champion"), Parameter("champion")),
        *(argument("row_key"), literal(model.scoring.row_key)),
        *checks,
        *gate,
        *(argument("data"), Written("data")),
        *(argument("facts"), Written("facts")),
        *apart,
    )


def _run_arguments(settings: Settings, model: Model) -> tuple[Argument, ...]:
    """Where each step finds the run's receipt."""
    return (
        *(argument("lake_url"), literal(settings.lake_url)),
        *(argument("file_system"), literal(settings.lake.file_system)),
        *(argument("model"), model.name),
        *(argument("adf_run_id"), Parameter("adf_run_id")),
        *(argument("adf_group_id"), Parameter("adf_group_id")),
    )


def _register_arguments(
    model: Model, training: Training, git_commit: str, checks: Pair, gate: Pair
) -> tuple[Argument, ...]:
    drift = model.output.checks.drift
    return (
        *(argument("registered_model"), model.registered_name),
        *(argument("champion"), Parameter("champion")),
        *(argument("trained"), Read("trained")),
        *(argument("facts"), Read("facts")),
        *(argument("metrics"), Read("metrics")),
        *checks,
        *gate,
        *(argument("approve"), literal(training.approve)),
        *(argument("score_column"), drift.column if drift else "prediction"),
        *(argument("git_commit"), Note(literal(git_commit))),
    )
