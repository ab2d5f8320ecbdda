"""The portal's addresses. Each page is a function of a `Look`; around it: host, session, errors as pages."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.answers import unforeseen
from sandbox.errors import AzureError
from sandbox.portal import lake, ml_run, models, pages, run, runs, triggers
from sandbox.portal.access import SESSION_HOURS, Access, Session
from sandbox.portal.look import Look, NotThere, address, chosen
from sandbox.routing import arm, public

if TYPE_CHECKING:
    from sandbox.context import Context
    from sandbox.datafactory.service import Service as DataFactory
    from sandbox.machinelearning.routes import Service as MachineLearning

LINKS = "/_sandbox/portal/links"
_RUN = "/portal/runs/{run}"
View = Callable[[Look], dict[str, Any]]
_PAGES: dict[str, tuple[str, View]] = {
    "runs": ("runs.html", runs.view),
    "triggers": ("triggers.html", triggers.view),
    "models": ("models.html", models.view),
    "lake": ("lake.html", lake.view),
}


@dataclass(frozen=True)
class Visit:
    """A request of somebody who may look."""

    request: web.Request
    session: Session
    look: Look

    def page(self, template: str, **values: Any) -> web.Response:  # noqa: ANN401
        look = self.look
        shown = {
            "look": look,
            "token": self.session.token,
            "factories": [(address(one), one.name) for one in look.factories],
            "virtual_now": look.now if look.context.clock.is_virtual else None,
            "factory": None if look.factory is None else address(look.factory),
            "every_seconds": 0,
        }
        return pages.page(self.request, template, **{**shown, **values})

    async def form(self) -> dict[str, str]:
        posted = await self.request.post()
        return {name: value for name, value in posted.items() if isinstance(value, str)}


Visited = Callable[[Visit], Awaitable[web.Response]]


def add_routes(
    app: web.Application, context: Context, data_factory: DataFactory, machine_learning: MachineLearning
) -> None:
    portal = Portal(context, data_factory, machine_learning)
    app.add_routes(
        [
            arm("POST", LINKS, portal.make_link),
            arm("GET", "/", portal.guarded(_home)),
            arm("GET", "/portal", portal.guarded(_home)),
            arm("GET", "/portal/enter", portal.open(portal.enter)),
            arm("GET", "/portal/static/{file}", portal.open(_static)),
            arm("GET", _RUN, portal.guarded(_one_run)),
            arm("POST", _RUN + "/rerun", portal.changing(_rerun)),
            arm("POST", _RUN + "/cancel", portal.changing(_cancel)),
            arm("GET", "/portal/ml/{workspace}/{run}/log", portal.guarded(_log)),
            *(arm("GET", f"/portal/{name}", portal.guarded(_shown(*page))) for name, page in _PAGES.items()),
            arm("GET", "/portal/{rest:.*}", portal.guarded(_nothing)),
        ]
    )


class Portal:
    def __init__(
        self, context: Context, data_factory: DataFactory, machine_learning: MachineLearning
    ) -> None:
        self._context = context
        self._data_factory = data_factory
        self._machine_learning = machine_learning
        self._access = Access(context)

    async def make_link(self, _: web.Request) -> web.Response:
        """For who has a bearer token, as the rest of the local Azure asks for it."""
        return web.json_response({"url": self._access.new_link()}, headers={"Cache-Control": "no-store"})

    async def enter(self, request: web.Request) -> web.Response:
        cookie = self._access.enter(request.query.get("key", ""))
        if cookie is None:
            return pages.page(request, "enter.html", 401, reason="used")
        # A page, no redirect: a browser that comes from elsewhere would not send a strict cookie along.
        answer = pages.page(request, "go_on.html", to="/portal/runs")
        answer.set_cookie(
            self._access.cookie_name,
            cookie,
            max_age=SESSION_HOURS * 3600,
            httponly=True,
            secure=True,
            samesite="Strict",
        )
        return answer

    def open(self, handler: Callable[[web.Request], Awaitable[web.Response]]) -> Any:  # noqa: ANN401
        """Without a session: what tells nothing, or makes one."""

        @public
        async def answered(request: web.Request) -> web.Response:
            try:
                self._access.require_host(request)
                return await handler(request)
            except AzureError as error:
                return _refused(request, error)
            except (web.HTTPException, ConnectionError):
                raise
            except Exception as error:  # noqa: BLE001 - logged, and told in a page
                return _refused(request, unforeseen(request, error, self._context))

        return answered

    def guarded(self, visited: Visited) -> Any:  # noqa: ANN401
        async def handler(request: web.Request) -> web.Response:
            session = self._access.session(request)
            if session is None and request.headers.get("Sec-Fetch-Site") == "cross-site":
                return pages.page(request, "go_on.html", 401, to=str(request.rel_url))
            if session is None:
                return pages.page(request, "enter.html", 401, reason="none")
            return await visited(Visit(request, session, self._look(request)))

        return self.open(handler)

    def changing(self, visited: Visited) -> Any:  # noqa: ANN401
        async def ours(visit: Visit) -> web.Response:
            token = (await visit.form()).get("token", "")
            self._access.require_ours(visit.request, visit.session, token)
            return await visited(visit)

        return self.guarded(ours)

    def _look(self, request: web.Request) -> Look:
        factories = tuple(self._data_factory.factories.everywhere())
        query = dict(request.query)
        return Look(
            self._context,
            self._data_factory,
            self._machine_learning,
            factories,
            chosen(factories, query.pop("factory", None)),
            query,
            self._context.clock.now(),
        )


def _refused(request: web.Request, error: AzureError) -> web.Response:
    request["refusal"] = f"{error.code}: {error.message}"
    return pages.page(request, "refused.html", error.status, message=error.message, code=error.code)


async def _home(visit: Visit) -> web.Response:
    return pages.moved(visit.look.link("runs"))


async def _static(request: web.Request) -> web.Response:
    found = pages.static(request.match_info["file"])
    if found is None:
        raise NotThere("There is no such file.")
    return found


async def _nothing(visit: Visit) -> web.Response:
    raise NotThere(f"There is no page {visit.request.path}.")


def _shown(template: str, view: View) -> Visited:
    """In a thread: what a page reads may be long, and runs go on meanwhile."""

    async def visited(visit: Visit) -> web.Response:
        return visit.page(template, **await asyncio.to_thread(view, visit.look))

    return visited


async def _one_run(visit: Visit) -> web.Response:
    values = await asyncio.to_thread(run.view, visit.look, visit.request.match_info["run"])
    return visit.page("run.html", **values)


async def _rerun(visit: Visit) -> web.Response:
    form = await visit.form()
    started = run.rerun(
        visit.look, visit.request.match_info["run"], from_failure=form.get("from") == "failure"
    )
    return pages.moved(visit.look.link(f"runs/{started}"))


async def _cancel(visit: Visit) -> web.Response:
    run.cancel(visit.look, visit.request.match_info["run"])
    return pages.moved(visit.look.link(f"runs/{visit.request.match_info['run']}"))


async def _log(visit: Visit) -> web.Response:
    names = visit.request.match_info
    return pages.plain(await asyncio.to_thread(ml_run.log, visit.look, names["workspace"], names["run"]))
