"""One handler an operation of Microsoft.DataFactory 2018-06-01: read the request, call the part, render the
answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.datafactory import responses
from sandbox.datafactory.conditions import Conditions
from sandbox.datafactory.engine.orders import Order, Rerun
from sandbox.datafactory.errors import BadRequest, NotFound
from sandbox.datafactory.models import KINDS, EntityKind, FactoryId, Json
from sandbox.datafactory.run_queries import PIPELINE_RUNS, TRIGGER_RUNS
from sandbox.datafactory.runs import shown
from sandbox.datafactory.service import Service
from sandbox.datafactory.values import require_known
from sandbox.resource_manager import GROUP, require_group
from sandbox.routing import arm, json_body

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from sandbox.context import Context
    from sandbox.datafactory.activities.call import ActivityKind

_PROVIDER = "/providers/Microsoft.DataFactory"
_FACTORIES = GROUP + _PROVIDER + "/factories"
_TRIGGER_FILTER = frozenset({"parentTriggerName", "continuationToken"})
_FACTORY = _FACTORIES + "/{factory}"
_ENTITIES = _FACTORY + "/{kind:" + "|".join(KINDS) + "}"
_ENTITY = _ENTITIES + "/{name}"
_TRIGGER = _FACTORY + "/triggers/{name}"
_RUN = _FACTORY + "/pipelineruns/{run}"

_SERVICE: web.AppKey[Service] = web.AppKey("datafactory", Service)


def add_routes(app: web.Application, context: Context, kinds: Mapping[str, ActivityKind]) -> Service:
    app[_SERVICE] = service = Service.of(context, kinds)
    app.cleanup_ctx.append(_running)
    app.add_routes(
        [
            arm("GET", "/subscriptions/{subscription}" + _PROVIDER + "/factories", list_factories),
            arm("GET", _FACTORIES, list_factories),
            arm("GET", _FACTORY, get_factory),
            arm("PUT", _FACTORY, put_factory),
            arm("PATCH", _FACTORY, patch_factory),
            arm("DELETE", _FACTORY, delete_factory),
            arm("GET", _ENTITIES, list_entities),
            arm("GET", _ENTITY, get_entity),
            arm("PUT", _ENTITY, put_entity),
            arm("DELETE", _ENTITY, delete_entity),
            arm("POST", _FACTORY + "/pipelines/{name}/createRun", create_run),
            arm("POST", _FACTORY + "/queryPipelineRuns", query_pipeline_runs),
            arm("GET", _RUN, get_run),
            arm("POST", _RUN + "/cancel", cancel_run),
            arm("POST", _RUN + "/queryActivityruns", query_activity_runs),
            arm("POST", _FACTORY + "/queryTriggerRuns", query_trigger_runs),
            arm("POST", _FACTORY + "/querytriggers", query_triggers),
            arm("POST", _TRIGGER + "/start", start_trigger),
            arm("POST", _TRIGGER + "/stop", stop_trigger),
            arm("POST", _TRIGGER + "/subscribeToEvents", subscribe_to_events),
            arm("POST", _TRIGGER + "/unsubscribeFromEvents", unsubscribe_from_events),
            arm("POST", _TRIGGER + "/getEventSubscriptionStatus", subscription_status),
            arm("GET", _TRIGGER + "/getEventSubscriptionStatus", subscription_status),
            arm("POST", _TRIGGER + "/triggerRuns/{run}/rerun", rerun_trigger),
            arm("POST", _TRIGGER + "/triggerRuns/{run}/cancel", cancel_trigger_run),
        ]
    )
    return service


async def _running(app: web.Application) -> AsyncIterator[None]:
    await app[_SERVICE].start()
    yield
    await app[_SERVICE].stop()


async def list_factories(request: web.Request) -> web.Response:
    group = request.match_info.get("group")
    if group is not None:
        require_group(request.app[_SERVICE].context, request.match_info["subscription"], group)
    return responses.listed(request.app[_SERVICE].factories.list(request.match_info["subscription"], group))


async def get_factory(request: web.Request) -> web.Response:
    found = request.app[_SERVICE].factories.get(_named(request))
    if Conditions.of(request).not_modified(found["eTag"]):
        return responses.not_modified()
    return responses.entity(found)


async def put_factory(request: web.Request) -> web.Response:
    factory = _named(request)
    require_group(request.app[_SERVICE].context, factory.subscription, factory.resource_group)
    asked = await json_body(request)
    return responses.entity(request.app[_SERVICE].factories.put(factory, asked, Conditions.of(request)))


async def patch_factory(request: web.Request) -> web.Response:
    return responses.entity(request.app[_SERVICE].factories.patch(_named(request), await json_body(request)))


async def delete_factory(request: web.Request) -> web.Response:
    return responses.deleted(existed=request.app[_SERVICE].delete_factory(_named(request)))


async def list_entities(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    return responses.listed(service.entities.list(factory, _kind(request)))


async def get_entity(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    found = service.entities.get(factory, _kind(request), request.match_info["name"])
    if Conditions.of(request).not_modified(found["etag"]):
        return responses.not_modified()
    return responses.entity(found)


async def put_entity(request: web.Request) -> web.Response:
    asked = await json_body(request)
    service, factory = _addressed(request)
    name = request.match_info["name"]
    if _kind(request) == "triggers":
        service.triggers.require_settled(factory, name)
    return responses.entity(
        service.entities.put(factory, _kind(request), name, asked, Conditions.of(request))
    )


async def delete_entity(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    kind, name = _kind(request), request.match_info["name"]
    if kind == "triggers":
        service.triggers.require_settled(factory, name)
        return responses.deleted(existed=service.triggers.delete(factory, name))
    return responses.deleted(existed=service.entities.delete(factory, kind, name))


async def create_run(request: web.Request) -> web.Response:
    parameters: Json = await json_body(request) if await request.read() else {}
    service, factory = _addressed(request)
    order = Order(factory, request.match_info["name"], parameters, rerun=_rerun(request))
    return responses.body({"runId": service.engine.start(order)})


async def get_run(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    return responses.body(shown(_run(service, factory, request)))


async def cancel_run(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    recursive = _flag(request, "isRecursive")
    service.engine.cancel(factory, request.match_info["run"], recursive=recursive)
    return responses.done()


async def query_pipeline_runs(request: web.Request) -> web.Response:
    asked = await json_body(request)
    service, factory = _addressed(request)
    return _page(*service.runs.query(PIPELINE_RUNS, factory, asked))


async def query_activity_runs(request: web.Request) -> web.Response:
    asked = await json_body(request)
    service, factory = _addressed(request)
    run = _run(service, factory, request)
    return _page(*service.runs.query_activity_runs(factory, run["runId"], asked))


async def query_trigger_runs(request: web.Request) -> web.Response:
    asked = await json_body(request)
    service, factory = _addressed(request)
    return _page(*service.runs.query(TRIGGER_RUNS, factory, asked))


async def query_triggers(request: web.Request) -> web.Response:
    """All, or those that rerun windows of `parentTriggerName`: always none, as such triggers are refused."""
    asked = await json_body(request)
    service, factory = _addressed(request)
    require_known(asked, _TRIGGER_FILTER, "The query")
    if asked.get("continuationToken"):
        raise BadRequest("The continuation token is not one of this service.", target="continuationToken")
    parent = asked.get("parentTriggerName")
    if parent is None:
        return responses.listed(service.entities.list(factory, "triggers"))
    if not isinstance(parent, str):
        raise BadRequest("parentTriggerName must be a name.", target="parentTriggerName")
    service.entities.get(factory, "triggers", parent)
    return responses.listed([])


async def start_trigger(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    await service.triggers.start_listening(factory, request.match_info["name"])
    return responses.done()


async def stop_trigger(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    service.triggers.stop(factory, request.match_info["name"])
    return responses.done()


async def subscription_status(request: web.Request) -> web.Response:
    """Only event triggers ever have a subscription; the others' is Disabled."""
    service, factory = _addressed(request)
    return responses.body(_subscription(service, factory, request))


