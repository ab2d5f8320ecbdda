"""What `depends_on` may not say: schedules that are not there, a wait for oneself, a circle of waiting.

The check is given all models as they were written, since a schedule may wait for another model's.
"""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Final

from config.wrong import Wrong, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MOST_OTHERS: Final = 5
_TWO_READINGS: Final = "`schedule` too; for earlier windows of this schedule itself neither of them"

Place = tuple[str, str]
"""A model, and one of its score schedules."""


def check(value: Any, _: Path) -> Iterator[Wrong]:  # noqa: ANN401 - as it was written
    schedules = _score_schedules(value)
    graph: dict[Place, list[Place]] = {}
    for (model, name), schedule in schedules.items():
        place = (model, "schedules", "score", name, "depends_on")
        entries = [each for each in _entries(schedule) if isinstance(each[1], dict)]
        graph[model, name] = []
        for index, entry in entries:
            target = _target(entry, model)
            here = (*place, str(index))
            if target is None:
                yield from _itself(entry, schedule, here)
            else:
                yield from _other(target, (model, name), schedules, here)
                graph[model, name] += [target] if target != (model, name) else []
        others = [entry for _, entry in entries if _target(entry, model) is not None]
        if len(others) > MOST_OTHERS:
            yield Wrong(f"{len(others)} other schedules", f"{MOST_OTHERS} at most, as in Azure", key=place)
    yield from _circle(graph)


def _score_schedules(models: object) -> dict[Place, dict[str, Any]]:
    found = {}
    for model, body in _maps(models):
        for name, schedule in _maps((_map(body.get("schedules"))).get("score")):
            found[model, name] = schedule
    return found


def _maps(value: object) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ((key, each) for key, each in _map(value).items() if isinstance(each, dict))


def _map(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _entries(schedule: Mapping[str, Any]) -> list[tuple[int, Any]]:
    """With their places; none of a schedule that cannot have any: pydantic says so."""
    entries = schedule.get("depends_on")
    return list(enumerate(entries)) if isinstance(entries, list) else []


def _target(entry: Mapping[str, Any], model: str) -> Place | None:
    """None: the schedule itself."""
    if entry.get("model") is None and entry.get("schedule") is None:
        return None
    return str(entry.get("model") or model), str(entry.get("schedule"))


def _itself(entry: Mapping[str, Any], schedule: Mapping[str, Any], here: tuple[str, ...]) -> Iterator[Wrong]:
    """The offset is negative; a span that reaches into the window itself would wait for that very window."""
    offset, span = entry.get("offset_minutes", 0), entry.get("window_minutes")
    own = _own_minutes(schedule)
    if not isinstance(offset, int) or own is None:
        return
    if offset >= 0:
        expected = f"a negative one: -{own} is the window before, or say `schedule` to wait for another"
        yield Wrong(f"an offset of {offset} on the schedule itself", expected, key=(*here, "offset_minutes"))
    elif isinstance(length := own if span is None else span, int) and offset + length > 0:
        found = f"{length} minutes from {offset} on, which reach into the window itself"
        expected = f"`offset_minutes` of -{length} or less, or a shorter `window_minutes`"
        yield Wrong(found, expected, key=(*here, "offset_minutes"))


def _own_minutes(schedule: Mapping[str, Any]) -> int | None:
    minutes = {"Minute": 1, "Hour": 60}.get(str(schedule.get("frequency")))
    interval = schedule.get("interval")
    return minutes * interval if minutes is not None and isinstance(interval, int) else None


def _other(
    target: Place, itself: Place, schedules: Mapping[Place, Mapping[str, Any]], here: tuple[str, ...]
) -> Iterator[Wrong]:
    model, name = target
    models = sorted({each for each, _ in schedules})
    tumbling = sorted(each for (of, each), one in schedules.items() if of == model and _tumbles(one))
    if name == "None":
        yield Wrong("`model` without `schedule`", _TWO_READINGS, key=here)
    elif model not in models:
        found, expected = f"`{model}`", "a model with tumbling score schedules"
        yield Wrong(found, expected, nearest(model, models), key=(*here, "model"))
    elif target == itself:
        expected = "it left out: a schedule waits for earlier windows of itself when it names none"
        yield Wrong("the schedule itself by name", expected, key=(*here, "schedule"))
    elif target not in schedules:
        expected = f"a tumbling score schedule of {model}: {', '.join(tumbling) or 'there is none'}"
        yield Wrong(f"`{name}`", expected, nearest(name, tumbling), key=(*here, "schedule"))
    elif not _tumbles(schedules[target]):
        kind = schedules[target].get("type")
        expected = f"a tumbling one of {model}: {', '.join(tumbling) or 'there is none'}"
        yield Wrong(f"`{name}`, which is a {kind} schedule", expected, key=(*here, "schedule"))


def _tumbles(schedule: Mapping[str, Any]) -> bool:
    return schedule.get("type") == "tumbling"


def _circle(graph: Mapping[Place, list[Place]]) -> Iterator[Wrong]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        places = list(reversed(error.args[1]))
        circle = " → ".join(f"{model}.{name}" for model, name in places)
        model, name = places[0]
        key = (model, "schedules", "score", name, "depends_on")
        yield Wrong(f"schedules that wait for each other: {circle}", "no circle", key=key)
