"""Plots of a training's report as inline SVG: no script, colours by class, all text escaped. Pure."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .drift import Comparison
    from .gate import Demand

MOST_COLUMNS = 30
LONGEST_LABEL = 22


def text(said: object) -> str:
    """Of any origin, in the page or in a plot: no character that XML does not allow gets through."""
    return escape("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in str(said)))


def _svg(width: float, height: float, said: str, parts: Iterable[str]) -> str:
    inside = "".join(parts)
    return (
        f'<svg viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" role="img" '
        f'aria-label="{text(said)}">{inside}</svg>'
    )


def _label(x: float, y: float, said: object, *, anchor: str = "start", turned: bool = False) -> str:
    turn = f' transform="rotate(-35 {x:.1f} {y:.1f})"' if turned else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{turn}>{text(shortened(said))}</text>'


def shortened(said: object) -> str:
    whole = str(said)
    return whole if len(whole) <= LONGEST_LABEL else f"{whole[: LONGEST_LABEL - 1]}…"


def _bar(kind: str, at: tuple[float, float], size: tuple[float, float], said: str) -> str:
    (x, y), (width, height) = at, size
    return (
        f'<rect class="{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" '
        f'height="{max(height, 0):.1f}"><title>{text(said)}</title></rect>'
    )


def _line(kind: str, start: tuple[float, float], end: tuple[float, float]) -> str:
    (x1, y1), (x2, y2) = start, end
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


# ------------------------------------------------------------------------------------------- a metric


def metric(demand: Demand, new: float, champion: float | None) -> str:
    """What the gate allows as a band, the new model's value and the champion's as marks on it."""
    width, left, right = 320.0, 8.0, 312.0
    low, high = _allowed(demand, champion)
    start, end = _range(each for each in (new, champion, demand.minimum, demand.maximum, low, high))

    def at(value: float) -> float:
        return left + (min(max(value, start), end) - start) / (end - start) * (right - left)

    said = f"{demand.metric}: {new:g}" + ("" if champion is None else f", of the champion {champion:g}")
    band = _bar("allowed", (at(low), 8), (at(high) - at(low), 16), f"allowed: {low:g} to {high:g}")
    parts = [band, _line("axis", (left, 16), (right, 16))]
    if champion is not None:
        mark = f'<circle class="known" cx="{at(champion):.1f}" cy="16" r="6">'
        parts.append(f"{mark}<title>champion: {champion:g}</title></circle>")
    if math.isfinite(new):
        x = at(new)
        mark = f'<path class="new" d="M{x:.1f} 8l7 8-7 8-7-8z">'
        parts.append(f"{mark}<title>new: {new:g}</title></path>")
    ends = [_label(left, 40, f"{start:.4g}"), _label(right, 40, f"{end:.4g}", anchor="end")]
    return _svg(width, 44, said, [*parts, *ends])


def _allowed(demand: Demand, champion: float | None) -> tuple[float, float]:
    low = -math.inf if demand.minimum is None else demand.minimum
    high = math.inf if demand.maximum is None else demand.maximum
    if champion is None:
        return low, high
    worst = demand.worst(champion)
    return (max(low, worst), high) if demand.better == "higher" else (low, min(high, worst))


def _range(values: Iterable[float | None]) -> tuple[float, float]:
    """Of an axis: a little more than what is on it."""
    there = [each for each in values if each is not None and math.isfinite(each)] or [0.0]
    low, high = min(there), max(there)
    more = (high - low) * 0.2 or abs(high) * 0.1 or 1.0
    return low - more, high + more


# ------------------------------------------------------------------------------------------- columns


def drifts(found: Sequence[Comparison], bound: float | None) -> str:
    """The PSI of each column as a bar, the largest first; the bound as a line across."""
    shown = found[:MOST_COLUMNS]
    top = 1.1 * max(*(each.psi for each in shown), bound or 0.0, 0.01)
    left, width, height = 170.0, 380.0, 22.0 * len(shown)
    parts = []
    for number, each in enumerate(shown):
        y = 22.0 * number
        kind = "bad" if bound is not None and each.psi > bound else "new"
        length = each.psi / top * width
        parts += [
            _label(left - 8, y + 15, each.column, anchor="end"),
            _bar(kind, (left, y + 4), (length, 14), f"{each.column}: PSI {each.psi:.4f}"),
            _label(left + length + 6, y + 15, f"{each.psi:.3f}"),
        ]
    if bound is not None:
        x = left + bound / top * width
        parts.append(_line("bound", (x, 0), (x, height)))
    return _svg(left + width + 60, height, "PSI of each column", parts)


def shares(found: Comparison) -> str:
    """A pair of bars a bin: the share that is known, and the share now."""
    left, step, height, top = 64.0, 34.0, 100.0, max(*found.expected, *found.actual, 1e-9)
    width = left + step * len(found.labels)
    parts = [
        _label(left - 6, 14, f"{top:.0%}", anchor="end"),
        _line("axis", (left, 4), (left + 4, 4)),
        _line("axis", (left, height + 4), (width, height + 4)),
    ]
    bins = zip(found.labels, found.expected, found.actual, strict=True)
    for number, (label, expected, actual) in enumerate(bins):
        x = left + step * number
        for kind, share, shift in (("known", expected, 4), ("new", actual, 17)):
            tall = share / top * height
            said = f"{label}: {share:.1%}"
            parts.append(_bar(kind, (x + shift, height + 4 - tall), (12, tall), said))
        parts.append(_label(x + 20, height + 18, label, anchor="end", turned=True))
    return _svg(width + 6, height + 78, f"{found.column}: shares of each bin", parts)
