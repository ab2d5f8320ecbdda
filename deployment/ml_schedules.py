"""Azure ML schedules of what Data Factory schedules here: each run would happen twice. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deployment.gateways import MlSchedule
    from deployment.resources import Observed


@dataclass(frozen=True)
class DoubleRuns:
    """An enabled schedule in Azure ML that runs an ML pipeline of ours."""

    ml_pipeline: str
    schedule: MlSchedule

    def __str__(self) -> str:
        schedule = self.schedule
        return (
            f"the Azure ML schedule {schedule.name} ({schedule.recurrence}) runs {self.ml_pipeline} too: "
            "what Data Factory runs is run twice. Disable it: "
            f"Schedule.get(workspace, '{schedule.id}').disable()"
        )

    def document(self) -> dict[str, Any]:
        return {
            "code": "ml_schedule",
            "ml_pipeline": self.ml_pipeline,
            "schedule": self.schedule.name,
            "schedule_id": self.schedule.id,
            "message": str(self),
        }


def double_runs(observed: Observed) -> Iterator[DoubleRuns]:
    """Of an endpoint, or of a version that was published under it."""
    for name, live in observed.ml_pipelines.items():
        ids = {live.endpoint_id, *live.versions.values()}
        for schedule in observed.ml_schedules:
            if schedule.endpoint_id in ids or schedule.pipeline_id in ids:
                yield DoubleRuns(name, schedule)