async def subscribe_to_events(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    service.triggers.events.subscribe(factory, request.match_info["name"])
    return _subscription_changes(service, factory, request)


async def unsubscribe_from_events(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    service.triggers.events.unsubscribe(factory, request.match_info["name"])
    return _subscription_changes(service, factory, request)


def _subscription(service: Service, factory: FactoryId, request: web.Request) -> Json:
    found = service.entities.get(factory, "triggers", request.match_info["name"])
    status = service.triggers.events.status(factory, found["name"])
    return {"triggerName": found["name"], "status": status}


def _subscription_changes(service: Service, factory: FactoryId, request: web.Request) -> web.Response:
    """Where the caller asks how far it is, as the service answers; 200 where nothing needs to be done."""
    subscription = _subscription(service, factory, request)
    name = f"{factory.resource_id}/triggers/{subscription['triggerName']}"
    url = f"{service.context.endpoints.control}{name}/getEventSubscriptionStatus?api-version=2018-06-01"
    return responses.accepted(subscription, url)


async def rerun_trigger(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    service.triggers.rerun(factory, request.match_info["name"], request.match_info["run"])
    return responses.done()


async def cancel_trigger_run(request: web.Request) -> web.Response:
    service, factory = _addressed(request)
    service.triggers.cancel(factory, request.match_info["name"], request.match_info["run"])
    return responses.done()


def _named(request: web.Request) -> FactoryId:
    names = request.match_info
    return FactoryId(names["subscription"], names["group"], names["factory"])


def _addressed(request: web.Request) -> tuple[Service, FactoryId]:
    """The service and the factory, which must exist."""
    service = request.app[_SERVICE]
    return service, service.factories.resolve(_named(request))


def _kind(request: web.Request) -> EntityKind:
    asked = request.match_info["kind"].lower()
    return next(kind for kind in KINDS if kind == asked)


def _run(service: Service, factory: FactoryId, request: web.Request) -> Json:
    run_id = request.match_info["run"]
    found = service.runs.find(factory, run_id)
    if found is None:
        raise NotFound(f"The pipeline run {run_id} was not found.", target=run_id)
    return found


def _rerun(request: web.Request) -> Rerun | None:
    asked = request.query
    start, from_failure = asked.get("startActivityName"), _flag(request, "startFromFailure")
    is_recovery = _flag(request, "isRecovery")
    if "referencePipelineRunId" not in asked:
        if start or from_failure or is_recovery:
            raise BadRequest("A rerun needs referencePipelineRunId.", target="referencePipelineRunId")
        return None
    return Rerun(asked["referencePipelineRunId"], is_recovery, start, from_failure)


def _flag(request: web.Request, name: str) -> bool:
    """False where it is absent; clients spell it as their language does."""
    value = request.query.get(name, "false")
    if value.lower() not in ("true", "false"):
        raise BadRequest(f"{name} must be true or false; found {value!r}.", target=name)
    return value.lower() == "true"


def _page(runs: list[Json], token: str | None) -> web.Response:
    page: Json = {"value": [shown(run) for run in runs]}
    return responses.body(page if token is None else {**page, "continuationToken": token})
