"""A local Data Factory dies while runs of everything are under way, and is started again: at each of its
writes, or at each of its requests, one process a death. A script: it forks.

    python -m tests.fault.runs.at_every_moment FOLDER ENDPOINTS ML_SCOPE ML_PIPELINE SWEEP FIRST STEP

FIRST and STEP: at which moment it begins, and how many it goes on each time.

What holds, whenever it dies: every run ends; one that was interrupted is Failed, says so, and does nothing
more; one that was queued runs, once; a file is the old or the new one, whole; and a rerun from the failure
does all that was left, and nothing that had Succeeded.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from sandbox.datafactory.engine.orders import Rerun
from sandbox.datafactory.engine.services import RunServices
from sandbox.datafactory.models import TERMINAL
from sandbox.datafactory.runs import STOPPED
from sandbox.identity import Identity
from sandbox.store import Store
from tests.fault.forks import die, killed
from tests.fault.mortal_store import MortalStore
from tests.fault.runs.world import NEW, OLD, Azure, journal, until_over

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from sandbox.datafactory.models import Json
    from tests.unit.sandbox.datafactory.local_factory import LocalFactory

PATHS = {
    **{f"item {number}": f"each[{number - 1}]/item" for number in (1, 2, 3)},
    "branch": "branch/yes",
    "child": "call child",
    "handled": "handled",
    "last": "last",
    "after": "after",
}
"""Steps that are written into the journal, and the activity of each."""
STEPS = {"everything": PATHS.keys() - {"after"}, "copy": set(), "learn": {"after"}}
"""Of a run, by its pipeline."""


class Death:
    """One death of the factory, in a state folder and a folder of the lake of its own."""

    def __init__(self, azure: Azure, base: Path, sweep: str, moment: int) -> None:
        self.azure = azure
        self.moment = moment
        self.name = f"{sweep}-{moment}"
        self.state = base / self.name
        self._started = base / f"{self.name}-started"
        shutil.copytree(base / "origin", self.state)
        for name in ("copied", "doomed"):
            file = azure.file(f"{self.name}/{name}")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(OLD)

    @property
    def copied(self) -> bytes:
        return self.azure.file(f"{self.name}/copied").read_bytes()

    def run(self, pipelines: list[str], doom: Callable[[int], Callable[[Path], Store]]) -> bool:
        """Start the pipelines and let them run; whether the factory died."""
        return killed(lambda: asyncio.run(self._first_life(pipelines, doom(self.moment))))

    async def _first_life(self, pipelines: list[str], open_store: Callable[[Path], Store]) -> None:
        factory = self.azure.factory(self.state, open_store)
        await factory.service.start()
        with self._started.open("w", buffering=1) as started:
            for pipeline in pipelines:
                started.write(f"{pipeline} {factory.start(pipeline, self.parameters(pipeline))}\n")
        await until_over(factory)
        await factory.service.stop()
        factory.store.close()

    def parameters(self, pipeline: str) -> Json:
        return {"to": self.name} if pipeline in ("everything", "copy") else {}

    def started(self) -> dict[str, str]:
        """Run id → pipeline, of what its caller knows to be started."""
        lines = self._started.read_text().splitlines() if self._started.exists() else []
        return {run_id: pipeline for pipeline, run_id in map(str.split, lines)}


def at_a_write(moment: int) -> Callable[[Path], Store]:
    return lambda path: MortalStore(path, moment, die)


def at_a_request(moment: int) -> Callable[[Path], Store]:
    """Before the first, after the first, before the second, ..."""
    number, is_after = divmod(moment, 2)
    send, count = RunServices.send, itertools.count()

    async def doomed(services: RunServices, request: Any) -> Any:
        is_its_turn = next(count) == number
        if is_its_turn and not is_after:
            die()
        answer = await send(services, request)
        if is_its_turn:
            die()
        return answer

    RunServices.send = doomed  # type: ignore[method-assign]
    return Store


async def second_life(death: Death, check: Callable[[Death, LocalFactory], Any]) -> None:
    """Started again: what is there, and what becomes of it."""
    done = journal(death.state)
    factory = death.azure.factory(death.state)
    await factory.service.start()
    await until_over(factory)
    check_runs(death, factory, done)
    await check(death, factory)
    await factory.service.stop()
    factory.store.close()


def check_runs(death: Death, factory: LocalFactory, done: Counter[tuple[str, str]]) -> None:
    runs = {run["runId"]: run for run in factory.service.runs.all(factory.id)}
    assert death.started().keys() <= runs.keys(), death.name
    for run in runs.values():
        activities = factory.service.runs.activity_runs(factory.id, run["runId"])
        assert {one["status"] for one in activities} <= TERMINAL, death.name
        if run["message"] == STOPPED:
            assert run["status"] == "Failed", death.name
        else:
            assert (run["status"], run["message"]) == ("Succeeded", ""), (death.name, run, activities)
    interrupted = {run_id for run_id, run in runs.items() if run["message"] == STOPPED}
    now = journal(death.state)
    assert {key for key in now if now[key] != done[key]}.isdisjoint(
        key for key in now if key[0] in interrupted
    ), death.name
    single = [run["status"] for run in runs.values() if run["pipelineName"] == "single"]
    assert single.count("Failed") <= 1, death.name
    assert max(now.values(), default=1) == 1, death.name


async def check_everything(death: Death, factory: LocalFactory) -> None:
    """The file is the old or the new one; where the run was interrupted, a rerun does what was left."""
    assert death.copied in (OLD, NEW), death.name
    await check_repairs(death, factory)
    finished = [run for run in factory.service.runs.all(factory.id) if run["pipelineName"] == "everything"]
    if finished:
        assert death.copied == NEW, death.name
        assert not death.azure.file(f"{death.name}/doomed").exists(), death.name


async def check_copy(death: Death, factory: LocalFactory) -> None:
    """The old file or the new one; a rerun makes it the new one."""
    assert death.copied in (OLD, NEW), death.name
    await check_repairs(death, factory)
    assert death.copied == NEW, death.name


async def check_learning(death: Death, factory: LocalFactory) -> None:
    """No ML run is submitted twice."""
    await check_repairs(death, factory)
    known = [run["runId"] for run in factory.service.runs.all(factory.id)]
    submitted = [one for one in ml_runs(death.azure) if one in known]
    assert len(submitted) == len(set(submitted)), death.name


async def check_repairs(death: Death, factory: LocalFactory) -> None:
    for run in factory.service.runs.all(factory.id):
        if run["pipelineName"] in STEPS and run["status"] == "Failed":
            await check_repair(death, factory, run)


async def check_repair(death: Death, factory: LocalFactory, run: Json) -> None:
    """A rerun from where it failed does every step that had not Succeeded, once, and no other; but what
    failed and was handled is tried again, with all that depends on it.
    """
    had = succeeded(factory, run) - {"handled", "last"}
    before = journal(death.state)
    rerun = Rerun(run["runId"], is_recovery=True, from_failure=True)
    run_id = factory.start(run["pipelineName"], rerun=rerun)
    await until_over(factory)
    again = factory.run_of(run_id)
    assert again["status"] == "Succeeded", (death.name, again["message"])
    steps = STEPS[run["pipelineName"]]
    added = journal(death.state) - before
    assert added == {(run["runGroupId"], step): 1 for step in steps - had}, (death.name, added)


def succeeded(factory: LocalFactory, run: Json) -> set[str]:
    """The steps whose activity is known to have Succeeded."""
    runs = factory.service.runs.activity_runs(factory.id, run["runId"])
    done = {one["_"]["path"] for one in runs if one["status"] == "Succeeded"}
    return {step for step, path in PATHS.items() if path in done}


def ml_runs(azure: Azure) -> list[str]:
    """The factory runs that ML runs were submitted for."""
    path = f"/pipelines/v1.0{azure.ml_scope}/PipelineRuns/Pipeline/{azure.ml_pipeline}"
    token = Identity(azure.state / "identity.secret").issue("https://management.azure.com/")
    answer = requests.get(
        azure.endpoints["control"] + path,
        headers={"Authorization": f"Bearer {token}"},
        verify=azure.endpoints["ca"],
        timeout=30,
    )
    return [run["ParameterAssignments"]["run"] for run in answer.json()]


SWEEPS: dict[str, tuple[list[str], Callable[..., Any], Callable[..., Any]]] = {
    "writes": (["everything", "single", "single", "single"], at_a_write, check_everything),
    "requests": (["everything"], at_a_request, check_everything),
    "copy": (["copy"], at_a_request, check_copy),
    "learn": (["learn"], at_a_write, check_learning),
}
"""What is started, what kills it, and what else must hold then."""


def main(base: Path, azure: Azure, sweep: str, first: int, step: int) -> int:
    """The moment that it did not come to: it had ended."""
    pipelines, doom, check = SWEEPS[sweep]
    azure.make_origin(base / "origin")
    for moment in itertools.count(first, step):
        death = Death(azure, base, sweep, moment)
        died = death.run(pipelines, doom)
        asyncio.run(second_life(death, check))
        shutil.rmtree(death.state)
        if not died:
            return moment
    raise AssertionError


if __name__ == "__main__":
    folder, endpoints, scope, ml_pipeline, which, *moments = sys.argv[1:]
    known = json.loads(Path(endpoints).read_text())
    there = Azure(known, Path(known["state"]), scope, ml_pipeline)
    print(which, main(Path(folder), there, which, *map(int, moments)))  # noqa: T201
