"""The models that a factory scores: a calendar of each one's windows, and a window in its particulars."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sandbox.portal import deployed, heat_map, windows
from sandbox.portal.heat_map import HeatMap, Scale
from sandbox.portal.look import NotThere

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.portal.deployed import Deployed
    from sandbox.portal.look import Look
    from sandbox.portal.windows import WindowState

STATES: Final = ("landed", "landed late", "running", "late", "failed", "missing", "due")
PAGE: Final = 20
"""Models."""
_LISTED: Final = 10
_GOING_ON: Final = frozenset({"running", "late", "due"})


@dataclass(frozen=True)
class Shown:
    model: Deployed
    map: HeatMap
    counts: list[tuple[str, int]]
    listed: list[tuple[WindowState, str]]
    """The newest, and what is not well, with their states."""
    chosen: tuple[WindowState, str] | None


def view(look: Look) -> dict[str, Any]:
    """All models, a page at a time, or the one that is asked for."""
    asked = look.query.get("model")
    found = list(islice(_models(look, asked), PAGE + 1))
    shown = [one for _, one in found[:PAGE]]
    if asked and not any(one.chosen for one in shown) and look.query.get("window"):
        raise NotThere(f"Nothing is known of the window {look.query['window']} of {asked}.")
    busy = any(state in _GOING_ON for one in shown for state, _ in one.counts)
    return {
        "models": shown,
        "states": STATES,
        "all": look.link("models") if asked else None,
        "more": look.link("models", after=found[PAGE - 1][0]) if len(found) > PAGE else None,
        "every_seconds": 3 if busy else 10,
    }


def _models(look: Look, asked: str | None) -> Iterator[tuple[str, Shown]]:
    if look.factory is None:
        return
    pipelines = look.data_factory.entities.list(look.factory, "pipelines")
    triggers = look.data_factory.entities.list(look.factory, "triggers")
    chosen = deployed.candidates(pipelines, model=asked, after=look.query.get("after", ""))
    for name, model in deployed.models(look, chosen):
        since = look.now - Scale.of(model.grid).span
        yield name, _shown(look, model, windows.of(look, look.factory, model, triggers, since))


def _shown(look: Look, model: Deployed, found: list[WindowState]) -> Shown:
    judged = [(one, one.state(look.now)) for one in found]
    counts = Counter(state for _, state in judged)
    listed = [
        (one, state)
        for number, (one, state) in enumerate(judged)
        if number < _LISTED or state in ("failed", "missing", "late")
    ]
    asked = look.query.get("window") if look.query.get("model") == model.model else None
    return Shown(
        model,
        heat_map.drawn(model.grid, found, look.now),
        [(state, counts[state]) for state in STATES if counts[state]],
        listed[: 5 * _LISTED],
        next((each for each in judged if each[0].id == asked), None),
    )
