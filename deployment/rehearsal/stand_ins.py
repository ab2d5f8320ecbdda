"""Settings → what stands for the ML runs and for what they leave in the lake. Pure.

Without a word on the command line, scoring takes half of `expected_minutes` as a rule, and in one of 25 runs
longer than that; training takes a quarter of its time-out. A model's receipt says of each run group what its
ML run did.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from adf import pipelines
from adf.triggers import grid_of
from adf.windows import format_instant
from deployment.rehearsal import arrivals

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from adf.windows import Window
    from config.schema import Model, Settings
    from deployment.rehearsal.asked import Asked
    from deployment.rehearsal.past import Past

NO_PAST: Final[Mapping[str, Past]] = MappingProxyType({})
SPREAD: Final = 0.4
"""Standard deviation of the durations' logarithm: twice the median is exceeded by 4 % of the runs."""
_SCORED: Final = "equals(activity('score').status, 'Succeeded')"
_FIRED: Final = "if(equals(pipeline().parameters.fire_time, '-'), utcNow(), pipeline().parameters.fire_time)"
_WINDOW: Final = (
    f"if(equals(pipeline().parameters.window_start, '-'), {_FIRED}, pipeline().parameters.window_start)"
)
RECEIPT: Final = {
    "group_id": "@pipeline().GroupId",
    "status": f"@if({_SCORED}, 'committed', 'failed')",
    "window_start": f"@if({_SCORED}, {_WINDOW}, '')",
    "attempt_started": "@utcNow()",
    "model_version": "1",
    "rows_scored": 1,
    "path": "predictions/rehearsed.parquet",
    "error": "",
}
"""All that a scoring pipeline reads of a receipt; of a window of a schedule its fire time, and of that of a
file when its run asks.
"""


def stand_ins(settings: Settings, asked: Asked, past: Mapping[str, Past] = NO_PAST) -> dict[str, Any]:
    """The document that `python -m sandbox simulate --stand-ins` reads; `past`: of pipelines with one."""
    made = [
        each
        for _, model in sorted(settings.models.items())
        for each in _of_model(model, asked, settings.lake.file_system)
    ]
    for each in made:
        if each["pipeline"] in past:
            each.update(_as_before(past[each["pipeline"]], each))
    receipt = {"activity": "read_receipt", "minutes": 0.2, "output": {"firstRow": RECEIPT}}
    return {"stand_ins": [*made, receipt]}


def _of_model(model: Model, asked: Asked, file_system: str) -> Iterator[dict[str, Any]]:
    score: dict[str, Any] = {
        "pipeline": pipelines.score_name(model.name),
        "activity": "score",
        "minutes": _about(asked.minutes.get(model.name, model.scoring.expected_minutes / 2)),
        "nodes": model.scoring.node_count,
        "fails_percent": asked.failures_percent,
    }
    failing = [window for name, window in asked.failing if name == model.name]
    if failing:
        score["fails_when"] = f"@{_any_of([_scores(model, window, file_system) for window in failing])}"
    yield score
    if model.training is not None:
        yield {
            "pipeline": pipelines.train_name(model.name),
            "activity": "train",
            "minutes": _about(model.training.timeout_minutes / 4),
            "nodes": 1,
            "fails_percent": asked.failures_percent,
        }


def _as_before(past: Past, said: Mapping[str, Any]) -> dict[str, Any]:
    """Failures that the command line asks for go first."""
    return {
        "minutes": {"past": list(past.minutes)},
        "fails_percent": said["fails_percent"] or past.failures_percent,
    }


def _about(median: float) -> dict[str, float]:
    return {"median": median, "spread": SPREAD}


def _scores(model: Model, window: Window, file_system: str) -> str:
    """Whether a run scores this window: so its trigger or its file says, or this was the last complete at its
    fire.
    """
    start, end = format_instant(window.start), format_instant(window.end)
    following = format_instant(grid_of(model).window_at(window.end).end)
    parameters = "pipeline().parameters"
    fired = (
        f"and(greaterOrEquals({parameters}.fire_time, '{end}'), less({parameters}.fire_time, '{following}'))"
    )
    conditions = [f"equals({parameters}.window_start, '{start}')", fired]
    if (files := arrivals.files_of(model, window)) is not None:
        conditions.append(f"startswith({parameters}.event_path, '{file_system}/{files}')")
    return _any_of(conditions)


def _any_of(conditions: list[str]) -> str:
    first, *rest = conditions
    return f"or({first}, {_any_of(rest)})" if rest else first
