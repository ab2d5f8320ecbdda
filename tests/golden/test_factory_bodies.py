"""Settings in, the factory's exact JSON out: a folder a case, a file an entity.

`UPDATE_GOLDEN=1 pytest tests/golden/test_factory_bodies.py` writes the files anew; read the diff then.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from adf.entities import Entity, resolve
from tests.unit.adf.builders import built, calendar, event, model, tumbling

GOLDEN = Path(__file__).parent / "factory"


def published(entities: dict[str, Entity]) -> dict[str, tuple[str, str]]:
    """Ids that can be told apart at a glance."""
    pipelines = [name for name, entity in entities.items() if entity.kind == "pipeline"]
    return {name: (f"<endpoint of {name}>", "1") for name in pipelines}


def smallest() -> dict[str, Entity]:
    """One model that is scored by hand."""
    return built()


def trained_and_scheduled() -> dict[str, Entity]:
    """Calendar schedules for both pipelines, in local time, with everything a calendar can say."""
    schedules = {
        "score": {
            "daily": calendar(hours=[6], minutes=[30], time_zone="W. Europe Standard Time"),
            "monthly": calendar(frequency="Month", month_days=[1, -1], end="2027-12-31T00:00:00"),
        },
        "train": {"weekly": calendar(frequency="Week", week_days=["Sunday"], interval=2)},
    }
    window = {"every": "day", "time_zone": "W. Europe Standard Time"}
    training = {"data": "raw/diabetes/training/patients.csv", "timeout_minutes": 90}
    scoring = {"input": "raw/{window_start:yyyy/MM/dd}", "model_version": "12", "timeout_minutes": 2880}
    return built(model(training=training, schedules=schedules, window=window, scoring=scoring))


def tumbling_backfill() -> dict[str, Entity]:
    """Hourly windows from the past on, four at once; the schedules are off."""
    hourly = tumbling(interval=1, start=None, max_concurrency=4, delay_minutes=10)
    hourly |= {"backfill_from": "2026-01-01T00:15:00Z"}
    window = {"every": "hour", "offset_minutes": 15}
    return built(model(schedules={"score": {"hourly": hourly}}, window=window), schedules="off")


def two_models_in_a_shared_factory() -> dict[str, Entity]:
    """Linked services of their own names, a local lake, an `@` in a path, a start left open."""
    names = {
        "name": "adf-shared",
        "folder": "team-b/scoring",
        "linked_service_lake": "ls_b_lake",
        "linked_service_machine_learning": "ls_b_azureml",
    }
    iris = model("iris", output={"path": "@iris/it's"}, schedules={"score": {"daily": tumbling(start=None)}})
    azure = {"cloud": "local", "subscription_id": "0", "resource_group": "rg"}
    return built(model(), iris, data_factory=names, azure=azure, environment="local")


def every_recurrence_and_a_dependency() -> dict[str, Entity]:
    """A calendar schedule of each frequency, and windows that wait for another model's and for their own."""
    berlin = {"time_zone": "W. Europe Standard Time"}
    days = ["Friday", "Monday"]
    calendars = {
        "minutes": calendar(frequency="Minute", interval=15),
        "hours": calendar(frequency="Hour", interval=6, **berlin),
        "days": calendar(hours=[18, 6], minutes=[30, 0], **berlin),
        "weeks": calendar(frequency="Week", interval=2, week_days=days, hours=[5]),
        "months": calendar(frequency="Month", monthly_occurrences=["last Friday", "first Monday"], hours=[4]),
    }
    cleaned = tumbling(interval=1, start=None)
    waits = [
        {"model": "cleaning", "schedule": "hourly"},
        {"model": "cleaning", "schedule": "hourly", "offset_minutes": -1440, "window_minutes": 120},
        {"offset_minutes": -1440},
    ]
    scored = tumbling(start=None, depends_on=waits)
    cleaning = model("cleaning", window={"every": "hour"}, schedules={"score": {"hourly": cleaned}})
    return built(cleaning, model(schedules={"score": {"daily": scored, **calendars}}))


def storage_events() -> dict[str, Entity]:
    """A marker that may be empty, and the input file itself; the lake is in another resource group."""
    schedules = {"marker": event(), "file": event(begins_with="raw/diabetes/incoming/20", ends_with=".csv")}
    lake = {"account": "demolake", "file_system": "data", "resource_group": "rg-lake"}
    return built(model(schedules={"score": schedules}), lake=lake)


def warehouse_tables() -> dict[str, Entity]:
    """Two models whose windows go to tables too, from a file of each format; names that need quoting."""
    columns = {"patient_id": "nvarchar(40)", "it's] @{x}": "decimal(9,2)", "prediction": "float"}
    copied = {"path": "predictions/diabetes", "warehouse": {"table": "dbo.scores", "columns": columns}}
    other = {"table": "ml.iris", "columns": {"prediction": "nvarchar(20)"}, "timeout_minutes": 1500}
    iris = model("iris", output={"path": "predictions/iris", "format": "csv", "warehouse": other})
    place = {"server": "reporting.database.windows.net", "database": "reporting"}
    return built(model(output=copied), iris, warehouse=place)


def told_of_failures() -> dict[str, Entity]:
    """A model that is trained, and whose windows go to a table: of each way to fail somebody is told."""
    copied = {"table": "dbo.scores", "columns": {"prediction": "float"}}
    output = {"path": "predictions/diabetes", "warehouse": copied}
    place = {"server": "reporting.database.windows.net", "database": "reporting"}
    told = {"vault": "kv-demo", "secret": "failure-webhook"}
    trained = model(training={"data": "raw/diabetes/training"}, output=output)
    return built(trained, notification=told, warehouse=place)


CASES: list[Callable[[], dict[str, Entity]]] = [
    smallest,
    trained_and_scheduled,
    tumbling_backfill,
    two_models_in_a_shared_factory,
    every_recurrence_and_a_dependency,
    storage_events,
    warehouse_tables,
    told_of_failures,
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_factory_is_exactly_what_it_was(case: Callable[[], dict[str, Entity]]):
    """Every change to a body is a change to a file that a reviewer reads."""
    entities = case()
    folder = GOLDEN / case.__name__
    texts = {
        f"{entity.kind}/{name}.json": text(entity, published(entities)) for name, entity in entities.items()
    }
    if os.environ.get("UPDATE_GOLDEN") == "1":
        rewrite(folder, texts)

    assert texts == {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*.json")}


def text(entity: Entity, endpoints: dict[str, tuple[str, str]]) -> str:
    shown = {"properties": resolve(entity.properties, endpoints)}
    if entity.started is not None:
        shown["started"] = entity.started
    return json.dumps(shown, indent=2, ensure_ascii=False) + "\n"


def rewrite(folder: Path, texts: dict[str, str]) -> None:
    for path in folder.rglob("*.json"):
        path.unlink()
    for name, content in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
