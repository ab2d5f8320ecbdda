"""The pipelines of a model: `score_<model>`, and `train_<model>` where it has training.

How `score_<model>` ends:

    score ──► read_receipt ──► check_landing ──(not landed)──► fail_landing
      │            ├─ score succeeded, receipt unreadable ──► fail_receipt
      └────────────┴─ score failed ─────────────────────────► fail_score

Data Factory judges a run by its leaves, and by a skipped leaf's parents. So every way on which the
predictions did not land must end in a leaf that failed: check_landing is skipped where score failed, and
then score itself is judged. The run is green only if the receipt of this very run group says that the window
is committed, or was already; and, where the model has a warehouse table, if the window is in it
(adf/warehouse.py draws what then follows check_landing).

`train_<model>` ends as `train` does: red, too, where the gate refused the new model. What follows a failure,
read_receipt and fail_train, only says why in Data Factory's own monitoring.

Where the environment says who is told of failures, that follows the activities that fail, and the run still
ends red (adf/notification.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adf import activities, datasets, notification, warehouse
from adf.entities import Entity
from adf.expressions import Value, constant, evaluated, first_filled, inline, joined, parameter, quoted
from adf.ownership import annotations_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from config.schema import Model, Settings
    from config.training_schema import Training

NONE = "-"
"""Stands for "not given": Azure ML takes no empty parameter."""

RECEIPT = "activity('read_receipt')?.output?.firstRow"
LANDED = ("committed", "unchanged")


def score_name(model: str) -> str:
    """The name of the pipeline, and of the ML pipeline that it runs."""
    return f"score_{model}"


def train_name(model: str) -> str:
    """The name of the pipeline, and of the ML pipeline that it runs."""
    return f"train_{model}"


def score(settings: Settings, model: Model) -> Entity:
    """One window: run the ML pipeline, read its receipt, and fail unless the window landed."""
    defaults = {
        "window_start": NONE,
        "window_end": NONE,
        "fire_time": NONE,
        "event_path": NONE,
        "model_version": model.model_version,
    }
    return _pipeline(
        settings,
        score_name(model.name),
        model.name,
        description=f"Scores one window of {model.name}; green only when its predictions have landed.",
        parameters=defaults,
        steps=[
            _score_activity(settings, model),
            _read_receipt(settings, model, activities.after(score="Completed")),
            _check_landing(model),
            _fail_score(model),
            _fail_receipt(model),
            *warehouse.steps(settings, model, receipt=RECEIPT, window=_receipt_window()),
            *notification.steps(settings, _score_failure(model)),
        ],
        expected_minutes=model.scoring.expected_minutes,
    )


def train(settings: Settings, model: Model, training: Training) -> Entity:
    """Train, evaluate and register, as the ML pipeline says."""
    return _pipeline(
        settings,
        train_name(model.name),
        model.name,
        description=f"Trains {model.name}; green only when the new model has passed its gate.",
        parameters={
            "training_data": training.data,
            "champion": NONE if training.champion == "none" else model.model_version,
        },
        steps=[
            _train_activity(settings, model, training),
            _read_receipt(settings, model, activities.after(train="Failed")),
            _fail_train(model),
            *notification.steps(settings, _train_failure(model)),
        ],
    )


def _train_activity(settings: Settings, model: Model, training: Training) -> activities.Activity:
    return activities.run_ml_pipeline(
        "train",
        train_name(model.name),
        linked_service=settings.data_factory.linked_service_machine_learning,
        experiment=settings.machine_learning.experiment,
        parameters=training_parameters(),
        timeout_minutes=training.timeout_minutes,
        user_properties={
            "model": model.name,
            "training_data": evaluated(parameter("training_data")),
            "champion": evaluated(parameter("champion")),
            "gate_report": evaluated(joined(quoted(f"{reports_folder(model.name)}/"), "pipeline().GroupId")),
        },
    )


def scoring_parameters(model: Model) -> dict[str, str]:
    """What `score` passes to its ML pipeline: all strings, none of them empty."""
    return {
        "window_start": inline(parameter("window_start")),
        "window_end": inline(parameter("window_end")),
        "fire_time": inline(parameter("fire_time")),
        "event_path": inline(parameter("event_path")),
        "input_path": constant(model.scoring.input),
        "output_path": constant(model.output.path),
        "adf_run_id": inline("pipeline().RunId"),
        "adf_group_id": inline("pipeline().GroupId"),
        "model_version": inline(parameter("model_version")),
    }


def training_parameters() -> dict[str, str]:
    """What `train` passes to its ML pipeline."""
    return {
        "training_data": inline(parameter("training_data")),
        "champion": inline(parameter("champion")),
        "adf_run_id": inline("pipeline().RunId"),
        "adf_group_id": inline("pipeline().GroupId"),
    }


def _score_activity(settings: Settings, model: Model) -> activities.Activity:
    user_properties: dict[str, Value] = {
        "model": model.name,
        "model_version": evaluated(parameter("model_version")),
        "window": evaluated(_requested_window()),
        "output": constant(model.output.path),
    }
    return activities.run_ml_pipeline(
        "score",
        score_name(model.name),
        linked_service=settings.data_factory.linked_service_machine_learning,
        experiment=settings.machine_learning.experiment,
        parameters=scoring_parameters(model),
        timeout_minutes=model.scoring.timeout_minutes,
        user_properties=user_properties,
    )


def _read_receipt(settings: Settings, model: Model, depends_on: list[dict[str, Any]]) -> activities.Activity:
    place = {
        "folder_path": receipts_folder(model.name),
        "file_name": evaluated(joined("pipeline().GroupId", quoted(".json"))),
    }
    dataset = datasets.reference(datasets.receipt_name(settings), place)
    return activities.look_up_json("read_receipt", dataset, depends_on)


def _check_landing(model: Model) -> activities.Activity:
    statuses = ", ".join(f"equals({RECEIPT}?.status, {quoted(status)})" for status in LANDED)
    landed = f"and(equals({RECEIPT}?.group_id, pipeline().GroupId), or({statuses}))"
    message = joined(
        quoted(f"{model.name}: window "),
        _receipt_window(),
        quoted(" has not landed. The receipt of run group "),
        "pipeline().GroupId",
        quoted(" says "),
        first_filled(f"{RECEIPT}?.status", quoted("nothing")),
        _receipt_error(": "),
    )
    return activities.if_not(
        "check_landing",
        landed,
        [activities.fail("fail_landing", message, error_code="NotLanded")],
        activities.after(score="Succeeded", read_receipt="Succeeded"),
    )


def _fail_score(model: Model) -> activities.Activity:
    message = joined(
        quoted(f"{model.name}: scoring window "),
        _receipt_window(),
        quoted(" failed"),
        _receipt_error(": "),
        quoted(". Azure ML: "),
        _error_of("score", quoted("no message")),
    )
    return activities.fail(
        "fail_score",
        message,
        error_code="ScoringFailed",
        depends_on=activities.after(score="Failed", read_receipt="Completed"),
    )


def _fail_train(model: Model) -> activities.Activity:
    message = joined(
        quoted(f"{model.name}: training failed"),
        _receipt_error(": "),
        quoted(". Azure ML: "),
        _error_of("train", quoted("no message")),
    )
    return activities.fail(
        "fail_train",
        message,
        error_code="TrainingFailed",
        depends_on=activities.after(train="Failed", read_receipt="Completed"),
    )


def _fail_receipt(model: Model) -> activities.Activity:
    message = joined(
        quoted(f"{model.name}: the ML run succeeded, but its receipt {receipts_folder(model.name)}/"),
        "pipeline().GroupId",
        quoted(".json cannot be read: "),
        _error_of("read_receipt", quoted("no message")),
    )
    return activities.fail(
        "fail_receipt",
        message,
        error_code="ReceiptUnreadable",
        depends_on=activities.after(score="Succeeded", read_receipt="Failed"),
    )


def _score_failure(model: Model) -> notification.Failure:
    """It has failed where the last activity of the good way did not succeed; then one of these says why."""
    fails = ["fail_score", "fail_receipt"]
    last = "check_landing"
    if model.output.warehouse is not None:
        fails, last = [*fails, "fail_warehouse"], "swap_window"
    message = f"last(split({_error_of('check_landing', quoted('no message'))}, {quoted(_WITHIN_CHECK)}))"
    for name in fails:
        message = _error_of(name, message)
    return notification.Failure(
        model.name,
        message,
        window=_receipt_window(),
        ml_run_id=f"{RECEIPT}?.ml_run_id",
        conditions=dict.fromkeys([*fails, last], ("Failed", "Skipped")),
    )


_WITHIN_CHECK = "Inner activity name: fail_landing, Error: "
"""What Data Factory puts before the message of an activity that stands inside of another."""


def _train_failure(model: Model) -> notification.Failure:
    return notification.Failure(
        model.name,
        _error_of("fail_train", quoted("no message")),
        window="''",
        ml_run_id=f"{RECEIPT}?.ml_run_id",
        conditions={"fail_train": ("Failed",)},
    )


def _error_of(activity: str, otherwise: str) -> str:
    return first_filled(f"activity('{activity}')?.error?.message", otherwise)


def receipts_folder(model: str) -> str:
    """Where the ML runs of a model leave their receipts, in the lake's file system."""
    return f"_landing/{model}/_runs"


