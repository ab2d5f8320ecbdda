"""What the clock shows, and, where it is virtual, how far it is to go.

    GET    /_sandbox/clock                               {"clock", "start", "now", "pace", "to"}
    POST   /_sandbox/clock   {"to": "2026-04-01T00:00:00Z"} or {"by": "P7D"}
    DELETE /_sandbox/clock   an advance under way ends where it is

Each answers at once, with what GET tells: the advance is over when `to` is null. `by` counts from the goal
of an advance under way. On the world's clock there is `{"clock": "system", "now"}`, and nothing to advance.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from adf.windows import format_instant
from sandbox.advancing_clock import AdvancingClock
from sandbox.arguments import CLOCK_YEARS
from sandbox.durations import EXPECTED, parse_duration
from sandbox.errors import AzureError
from sandbox.routing import arm, json_body
from sandbox.status import CLOCK

if TYPE_CHECKING:
    from sandbox.clock import Clock


def add_routes(app: web.Application, clock: Clock) -> None:
    async def tell(_: web.Request) -> web.Response:
        return web.json_response(state_of(clock))

    async def advance(request: web.Request) -> web.Response:
        virtual = _virtual(clock)
        virtual.advance(_goal(await json_body(request), virtual))
        return web.json_response(virtual.state(), status=202)

    async def halt(_: web.Request) -> web.Response:
        virtual = _virtual(clock)
        virtual.halt()
        return web.json_response(virtual.state())

    app.add_routes([arm("GET", CLOCK, tell), arm("POST", CLOCK, advance), arm("DELETE", CLOCK, halt)])


def state_of(clock: Clock) -> dict[str, Any]:
    if isinstance(clock, AdvancingClock):
        return clock.state()
    return {"clock": "system", "now": format_instant(clock.now())}


def _virtual(clock: Clock) -> AdvancingClock:
    if isinstance(clock, AdvancingClock):
        return clock
    raise AzureError(
        409, "ClockIsNotVirtual", "This local Azure is on the world's clock: start one with --clock virtual."
    )


def _goal(body: dict[str, Any], clock: AdvancingClock) -> datetime:
    match body:
        case {"to": str(text), **others} if not others:
            goal = _instant(text)
        case {"by": str(text), **others} if not others:
            goal = _after(clock.goal or clock.now(), text)
        case _:
            raise AzureError(
                400, "InvalidAdvance", 'One of {"to": INSTANT} and {"by": DURATION} is expected.'
            )
    if goal.year not in CLOCK_YEARS:
        raise AzureError(
            400, "InvalidAdvance", f"The clock shows the years {CLOCK_YEARS[0]} to {CLOCK_YEARS[-1]}."
        )
    if goal < clock.now():
        now = format_instant(clock.now())
        raise AzureError(400, "TimeDoesNotGoBack", f"The clock shows {now}: {text} is past.")
    return goal


def _instant(text: str) -> datetime:
    """One without an offset is UTC."""
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        told = f"to is {text!r}; an instant such as 2026-04-01T00:00:00Z is expected."
        raise AzureError(400, "InvalidAdvance", told) from error


def _after(moment: datetime, text: str) -> datetime:
    try:
        return moment + parse_duration(text)
    except (ValueError, OverflowError) as error:
        raise AzureError(400, "InvalidAdvance", f"by is {text!r}; {EXPECTED} is expected.") from error
