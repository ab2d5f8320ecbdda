"""The law of windows that wait: none begins before all that it needs have succeeded, and each runs once."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adf.windows import TumblingWindow, Window, dependency_interval, parse_timespan
from sandbox.datafactory.models import parse_instant
from tests.unit.sandbox.datafactory.local_factory import START, LocalFactory, ManualClock, play, wait

if TYPE_CHECKING:
    from sandbox.datafactory.models import Json

HOURS = timedelta(hours=9)
offsets = st.sampled_from(["-03:00:00", "-01:30:00", "-00:30:00", "00:00:00", "00:30:00"])
sizes = st.sampled_from([None, "00:30:00", "02:00:00", "04:00:00"])


@st.composite
def chains(draw: st.DrawFn) -> dict[str, Json]:
    """Three triggers, `a` first; each may wait for those before it, and for its own past."""
    made: dict[str, Json] = {}
    for name in ("a", "b", "c"):
        dependencies = [_on(other, draw(offsets), draw(sizes)) for other in made if draw(st.booleans())]
        interval = draw(st.sampled_from([30, 60, 120]))
        if draw(st.booleans()):
            own = {
                "type": "SelfDependencyTumblingWindowTriggerReference",
                "offset": f"-{interval // 60:02}:{interval % 60:02}:00",
            }
            dependencies.append(own)
        start = START - HOURS + timedelta(minutes=30 * draw(st.integers(0, 4)))
        made[name] = {
            "frequency": "Minute",
            "interval": interval,
            "startTime": f"{start:%Y-%m-%dT%H:%M:%SZ}",
            "endTime": f"{START + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}",
            "maxConcurrency": draw(st.integers(1, 4)),
            "dependsOn": dependencies,
        }
    return made


def _on(trigger: str, offset: str, size: str | None) -> Json:
    reference = {"type": "TriggerReference", "referenceName": trigger}
    span = {"offset": offset} | ({} if size is None else {"size": size})
    return {"type": "TumblingWindowTriggerDependencyReference", "referenceTrigger": reference, **span}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(chains(), st.lists(st.integers(0, 4000), min_size=3, max_size=3))
def test_no_window_begins_before_what_it_needs_has_succeeded(triggers: dict[str, Json], seconds: list[int]):
    """Whatever offsets, sizes and starts, however long each run takes; and in the end all have run, once."""
    with tempfile.TemporaryDirectory() as folder:
        ran = _play(Path(folder), triggers, seconds)

    windows = {name: TumblingWindow.from_type_properties(each) for name, each in triggers.items()}
    expected = Counter((name, window) for name, each in windows.items() for window in each.windows())
    assert Counter((name, window) for name, window, *_ in ran) == expected
    succeeded = {(name, window): end for name, window, _, end in ran}
    for name, window, began, _ in ran:
        for needed in _needed(name, window, triggers, windows):
            assert succeeded[needed] <= began


def _needed(name: str, window: Window, triggers: dict[str, Json], windows: dict[str, TumblingWindow]) -> Any:
    for one in triggers[name]["dependsOn"]:
        other = one.get("referenceTrigger", {}).get("referenceName", name)
        size = parse_timespan(one["size"]) if "size" in one else None
        span = dependency_interval(window, parse_timespan(one["offset"]), size)
        yield from ((other, needed) for needed in windows[other].overlapping(span))


def _play(
    folder: Path, triggers: dict[str, Json], seconds: list[int]
) -> list[tuple[str, Window, datetime, datetime]]:
    """Of each pipeline run: its trigger, its window, when it began and when it had succeeded."""
    factory = LocalFactory(folder, ManualClock())
    factory.create()

    async def scenario() -> None:
        for name, takes in zip(triggers, seconds, strict=True):
            factory.pipeline(name, wait("w", takes))
            reference = {"referenceName": name, "type": "PipelineReference"}
            pipeline = {"pipelineReference": reference, "parameters": {}}
            body = {"type": "TumblingWindowTrigger", "pipeline": pipeline, "typeProperties": triggers[name]}
            factory.put("triggers", name, body)
        for name in reversed(triggers):
            factory.service.triggers.start(factory.id, name)
        await factory.clock.advance(days=3)

    play(scenario)
    of = {run["triggerRunId"]: run for run in factory.service.runs.trigger_runs(factory.id)}
    runs = [(run, of[run["invokedBy"]["id"]]) for run in factory.service.runs.all(factory.id)]
    factory.store.close()
    assert {run["status"] for run, _ in runs} == {"Succeeded"}
    return [
        (
            by["triggerName"],
            Window(parse_instant(by["_"]["start"]), parse_instant(by["_"]["end"])),
            parse_instant(run["runStart"]),
            parse_instant(run["runEnd"]),
        )
        for run, by in runs
    ]
