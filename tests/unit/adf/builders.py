"""Settings and Data Factory runs for the tests of adf: what a test does not say is ordinary."""

from typing import Any

from adf import factory
from adf.entities import Entity
from config.schema import Settings

SCORING = (
    "window_start",
    "window_end",
    "fire_time",
    "event_path",
    "input_path",
    "output_path",
    "adf_run_id",
    "adf_group_id",
    "model_version",
)
TRAINING = ("training_data", "champion", "adf_run_id", "adf_group_id")
PUBLISHED = {"score_diabetes": ("endpoint-1", "7"), "train_diabetes": ("endpoint-2", "3")}


def model(name: str = "diabetes", **parts: Any) -> dict[str, Any]:
    return {
        "name": name,
        "source": f"/models/{name}",
        "scoring": {"input": f"raw/{name}/incoming/{{window_start:yyyy/MM/dd}}"},
        "output": {"path": f"predictions/{name}"},
        **parts,
    }


def calendar(**parts: Any) -> dict[str, Any]:
    """It starts at six; on a Friday before midnight where days or times are said, to be none of them."""
    said = {"hours", "minutes", "week_days", "month_days", "monthly_occurrences"} & parts.keys()
    start = "2026-10-30T23:45:00" if said else "2026-11-01T06:00:00"
    return {"type": "calendar", "frequency": "Day", "start": start, **parts}


def tumbling(**parts: Any) -> dict[str, Any]:
    return {
        "type": "tumbling",
        "frequency": "Hour",
        "interval": 24,
        "start": "2026-11-01T00:00:00Z",
        **parts,
    }


def event(**parts: Any) -> dict[str, Any]:
    return {"type": "event", "ends_with": "/_SUCCESS", **parts}


def settings(*models: dict[str, Any], **parts: Any) -> Settings:
    return Settings.model_validate(
        {
            "environment": "dev",
            "project": "demo",
            "azure": {"subscription_id": "00000000-0000-0000-0000-000000000001", "resource_group": "rg-demo"},
            "data_factory": {"name": "adf-demo"},
            "machine_learning": {"workspace": "mlw-demo", "compute": "cpu-cluster"},
            "lake": {"account": "demolake", "file_system": "data"},
            "models": {each["name"]: each for each in (models or (model(),))},
            **parts,
        }
    )


def contracts(*names: str) -> dict[str, dict[str, str]]:
    """What the ML pipelines of the named models declare."""
    both = ((f"score_{name}", SCORING) for name in names), ((f"train_{name}", TRAINING) for name in names)
    return {name: dict.fromkeys(parameters, "-") for kind in both for name, parameters in kind}


def built(*models: dict[str, Any], **parts: Any) -> dict[str, Entity]:
    """The factory of these models, by entity name."""
    made = settings(*models, **parts)
    return {entity.name: entity for entity in factory.build(made, contracts(*made.models))}