def reports_folder(model: str) -> str:
    """Where the ML runs of a model leave what the gate decided: a folder a run group."""
    return f"_landing/{model}/_gate"


def _requested_window() -> str:
    """Readable in ADF Monitor: the window, or of what stage makes it: the file that came, the fire time."""
    start, end, fire_time = parameter("window_start"), parameter("window_end"), parameter("fire_time")
    event_path = parameter("event_path")
    given = joined(start, quoted(" to "), end)
    of_file = joined(quoted("that of "), event_path)
    at_fire_time = joined(quoted("last complete at "), fire_time)
    last = _unless_none(fire_time, at_fire_time, quoted("last complete"))
    return _unless_none(start, given, _unless_none(event_path, of_file, last))


def _receipt_window() -> str:
    """The window as stage resolved it; what was asked for where the receipt does not say."""
    return first_filled(f"{RECEIPT}?.window_start", _requested_window())


def _receipt_error(before: str) -> str:
    """The receipt's first error after the text `before`; nothing at all where there is none."""
    error = f"{RECEIPT}?.error"
    return f"if(empty({error}), '', {joined(quoted(before), error)})"


def _unless_none(expression: str, then: str, otherwise: str) -> str:
    return f"if(equals({expression}, {quoted(NONE)}), {otherwise}, {then})"


def _pipeline(
    settings: Settings,
    name: str,
    model: str,
    *,
    description: str,
    parameters: Mapping[str, str],
    steps: list[activities.Activity],
    expected_minutes: int | None = None,
) -> Entity:
    properties: dict[str, Any] = {
        "description": description,
        "activities": steps,
        "parameters": {
            key: {"type": "String", "defaultValue": default} for key, default in parameters.items()
        },
        "folder": {"name": settings.data_factory.folder},
        "annotations": annotations_of(settings, model),
    }
    if expected_minutes is not None:
        properties["policy"] = {"elapsedTimeMetric": {"duration": activities.duration(expected_minutes)}}
    return Entity("pipeline", name, properties)
