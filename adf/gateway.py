"""The one module that calls Data Factory: our words and plain JSON in, plain JSON out.

azure-mgmt-datafactory is used as transport only. Its model classes write a wrong `type` for most entities, so
bodies are bytes of our own and answers are read as the JSON they are. What is asked for a thousand times goes
through its pipeline, not through its operations: they make a model of each answer, be it wanted or not, which
takes as long as all the rest. Azure packages are imported inside of
functions, so that commands which never call Azure do not wait for them.

An answer that is an error becomes a child of DataFactoryError; nothing of the SDK leaves this module. The SDK
retries reads, PUTs, DELETEs and the POSTs that ask, start or stop. A run, or a window's rerun, is asked for
once: a POST that was carried out, but whose answer got lost, would start a second one. The methods may be
called from several threads at once.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from adf.errors import (
    AzureRequestFailed,
    Provisioning,
    SubscriptionNotReady,
    TriggerStillStarted,
    Unreachable,
)
from adf.refusals import asking
from adf.throttle import Throttle, policy
from adf.transport import transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from adf.entities import Kind

Json = dict[str, Any]
Runs = list[Json]

PROVISIONING_DEADLINE_SECONDS = 300
PROVISIONING_LONGEST_PAUSE_SECONDS = 10
API_VERSION = "?api-version=2018-06-01"
SEGMENTS: dict[Kind, str] = {
    "linked_service": "linkedservices",
    "dataset": "datasets",
    "pipeline": "pipelines",
    "trigger": "triggers",
}
LISTENS = "BlobEventsTrigger"
"""The type of the triggers of storage events: only they have a subscription."""
CLOCK_SKEW = timedelta(minutes=1)
NOT_FOUND = 404
AGAIN = {"retry_on_methods": frozenset({"GET", "POST"})}
"""For a POST that may be carried out twice: the SDK retries it like a PUT."""


class Credential(Protocol):
    """What azure-identity's credentials are."""

    def get_token(self, *scopes: str, **options: Any) -> Any: ...  # noqa: ANN401 - azure-core's own signature


@dataclass(frozen=True)
class LiveEntity:
    """An entity as the factory holds it; of a trigger, `properties` say its `runtimeState`."""

    kind: Kind
    name: str
    properties: Json
    etag: str


