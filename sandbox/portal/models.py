"""The models that a factory scores: a calendar of each one's windows, and a window in its particulars."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sandbox.portal import deployed, heat_map, windows
from sandbox.portal.heat_map import HeatMap, Scale
from sandbox.portal.look import NotThere

if TYPE_CHECKING:
    from sandbox.datafactory.models import FactoryId
    from sandbox.portal.deployed import Deployed
    from sandbox.portal.look import Look
    from sandbox.portal.windows import WindowState

STATES: Final = ("landed", "landed late", "running", "late", "failed", "missing", "due")
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
    factory = look.factory
    shown = [] if factory is None else [_shown(look, factory, one) for one in deployed.models(look, factory)]
    asked = look.query.get("window")
    if asked and not any(one.chosen for one in shown):
        raise NotThere(f"Nothing is known of the window {asked} of {look.query.get('model')}.")
    busy = any(state in _GOING_ON for one in shown for state, _ in one.counts)
    return {"models": shown, "states": STATES, "every_seconds": 3 if busy else 10}


def _shown(look: Look, factory: FactoryId, model: Deployed) -> Shown:
    found = windows.of(look, factory, model, look.now - Scale.of(model.grid).span)
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
