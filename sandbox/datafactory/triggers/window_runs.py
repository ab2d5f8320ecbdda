"""The trigger runs of one tumbling window trigger, as they are kept: which are open, and how far it came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adf.windows import Window
from sandbox.datafactory.errors import NotFound
from sandbox.datafactory.models import parse_instant

if TYPE_CHECKING:
    from sandbox.datafactory.models import FactoryId, Json
    from sandbox.datafactory.runs import Runs
    from sandbox.datafactory.triggers.records import Records


def window_of(run: Json) -> Window:
    return Window(parse_instant(run["_"]["start"]), parse_instant(run["_"]["end"]))


class WindowRuns:
    """Each write tells the window's status, too, which other triggers may wait for."""

    def __init__(self, factory: FactoryId, trigger: str, runs: Runs, records: Records) -> None:
        self._factory = factory
        self._name = trigger
        self._runs = runs
        self._records = records

    def first_that_never_ran(self) -> int:
        """The number of a window: those before it have their trigger runs."""
        return int(self._records.progress(self._factory, self._name).get("next", 0))

    def come_to(self, number: int) -> None:
        self._records.set_progress(self._factory, self._name, {"next": number})

    def open(self) -> list[Json]:
        found = [
            self._runs.trigger_run(self._factory, run_id)
            for run_id in self._records.open_runs(self._factory, self._name)
        ]
        return [run for run in found if run is not None]

    def known(self, run_id: str) -> Json:
        """Raises `NotFound`."""
        run = self._runs.trigger_run(self._factory, run_id)
        if run is None or run["triggerName"].lower() != self._name.lower():
            raise NotFound(f"The trigger '{self._name}' has no run {run_id}.", target=run_id)
        return run

    def write(self, run: Json) -> None:
        """A run that is under way, or waits to be."""
        with self._runs.transaction():
            self._keep(run)
            self._records.open(self._factory, self._name, run["triggerRunId"])

    def close(self, run: Json, status: str, message: str) -> None:
        with self._runs.transaction():
            private = {**run["_"], "state": "over"}
            self._keep({**run, "status": status, "message": message, "_": private})
            self._records.close(run["triggerRunId"])

    def _keep(self, run: Json) -> None:
        self._runs.put_trigger_run(self._factory, run)
        self._records.set_window_status(self._factory, self._name, run["_"]["start"], run["status"])
