"""A month of a thousand daily models, rehearsed: pipeline runs a second, and peak memory.

    python benchmarks/simulate.py [--quick] [--json FILE]

What runs is the command that users run, `deploy.py run --simulate`: configuration, the factory's JSON, the
local Azure on its virtual clock, the story, one JSON document. Half of the models have a tumbling window
trigger, half a schedule trigger; each run is an ML run that is stood in for, the look-up of its receipt, and
what follows from it: about 30,000 pipeline runs, 100,000 activities.

Beside it, in turns, a bare event loop goes through the same instants: asyncio with the same leaping selector,
a task a run that sleeps for its ML run and for its look-up, and nothing else. Both are processes, start and
end included; the ratio is of processor time, which other work on the machine disturbs less than the clock.
"""

import argparse
import asyncio
import json
import os
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sandbox.simulation.virtual_time import VirtualLoop

REPOSITORY = Path(__file__).resolve().parents[1]
WHOLE, QUICK = (1000, 3), (100, 3)
"""Models, and rounds."""
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


@dataclass(frozen=True)
class Used:
    """By one process and all that it waited for."""

    seconds: float
    megabytes: float
    printed: str


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="the same measures within a minute")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    arguments.add_argument("--bare", type=int, metavar="MODELS", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.bare:
        bare_loop(options.bare)
        return
    results = list(measured(*(QUICK if options.quick else WHOLE)))
    for each in results:
        print(f"{each['name']:60} {each['ratio']:8.2f}  (goal {each['goal']}, {each['better']} is better)")
        print(f"    {json.dumps(each['detail'])}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def measured(models: int, rounds: int) -> Iterator[dict[str, Any]]:
    with TemporaryDirectory() as folder:
        project = Path(folder)
        write(project, models)
        pairs = [(run(rehearsal(project)), run([__file__, "--bare", str(models)])) for _ in range(rounds)]
    runs = len(json.loads(pairs[0][0].printed)["timetable"]["runs"])
    ours, bare = ([pair[side] for pair in pairs] for side in (0, 1))
    took, floor = (statistics.median(each.seconds for each in side) for side in (ours, bare))
    peak, least = (statistics.median(each.megabytes for each in side) for side in (ours, bare))
    detail = {"pipeline_runs": runs, "seconds": round(took, 2), "bare_seconds": round(floor, 2)}
    detail |= {"runs_per_second": round(runs / took), "models": models}
    yield result("processor time of a rehearsed month, to a bare event loop", took / floor, 60, detail)
    detail = {"megabytes": round(peak), "bare_megabytes": round(least), "pipeline_runs": runs}
    yield result("peak memory of a rehearsed month, to a bare event loop", peak / least, 6, detail)


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


def rehearsal(project: Path) -> list[str]:
    command = [str(REPOSITORY / "deploy.py"), "run", "-e", "prod", "-q", "-o", "json", "--simulate"]
    until = START + timedelta(days=DAYS)
    return [
        *command,
        "--project-dir",
        str(project),
        "--from",
        f"{START:%Y-%m-%d}",
        "--to",
        f"{until:%Y-%m-%d}",
    ]


def run(arguments: list[str]) -> Used:
    """A process of this Python, by what the kernel says of it once it has ended well."""
    with TemporaryFile() as printed:
        process = subprocess.Popen([sys.executable, *arguments], stdout=printed)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        assert process.returncode == 0, arguments
        printed.seek(0)
        return Used(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, printed.read().decode())


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


def result(name: str, ratio: float, goal: float, detail: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "ratio": round(ratio, 2), "goal": goal, "better": "lower", "detail": detail}


if __name__ == "__main__":
    main()
