"""Where people look at a run: Data Factory's monitor and Azure ML studio, or the local Azure's pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf.expressions import joined, quoted
from adf.resource_ids import factory_id, resource_group_id

if TYPE_CHECKING:
    from config.schema import Settings

MONITOR = "https://adf.azure.com/en/monitoring/pipelineruns"
STUDIO = "https://ml.azure.com"


def of_run(settings: Settings, run_id: str) -> str:
    """The expression of the address of an ADF run; `run_id` is one too."""
    if settings.local_url is not None:
        return joined(quoted(f"{settings.local_url}/portal/runs/"), run_id)
    return joined(quoted(f"{MONITOR}/"), run_id, quoted(f"?factory={factory_id(settings)}"))


def of_ml_run(settings: Settings, ml_run_id: str) -> str:
    """The expression of the address of an ML run; of its workspace where `ml_run_id` gives none. The local
    Azure shows it on the page of its ADF run.
    """
    if settings.local_url is not None:
        return of_run(settings, "pipeline().RunId")
    workspace = f"{resource_group_id(settings)}/workspaces/{settings.machine_learning.workspace}"
    run = f"if(empty({ml_run_id}), '', {joined(quoted('runs/'), ml_run_id)})"
    return joined(quoted(f"{STUDIO}/"), run, quoted(f"?wsid={workspace}"))
