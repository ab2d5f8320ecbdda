"""`GET /_sandbox/timetable/{subscription}/{group}/{factory}?from=INSTANT&to=INSTANT`: what triggers have
started there of what was due in [from, to), as a rehearsal tells it (simulation/happened.py).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from adf.windows import WindowError, parse_instant
from sandbox.datafactory.models import FactoryId
from sandbox.errors import AzureError
from sandbox.routing import arm
from sandbox.simulation.happened import happened

if TYPE_CHECKING:
    from datetime import datetime

    from sandbox.datafactory.service import Service

PATH = "/_sandbox/timetable/{subscription}/{group}/{factory}"


def add_routes(app: web.Application, service: Service, nodes: int | None) -> None:
    async def tell(request: web.Request) -> web.Response:
        names = request.match_info
        factory = FactoryId(names["subscription"], names["group"], names["factory"])
        service.factories.get(factory)
        span = _instant(request, "from"), _instant(request, "to")
        return web.json_response(await asyncio.to_thread(happened, service, factory, *span, nodes))

    app.add_routes([arm("GET", PATH, tell)])


def _instant(request: web.Request, name: str) -> datetime:
    text = request.query.get(name, "")
    try:
        return parse_instant(text)
    except WindowError as error:
        told = f"{name} is {text!r}; an instant such as 2026-04-01T00:00:00Z is expected."
        raise AzureError(400, "InvalidSpan", told) from error
