"""The batch pipeline of a model: stage → score → publish."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ml_pipelines.definition import (
    Argument,
    MlPipelineDefinition,
    Note,
    ParallelStep,
    Parameter,
    Read,
    ScriptStep,
    Step,
    Written,
    owner_of,
    said,
)
from ml_pipelines.errors import BadInputTemplate, UnknownTimeZone
from ml_pipelines.steps.errors import BadTemplate
from ml_pipelines.steps.landing import check_template
from ml_pipelines.steps.parameters import BATCH_PARAMETERS, NONE, argument, literal, map_literal

if TYPE_CHECKING:
    from config.schema import Model, Settings
    from ml_pipelines.snapshot import Sources

PUBLISH_TIMEOUT_MINUTES = 120


def name_of(model: str) -> str:
    return f"score_{model}"


def build(
    settings: Settings,
    model: Model,
    sources: Sources,
    *,
    git_commit: str = NONE,
    zone: str | None = None,
) -> MlPipelineDefinition:
    """Raises a SourceError where something is missing in the model's folder or in the way.

    `zone` is the IANA name of `window.time_zone`, where the caller has resolved it already; `git_commit` is
    told to the manifest and is no part of the fingerprint.
    """
    _check_input(model)
    source = sources.of(model, {model.score_script: "it scores: init() and run(mini_batch)"})
    stage = _stage_arguments(settings, model, zone or iana_zone(model), source.code, git_commit)
    return MlPipelineDefinition(
        name=name_of(model.name),
        model=model.name,
        kind="batch",
        parameters=_parameters(model),
        steps=_steps(model, stage),
        snapshot=source.files,
        ml_environment=source.ml_environment,
        code=source.code,
        compute=settings.machine_learning.compute,
        owner=owner_of(settings),
    )


def _check_input(model: Model) -> None:
    try:
        check_template(model.scoring.input)
    except BadTemplate as error:
        raise BadInputTemplate(model.name, str(error)) from error


def _parameters(model: Model) -> dict[str, str]:
    return BATCH_PARAMETERS | {
        "input_path": model.scoring.input,
        "output_path": model.output.path,
        "model_version": model.model_version,
    }


def iana_zone(model: Model) -> str:
    """`W. Europe Standard Time` → `Europe/Berlin`, by CLDR's table; raises UnknownTimeZone."""
    name = model.window.time_zone
    if name == "UTC":
        return name
    from tzlocal.windows_tz import win_tz

    if name not in win_tz:
        raise UnknownTimeZone(model.name, name)
    return str(win_tz[name])


def _steps(model: Model, stage_arguments: tuple[Argument, ...]) -> tuple[Step, ...]:
    scoring = model.scoring
    return (
        ScriptStep("stage", "abs_step.py", ("stage", *stage_arguments), PUBLISH_TIMEOUT_MINUTES),
        ParallelStep(
            name="score",
            entry_script="score_entry.py",
            reads="work_items",
            arguments=(argument("processes_per_node"), literal(scoring.process_count_per_node)),
            node_count=scoring.node_count,
            process_count_per_node=scoring.process_count_per_node,
            run_max_try=scoring.run_max_try,
            run_invocation_timeout_seconds=scoring.run_invocation_timeout_seconds,
            timeout_minutes=scoring.timeout_minutes,
        ),
        ScriptStep(
            name="publish",
            script="abs_step.py",
            arguments=("publish", argument("plan"), Read("plan")),
            timeout_minutes=PUBLISH_TIMEOUT_MINUTES,
            after=("score",),
        ),
    )


def _stage_arguments(
    settings: Settings, model: Model, zone: str, code: str, git_commit: str
) -> tuple[Argument, ...]:
    named = dict(_GIVEN) | {name: literal(value) for name, value in _fixed(settings, model, zone).items()}
    named |= {"code": code, "git_commit": Note(literal(git_commit))}
    named |= {"plan": Written("plan"), "work_items": Written("work_items")}
    return tuple(each for name, value in named.items() for each in (argument(name), value))


_GIVEN: Final[dict[str, Argument]] = {name: Parameter(name) for name in BATCH_PARAMETERS}
"""With each run."""


def _fixed(settings: Settings, model: Model, zone: str) -> dict[str, object]:
    """What does not change from run to run."""
    scoring = model.scoring
    return {
        "lake_url": settings.lake_url,
        "file_system": settings.lake.file_system,
        "model": model.name,
        "registered_model": model.registered_name,
        "window_every": model.window.every,
        "window_zone": zone,
        "window_offset_minutes": model.window.offset_minutes,
        "configured_input_path": scoring.input,
        "configured_output_path": model.output.path,
        "configured_model_version": model.model_version,
        "input_format": scoring.input_format,
        "row_key": scoring.row_key,
        "duplicate_keys": scoring.duplicate_keys,
        "passes": scoring.passes,
        "returns": scoring.returns,
        "score_script": model.score_script,
        "files_per_work_item": scoring.files_per_work_item,
        "bytes_per_work_item": scoring.bytes_per_work_item,
        "workers": scoring.node_count * scoring.process_count_per_node,
        "newlines_in_values": scoring.newlines_in_values,
        "max_quarantined_percent": scoring.max_quarantined_percent,
        "empty_window": scoring.empty_window,
        "format": model.output.format,
        "run_columns": model.output.run_columns,
        "checks": map_literal(said(model.output.checks)),
        "maximum_file_megabytes": model.output.maximum_file_megabytes,
    }
