"""A cold command, measured: what is waited for before anything is done.

    python benchmarks/cli.py [--quick] [--json FILE]

`deploy.py --help` and `deploy.py plan --env prod --offline`, each a process of its own, as multiples of
`python -c pass` on the same machine; in turns, so that whatever else it does slows all of them alike.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
PYTHON = "python -c pass"
COMMANDS = {
    PYTHON: ["-c", "pass"],
    "deploy.py --help": ["deploy.py", "--help"],
    "deploy.py plan --offline": ["deploy.py", "plan", "--env", "prod", "--offline"],
}
GOALS = {"deploy.py --help": 12, "deploy.py plan --offline": 40}
ROUNDS, QUICK_ROUNDS = 31, 11


class Took(NamedTuple):
    """Milliseconds of one process: by the clock on the wall, and of a processor."""

    wall: float
    processor: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="the same measures within a minute")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = arguments.parse_args()
    results = compared(measured(QUICK_ROUNDS if options.quick else ROUNDS))
    for each in results:
        goal = f"(goal {each['goal']}, {each['better']} is better)"
        print(f"{each['name']:60} {each['ratio']:8.2f}  {goal}")
        print(f"    {json.dumps(each['detail'])}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def measured(rounds: int) -> dict[str, list[Took]]:
    found: dict[str, list[Took]] = {name: [] for name in COMMANDS}
    with TemporaryDirectory() as compiled:
        # With compiled modules, as everybody's second command has them, whatever is set here.
        usual = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment = {**usual, "PYTHONPYCACHEPREFIX": compiled}
        for words in COMMANDS.values():
            run(words, environment)
        for _ in range(rounds):
            for name, words in COMMANDS.items():
                found[name].append(run(words, environment))
    return found


def run(words: list[str], environment: dict[str, str]) -> Took:
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *words],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        _, status, usage = os.wait4(process.pid, 0)
        took = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        message = f"{' '.join(words)} ended with {process.returncode}"
        raise SystemExit(message)
    return Took(took * 1000, (usage.ru_utime + usage.ru_stime) * 1000)


def compared(found: dict[str, list[Took]]) -> list[dict[str, Any]]:
    medians = {name: median(each) for name, each in found.items()}
    return [
        {
            "name": f"{name}, as a multiple of {PYTHON}",
            "ratio": round(medians[name].wall / medians[PYTHON].wall, 2),
            "goal": goal,
            "better": "lower",
            "detail": detail(medians[name], medians[PYTHON], len(found[name])),
        }
        for name, goal in GOALS.items()
    ]


def median(each: list[Took]) -> Took:
    return Took(*(statistics.median(values) for values in zip(*each, strict=True)))


def detail(ours: Took, python: Took, rounds: int) -> dict[str, Any]:
    return {
        "ms": round(ours.wall, 1),
        "python_ms": round(python.wall, 1),
        "ratio_of_processor_time": round(ours.processor / python.processor, 2),
        "rounds": rounds,
    }


if __name__ == "__main__":
    main()