class DataFactory:
    """One factory, which need not exist yet.

    `base_url` is Resource Manager's address (None: the public cloud's); `client` are further keywords of the
    SDK's client, such as `polling_interval` in seconds. `throttle` (default: Resource Manager's limits) holds
    for all threads together. `sleep` and `now` are for tests.
    """

    def __init__(
        self,
        *,
        subscription_id: str,
        resource_group: str,
        factory: str,
        credential: Credential,
        base_url: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        throttle: Throttle | None = None,
        **client: object,
    ) -> None:
        self.name = factory
        self._place = (resource_group, factory)
        self._url = (
            f"/subscriptions/{quote(subscription_id)}/resourceGroups/{quote(resource_group)}"
            f"/providers/Microsoft.DataFactory/factories/{quote(factory)}"
        )
        self._sleep = sleep
        self._now = now
        limits = policy(throttle or Throttle())
        options = {"base_url": base_url, "custom_hook_policy": limits, **client}
        self._client = _client(subscription_id, credential, options)

    def now(self) -> datetime:
        """By the clock that was given: what runs are asked for by."""
        return self._now()

    # ---------------------------------------------------------------- the factory

    def factory(self) -> Json | None:
        """The factory as Azure describes it; None where there is none."""
        with asking(f"read factory {self.name}"):
            found: Json | None = self._unless_absent(
                lambda: self._client.factories.get(*self._place, cls=_json)
            )
        return found

    def create_factory(self, location: str, *, tags: Mapping[str, str] | None = None) -> Json:
        """Make an empty factory with its own identity. Only where there is none: this is a PUT."""
        body = {"location": location, "identity": {"type": "SystemAssigned"}, "tags": dict(tags or {})}
        with asking(f"create factory {self.name}"):
            made: Json = self._client.factories.create_or_update(*self._place, _bytes(body), cls=_json)
        return made

    # ---------------------------------------------------------------- entities

    def list(self, kind: Kind) -> list[LiveEntity]:
        """All entities of a kind, those of others included."""
        with asking(f"list the {kind}s of {self.name}"):
            return [_live(kind, body) for body in self._listed(SEGMENTS[kind])]

    def get(self, kind: Kind, name: str) -> LiveEntity | None:
        with asking(f"read {kind} {name}"):
            response = self._send("GET", f"{SEGMENTS[kind]}/{quote(name, safe='')}")
            if response.status_code == NOT_FOUND:
                return None
            response.raise_for_status()
            return _live(kind, response.json())

    def put(
        self, kind: Kind, name: str, properties: Mapping[str, Any], etag: str | None = None
    ) -> LiveEntity:
        """Create or replace an entity; with `etag` only the one that was read, else ChangedSinceRead."""
        condition = {} if etag is None else {"If-Match": _quoted(etag)}
        body = _bytes({"properties": properties})
        with asking(f"write {kind} {name}"):
            response = self._send("PUT", f"{SEGMENTS[kind]}/{quote(name, safe='')}", condition, body)
            response.raise_for_status()
            return _live(kind, response.json())

    def delete(self, kind: Kind, name: str) -> None:
        """Delete an entity; one that is not there is fine."""
        with asking(f"delete {kind} {name}"):
            self._unless_absent(lambda: self._operations(kind).delete(*self._place, name))

    # ---------------------------------------------------------------- triggers

    def start_trigger(self, name: str, trigger_type: str) -> None:
        """Returns when the trigger is started; waits up to five minutes while Azure is provisioning it.

        `trigger_type` is what its body says now, which whoever starts it has just read or written. One of
        storage events is subscribed to them first, and does not start before it will hear them. Raises
        SubscriptionNotReady.
        """
        if trigger_type == LISTENS:
            self._subscribe(name, "subscribeToEvents", "Enabled")
        self._patiently(
            f"start trigger {name}", lambda: self._triggers.begin_start(*self._place, name, **AGAIN).result()
        )

    def stop_trigger(self, name: str, trigger_type: str) -> None:
        """Returns when the trigger is stopped, and hears no events; waits as for a start.

        Not the other way round: what fails in between leaves no started trigger that is deaf.
        """
        self._patiently(
            f"stop trigger {name}", lambda: self._triggers.begin_stop(*self._place, name, **AGAIN).result()
        )
        if trigger_type == LISTENS and self._subscription(name) != "Disabled":
            self._subscribe(name, "unsubscribeFromEvents", "Disabled")

    # ---------------------------------------------------------------- runs

    def create_run(self, pipeline: str, parameters: Mapping[str, str]) -> str:
        """Start a run and give its id; sent once.

        Where the answer got lost or was a server's error, the run is looked for among those of the pipeline
        with these parameters; only if there is none the error is raised, and then nothing was started.
        """
        sent_at = self._now() - CLOCK_SKEW
        try:
            with asking(f"run pipeline {pipeline}"):
                answer: Json = self._client.pipelines.create_run(
                    *self._place, pipeline, parameters=_bytes(parameters), retry_total=0, cls=_json
                )
        except (Unreachable, AzureRequestFailed) as error:
            started = self._started_since(sent_at, pipeline, parameters) if error.may_have_happened else None
            if started is None:
                raise
            return started
        return str(answer["runId"])

    def rerun_window(self, trigger: str, trigger_run_id: str) -> None:
        """Have a tumbling trigger run a window again that is over; sent once.

        Where the answer got lost nobody knows whether it does: the error's `may_have_happened` says so, and
        the trigger's runs tell.
        """
        with asking(f"rerun {trigger_run_id} of trigger {trigger}"):
            self._client.trigger_runs.rerun(*self._place, trigger, trigger_run_id, retry_total=0)

    def run(self, run_id: str) -> Json | None:
        """The pipeline run, None where there is none of that id."""
        with asking(f"read run {run_id}"):
            found: Json | None = self._unless_absent(
                lambda: self._client.pipeline_runs.get(*self._place, run_id, cls=_json)
            )
        return found

    def runs(self, after: datetime, before: datetime, **equal: str) -> Runs:
        """Pipeline runs updated in between, oldest start first; e.g. `PipelineName="score_diabetes"`."""
        operation = self._client.pipeline_runs.query_by_factory
        query = _query(after, before, equal, order_by="RunStart")
        with asking(f"list the runs of {self.name}"):
            return list(_pages(lambda body: operation(*self._place, body, cls=_json, **AGAIN), query))

    def activity_runs(
        self, run_id: str, after: datetime | None = None, before: datetime | None = None
    ) -> Runs:
        """The activity runs of a pipeline run, oldest start first; by default of the last 45 days."""
        operation = self._client.activity_runs.query_by_pipeline_run
        now = self._now()
        query = _query(
            after or now - timedelta(days=45), before or now + CLOCK_SKEW, {}, order_by="ActivityRunStart"
        )
        with asking(f"list the activities of run {run_id}"):
            return list(_pages(lambda body: operation(*self._place, run_id, body, cls=_json, **AGAIN), query))

    def trigger_runs(self, after: datetime, before: datetime, **equal: str) -> Runs:
        """Trigger runs in the time between, oldest first; e.g. `TriggerName="tr_score_diabetes_daily"`."""
        operation = self._client.trigger_runs.query_by_factory
        query = _query(after, before, equal, order_by="TriggerRunTimestamp")
        with asking(f"list the trigger runs of {self.name}"):
            return list(_pages(lambda body: operation(*self._place, body, cls=_json, **AGAIN), query))

    def cancel(self, run_id: str) -> None:
        """Cancel a run and the runs it started."""
        with asking(f"cancel run {run_id}"):
            self._client.pipeline_runs.cancel(*self._place, run_id, is_recursive=True)

    # ---------------------------------------------------------------- within

    @property
    def _triggers(self) -> Any:  # noqa: ANN401 - the SDK's operations are not typed for us
        return self._client.triggers

    def _operations(self, kind: Kind) -> Any:  # noqa: ANN401
        match kind:
            case "linked_service":
                return self._client.linked_services
            case "dataset":
                return self._client.datasets
            case "pipeline":
                return self._client.pipelines
            case "trigger":
                return self._client.triggers

    def _listed(self, segment: str) -> Iterator[Json]:
        """All pages."""
        from azure.core.rest import HttpRequest

        response = self._send("GET", segment)
        while True:
            response.raise_for_status()
            page: Json = response.json()
            yield from page["value"]
            if not (url := page.get("nextLink")):
                return
            response = self._client.send_request(HttpRequest("GET", url))

    def _send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes | None = None
    ) -> Any:  # noqa: ANN401 - azure-core's response
        """What Azure answers to a request below the factory."""
        from azure.core.rest import HttpRequest

        said = {"Accept": "application/json", **(headers or {})}
        said |= {} if body is None else {"Content-Type": "application/json"}
        url = f"{self._url}/{path}{API_VERSION}"
        return self._client.send_request(HttpRequest(method, url, headers=said, content=body))

    def _started_since(self, sent_at: datetime, pipeline: str, parameters: Mapping[str, str]) -> str | None:
        """A run of the pipeline with these parameters that began after `sent_at`: the newest."""
        runs = self.runs(sent_at, self._now() + CLOCK_SKEW, PipelineName=pipeline)
        started = [
            run
            for run in runs
            if all((run.get("parameters") or {}).get(name) == value for name, value in parameters.items())
            and (not run.get("runStart") or datetime.fromisoformat(run["runStart"]) >= sent_at)
        ]
        return str(started[-1]["runId"]) if started else None

    @staticmethod
    def _unless_absent(call: Callable[[], Any]) -> Any:  # noqa: ANN401
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return call()
        except ResourceNotFoundError:
            return None

    def _patiently(self, asked: str, call: Callable[[], object]) -> None:
        pauses = _pauses()
        while True:
            try:
                with asking(asked):
                    call()
            except (Provisioning, TriggerStillStarted):
                if (pause := next(pauses, None)) is None:
                    raise
            else:
                return
            self._sleep(pause)

    def _subscribe(self, name: str, operation: str, wanted: str) -> None:
        """Ask for the subscription, or its end, and return when Azure says that it is so.

        Not by the SDK's own operation: it reads a body that the service need not send, and waits for ever.
        """
        path = f"triggers/{quote(name, safe='')}/{operation}"
        self._patiently(f"{operation} of trigger {name}", lambda: self._send("POST", path).raise_for_status())
        pauses = _pauses()
        while (status := self._subscription(name)) != wanted:
            if (pause := next(pauses, None)) is None:
                raise SubscriptionNotReady(name, status, wanted, PROVISIONING_DEADLINE_SECONDS)
            self._sleep(pause)

    def _subscription(self, name: str) -> str:
        """Enabled, Provisioning, Deprovisioning, Disabled or Unknown."""
        with asking(f"read the event subscription of trigger {name}"):
            answer: Json = self._triggers.get_event_subscription_status(*self._place, name, cls=_json)
        return str(answer["status"])


