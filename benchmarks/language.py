"""The expression language and the fire times, measured.

    python benchmarks/language.py [--quick] [--json FILE]

- An expression, parsed, checked and evaluated for the first time, and again from the cache: microseconds over
  the expressions of real factories (CONFORMANCE_DIR, else ../shared/conformance; a few typical ones where
  neither is there).
- A year of fire times of 1,000 recurrences that start at any second, beside dateutil.rrule on the same rules,
  in turns: of each recurrence by itself, and of all of them merged in order. Ours are merged by
  adf.fire_times.merged, with the name of what fires; rrule's, without names, by one sort of everything or by
  heapq.merge, whichever is faster.
"""

import argparse
import heapq
import json
import os
import statistics
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from dateutil import rrule  # type: ignore[import-untyped]

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from adf import language
from adf.fire_times import merged
from adf.language import Json, LanguageError, Scope, Tree, evaluate, parse, references
from adf.recurrence import WEEK_DAYS, Recurrence

START, END = datetime(2026, 2, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC)
TYPICAL = [
    "@pipeline().parameters.table",
    "@concat('raw/', pipeline().parameters.table, '/', formatDateTime(utcnow(), 'yyyy/MM/dd'))",
    "@activity('Look').output.firstRow.watermark",
    "@{item().schema}.@{item().table}",
    "@or(equals(variables('state'), 'done'), greater(length(activity('Look').output.value), 0))",
    "@if(empty(pipeline().parameters.table), 'none', toUpper(pipeline().parameters.table))",
]
FREQUENCIES = {
    "Minute": rrule.MINUTELY,
    "Hour": rrule.HOURLY,
    "Day": rrule.DAILY,
    "Week": rrule.WEEKLY,
    "Month": rrule.MONTHLY,
}
SHAPES: list[dict[str, Any]] = [
    {"frequency": "Minute", "interval": 15},
    {"frequency": "Hour", "interval": 1},
    {"frequency": "Hour", "interval": 6},
    {"frequency": "Day", "interval": 1},
    {"frequency": "Day", "interval": 1, "schedule": {"hours": [1, 7, 13, 19], "minutes": [0, 30]}},
    {"frequency": "Day", "interval": 1, "schedule": {"hours": [5], "minutes": [15]}},
    {"frequency": "Week", "interval": 1, "schedule": {"weekDays": ["Monday", "Thursday"], "hours": [6]}},
    {"frequency": "Week", "interval": 2},
    {"frequency": "Month", "interval": 1, "schedule": {"monthDays": [1, -1], "hours": [3]}},
    {
        "frequency": "Month",
        "interval": 1,
        "schedule": {"monthlyOccurrences": [{"day": "Friday", "occurrence": 1}]},
    },
]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--quick", action="store_true", help="the same measures within a minute")
    arguments.add_argument("--json", type=Path, metavar="FILE", help="write the results there")
    options = arguments.parse_args()
    rounds = 3 if options.quick else 7
    results = [
        *measure_expressions(rounds),
        *measure_fire_times(count=100 if options.quick else 1000, rounds=3),
    ]
    for each in results:
        goal = f"(goal {each['goal']}, {each['better']} is better)"
        print(f"{each['name']:60} {each['ratio']:8.2f}  {goal}")
        print(f"    {json.dumps(each['detail'])}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


def seconds(work: Callable[[], object]) -> float:
    """Processor time, so that what else the machine does counts little."""
    started = time.process_time()
    work()
    return time.process_time() - started


def result(name: str, ratio: float, goal: float, better: str, **detail: object) -> dict[str, Any]:
    return {"name": name, "ratio": round(ratio, 3), "goal": goal, "better": better, "detail": detail}


# Expressions


def expressions() -> tuple[list[str], str]:
    """Those of real factories that parse, and where they come from."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "conformance"
    file = Path(os.environ.get("CONFORMANCE_DIR") or beside) / "expressions_realworld.json"
    if not file.is_file():
        return TYPICAL, "typical ones"
    cases = json.loads(file.read_text("utf-8"))["cases"]
    return [case["expression"] for case in cases if case["parse"] == "ok"], file.name


def scope_for(trees: list[Tree]) -> Scope:
    """A run in which everything that the expressions name exists."""
    found = [references(tree) for tree in trees]
    output: Json = {
        "value": [{"a": "1"}],
        "firstRow": {"a": "1"},
        "count": 1,
        "rowsCopied": 2,
        "childItems": [],
    }
    return Scope(
        pipeline={
            "parameters": {name: "2026-01-01" for each in found for name in each.parameters},
            "globalParameters": {name: "x" for each in found for name in each.global_parameters},
            **dict.fromkeys(
                ("RunId", "Pipeline", "DataFactory", "TriggerName", "TriggerTime", "GroupId"), "x"
            ),
        },
        variables={name: "x" for each in found for name in each.variables},
        activities={
            name: {"output": output, "status": "Succeeded"} for each in found for name in each.activities
        },
        item={"name": "x", "table": "t", "schema": "s"},
        now=lambda: START,
    )


def measure_expressions(rounds: int) -> list[dict[str, Any]]:
    texts, source = expressions()
    scope = scope_for([parse(text) for text in texts])
    succeeded = 0

    def all_of_them() -> None:
        nonlocal succeeded
        succeeded = 0
        for text in texts:
            try:
                evaluate(text, scope)
                succeeded += 1
            except LanguageError:
                pass

    cold, cached = [], []
    for _ in range(rounds):
        language.forget()
        cold.append(seconds(all_of_them) / len(texts) * 1e6)
        cached.append(seconds(all_of_them) / len(texts) * 1e6)
    detail = {"source": source, "expressions": len(texts), "evaluated_without_error": succeeded}
    cold_us, cached_us = statistics.median(cold), statistics.median(cached)
    return [
        result(
            "an expression parsed and evaluated, of 100 µs",
            cold_us / 100,
            1,
            "lower",
            us=round(cold_us, 1),
            **detail,
        ),
        result(
            "an expression from the cache, of 100 µs",
            cached_us / 100,
            1,
            "lower",
            us=round(cached_us, 1),
            **detail,
        ),
    ]


# Fire times

Span: TypeAlias = Callable[[], Iterable[datetime]]


def recurrence_json(number: int) -> dict[str, Any]:
    start = f"2026-01-{1 + number % 28:02d}T{number % 24:02d}:{number % 60:02d}:{number * 7 % 60:02d}Z"
    return {"startTime": start, "timeZone": "UTC", **SHAPES[number % len(SHAPES)]}


def rule(recurrence: dict[str, Any]) -> rrule.rrule:
    """The same recurrence for dateutil, in naive UTC."""
    schedule = recurrence.get("schedule") or {}
    start = datetime.fromisoformat(recurrence["startTime"]).replace(tzinfo=None)
    days = [WEEK_DAYS.index(day) for day in schedule.get("weekDays", ())]
    options: dict[str, Any] = {"byweekday": [rrule.weekday((day - 1) % 7) for day in days] or None}
    if schedule:
        options |= {
            "byhour": schedule.get("hours", start.hour),
            "byminute": schedule.get("minutes", start.minute),
        }
    if occurrences := schedule.get("monthlyOccurrences"):
        options["byweekday"] = [
            rrule.weekday((WEEK_DAYS.index(each["day"]) - 1) % 7, each["occurrence"]) for each in occurrences
        ]
    return rrule.rrule(
        FREQUENCIES[recurrence["frequency"]],
        dtstart=start,
        interval=recurrence["interval"],
        bymonthday=schedule.get("monthDays"),
        wkst=rrule.SU,
        **options,
    )


def measure_fire_times(count: int, rounds: int) -> list[dict[str, Any]]:
    bodies = [recurrence_json(number) for number in range(count)]
    factory = {number: Recurrence.from_json(body) for number, body in enumerate(bodies)}
    start, end = (
        START.replace(tzinfo=None),
        END.replace(tzinfo=None) - timedelta(seconds=1),
    )  # rrule includes it
    ours: list[Span] = [partial(each.between, START, END) for each in factory.values()]
    theirs: list[Span] = [partial(rule(body).between, start, end, inc=True) for body in bodies]
    fires = check_equal(ours, theirs)
    alone = timed(
        rounds,
        ours=lambda: exhaust(chain.from_iterable(span() for span in ours)),
        rrule=lambda: exhaust(chain.from_iterable(span() for span in theirs)),
    )
    together = timed(
        rounds,
        ours=lambda: exhaust(merged(factory, START, END)),
        rrule_sorted=lambda: exhaust(sorted(chain.from_iterable(span() for span in theirs))),
        rrule_heapq=lambda: exhaust(heapq.merge(*[span() for span in theirs])),
    )
    return [
        compared(f"a year of fire times of {count} recurrences, beside dateutil", alone, fires),
        compared("the same, merged in order", together, fires),
    ]


def exhaust(values: Iterable[object]) -> None:
    deque(values, maxlen=0)


def timed(rounds: int, **sides: Callable[[], object]) -> dict[str, tuple[float, float]]:
    """Run the sides in turns: the median seconds of the processor and of the clock on the wall."""
    times: dict[str, list[tuple[float, float]]] = {side: [] for side in sides}
    for _ in range(rounds):
        for side, work in sides.items():
            started = time.perf_counter()
            processor = seconds(work)
            times[side].append((processor, time.perf_counter() - started))
    return {
        side: (statistics.median(p for p, _ in each), statistics.median(w for _, w in each))
        for side, each in times.items()
    }


def check_equal(ours: list[Span], theirs: list[Span]) -> int:
    """Both sides must find the same, or their speed says nothing. Gives the number of fire times."""
    fires = 0
    for one, other in zip(ours, theirs, strict=True):
        found = [instant.replace(tzinfo=None) for instant in one()]
        if found != list(other()):
            message = f"the two sides disagree on {one}"
            raise SystemExit(message)
        fires += len(found)
    return fires


def compared(name: str, sides: dict[str, tuple[float, float]], fires: int) -> dict[str, Any]:
    """The ratio on the processor; beside it the one on the clock on the wall."""
    processor, wall = sides.pop("ours")
    best = min(sides.values())
    millions = {
        side: round(fires / each[0] / 1e6, 2) for side, each in [("ours", (processor, wall)), *sides.items()]
    }
    return result(
        name,
        best[0] / processor,
        20,
        "higher",
        wall_ratio=round(best[1] / wall, 1),
        fire_times=fires,
        millions_per_second=millions,
    )


if __name__ == "__main__":
    main()
