"""A month of a thousand daily models, rehearsed: pipeline runs a second, and peak memory.

    python benchmarks/simulate.py [--quick] [--json FILE]

What runs is the command that users run, `deploy.py run --simulate`: configuration, the factory's JSON, the
local Azure on its virtual clock, the story, one JSON document. Half of the models have a tumbling window
trigger, half a schedule trigger; each run is an ML run that is stood in for, the look-up of its receipt, and
what follows from it: about 30,000 pipeline runs, 100,000 activities.

Beside it, in turns, a bare event loop goes through the same instants: asyncio with the same leaping selector,
a task a run that sleeps for its ML run and for its look-up, and nothing else. The ratio is of processor time,
which other work on the machine hardly disturbs.
"""

import argparse
import asyncio
import json
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sandbox.simulation.virtual_time import VirtualLoop

REPOSITORY = Path(__file__).resolve().parents[1]
MODELS, QUICK_MODELS = 1000, 100
ROUNDS = 3
START, DAYS = datetime(2026, 3, 1, tzinfo=UTC), 31
ENVIRONMENT = """\
project: shop
azure: {subscription_id: 00000000-0000-0000-0000-000000000000, resource_group: rg-shop}
data_factory: {name: adf-shop}
machine_learning: {workspace: ml-shop, compute: cpu-cluster}
lake: {account: shop, file_system: data}
"""
MODEL = """\
source: code
scoring: {{input: "raw/{name}/{{window_start:yyyy/MM/dd}}/*.csv", row_key: id}}
output: {{path: predictions/{name}}}
schedules: {{score: {{daily: {schedule}}}}}
"""
TUMBLING = "{{type: tumbling, frequency: Hour, interval: 24, delay_minutes: {minutes}}}"
CALENDAR = '{{type: calendar, frequency: Day, start: "2026-01-01T{hours:02}:{minutes:02}:00"}}'


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="the same measures within a minute")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = arguments.parse_args()
    results = list(measured(QUICK_MODELS if options.quick else MODELS))
    for each in results:
        print(f"{each['name']:60} {each['ratio']:8.2f}  (goal {each['goal']}, {each['better']} is better)")
        print(f"    {json.dumps(each['detail'])}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def measured(models: int) -> Iterator[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        project = Path(folder)
        write(project, models)
        took, bare, runs = [], [], 0
        for _ in range(ROUNDS):
            seconds, runs = rehearsed(project)
            took.append(seconds)
            bare.append(processor_seconds(lambda: bare_loop(models)))
    ours, floor = statistics.median(took), statistics.median(bare)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    detail = {"pipeline_runs": runs, "runs_per_second": round(runs / ours), "seconds": round(ours, 2)}
    detail["bare_seconds"] = round(floor, 2)
    yield result("a rehearsed month, to a bare event loop", ours / floor, 40, detail)
    yield result(
        "peak memory, in kilobytes a pipeline run", 1024 * peak / runs, 15, {"megabytes": round(peak)}
    )


def write(project: Path, models: int) -> None:
    (project / "config/models").mkdir(parents=True)
    (project / "code").mkdir()
    for name in ("score.py", "ml_environment.yml"):
        (project / "code" / name).write_text("")
    (project / "config/base.yaml").write_text(ENVIRONMENT)
    (project / "config/prod.yaml").write_text("{}\n")
    for number in range(models):
        name = f"model_{number:04}"
        schedule = (TUMBLING if number % 2 else CALENDAR).format(hours=number % 24, minutes=number % 60)
        (project / f"config/models/{name}.yaml").write_text(MODEL.format(name=name, schedule=schedule))


def rehearsed(project: Path) -> tuple[float, int]:
    """Processor seconds of the command with all its processes, and how many pipeline runs it rehearsed."""
    command = [sys.executable, str(REPOSITORY / "deploy.py"), "run", "-e", "prod", "-o", "json", "--simulate"]
    command += ["--project-dir", str(project), "--from", f"{START:%Y-%m-%d}"]
    before = of_children()
    ended = subprocess.run(
        [*command, "--to", f"{START + timedelta(days=DAYS):%Y-%m-%d}"], capture_output=True, check=True
    )
    return of_children() - before, len(json.loads(ended.stdout)["timetable"]["runs"])


def of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bare_loop(models: int) -> None:
    """The same instants: each model's fire a day, its ML run, its look-up."""

    async def run(seconds: float) -> None:
        await asyncio.sleep(seconds)
        await asyncio.sleep(12)

    async def model(number: int, running: asyncio.TaskGroup) -> None:
        chance = random.Random(number)  # noqa: S311 - chance, no secret
        await asyncio.sleep(number % 1440 * 60 + 1)
        for _ in range(DAYS):
            running.create_task(run(chance.lognormvariate(7.5, 0.4)))
            await asyncio.sleep(86_400)

    async def all_models() -> None:
        async with asyncio.TaskGroup() as running:
            for number in range(models):
                running.create_task(model(number, running))

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        runner.run(all_models())


def processor_seconds(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return time.process_time() - started


def result(name: str, ratio: float, goal: float, detail: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "ratio": round(ratio, 2), "goal": goal, "better": "lower", "detail": detail}


if __name__ == "__main__":
    main()
