"""Timetables as the local Azure tells them, written by hand; and the settings they are of."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from adf.windows import format_instant
from config.schema import Settings
from deployment.rehearsal.timetable import Timetable

BERLIN = "W. Europe Standard Time"


def settings(**models: dict[str, Any]) -> Settings:
    """Each model: what differs from the smallest."""
    return Settings.model_validate(
        {
            "environment": "prod",
            "project": "shop",
            "azure": {"subscription_id": "s", "resource_group": "rg"},
            "data_factory": {"name": "adf-shop"},
            "machine_learning": {"workspace": "ml", "compute": "cpu"},
            "lake": {"account": "shop", "file_system": "data"},
            "models": {name: _model(name, said) for name, said in models.items()},
        }
    )


def _model(name: str, said: dict[str, Any]) -> dict[str, Any]:
    scoring = {"input": "raw/{window_start:yyyy/MM/dd}", **said.get("scoring", {})}
    return {"name": name, "source": "code", "output": {"path": name}, **said, "scoring": scoring}


def run(trigger: str, pipeline: str, due: str, ended: str, **said: Any) -> dict[str, Any]:
    """A run that began when it was due, and succeeded; times are `06T05:00`, of March 2026."""
    due, ended = (f"2026-03-{text}:00Z" for text in (due, ended))
    window = said.pop("window", None)
    return {
        "trigger": trigger,
        "pipeline": pipeline,
        "parent": None,
        "due": due,
        "window_start": window and f"2026-03-{window}T00:00:00Z",
        "window_end": None,
        "waited_for": [],
        "started": due,
        "launched": due,
        "ended": ended,
        "status": "Succeeded",
        "error": "",
        "attempt": 1,
        "retried": [],
        "ml": [],
        **said,
    }


def not_run(
    trigger: str, due: str, window: str, *waits: tuple[str, str], status: str = "Waiting"
) -> dict[str, Any]:
    return {
        "trigger": trigger,
        "due": f"2026-03-{due}:00Z",
        "window_start": f"2026-03-{window}T00:00:00Z",
        "window_end": None,
        "status": status,
        "why": "waits",
        "waited_for": [
            {"trigger": name, "window_start": f"2026-03-{start}T00:00:00Z"} for name, start in waits
        ],
    }


def ml_run(asked: str, began: str, ended: str, nodes: int = 1) -> dict[str, Any]:
    instants = {"asked": asked, "began": began, "ended": ended}
    return {name: f"2026-03-{text}:00Z" for name, text in instants.items()} | {"nodes": nodes}


def document(
    *entries: dict[str, Any], until: str = "2026-04-01", nodes: int | None = None, zone: str = "UTC"
) -> dict[str, Any]:
    """Of March. Entries with a `why` did not run; triggers with windows are tumbling, others schedules."""
    kinds = {entry["trigger"]: entry["window_start"] is not None for entry in entries}
    return {
        "from": "2026-03-01T00:00:00Z",
        "to": format_instant(datetime.fromisoformat(f"{until}T00:00:00Z")),
        "seed": 0,
        "nodes": nodes,
        "triggers": [
            {
                "name": name,
                "type": "TumblingWindowTrigger" if tumbles else "ScheduleTrigger",
                "time_zone": "UTC" if tumbles else zone,
                "depends_on": [],
            }
            for name, tumbles in sorted(kinds.items())
        ],
        "runs": [entry for entry in entries if "why" not in entry],
        "not_run": [entry for entry in entries if "why" in entry],
    }


def timetable(*entries: dict[str, Any], **said: Any) -> Timetable:
    return Timetable.from_document(document(*entries, **said))