def _client(subscription_id: str, credential: Credential, options: Mapping[str, Any]) -> Any:  # noqa: ANN401
    from azure.mgmt.datafactory import DataFactoryManagementClient

    given = {name: value for name, value in options.items() if value is not None}
    given.setdefault("transport", transport(given))
    return DataFactoryManagementClient(credential, subscription_id, **given)


def _pauses() -> Iterator[int]:
    """Seconds: 1, 2, 4, 8 and then 10 at a time, to the deadline."""
    pause, left = 1, PROVISIONING_DEADLINE_SECONDS
    while left > 0:
        yield min(pause, left)
        left -= pause
        pause = min(2 * pause, PROVISIONING_LONGEST_PAUSE_SECONDS)


def _quoted(etag: str) -> str:
    """As HTTP wants it."""
    return etag if etag == "*" or etag.startswith(("W/", '"')) else f'"{etag}"'


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()


def _json(pipeline_response: Any, _deserialized: object, _headers: object) -> Json:  # noqa: ANN401
    """The SDK's `cls` hook: the answer as it came over the wire."""
    answer: Json = pipeline_response.http_response.json()
    return answer


def _live(kind: Kind, body: Mapping[str, Any]) -> LiveEntity:
    return LiveEntity(kind, body["name"], body["properties"], body.get("etag") or "")


def _query(after: datetime, before: datetime, equal: Mapping[str, str], *, order_by: str) -> Json:
    return {
        "lastUpdatedAfter": after.astimezone(UTC).isoformat(),
        "lastUpdatedBefore": before.astimezone(UTC).isoformat(),
        "filters": [
            {"operand": operand, "operator": "Equals", "values": [value]} for operand, value in equal.items()
        ],
        "orderBy": [{"orderBy": order_by, "order": "ASC"}],
    }


def _pages(query: Callable[[bytes], Json], body: Json) -> Iterator[Json]:
    """The SDK's run queries give one page with a token for the next."""
    while True:
        page = query(_bytes(body))
        yield from page["value"]
        if not (token := page.get("continuationToken")):
            return
        body = {**body, "continuationToken": token}
