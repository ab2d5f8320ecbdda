"""Starting and stopping triggers."""

from __future__ import annotations

from typing import NoReturn, TYPE_CHECKING

from sandbox.datafactory.errors import NotRun

if TYPE_CHECKING:
    from sandbox.datafactory.entities import Entities
    from sandbox.datafactory.engine.engine import Engine
    from sandbox.datafactory.runs import Runs
    from sandbox.datafactory.models import FactoryId
    from sandbox.context import Context


class Triggers:
    def __init__(self, context: Context, entities: Entities, runs: Runs, engine: Engine) -> None:
        self._context = context
        self._entities = entities
        self._runs = runs
        self._engine = engine

    def start_all(self) -> None: ...

    async def stop_all(self) -> None: ...

    def forget(self, factory: FactoryId, name: str | None = None) -> None: ...

    def start(self, factory: FactoryId, name: str) -> NoReturn:
        found = self._entities.get(factory, "triggers", name)
        raise NotRun(f"Starting the trigger '{found['name']}' of type {found['properties']['type']}")

    def stop(self, factory: FactoryId, name: str) -> None:
        self._entities.get(factory, "triggers", name)

    def rerun(self, factory: FactoryId, name: str, run_id: str) -> NoReturn:
        raise NotRun(f"Rerunning the run {run_id} of the trigger '{name}' in {factory.name}")

    def cancel(self, factory: FactoryId, name: str, run_id: str) -> NoReturn:
        raise NotRun(f"Cancelling the run {run_id} of the trigger '{name}' in {factory.name}")
